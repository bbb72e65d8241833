"""The bytes of a container's log file as records: each line as its runtime has wrapped it, CRI's or Docker's way.

A line that the runtime has cut into pieces is joined again, and lines that belong together are, each way of writing by
itself. What is taken of a file ends where no record is unfinished, since how far it was read is one number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from firstlight.ingest.tail.attributes import STREAMS
from firstlight.ingest.tail.multiline import Starts
from firstlight.ingest.tail.records import Records, no_records
from firstlight.ingest.tail.runs import Gathered, Line, Runs
from firstlight.ingest.tail.runtime_times import SECOND, nanoseconds

PATIENCE: Final = 10
"""How many times longer than for a line it is waited for the next piece of one."""

_DOCKER: Final = b'{"log":'
_NUMBERS: Final = {name.encode(): number for number, name in enumerate(STREAMS) if name}


class Piece(NamedTuple):
    """A line of the file without its wrapping."""

    text: bytes
    stream: int
    ts: int
    is_partial: bool


def unwrapped(line: bytes) -> Piece:
    """Return what a line says; one that is not wrapped is itself."""
    if line[:1].isdigit():
        parts = line.split(b" ", 3)
        if len(parts) >= 3 and parts[1] in _NUMBERS and parts[2][:1] in (b"F", b"P"):
            ts = nanoseconds(parts[0])
            if ts >= 0:
                return Piece(parts[3] if len(parts) == 4 else b"", _NUMBERS[parts[1]], ts, parts[2][:1] == b"P")
    elif line.startswith(_DOCKER):
        try:
            told = orjson.loads(line)
        except orjson.JSONDecodeError:
            return Piece(line, 0, 0, is_partial=False)
        if isinstance(told, dict) and isinstance(told.get("log"), str):
            text = told["log"].encode("utf-8", "surrogatepass")
            ts = max(0, nanoseconds(str(told.get("time")).encode()))
            stream = _NUMBERS.get(str(told.get("stream")).encode(), 0)
            return Piece(text.removesuffix(b"\n"), stream, ts, not text.endswith(b"\n"))
    return Piece(line, 0, 0, is_partial=False)


@dataclass(slots=True)
class _Open:
    """A line of which there are pieces."""

    first: int
    ts: int
    parts: list[bytes] = field(default_factory=list)
    size: int = 0


def wrapped_records(
    content: bytes,
    starts: Starts,
    *,
    longest: int,
    wait: float,
    quiet: float,
    skipping: frozenset[int] = frozenset(),
    force: bool = False,
) -> Records:
    """Return the records that `content` begins with.

    Where more may belong to a record, it is not among them, until the file was `quiet` for more than `wait` seconds, or
    something was written so much later; or if `force` says that there must be some. `skipping` are the ways of writing
    on which the rest of a line too long comes first.
    """
    end = len(content) if quiet >= wait else content.rfind(b"\n") + 1
    lines = content[:end].split(b"\n")
    if not lines[-1]:
        del lines[-1]
    if not lines:
        return no_records()
    runs = [Runs(starts, longest, stream) for stream in range(len(STREAMS))]
    unfinished: dict[int, _Open] = {}
    skipped: dict[int, int] = dict.fromkeys(skipping, len(lines))
    """Up to which line, by the way of writing."""
    newest = 0
    for place, line in enumerate(lines):
        text, stream, ts, is_partial = unwrapped(line)
        newest = max(newest, ts)
        if skipped and skipped.get(stream, 0) == len(lines):
            if not is_partial:
                skipped[stream] = place
            continue
        begun = unfinished.get(stream)
        if begun is None:
            if not is_partial:
                runs[stream].add(Line(text, ts, place, place))
                continue
            begun = unfinished[stream] = _Open(place, ts)
        if begun.size <= longest:
            begun.parts.append(text)
        begun.size += len(text)
        if not is_partial:
            runs[stream].add(Line(b"".join(begun.parts), begun.ts, begun.first, place))
            del unfinished[stream]
    limit = len(lines)
    endless: set[int] = set()
    for stream, begun in unfinished.items():
        late = (newest - begun.ts) / SECOND >= PATIENCE * wait
        if force or late or quiet >= PATIENCE * wait:
            runs[stream].add(Line(b"".join(begun.parts), begun.ts, begun.first, limit - 1))
            if begun.size > longest:
                endless.add(stream)
        else:
            limit = min(limit, begun.first)
    found: list[Gathered] = []
    for one in runs:
        found += one.take(newest=newest, wait=wait, whole=force or quiet >= wait)
        if one.lines:
            limit = min(limit, one.lines[0].first)
    limit, taken = _until(found, limit)
    still = {stream for stream, place in skipped.items() if place >= limit}
    return _records(taken, lines, limit, len(content), frozenset(still | (endless if limit == len(lines) else set())))


def _until(found: list[Gathered], limit: int) -> tuple[int, list[Gathered]]:
    """Return a line up to `limit` at which no record is unfinished, and the records before it, in their order."""
    for one in sorted(found, key=lambda record: -record.last):
        if one.last < limit:
            break
        limit = min(limit, one.first)
    return limit, sorted((one for one in found if one.last < limit), key=lambda record: record.first)


def _records(taken: list[Gathered], lines: list[bytes], limit: int, size: int, skipping: frozenset[int]) -> Records:
    consumed = min(size, sum(map(len, lines[:limit])) + limit)
    if not taken:
        return Records(no_records().body, consumed, no_records().cut, skipping=skipping)
    body, garbled = texts([one.text for one in taken])
    return Records(
        body,
        consumed,
        np.flatnonzero([one.is_cut for one in taken]),
        garbled,
        ts=np.array([one.ts for one in taken], np.int64),
        streams=np.array([one.stream for one in taken], np.int64),
        skipping=skipping,
    )


def texts(raw: list[bytes]) -> tuple[pa.StringArray, int]:
    """Return bytes as texts, and how many were none before what is wrong in them was replaced."""
    try:
        return pa.array(raw, pa.binary()).cast(pa.string()), 0
    except pa.ArrowInvalid:
        found = [one.decode("utf-8", "replace") for one in raw]
        return pa.array(found, pa.string()), sum("�" in text for text in found)
