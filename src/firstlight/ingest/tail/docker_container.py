"""The lines of one container: from the messages of its engine to records that are not stored yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from firstlight.ingest.tail.attributes import STREAMS
from firstlight.ingest.tail.docker_mark import SLACK, Mark, Place, Reached
from firstlight.ingest.tail.multiline import Starts
from firstlight.ingest.tail.runs import Gathered, Line, Runs
from firstlight.ingest.tail.wrapped import Piece
from firstlight.wire.origins import Origin


@dataclass(slots=True)
class Unfinished:
    """A line of which there are pieces."""

    ts: int
    parts: list[bytes] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class Container:
    """What is read of a container, and how far that is. Used in one loop."""

    mark: Mark
    """How far it is stored."""
    starts: Starts
    longest: int
    origin: Origin | None = None
    """Who it is; not known before the engine has told."""
    at: float = 0.0
    """When something last came, on the clock of the loop."""
    over: bool = False
    """Whether nothing more comes for now."""
    read: int = 0
    """How many bytes of lines were read and not taken."""
    newest: int = 0
    _runs: dict[int, Runs] = field(default_factory=dict)
    _reached: dict[int, Reached] = field(default_factory=dict)
    _unfinished: dict[int, Unfinished] = field(default_factory=dict)
    _torn: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self._torn = set(self.mark.torn)

    @property
    def held(self) -> int:
        """How many bytes of whole lines wait to be stored."""
        return sum(one.size for one in self._runs.values())

    def begin(self) -> int:
        """Begin to read again; return since when, in nanoseconds, the engine is to be asked."""
        # Of an unfinished line everything is read again.
        begun = min((one.ts for one in self._unfinished.values()), default=self.newest)
        self._unfinished.clear()
        self.over = False
        for stream in range(1, len(STREAMS)):
            reached = self._reached.setdefault(stream, Reached())
            reached.begin(reached.at if reached.at.ts else self.mark.places.get(stream))
        return max(0, begun - SLACK) if begun else self.mark.since

    def take_in(self, pieces: Iterable[Piece], now: float) -> None:
        """Take in messages in their order; `now` is on the clock of `at`."""
        self.at = now
        for text, stream, ts, is_partial in pieces:
            self.newest = max(self.newest, ts)
            begun = self._unfinished.get(stream)
            if begun is not None and self._is_torn(stream, begun, ts):
                self._line(b"", stream, begun.ts)
                del self._unfinished[stream]
                begun = None
            if begun is None:
                if not is_partial:
                    self._line(text, stream, ts)
                    continue
                begun = self._unfinished[stream] = Unfinished(ts)
            if begun.size <= self.longest:
                begun.parts.append(text)
            begun.size += len(text)
            if not is_partial:
                del self._unfinished[stream]
                self._line(b"".join(begun.parts), stream, begun.ts)

    def end(self) -> None:
        """Take note that it has stopped: what is unfinished stays so."""
        for stream, begun in self._unfinished.items():
            self._line(b"".join(begun.parts), stream, begun.ts)
            self._torn.add(stream)
        self._unfinished.clear()
        self.over = True

    def take(self, now: float, wait: float) -> list[Gathered]:
        """Return records that are complete, and keep the others."""
        whole = self.over or now - self.at >= wait
        found: list[Gathered] = []
        for one in self._runs.values():
            found += one.take(newest=self.newest, wait=wait, whole=whole or one.size > 2 * self.longest)
        return found

    def mark_after(self, found: Iterable[Gathered]) -> Mark:
        """Return how far it is stored when these records are."""
        places = dict(self.mark.places)
        for one in found:
            places[one.stream] = Place(one.last_ts, one.last)
        held = [one.lines[0].ts for one in self._runs.values() if one.lines]
        held += [one.ts for one in self._unfinished.values()]
        return Mark(max(0, min((self.newest, *held)) - SLACK), places, frozenset(self._torn))

    def _is_torn(self, stream: int, begun: Unfinished, ts: int) -> bool:
        """Return whether a line without an end was taken as it is before, and what comes now is another.

        The engine tells both as one, since it has no line feed between them.
        """
        before = self._reached[stream].before
        return stream in self._torn and before is not None and begun.ts == before.ts != ts

    def _line(self, text: bytes, stream: int, ts: int) -> None:
        reached = self._reached[stream]
        if not reached.step(ts):
            return
        self._torn.discard(stream)
        runs = self._runs.get(stream)
        if runs is None:
            runs = self._runs[stream] = Runs(self.starts, self.longest, stream)
        count = reached.at.lines
        runs.add(Line(text, ts, count, count))
        self.read += len(text)
