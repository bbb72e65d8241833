"""A process's side of the pipes to its parent (`firstlight.demo.messages`)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

from firstlight.demo.messages import Assignment, Message, Start

LINGER_S = 20.0
"""How long a process may take to finish once it was told to, before it ends itself."""


class Lifeline:
    """Receives what the parent says, tells it what happens, and knows when to finish."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.finish = asyncio.Event()
        """Set when the parent closed its end or died, or on SIGTERM."""
        self.begun: asyncio.Future[Start] = asyncio.get_running_loop().create_future()
        """Done when the parent says that the timetable begins; heard while somebody waits."""

    @classmethod
    async def open(cls) -> Lifeline:
        """Return the lifeline over this process's own stdin and stdout."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        lifeline = cls(reader)
        loop.add_signal_handler(signal.SIGTERM, lifeline.finish.set)
        # A Ctrl-C in the terminal is the parent's to answer: it stops its processes in their order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return lifeline

    async def assignment(self) -> Assignment | None:
        """Return what this process is to be, None if the parent is gone already."""
        line = await self._reader.readline()
        return Assignment.model_validate_json(line) if line else None

    async def wait(self) -> None:
        """Return when it is time to finish; from then on the process lives `LINGER_S` at most."""
        listening = asyncio.create_task(self._listen())
        told = asyncio.create_task(self.finish.wait())
        await asyncio.wait({listening, told}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        told.cancel()
        self.finish.set()
        # An orphan is worse than a lost batch: whatever hangs from here on does not hold the process.
        last_resort = threading.Timer(LINGER_S, os._exit, args=(1,))
        last_resort.daemon = True
        last_resort.start()

    async def _listen(self) -> None:
        if line := await self._reader.readline():
            self.begun.set_result(Start.model_validate_json(line))
            await self._reader.read()  # the parent has nothing more to say: this returns when it closes its end

    def tell(self, message: Message) -> None:
        """Send a message to the parent; one that is gone no longer wants to know."""
        try:
            os.write(sys.stdout.fileno(), message.line())  # one write: the lines of threads do not mix
        except BrokenPipeError:
            self.finish.set()
