"""What logs come in by beside OTLP, and what becomes of them before they are stored."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from typing import Final

import pyarrow as pa
from starlette.routing import BaseRoute

from firstlight.app.settings import Settings
from firstlight.ingest import logstash_http
from firstlight.ingest.admission import Admission
from firstlight.ingest.gelf_http import gelf_route
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.journal_upload import JournalUpload
from firstlight.ingest.logstash_http import LogstashHttp
from firstlight.ingest.loki import LokiPush, loki_push_routes
from firstlight.ingest.ndjson import Ndjson, ndjson_routes
from firstlight.ingest.process.processor import Processor
from firstlight.ingest.processed import processed
from firstlight.ingest.sockets.open import LogSockets, open_log_sockets
from firstlight.ingest.sockets.settings import COMPAT, LogSocketSettings
from firstlight.ingest.tail.delivery import Surroundings
from firstlight.ingest.tail.start import tailers
from firstlight.model.batch import Batch
from firstlight.store.open import Store
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook
from firstlight.wire.loki.intake import PushIntake
from firstlight.wire.ndjson.reader import NdjsonReader

TRUNCATED: Final = "truncated"

_log = logging.getLogger(__name__)


class LogIntake:
    """Takes logs in, whatever they come by."""

    def __init__(self, settings: Settings, store: Store, telemetry: Telemetry, workers: Executor) -> None:
        """Take the threads that records are processed in. What is stored and dropped is heard of."""
        self.book = LogBook()
        self._settings = settings
        self._store = store
        self._telemetry = telemetry
        self._workers = workers
        self._processor = Processor(settings.logs, telemetry.process)
        self._append = processed(store.writer.append, self.process, workers)
        store.writer.committed.append(self._learn)
        store.retention.forgotten.append(self._forget)

    def process(self, batch: Batch) -> Batch:
        """Return a batch with its log records understood; as it came, if there is a bug in that."""
        try:
            return self._processor.process(batch)
        except Exception:  # a door: a record that is not understood is worth more than none
            _log.exception("cannot understand %d records, which are stored as they came", batch.items)
            self._telemetry.process.faults.add(1)
            return batch

    def routes(self, door: HttpDoor, journal: JournalUpload) -> Sequence[BaseRoute]:
        """Return the routes that logs are pushed to."""
        ingest = self._telemetry.ingest
        book, settings = self.book, self._settings

        def cut(protocol: str, count: int) -> None:
            ingest.altered_items.add(count, protocol, "logs", TRUNCATED)

        intake = PushIntake(book, settings.loki.limits, lambda count: cut("loki", count))
        reader = NdjsonReader(book, on_cut=lambda count: cut("ndjson", count))
        logstash = LogstashHttp(book, ingest)
        return [
            *loki_push_routes(door, LokiPush(intake, max_json=settings.ingest.max_json)),
            *ndjson_routes(door, Ndjson(reader)),
            gelf_route(door, book, ingest),
            *(door.route(path, logstash, methods=logstash_http.METHODS) for path in logstash_http.PATHS),
            journal.route(),
        ]

    def journal(self, admission: Admission) -> JournalUpload:
        """Return what takes the entries of a journal."""
        return JournalUpload(
            self._append,
            self.book,
            self._telemetry.ingest,
            time.time_ns,
            self._workers,
            admission,
            self._settings.log_sockets,
        )

    async def sockets(self) -> LogSockets:
        """Return the sockets of log shippers, open. Raise a UserError if one cannot be."""
        settings = self._settings
        wanted = with_compat(settings.log_sockets) if settings.compat else settings.log_sockets
        return await open_log_sockets(
            wanted, self._append, self.book, self._telemetry.ingest, time.time_ns, self._workers
        )

    def tailers(self) -> Sequence[tuple[str, Callable[[], Coroutine[None, None, None]]]]:
        """Return what follows files, containers and the journal, as the settings say, by names. Raise a UserError."""
        around = Surroundings(
            append=self._append,
            stored=self._has_observed,
            book=self.book,
            telemetry=self._telemetry.ingest,
            workers=self._workers,
            now_ns=time.time_ns,
        )
        return tailers(self._settings.tail, self._settings.data, around, os.environ)

    async def _has_observed(self, observed_ns: int) -> bool:
        found = await self._store.readers.query(
            "SELECT count() AS count FROM log_records WHERE observed_ts = fromUnixTimestamp64Nano({ns:Int64})",
            {"ns": observed_ns},
        )
        return bool(found["count"][0].as_py())

    def _learn(self, kind: str, rows: pa.Table) -> None:
        if kind == "origins":
            self.book.learn(rows)
            self._processor.origins.learn(rows)

    def _forget(self, kind: str, day: int) -> None:
        if kind == "origins":
            self.book.forget(day)
            self._processor.origins.forget(day)


def with_compat(settings: LogSocketSettings) -> LogSocketSettings:
    """Return the settings with the ports open that these systems are known by, where no other is set."""
    return settings.model_copy(
        update={name: address for name, address in COMPAT.items() if getattr(settings, name) is None}
    )
