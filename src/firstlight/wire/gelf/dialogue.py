"""GELF in datagrams, and over a stream, where each message ends in a NUL. Nobody answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from firstlight.errors import DecodeError
from firstlight.wire.gelf.chunks import MAGIC, Chunks
from firstlight.wire.gelf.message import NO_OBJECT, gelf_record
from firstlight.wire.shippers.gathering import Gathering
from firstlight.wire.shippers.inflate import inflated
from firstlight.wire.shippers.lines import Line, LineSplitter

MAX_MESSAGE: Final = 16 * 1024 * 1024
"""Bytes of one message, decompressed; its texts are cut to what any line may have."""

TOO_LONG: Final = f"message of more than {MAX_MESSAGE} bytes"
NOT_COMPRESSED: Final = "message that cannot be decompressed"


class GelfDialogue:
    """One connection over TCP."""

    acknowledges = False
    fault = ""

    def __init__(self) -> None:
        self._lines = LineSplitter(b"\0", MAX_MESSAGE)

    @property
    def held(self) -> int:
        """How many bytes of an unfinished message there are."""
        return self._lines.held

    def greet(self) -> bytes:
        """Return nothing: the sender begins."""
        return b""

    def keep_alive(self) -> bytes:
        """Return nothing: the sender waits for no answer."""
        return b""

    def take(self, data: bytes, now_ns: int, gathering: Gathering) -> Iterator[bytes]:
        """Gather the messages that are complete."""
        for line in self._lines.take(data):
            _gather([line], gathering)
            if gathering.full:
                yield b""
        yield b""

    def end(self, now_ns: int, gathering: Gathering) -> None:
        """Gather the last message, which needs no end."""
        _gather(self._lines.end(), gathering)


class GelfDatagrams:
    """Messages over UDP, whole or in chunks, plain or compressed."""

    def __init__(self) -> None:
        self._chunks = Chunks()

    def take(self, data: bytes, peer: str, now_ns: int, gathering: Gathering) -> None:
        """Gather the message that is complete with a datagram."""
        self._chunks.expire(now_ns)
        message: bytes | None = data
        if data.startswith(MAGIC):
            message = self._chunks.take(data, peer, now_ns)
        for reason, count in self._chunks.take_refused().items():
            gathering.refuse(reason, count)
        if message:
            gather_message(message, gathering)


def gather_message(message: bytes, gathering: Gathering) -> None:
    """Gather a message that may be compressed."""
    if not message.lstrip().startswith(b"{"):
        try:
            message = b"".join(inflated(message, MAX_MESSAGE))
        except DecodeError:
            gathering.refuse(NOT_COMPRESSED)
            return
    _gather([Line(message)], gathering)


def gather_body(body: bytes, gathering: Gathering) -> None:
    """Gather the messages of a request: one, which may have line feeds in it, or one a line."""
    record = gelf_record(body, gathering) if body.strip() else None
    if record is not None:
        gathering.add(record)
    else:
        _gather(map(Line, body.split(b"\n")), gathering)


def _gather(lines: Iterable[Line], gathering: Gathering) -> None:
    for line in lines:
        raw = line.raw.strip()
        if line.truncated:
            gathering.refuse(TOO_LONG)
            continue
        # Some send each message on a line, some a line feed after each NUL.
        if not raw:
            continue
        record = gelf_record(raw, gathering)
        if record is None:
            gathering.refuse(NO_OBJECT)
        else:
            gathering.add(record)
