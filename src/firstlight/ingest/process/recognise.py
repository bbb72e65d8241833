"""Which format the lines of a stream have, and what is in them.

Each stream's lines are held first against the formats that its lines had before. Of those that have none of these, a
few are held against all; a stream whose lines have no format is asked less and less often.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.ingest.process.formats.every import FORMATS
from firstlight.ingest.process.formats.line_format import LineFormat, beginning
from firstlight.ingest.process.found import Found, Indices, Names, chosen, joined
from firstlight.ingest.process.logfmt_lines import pairs
from firstlight.ingest.process.texts import lengths

SAMPLE: Final = 6
"""How many lines of a stream are held against all formats, of one batch."""

MAX_LINE: Final = 65_536
"""Lines of more bytes are neither logfmt nor of a format."""

MAX_STREAMS: Final = 100_000
REMEMBERED: Final = 6
"""How many formats a stream is remembered to have."""

MAX_PAUSE: Final = 64
"""For how many batches a stream is at most not asked whether it has a format by now."""

MAX_TAIL: Final = 64
"""How many pairs are taken out of a message."""

_BY_BEGINNING: Final = {
    kind: tuple((place, one) for place, one in enumerate(FORMATS) if kind in one.begins)
    for kind in {kind for one in FORMATS for kind in one.begins}
}


@dataclass(slots=True)
class _Stream:
    """What is remembered of a stream: the places of its formats in `FORMATS`, ascending."""

    formats: tuple[int, ...] = ()
    pause: int = 0
    misses: int = 0


@dataclass(slots=True)
class _Hits:
    rows: list[int] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


class Recogniser:
    """Remembers the formats of streams. Safe to use from several threads: what is remembered is only where to begin."""

    def __init__(self) -> None:
        self._streams: dict[int, _Stream] = {}

    def read(
        self, texts: Sequence[str], rows: Indices, streams: Indices, names: Names
    ) -> tuple[Found, dict[str, Indices]]:
        """Return the fields of lines, each in a stream, and the rows by the name of their format."""
        hits: dict[int, _Hits] = {}
        numbers = rows.tolist()
        order = np.argsort(streams, kind="stable")
        cuts = np.flatnonzero(np.diff(streams[order])) + 1
        for places in np.split(order, cuts):
            if len(places):
                self._read_stream(int(streams[places[0]]), texts, numbers, places.tolist(), hits)
        parts = [part for number, hit in hits.items() for part in _columns(FORMATS[number], hit, names)]
        return joined(parts), {FORMATS[number].name: np.array(hit.rows) for number, hit in hits.items()}

    def _read_stream(
        self, stream: int, texts: Sequence[str], rows: list[int], places: list[int], hits: dict[int, _Hits]
    ) -> None:
        known = self._streams.get(stream)
        if known is None:
            if len(self._streams) >= MAX_STREAMS:
                self._streams.clear()
            known = self._streams[stream] = _Stream()
        vaguely: list[int] = []
        for number in known.formats:
            missed = _take(number, texts, rows, places, hits)
            if FORMATS[number].vague and len(missed) < len(places):
                left = set(missed)
                vaguely += [place for place in places if place not in left][:1]
            places = missed
            if not places:
                break
        unknown = places[:: max(1, len(places) // SAMPLE)] + vaguely
        if not unknown:
            return
        if known.pause > 0:
            known.pause -= 1
            return
        new = sorted({number for place in unknown for number in _search(texts[place])} - set(known.formats))
        if not new:
            known.misses += 1
            known.pause = min(MAX_PAUSE, (1 << min(known.misses, 8)) // 2)
            return
        known.misses = 0
        for number in new:
            if not places:
                break
            places = _take(number, texts, rows, places, hits)
        known.formats = tuple(sorted({*new, *known.formats})[:REMEMBERED])


def _take(number: int, texts: Sequence[str], rows: list[int], places: list[int], hits: dict[int, _Hits]) -> list[int]:
    """Note the lines that have a format, and return the places of those that have not."""
    match = FORMATS[number].pattern.match
    missed = []
    hit = hits.get(number) or _Hits()
    for place in places:
        found = match(texts[place])
        if found is None:
            missed.append(place)
        else:
            hit.rows.append(rows[place])
            hit.groups += found.groups("")
    if hit.rows:
        hits[number] = hit
    return missed


def _search(text: str) -> Iterator[int]:
    """Yield the first format that a line has, if there is one."""
    for number, one in _BY_BEGINNING[beginning(text)]:
        if one.pattern.match(text):
            yield number
            return


def _columns(one: LineFormat, hit: _Hits, names: Names) -> Iterator[Found]:
    """Yield the fields of lines of one format: its groups, but for empty ones, and what is in its tail."""
    fields = one.fields
    if one.words:
        place = fields.index("level")
        hit.groups[place :: len(fields)] = [one.words.get(word, word) for word in hit.groups[place :: len(fields)]]
    rows = np.array(hit.rows, np.int64)
    counts = np.full(len(rows), len(fields))
    codes = np.tile(np.array([names.code(name) for name in fields]), len(rows))
    order = np.argsort(rows, kind="stable")
    values = pa.array(hit.groups, pa.string())
    if (np.diff(rows) < 0).any():
        values = values.take(pa.array((order[:, None] * len(fields) + np.arange(len(fields))).ravel()))
        rows = rows[order]
    found = Found(rows, counts, codes, values)
    filled = lengths(values) > 0
    if one.void:
        filled &= ~pc.equal(values, one.void).to_numpy(zero_copy_only=False)
    yield chosen(found, filled)
    if one.tail:
        yield from _tail(one, hit, names)


def _tail(one: LineFormat, hit: _Hits, names: Names) -> Iterator[Found]:
    fields = one.fields
    # What the format itself has found is not found again.
    taken = set(fields)
    read = [
        (row, [pair for pair in pairs(text, MAX_TAIL) if pair[0] not in taken])
        for row, text in sorted(zip(hit.rows, hit.groups[fields.index(one.tail) :: len(fields)], strict=True))
        if "=" in text
    ]
    filled = [(row, found) for row, found in read if found]
    if filled:
        yield Found(
            np.array([row for row, _ in filled], np.int64),
            np.array([len(found) for _, found in filled], np.int64),
            np.array([names.code(name) for _, found in filled for name, _ in found], np.int64),
            pa.array([value for _, found in filled for _, value in found], pa.string()),
        )
