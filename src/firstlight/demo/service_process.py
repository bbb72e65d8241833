"""One service of the demo as a process: `python -m firstlight.demo.service_process`, started by the supervisor.

It listens on a socket it inherits, follows the timetable, and on its way out sends what is left of its telemetry.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI

from firstlight.demo.cast import service_named
from firstlight.demo.checkout import Checkout
from firstlight.demo.inventory import Inventory
from firstlight.demo.lifeline import Lifeline
from firstlight.demo.messages import Assignment, Ready, Trouble
from firstlight.demo.payments import Payments
from firstlight.demo.service_app import Backstage, Part
from firstlight.demo.stage import Stage
from firstlight.demo.storefront import Storefront
from firstlight.demo.telemetry_setup import set_up
from firstlight.demo.timetable import Scenario

TICK_S = 0.1
FLUSH_LIMIT_S = 3.0
REQUESTS_LIMIT_S = 5

log = logging.getLogger(__name__)


def cast_part(name: str, backstage: Backstage, seed: int) -> Part:
    """Return the service of that name."""
    match name:
        case "storefront":
            return Storefront(backstage)
        case "checkout":
            return Checkout(backstage)
        case "inventory":
            return Inventory(backstage)
        case "payments":
            return Payments(backstage, seed)
        case _:
            raise ValueError(f"cannot play {name!r}: the demo has no such service")


async def play(lifeline: Lifeline, assignment: Assignment) -> None:
    """Be the service that `assignment` names until it is time to finish."""
    settings = assignment.settings
    telemetry = set_up(
        service_named(assignment.name),
        settings,
        assignment.work_dir,
        complain=lambda words: lifeline.tell(Trouble(words=words)),
    )
    stage = Stage(assignment.name, settings.timetable, telemetry)
    part = cast_part(assignment.name, Backstage(telemetry, stage, assignment.urls, assignment.work_dir), settings.seed)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_listen(assignment, part.app, lifeline, lambda: stage.shows(Scenario.DEAD_DEPENDENCY)))
        acting = tasks.create_task(_follow_timetable(lifeline, stage, part))
        await lifeline.wait()
        acting.cancel()
    await part.close()
    telemetry.close(FLUSH_LIMIT_S)


async def _follow_timetable(lifeline: Lifeline, stage: Stage, part: Part) -> None:
    start = await lifeline.begun
    while True:
        elapsed_s = time.time() - start.at_s
        stage.update(elapsed_s)
        part.act(elapsed_s)
        await asyncio.sleep(TICK_S)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: they are the lifeline's."""
        yield


async def _listen(assignment: Assignment, app: FastAPI, lifeline: Lifeline, is_dead: Callable[[], bool]) -> None:
    """Serve `app` until it is time to finish; while `is_dead`, close the port, so that callers are refused."""
    finish = lifeline.finish
    listener: socket.socket | None = socket.socket(fileno=assignment.socket_fd)
    lifeline.tell(Ready())
    while listener is not None:
        host, port = listener.getsockname()
        await _serve(app, listener, until=lambda: is_dead() or finish.is_set())
        await _until(lambda: not is_dead() or finish.is_set())
        listener = None if finish.is_set() else await _listen_again(host, port, lifeline)


async def _serve(app: FastAPI, listener: socket.socket, until: Callable[[], bool]) -> None:
    """Serve `app` on `listener` until the condition holds, then answer what is under way, and close it."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        # What it would log of a failed request, RequestLog has logged, with the ids of its trace.
        log_level=logging.CRITICAL,
        timeout_graceful_shutdown=REQUESTS_LIMIT_S,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await _until(lambda: until() or serving.done())
    server.should_exit = True
    await serving


async def _listen_again(host: str, port: int, lifeline: Lifeline) -> socket.socket | None:
    """Return a listener on the port of before, None if it was not free again before it is time to finish."""
    while not lifeline.finish.is_set():
        try:
            return socket.create_server((host, port))
        except OSError as error:
            log.exception("cannot listen on port %d again", port)
            lifeline.tell(Trouble(words=f"cannot listen on port {port} again: {error}; trying again"))
            await asyncio.sleep(1)
    return None


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what ends the wait is a time on the timetable, not an event
        await asyncio.sleep(TICK_S)


async def _main() -> None:
    lifeline = await Lifeline.open()
    assignment = await lifeline.assignment()
    if assignment is not None:
        await play(lifeline, assignment)


if __name__ == "__main__":
    asyncio.run(_main())
