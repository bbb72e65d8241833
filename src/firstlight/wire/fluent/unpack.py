"""MessagePack out of a stream, within bounds, and its values as those of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgpack

from firstlight.errors import DecodeError
from firstlight.wire.shippers.flat import TOO_DEEP
from firstlight.wire.shippers.gathering import Gathering

MAX_MESSAGE: Final = 16 * 1024 * 1024
"""Bytes of one message or entry. What one byte says may take sixty in memory."""

MAX_ITEMS: Final = 128 * 1024
"""How many items an array or a map may have: room for them is made before they come."""

MAX_DEPTH: Final = 64
"""How deep values are nested that are looked at."""


class Unpacker:
    """Reads values from a stream, however it is cut."""

    def __init__(self) -> None:
        # Texts may be bytes of any kind, and old senders write packed entries as a text: so nothing is replaced here.
        self._unpacker = msgpack.Unpacker(
            raw=False,
            unicode_errors="surrogateescape",
            max_buffer_size=2 * MAX_MESSAGE,
            max_array_len=MAX_ITEMS,
            max_map_len=MAX_ITEMS,
            max_ext_len=64,
        )
        self._fed = 0
        self._read = 0

    @property
    def held(self) -> int:
        """How many bytes of an unfinished value there are."""
        return self._fed - self._read

    def take(self, data: bytes) -> Iterator[Any]:
        """Yield the values that end in `data`; raise DecodeError at what is no value, or too much of one."""
        self._fed += len(data)
        try:
            self._unpacker.feed(data)
            for value in self._unpacker:
                self._read = self._unpacker.tell()
                yield value
        # What is too large, too deep or no MessagePack is each told by an error of its own.
        except (ValueError, TypeError, msgpack.UnpackException) as error:
            raise DecodeError(f"cannot read MessagePack: {str(error) or type(error).__name__}") from None
        if self.held > MAX_MESSAGE:
            raise DecodeError(f"cannot read a message of more than {MAX_MESSAGE} bytes; send smaller chunks")


def packed(value: str | bytes) -> bytes:
    """Return the bytes of a value that is bytes, or a text that stands for some."""
    return value if isinstance(value, bytes) else value.encode(errors="surrogateescape")


def plain(value: Any, gathering: Gathering, depth: int = MAX_DEPTH) -> object:
    """Return a value as JSON has it: bytes are text, what is no text is replaced."""
    match value:
        case str():
            return value if value.isascii() else _text(value, gathering)
        case None | bool() | int() | float():
            return value
        case bytes():
            return gathering.text(value)
        case dict() if depth:
            return {str(plain(name, gathering, 0)): plain(one, gathering, depth - 1) for name, one in value.items()}
        case list() if depth:
            return [plain(one, gathering, depth - 1) for one in value]
        case msgpack.Timestamp():
            return value.to_unix()
        case msgpack.ExtType():
            return value.data.hex()
    return TOO_DEEP


def event_time_ns(value: Any) -> int | None:
    """Return the time of an event: seconds, or seconds and nanoseconds; None if it is none."""
    match value:
        case bool():
            return None
        case int():
            return value * 10**9
        case float():
            return round(value * 10**6) * 1000 if abs(value) < 10**10 else None
        case msgpack.ExtType(code=0, data=data) if len(data) == 8:
            return int.from_bytes(data[:4]) * 10**9 + int.from_bytes(data[4:])
        case msgpack.Timestamp():
            return int(value.to_unix_nano())
    return None


def _text(value: str, gathering: Gathering) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return gathering.text(packed(value))
    return value
