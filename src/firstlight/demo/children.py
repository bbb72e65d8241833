"""The processes of the demo, as their parent sees them.

A child lives as long as its stdin is open: the parent closes it to have the child finish, and the system closes it
when the parent dies. It is in a session of its own, so that a Ctrl-C in the terminal reaches the parent alone.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from pydantic import ValidationError

from firstlight.demo.environment import environment
from firstlight.demo.messages import REPORT, Assignment, Message, Report


@dataclass(frozen=True, slots=True)
class Child:
    """A process of the demo."""

    name: str
    process: asyncio.subprocess.Process

    @classmethod
    async def start(cls, module: str, assignment: Assignment, listener: socket.socket | None) -> Child:
        """Start `module` as a process that inherits `listener`, and give it its assignment."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment(os.environ),
            pass_fds=[listener.fileno()] if listener else [],
            start_new_session=True,
        )
        child = cls(assignment.name, process)
        child.send(assignment)
        return child

    def send(self, message: Message) -> None:
        """Tell the child something; one that is gone will be noticed by who waits for it."""
        if self.process.stdin is not None:
            self.process.stdin.write(message.line())

    async def reports(self) -> AsyncIterator[Report | str]:
        """Yield what the child says until it ends; a line that is none of its reports comes as it is."""
        if self.process.stdout is None:
            return
        async for line in self.process.stdout:
            try:
                report: Report | str = REPORT.validate_json(line)
            except ValidationError:
                report = line.decode(errors="replace").rstrip()
            yield report

    async def stop(self, limit_s: float) -> str | None:
        """Have the child finish, or kill it after `limit_s`; return the complaint about one that was killed."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), limit_s)
        except TimeoutError:
            self.kill()
            await self.process.wait()
            return f"the {self.name} did not finish within {limit_s:g} s and was killed; its last telemetry is lost"
        return None

    def kill(self) -> None:
        """End the child at once."""
        with suppress(ProcessLookupError):
            self.process.kill()
