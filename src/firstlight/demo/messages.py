"""What the parent and its processes tell each other, as JSON lines over the processes' stdin and stdout.

Down goes one `Assignment` and, when all are ready, one `Start`; the end of the stream tells a process to finish, and
comes by itself when the parent dies, so that none is left behind. Up come the messages of `Report`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from firstlight.demo.settings import DemoSettings


class Message(BaseModel):
    """What all messages share: they are values, and one JSON line each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def line(self) -> bytes:
        """Return the message as it is sent."""
        return self.model_dump_json().encode() + b"\n"


class Assignment(Message):
    """What a process is to be: its name, the socket it inherits, and where everybody listens."""

    name: str
    settings: DemoSettings
    urls: dict[str, str]
    socket_fd: int | None
    work_dir: Path


class Start(Message):
    """All are ready: the timetable begins at this time, in seconds since 1970."""

    at_s: float


class Ready(Message):
    """The process listens, or is ready to send."""

    kind: Literal["ready"] = "ready"


class Trouble(Message):
    """The OpenTelemetry SDK of the process complains."""

    kind: Literal["trouble"] = "trouble"
    words: str


class Failed(Message):
    """A visitor's request failed: `answer` is its status, or why there was none."""

    kind: Literal["failed"] = "failed"
    request: str
    answer: str
    trace_id: str | None


class Tally(Message):
    """What became of all requests, told once at the end; `skipped` were not sent because too many were waiting."""

    kind: Literal["tally"] = "tally"
    sent: int
    failed: int
    skipped: int


Report = Ready | Trouble | Failed | Tally

REPORT: TypeAdapter[Report] = TypeAdapter(Annotated[Report, Field(discriminator="kind")])
"""Reads a line that a process wrote."""
