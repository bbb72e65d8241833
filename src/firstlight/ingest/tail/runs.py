"""Lines that one program wrote by one way, in their order, to records: those that belong together become one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from firstlight.ingest.tail.multiline import Starts, each, suspicious, traces
from firstlight.ingest.tail.records import MAX_LINES
from firstlight.ingest.tail.runtime_times import SECOND


class Line(NamedTuple):
    """A line, when it was written, and where its first and last pieces stand, as whoever reads them counts."""

    text: bytes
    ts: int
    first: int
    last: int


class Gathered(NamedTuple):
    """A record of some lines, by which way and when the first and the last of them were written."""

    text: bytes
    stream: int
    ts: int
    last_ts: int
    first: int
    last: int
    is_cut: bool


@dataclass(slots=True)
class Runs:
    """Lines of which records have not been made yet."""

    starts: Starts
    longest: int
    stream: int = 0
    lines: list[Line] = field(default_factory=list)
    size: int = 0
    """How many bytes of them there are."""

    def add(self, line: Line) -> None:
        """Add the next line."""
        text = line.text.removesuffix(b"\r")
        self.lines.append(line if text is line.text else line._replace(text=text))
        self.size += len(text)

    def take(self, *, newest: int, wait: float, whole: bool) -> list[Gathered]:
        """Return records, and forget their lines.

        The last is kept, since there may be more of it, unless `whole` says that there is not, or it was written more
        than `wait` seconds before `newest`.
        """
        lines = self.lines
        if not lines:
            return []
        places = self._places()
        if self.starts is not each and not whole and newest - lines[-1].ts < wait * SECOND:
            self.lines = lines[places[-1] :]
            ends = places[1:]
            places = places[:-1]
        else:
            self.lines = []
            ends = [*places[1:], len(lines)]
        self.size = sum(len(line.text) for line in self.lines)
        return [self._record(lines[place:end]) for place, end in zip(places, ends, strict=True)]

    def _places(self) -> list[int]:
        lines = self.lines
        texts = [line.text for line in lines]
        if self.starts is each or (self.starts is traces and not suspicious(b"\n".join(texts))):
            return list(range(len(lines)))
        found = [place for place, begins in enumerate(self.starts(texts)) if begins]
        ends = [*found[1:], len(lines)]
        return [one for place, end in zip(found, ends, strict=True) for one in range(place, end, MAX_LINES)]

    def _record(self, lines: list[Line]) -> Gathered:
        text = lines[0].text if len(lines) == 1 else b"\n".join(line.text for line in lines)
        is_cut = len(text) > self.longest
        first, last = lines[0], lines[-1]
        kept = text[: self.longest] if is_cut else text
        return Gathered(kept, self.stream, first.ts, last.ts, first.first, last.last, is_cut)
