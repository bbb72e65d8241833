"""The server: everything that runs, built from the settings.

What needs something is stopped before it: requests under way finish before the store that they need is closed. So a
stop loses nothing that was answered, and answers all that was admitted.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from starlette.routing import BaseRoute

from firstlight import __version__
from firstlight.api.native.rates import Rates, by_label
from firstlight.api.native.reading import Views
from firstlight.api.native.routes import native_routes
from firstlight.api.native.status import Told
from firstlight.api.native.tail import Tail
from firstlight.app.census import open_census
from firstlight.app.cleanups import Cleanups
from firstlight.app.elastic import Elastic
from firstlight.app.exposition import expose
from firstlight.app.listeners import listeners
from firstlight.app.log_intake import LogIntake
from firstlight.app.log_metrics import recorder
from firstlight.app.loki import Loki
from firstlight.app.prometheus import Prometheus, metric_source, now_ms
from firstlight.app.pushes import keeper_in, push_routes
from firstlight.app.reload import Reloadable
from firstlight.app.scraping import Scraping
from firstlight.app.settings import Settings
from firstlight.app.usage import UsageFile
from firstlight.errors import UserError
from firstlight.http.application import Application
from firstlight.http.grpc_server import GrpcServer
from firstlight.http.health import Health, health_routes, starting_route
from firstlight.http.listen import bound_address, open_socket
from firstlight.http.server import HttpServer
from firstlight.ingest.admission import Admission
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.otlp.grpc import OtlpGrpc, export_handler
from firstlight.ingest.otlp.http import OtlpHttp
from firstlight.ingest.otlp.signals import SIGNALS
from firstlight.ingest.patterns.miner import Miner
from firstlight.ingest.patterns.watch import watch
from firstlight.ingest.server import IngestServer
from firstlight.ingest.statsd import StatsdServer
from firstlight.query.engine import Engine
from firstlight.query.metrics.usage import Usage
from firstlight.query.sql.door import SqlDoor
from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store, open_store
from firstlight.telemetry import Telemetry, observe_process
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.prometheus.book import Book

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listening:
    """What is told about a server that has started."""

    version: str
    addresses: Mapping[str, str]
    """Where it listens, by what for."""
    data: str
    """Where its data are."""


class Server:
    """One server: started once, stopped once, in between reloaded any number of times."""

    def __init__(self, settings: Settings, read: Callable[[], Settings] | None = None) -> None:
        """Take the settings, and what reads them again for a reload: it may raise a `UserError`."""
        self._settings = settings
        self._read = read
        self._made = time.monotonic()
        self._cleanups = Cleanups()
        self._health = Health()
        self._reloadable: Reloadable | None = None
        self._scraping: Scraping | None = None
        self.store: Store | None = None
        """The store, from its opening on."""
        self.telemetry = Telemetry(Registry())
        observe_process(self.telemetry.registry, version=__version__)

    async def start(self) -> Listening:
        """Return once everything is open; raise a `UserError`, with nothing left open, if it cannot be."""
        try:
            addresses, data = await self._start()
        except BaseException:
            await self._cleanups.run()
            raise
        self._health.enter("")
        return Listening(__version__, addresses, data)

    async def stop(self) -> None:
        """Return once requests under way are answered and everything is closed. To stop again does nothing."""
        self._health.enter("stopping")
        await self._cleanups.run()

    def reload(self, settings: Settings) -> None:
        """Take over what a running server can of `settings`, and log what it cannot."""
        if self._reloadable:
            self._settings = self._reloadable.take_over(self._settings, settings)
        if self._scraping:
            self._scraping.reload(settings)

    async def reload_as_asked(self) -> None:
        """Read the settings again and take over what can be; raise a `UserError`, changing nothing, if they are bad."""
        if self._read:
            self.reload(self._read())

    async def _start(self) -> tuple[dict[str, str], str]:
        """Open everything, in the order in which it can fail for reasons that users can mend."""
        settings, telemetry = self._settings, self.telemetry
        health = health_routes(self._health, partial(expose, telemetry.registry))
        app = Application([*health, starting_route()], telemetry.http)
        http, addresses = await self._open_http(app)

        admission = Admission(settings.ingest, telemetry.ingest)
        self.store = store = await self._open_store(admission)
        census = await open_census(store, settings.ingest.series_limits, now_ms())
        decoder = OtlpDecoder(settings.otlp.translation, census)
        store.writer.committed.append(decoder.learn)
        store.retention.forgotten.append(decoder.forget)
        self._reloadable = Reloadable(admission, store.retention, census)
        workers = self._threads("decoding", "decode", settings.ingest.workers)
        logs = LogIntake(settings, store, telemetry, workers)
        ingest = IngestServer(
            store.writer.append, admission, telemetry.ingest, workers, time.time_ns, process=logs.process
        )
        self._cleanups.push("the requests under way", ingest.drain)

        door = HttpDoor(ingest, admission, body_seconds=settings.http.body_timeout)
        max_json = settings.ingest.max_json
        otlp = [door.route(signal.path, OtlpHttp(signal, decoder, max_json=max_json)) for signal in SIGNALS]
        book = Book(census=census)
        store.writer.committed.append(book.learn)
        store.retention.forgotten.append(book.forget)
        pushed = await self._open_pushes(door, store, book, addresses)
        journal = logs.journal(admission)
        elastic = Elastic(settings, store)
        self._run("the policies of indices", elastic.expire)
        shipped = [*logs.routes(door, journal), *elastic.ingest_routes(door, logs.book)]
        await self._open_logs(logs, store, workers, addresses)
        self._scraping = scraping = await self._open_scraping(store, book)
        grpc = await self._open_grpc(ingest, decoder, addresses)
        tail = Tail(telemetry.query)
        store.writer.committed.append(tail.committed)
        native = self._open_queries(store, tail, scraping, elastic, book)

        async def stop_listening() -> None:
            await asyncio.gather(http.stop(), *([grpc.stop(settings.http.stop_timeout)] if grpc else []))

        # Pushed last, to be the first to stop; and before them what would never end by itself.
        self._cleanups.push("the HTTP and gRPC servers", stop_listening)
        self._cleanups.push("the live tails", tail.close)
        self._cleanups.push("uploads of journals", journal.stop)
        app.serve([*health, *otlp, *pushed, *shipped, *native])
        return addresses, str(store.client.location if settings.store.url else settings.data.absolute())

    async def _open_http(self, app: Application) -> tuple[HttpServer, dict[str, str]]:
        sockets, addresses = [], {}
        for row, address in listeners(self._settings):
            listener = open_socket(address, row.setting)
            self._cleanups.push(f"the socket of {row.name}", listener.close)
            sockets.append(listener)
            addresses[row.name] = f"http://{bound_address(listener)}"
        server = HttpServer(app, sockets, self._settings.http, self.telemetry.http)
        await server.start()
        self._cleanups.push("the HTTP server", server.stop)
        return server, addresses

    async def _open_store(self, admission: Admission) -> Store:
        store = await open_store(
            self._settings.store,
            self._settings.retention,
            self.telemetry.store,
            directory=self._settings.store_directory,
            now_ns=time.time_ns,
            upstream=lambda: admission.upcoming,
        )
        self._cleanups.push("the store", store.close)
        probe = store.client.readers(1)

        async def answers() -> str:
            try:
                await probe.query("SELECT 1")
            except UserError as error:
                return str(error)
            return ""

        self._health.watch("store", answers)
        self._run("retention", store.retention.run)
        return store

    def _open_queries(
        self, store: Store, tail: Tail, scraping: Scraping, elastic: Elastic, book: Book
    ) -> Sequence[BaseRoute]:
        engine = Engine(self._settings.query, self.telemetry.query)
        workers = self._threads("querying", "query", self._settings.query.max_running)
        source = metric_source(store, self._settings)
        usage = Usage(now_ms)
        usage_file = UsageFile(usage, self._settings.data)
        self._cleanups.push("the notes of what is queried", usage_file.close)
        self._run("the notes of what is queried", usage_file.run)
        prometheus = Prometheus(
            self._settings, store, engine, source, workers, now_ms(), usage, scraping, self.telemetry.query
        )
        door = SqlDoor(store.client, engine, self._settings.query)
        views = Views(store.client, engine, self._settings.query)
        rates = Rates(lambda: by_label(self.telemetry.ingest.items, "signal"), time.monotonic)
        self._run("the rates", rates.run)
        told = Told(__version__, store.status, self.telemetry, rates, lambda: time.monotonic() - self._made)
        native = native_routes(door, views, tail, told, prometheus.metrics(), now_ns=time.time_ns)
        loki = Loki(self._settings, store, engine, workers, self.telemetry)
        self._cleanups.push("the live tails of Loki", loki.followers.close)
        if self._settings.log_metrics:
            recording = recorder(self._settings.log_metrics, loki.door, store.writer.append, book, self.telemetry.query)
            self._run("the metrics made of logs", recording.run)
        answers = [
            *loki.native_routes(),
            *loki.routes(),
            *prometheus.routes(self._health, self.reload_as_asked),
            *elastic.routes(engine),
        ]
        return [*native, *answers]

    async def _open_logs(self, logs: LogIntake, store: Store, workers: Executor, addresses: dict[str, str]) -> None:
        """Open what logs come in by other than HTTP, and what looks at them once they are stored."""
        sockets = await logs.sockets()
        self._cleanups.push("the sockets of log shippers", sockets.stop)
        addresses.update({f"logs/{name}": str(address) for name, address in sockets.addresses.items()})
        for name, run in logs.tailers():
            self._run(name, run)
        miner = Miner()
        store.writer.committed.append(miner.committed)
        self._run("the patterns of logs", partial(watch, miner, store.writer.append, workers))

    def _threads(self, doing: str, name: str, count: int) -> Executor:
        """Return threads that are ended when the server stops, after what was begun later."""
        threads = ThreadPoolExecutor(count, thread_name_prefix=f"firstlight-{name}")
        self._cleanups.push(f"the {doing} threads", threads.shutdown)
        return threads

    async def _open_scraping(self, store: Store, book: Book) -> Scraping:
        workers = self._threads("scraping", "scrape", 2)
        telemetry = self.telemetry
        scraping = Scraping(
            self._settings, book, store.writer.append, workers, telemetry.scrape, telemetry.registry.collect
        )
        await scraping.begin()
        self._cleanups.push("scraping", scraping.stop)
        return scraping

    async def _open_pushes(
        self, door: HttpDoor, store: Store, book: Book, addresses: dict[str, str]
    ) -> Sequence[BaseRoute]:
        settings = self._settings
        keeper = keeper_in(settings.data, book, time.time_ns)
        self._run("pushed groups", partial(keeper.run, store.writer.append, settings.push.repeat))
        if settings.push.statsd:
            statsd = StatsdServer(store.writer.append, book, self.telemetry.ingest, time.time_ns)
            host, port = await statsd.start(settings.push.statsd)
            self._cleanups.push("StatsD", statsd.stop)
            self._run("the flush of StatsD", partial(statsd.run, settings.push.statsd_flush))
            addresses["StatsD"] = f"{host}:{port}"
        return push_routes(door, book, keeper)

    async def _open_grpc(
        self, ingest: IngestServer, decoder: OtlpDecoder, addresses: dict[str, str]
    ) -> GrpcServer | None:
        settings = self._settings
        if settings.otlp.grpc is None:
            return None
        seconds = settings.http.body_timeout
        methods = [
            export_handler(signal, OtlpGrpc(signal, decoder), ingest, message_seconds=seconds) for signal in SIGNALS
        ]
        limit = settings.ingest.max_decompressed
        server = GrpcServer(methods, settings.otlp.grpc, "otlp.grpc", max_message=limit)
        addresses["OTLP/gRPC"] = str(await server.start())
        return server

    def _run(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run what is to go on until the server stops; that it still does is part of being ready."""
        task = asyncio.create_task(work(), name=name)

        async def goes_on() -> str:
            return "it has ended, which is a bug; the log tells more" if task.done() else ""

        async def stop() -> None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        task.add_done_callback(_log_end)
        self._health.watch(name, goes_on)
        self._cleanups.push(name, stop)


def _log_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("BUG: %s has ended", task.get_name(), exc_info=error)
