"""The demo as one parent process: it starts the services and the visitors, watches them, and stops them in order.

Nothing is restarted: a process that ends by itself ends the demo, and is named. What the parent prints is what
happens to the whole; what happens in a service is in its telemetry.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import urlsplit

from firstlight.demo import reporting
from firstlight.demo.cast import SERVICES, VISITORS
from firstlight.demo.children import Child
from firstlight.demo.messages import Assignment, Failed, Ready, Report, Start, Tally, Trouble
from firstlight.demo.settings import DemoSettings
from firstlight.demo.timetable import Occurrence

HOST = "127.0.0.1"
READY_LIMIT_S = 60.0
VISITORS_LIMIT_S = 8.0
SERVICES_LIMIT_S = 15.0
LOOK_EVERY_S = 0.25
KNOCK_EVERY_S = 2.0
KNOCK_LIMIT_S = 1.0
UNDER_WAY_S = 5.0
"""How long a request may have been under way when it fails."""

TROUBLE_EVERY_S = 60.0
"""How often one process may complain."""

Say = Callable[[str], None]


class DemoError(Exception):
    """Why the demo cannot start or go on, in words for who started it."""


def run(settings: DemoSettings, say: Say) -> None:
    """Run the demo until its duration is over or SIGINT or SIGTERM arrives; raise `DemoError` if it cannot."""
    with _work_dir(settings) as work_dir, _listeners(settings.port) as listeners:
        asyncio.run(_run(settings, work_dir, listeners, say))


async def _run(settings: DemoSettings, work_dir: Path, listeners: Sequence[socket.socket], say: Say) -> None:
    demo = Demo(settings, work_dir, say)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, demo.interrupt)
    await demo.run(listeners)


class Demo:
    """One run, from the first process started to the last one gone."""

    def __init__(self, settings: DemoSettings, work_dir: Path, say: Say) -> None:
        self._settings = settings
        self._work_dir = work_dir
        self._say = say
        self._children: list[Child] = []
        self._not_ready: set[str] = set()
        self._all_ready = asyncio.Event()
        # Done when the demo is to stop: with None as it was meant to, else with what went wrong.
        self._end: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._stopping = False
        self._start_s = 0.0
        self._unreachable: tuple[str, ...] = ()
        self._last_failure: Occurrence | int | None = None
        self._last_trouble: dict[str, float] = {}

    def interrupt(self) -> None:
        """Stop, as on Ctrl-C; the second time, at once."""
        if self._stopping:
            for child in self._children:
                child.kill()
        self._finish(None)

    def _finish(self, complaint: str | None) -> None:
        if not self._end.done():
            self._end.set_result(complaint)

    async def run(self, listeners: Sequence[socket.socket]) -> None:
        """Run the whole demo; raise `DemoError` if it did not end as it was meant to."""
        urls = {
            service.name: f"http://{HOST}:{listener.getsockname()[1]}"
            for service, listener in zip(SERVICES, listeners, strict=True)
        }
        async with asyncio.TaskGroup() as tasks:
            watching: list[asyncio.Task[None]] = []
            try:
                await self._start_children(urls, listeners)
                for child in self._children:
                    tasks.create_task(self._hear(child))
                watching.append(tasks.create_task(self._knock()))
                if await self._become_ready():
                    self._open(urls)
                    watching.append(tasks.create_task(self._tell_turns()))
                complaint = await self._end
            finally:
                for task in watching:
                    task.cancel()
                await self._stop_children()  # the children are heard to their end, and then the group is done
        if complaint is not None:
            raise DemoError(complaint)

    async def _start_children(self, urls: Mapping[str, str], listeners: Sequence[socket.socket]) -> None:
        def assignment(name: str, listener: socket.socket | None) -> Assignment:
            fd = listener.fileno() if listener else None
            return Assignment(
                name=name, settings=self._settings, urls=dict(urls), socket_fd=fd, work_dir=self._work_dir
            )

        self._not_ready = {VISITORS, *urls}
        for service, listener in zip(SERVICES, listeners, strict=True):
            self._children.append(
                await Child.start("firstlight.demo.service_process", assignment(service.name, listener), listener)
            )
            listener.close()  # the child alone has it now, and when it stops listening, callers are refused
        self._children.append(await Child.start("firstlight.demo.visitors_process", assignment(VISITORS, None), None))

    async def _become_ready(self) -> bool:
        """Return whether all children became ready, and not too late."""
        ready = asyncio.create_task(self._all_ready.wait())
        either: set[asyncio.Future[Any]] = {ready, self._end}
        await asyncio.wait(either, timeout=READY_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            late = ", ".join(sorted(self._not_ready))
            self._finish(f"cannot start the demo: not ready after {READY_LIMIT_S:g} s: {late}; what they said is above")
        return not self._end.done()

    def _open(self, urls: Mapping[str, str]) -> None:
        self._start_s = time.time()
        for child in self._children:
            child.send(Start(at_s=self._start_s))
        for line in reporting.opening(self._settings, urls, self._work_dir):
            self._say(line)
        if self._settings.duration is not None:
            asyncio.get_running_loop().call_later(self._settings.duration, self._finish, None)

    async def _stop_children(self) -> None:
        # First who asks, then who answers: so no request is cut off, and its telemetry is whole.
        self._stopping = True
        if self._children and not self._not_ready:
            self._say("Stopping: the services answer what is under way and send what is left of their telemetry.")
        for names, limit_s in (({VISITORS}, VISITORS_LIMIT_S), ({one.name for one in SERVICES}, SERVICES_LIMIT_S)):
            children = [child for child in self._children if child.name in names]
            for complaint in await asyncio.gather(*(child.stop(limit_s) for child in children)):
                if complaint:
                    self._say(complaint)

    async def _hear(self, child: Child) -> None:
        async for report in child.reports():
            if isinstance(report, Trouble):
                await self._look()  # the usual reason, which is told once for all
            self._take(child, report)
        status = await child.process.wait()
        if not self._stopping:
            how = f"was ended by signal {-status}" if status < 0 else f"ended by itself with exit status {status}"
            self._finish(f"the demo stops: the {child.name} {how}; what it said of it is above, and in its log")

    def _take(self, child: Child, report: Report | str) -> None:
        match report:
            case Ready():
                self._not_ready.discard(child.name)
                if not self._not_ready:
                    self._all_ready.set()
            case Failed():
                self._tell_failure(report)
            case Trouble():
                self._tell_trouble(child.name, report.words)
            case Tally():
                self._say(reporting.closing(report))
            case str():
                self._say(f"{child.name}: {report}")
            case _:
                assert_never(report)

    def _tell_failure(self, failed: Failed) -> None:
        """Tell of the first failure of an episode, and of one a minute when all should be calm."""
        elapsed_s = time.time() - self._start_s
        timetable = self._settings.timetable
        # A request that fails just after an episode began in it.
        about = timetable.at(elapsed_s) or timetable.at(elapsed_s - UNDER_WAY_S) or int(elapsed_s // 60)
        if about != self._last_failure:
            self._last_failure = about
            for line in reporting.failure(self._settings, elapsed_s, failed):
                self._say(line)

    def _tell_trouble(self, name: str, words: str) -> None:
        """Tell what a child's SDK complains about, unless the reason has been told: nobody listens where it sends."""
        now_s = asyncio.get_running_loop().time()
        due = now_s - self._last_trouble.get(name, -TROUBLE_EVERY_S) >= TROUBLE_EVERY_S
        if due and not self._unreachable and not self._stopping:
            self._last_trouble[name] = now_s
            self._say(f"{name}: {words}")

    async def _tell_turns(self) -> None:
        before: Occurrence | None = None
        while True:
            current = self._settings.timetable.at(time.time() - self._start_s)
            if before is not None and before != current:
                self._say(reporting.turn(before, "ends"))
            if current is not None and before != current:
                self._say(reporting.turn(current, "begins"))
            before = current
            await asyncio.sleep(LOOK_EVERY_S)

    async def _knock(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(KNOCK_EVERY_S)

    async def _look(self) -> None:
        """Tell when nobody listens where the telemetry goes, and when somebody does again."""
        targets = (self._settings.otlp_grpc, self._settings.otlp_http)
        unreachable = tuple([target for target in targets if not await _is_listening(target)])
        if unreachable != self._unreachable and not self._stopping:
            self._unreachable = unreachable
            self._say(reporting.unreachable(unreachable) if unreachable else reporting.REACHABLE)


async def _is_listening(target: str) -> bool:
    """Return whether somebody accepts connections at a URL or a HOST:PORT."""
    url = urlsplit(target if "://" in target else f"http://{target}")
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        async with asyncio.timeout(KNOCK_LIMIT_S):
            _, writer = await asyncio.open_connection(url.hostname, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


@contextmanager
def _work_dir(settings: DemoSettings) -> Iterator[Path]:
    if settings.work_dir is None:
        with tempfile.TemporaryDirectory(prefix="firstlight-demo-") as temporary:
            yield Path(temporary)
        return
    try:
        settings.work_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(
            f"cannot make the directory {settings.work_dir}: {error.strerror}; want a place to write; choose another"
            " with --work-dir"
        ) from error
    yield settings.work_dir.absolute()


@contextmanager
def _listeners(first_port: int) -> Iterator[list[socket.socket]]:
    """Yield a listening socket for each service, in their order; on free ports if the first is 0."""
    with ExitStack() as opened:
        listeners = []
        for number, service in enumerate(SERVICES):
            port = first_port + number if first_port else 0
            try:
                listeners.append(opened.enter_context(socket.create_server((HOST, port))))
            except OSError as error:
                raise DemoError(
                    f"cannot listen on {HOST}:{port} for the {service.name}: {error.strerror}; want a free port;"
                    " choose others with --port, or leave it out"
                ) from error
        yield listeners
