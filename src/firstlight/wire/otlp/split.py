"""Large requests cut into smaller ones that together mean the same.

In columns an empty span takes as much room as a full one, so two bytes of a request can become two hundred. Decoding a
piece at a time bounds what one hostile request can take, and counting what is in it stops such a request early.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from firstlight.errors import DecodeError
from firstlight.wire.fields import LENGTH, Field, Malformed, fields, framed
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
    found = list(_children(message, path[0], budget))
    header = _rest(message, found)
    room = piece - len(header)
    if room <= piece // 2:
        raise DecodeError(
            f"cannot read the body: {len(header)} bytes in it describe what the records have in common; "
            f"want at most {piece // 2}"
        )
    start = end = None
    for field in found:
        if start is not None and (end != field.start or field.end - start > room):
            yield header + message[start:end]
            start = None
        if field.end - field.start > room:
            tag = message[field.start : field.length]
            for part in _pieces(message[field.content : field.end], path[1:], room - 16, budget):
                yield header + framed(tag, part)
        else:
            start = field.start if start is None else start
            end = field.end
    if start is not None:
        yield header + message[start:end]


def _children(message: bytes, numbers: Numbers, budget: _Budget) -> Iterator[Field]:
    """Yield the fields of a message that have one of these numbers and hold messages."""
    try:
        for field in fields(message):
            if field.wire == LENGTH and field.number in numbers:
                budget.spend()
                yield field
    except Malformed as error:
        raise DecodeError(f"cannot read the body as an OTLP request: {error}") from None


def _rest(message: bytes, without: Sequence[Field]) -> bytes:
    parts, at = [], 0
    for field in without:
        parts.append(message[at : field.start])
        at = field.end
    parts.append(message[at:])
    return b"".join(parts)
