"""Large requests cut into smaller ones that together mean the same.

In columns an empty span takes as much room as a full one, so two bytes of a request can become two hundred. Decoding a
piece at a time bounds what one hostile request can take, and counting what is in it stops such a request early.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from firstlight.errors import DecodeError
from firstlight.wire.otlp.json import Signal

Numbers = frozenset[int]

METRIC_KINDS = frozenset({5, 7, 9, 10, 11})

PATHS: Mapping[Signal, Sequence[Numbers]] = {
    "logs": [frozenset({1}), frozenset({2}), frozenset({2})],
    "traces": [frozenset({1}), frozenset({2}), frozenset({2})],
    "metrics": [frozenset({1}), frozenset({2}), frozenset({2}), METRIC_KINDS, frozenset({1})],
}
"""The field numbers by which a request holds resources, these scopes, these records; and metrics their points."""

PIECE = 2 * 1024 * 1024
"""How large a piece is, at most."""

DENSEST = 12
"""How many bytes a record or what holds records takes, on average, at the least."""

SPARE = 1024
"""How many records are not counted: a small request may be as dense as it likes."""

_MORE = 0x80


@dataclass(slots=True)
class _Budget:
    """How many more children may be met."""

    left: int

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise DecodeError(
                "cannot read the body: it is large and made of records nearly empty; "
                f"want {DENSEST} bytes a record or more on average; send it in parts of less than {PIECE} bytes"
            )


def split(body: bytes, signal: Signal, piece: int = PIECE) -> Iterator[bytes]:
    """Yield requests of at most `piece` bytes that together mean `body`, which itself is yielded if it is small enough.

    Raise DecodeError if the body is malformed where it must be cut, if single records are larger than a piece, or if
    they are implausibly many.
    """
    return _pieces(body, PATHS[signal], piece, _Budget(len(body) // DENSEST + SPARE))


def _pieces(message: bytes, path: Sequence[Numbers], piece: int, budget: _Budget) -> Iterator[bytes]:
    if len(message) <= piece:
        yield message
        return
    if not path:
        raise DecodeError(
            f"cannot read the body: it has a record of {len(message)} bytes; want at most {piece} bytes in one record"
        )
    fields = list(_children(message, path[0], budget))
    header = _rest(message, fields)
    room = piece - len(header)
    if room <= piece // 2:
        raise DecodeError(
            f"cannot read the body: {len(header)} bytes in it describe what the records have in common; "
            f"want at most {piece // 2}"
        )
    start = end = None
    for field in fields:
        if start is not None and (end != field.start or field.end - start > room):
            yield header + message[start:end]
            start = None
        if field.end - field.start > room:
            tag = message[field.start : field.length_at]
            for part in _pieces(message[field.content : field.end], path[1:], room - 16, budget):
                yield header + tag + _varint(len(part)) + part
        else:
            start = field.start if start is None else start
            end = field.end
    if start is not None:
        yield header + message[start:end]


@dataclass(frozen=True, slots=True)
class _Child:
    """A length-delimited field: its tag is at `start`, its length at `length_at`, its content up to `end`."""

    start: int
    length_at: int
    content: int
    end: int


def _children(message: bytes, numbers: Numbers, budget: _Budget) -> Iterator[_Child]:
    """Yield the fields of a message that have one of these numbers and hold messages."""
    at = 0
    while at < len(message):
        start = at
        tag, at = _read_varint(message, at)
        length_at = at
        match tag & 7:
            case 0:
                _, at = _read_varint(message, at)
            case 1:
                at += 8
            case 5:
                at += 4
            case 2:
                length, at = _read_varint(message, at)
                content, at = at, at + length
                if tag >> 3 in numbers and at <= len(message):
                    budget.spend()
                    yield _Child(start, length_at, content, at)
            case kind:
                raise DecodeError(f"cannot read the body as an OTLP request: wire type {kind} at byte {start}")
    if at > len(message):
        raise DecodeError("cannot read the body as an OTLP request: unexpected end")


def _rest(message: bytes, fields: Sequence[_Child]) -> bytes:
    parts, at = [], 0
    for field in fields:
        parts.append(message[at : field.start])
        at = field.end
    parts.append(message[at:])
    return b"".join(parts)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < _MORE:
            return value, at
        shift += 7
    raise DecodeError("cannot read the body as an OTLP request: unexpected end or a number too long")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= _MORE:
        out.append(value & 0x7F | _MORE)
        value >>= 7
    out.append(value)
    return bytes(out)
