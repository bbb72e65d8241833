"""What is said on a connection of Fluentd's forward protocol. A chunk that has a name is answered when it is durable.

Format: <https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1.5>.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgpack

from firstlight.errors import DecodeError, brief
from firstlight.wire.fluent.event import gather_entry
from firstlight.wire.fluent.handshake import Handshake
from firstlight.wire.fluent.unpack import Unpacker, packed, plain
from firstlight.wire.shippers.gathering import Gathering
from firstlight.wire.shippers.inflate import inflated

CUT_SHORT: Final = "cut short"
MALFORMED: Final = "malformed packed entries"
WRONG_KEY: Final = "cannot take messages: the shared key of the sender is another one"


class FluentDialogue:
    """One connection. `max_decompressed` bounds what one message may hold; without a handshake nobody is asked."""

    acknowledges = True

    def __init__(self, max_decompressed: int, handshake: Handshake | None = None) -> None:
        self._max_decompressed = max_decompressed
        self._handshake = handshake
        self._known = handshake is None
        self._unpacker = Unpacker()
        self._answers = b""
        self.fault = ""

    @property
    def held(self) -> int:
        """How many bytes of an unfinished message there are."""
        return self._unpacker.held

    def greet(self) -> bytes:
        """Return the first words of the handshake, if there is to be one."""
        return self._handshake.hello() if self._handshake else b""

    def keep_alive(self) -> bytes:
        """Return nothing: no answer means "wait"."""
        return b""

    def take(self, data: bytes, now_ns: int, gathering: Gathering) -> Iterator[bytes]:
        """Read messages, and yield the answers to those that want one."""
        try:
            for message in self._unpacker.take(data):
                if self._handshake and not self._known:
                    answer, self._known = self._handshake.answer(message)
                    self._answers += answer
                    if not self._known:
                        raise DecodeError(WRONG_KEY)
                    continue
                yield from self._read(message, gathering)
        except DecodeError as error:
            self.fault = str(error)
        yield self._say()

    def end(self, now_ns: int, gathering: Gathering) -> None:
        """Count a message that is cut short."""
        if self._unpacker.held:
            gathering.refuse(CUT_SHORT)

    def _read(self, message: Any, gathering: Gathering) -> Iterator[bytes]:
        option: Any = None
        match message:
            case None:
                return
            case [str() | bytes() as tag, list() as entries, *rest] if len(rest) <= 1:
                option = rest[0] if rest else None
                yield from self._entries(_text(tag, gathering), iter(entries), gathering)
            case [str() | bytes() as tag, str() | bytes() as entries, *rest] if len(rest) <= 1:
                option = rest[0] if rest else None
                compressed = isinstance(option, dict) and option.get("compressed") in ("gzip", b"gzip")
                found = self._unpacked(packed(entries), compressed=compressed, gathering=gathering)
                yield from self._entries(_text(tag, gathering), found, gathering)
            case [str() | bytes() as tag, time, dict() as record, *rest] if len(rest) <= 1:
                option = rest[0] if rest else None
                gather_entry(_text(tag, gathering), [time, record], gathering)
            case _:
                raise DecodeError(
                    f"cannot read a message of Fluentd: {brief(message)}; want a tag with a time and a record, or with "
                    "entries"
                )
        if isinstance(option, dict) and (chunk := option.get("chunk")):
            self._answers += msgpack.packb({"ack": chunk}, unicode_errors="surrogateescape")
        if gathering.full:
            yield self._say()

    def _entries(self, tag: str, entries: Iterator[Any], gathering: Gathering) -> Iterator[bytes]:
        for entry in entries:
            gather_entry(tag, entry, gathering)
            if gathering.full:
                yield self._say()

    def _unpacked(self, data: bytes, *, compressed: bool, gathering: Gathering) -> Iterator[Any]:
        """Yield packed entries. Where they are malformed, the rest is refused: to send it again would not help."""
        unpacker = Unpacker()
        try:
            for piece in inflated(data, self._max_decompressed) if compressed else (data,):
                yield from unpacker.take(piece)
        except DecodeError:
            gathering.refuse(MALFORMED)
            return
        if unpacker.held:
            gathering.refuse(CUT_SHORT)

    def _say(self) -> bytes:
        answers, self._answers = self._answers, b""
        return answers


def _text(tag: str | bytes, gathering: Gathering) -> str:
    return str(plain(tag, gathering))
