"""The server as a process: its event loop, its log, its signals.

SIGTERM and SIGINT stop it: requests under way finish, and what was acknowledged is durable anyway. A second one ends
the process at once, which costs nothing that was acknowledged. SIGHUP reads the settings again; if they are not good,
the log says why and the old ones stay in force.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable
from typing import Final

import uvloop

from firstlight.app.logs import configure
from firstlight.app.memory import age, give_back, keep_out
from firstlight.app.server import Listening, Server
from firstlight.app.settings import Settings
from firstlight.errors import UserError

YOUNG: Final = 50_000
"""How many objects are made before the collector looks at them: results have many, and circles are rare."""

Ready = Callable[[Listening, float], None]
"""Told where the server listens, and after how many seconds of the process."""

_log = logging.getLogger(__name__)


def run(settings: Settings, read: Callable[[], Settings], ready: Ready) -> int:
    """Run a server until it is told to stop, and return what to exit with.

    `read` returns the settings anew, or raises a `UserError`; `ready` is told once everything is open. Raises a
    `UserError` if the server cannot start.
    """
    configure(settings.logging)
    keep_out("pandas")  # Arrow's first conversion would import it: 30 MiB, and a sixth of a second of the first query
    # grpc says on standard error, in its own format, what it also says by raising.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(Server(settings, read), read, ready))


async def _serve(server: Server, read: Callable[[], Settings], ready: Ready) -> int:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, number, stopping)
    loop.add_signal_handler(signal.SIGHUP, _reload, server, read)
    listening = await server.start()
    gc.freeze()  # what there is now stays until the end, and need not be looked through again
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    give_back()
    seconds = age()
    _log.info(
        "ready",
        extra={
            "listening": ", ".join(listening.addresses.values()),
            "data": listening.data,
            "seconds": round(seconds, 2),
        },
    )
    ready(listening, seconds)
    await stopping.wait()
    await server.stop()
    _log.info("stopped")
    return 0


def _stop(number: int, stopping: asyncio.Event) -> None:
    name = signal.Signals(number).name
    if stopping.is_set():
        _log.warning("%s again: ending at once", name)
        os._exit(128 + number)
    _log.info("%s: stopping; send it again to end at once", name)
    stopping.set()


def _reload(server: Server, read: Callable[[], Settings]) -> None:
    try:
        settings = read()
    except UserError as error:
        _log.error("cannot reload; the settings in force stay:\n%s", error)
    else:
        server.reload(settings)
