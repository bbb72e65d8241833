"""A block of lines on its way through the stages: what is left of it, what the lines say, which labels they have.

Lines are an Arrow column until a stage needs them one by one; labels are not looked at until a stage asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.query.logql.label_sets import LabelSet
from firstlight.query.logql.lines import Lines, Places

Mask = npt.NDArray[np.bool_]

Parse = Callable[[str, LabelSet], LabelSet | None]
"""What a line says, and its labels, to its labels; None: the line is dropped."""

Relabel = Callable[[LabelSet], LabelSet | None]
"""Labels to labels; None: the line is dropped."""


@dataclass(frozen=True, slots=True)
class Then:
    """What is done with labels right after a parser has given them."""

    change: Relabel
    names: frozenset[str]
    """If a filter comes first, the labels that it asks for."""
    passes: Relabel | None
    """That filter."""


Rewrite = Callable[[str, int, LabelSet], tuple[str, LabelSet]]
"""What a line says, when it was written, and its labels, to what it says then, and its labels."""

PROBE: Final = 256
"""How many lines are looked at to learn whether lines repeat."""

REPEATS: Final = 0.5
"""Up to which part of different ones among them lines are said to repeat."""


class Block:
    """The lines that are left, as columns of equal length."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.rows: Places = np.arange(len(lines), dtype=np.int32)
        """Of each line its place in the `Lines`."""
        self._array: pa.StringArray | None = lines.line
        self._texts: list[str] | None = None
        self._sets: list[LabelSet] | None = None
        self._set_of: Places = self.rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def array(self) -> pa.StringArray:
        """What the lines say, as a column."""
        if self._array is None:
            self._array = pa.array(self._texts, pa.string())
        return self._array

    @property
    def texts(self) -> list[str]:
        """What the lines say, one by one."""
        if self._texts is None:
            self._texts = self.array.to_pylist()
        return self._texts

    @property
    def times(self) -> list[int]:
        """When the lines were written."""
        times: list[int] = self._lines.ts[self.rows].tolist()
        return times

    @property
    def sets(self) -> list[LabelSet]:
        """The sets of labels; `set_of` says which line has which."""
        if self._sets is None:
            self._sets, self._set_of = _first_sets(self._lines, self.rows)
        return self._sets

    @property
    def set_of(self) -> Places:
        """Of each line the place of its labels in `sets`."""
        if self._sets is None:
            self._sets, self._set_of = _first_sets(self._lines, self.rows)
        return self._set_of

    def keep(self, mask: Mask) -> None:
        """Keep the lines for which `mask` is true."""
        if mask.all():
            return
        self.rows = self.rows[mask]
        if self._array is not None:
            self._array = self._array.filter(pa.array(mask))
        if self._texts is not None:
            self._texts = [text for text, kept in zip(self._texts, mask.tolist(), strict=True) if kept]
        if self._sets is not None:
            self._set_of = self._set_of[mask]

    def say(self, column: pa.StringArray) -> None:
        """Let the lines say something else."""
        self._array, self._texts = column, None

    def relabel(self, change: Relabel) -> None:
        """Change the labels of all lines; a line whose labels become None is dropped."""
        sets, set_of = self.sets, self.set_of
        used = np.unique(set_of) if len(sets) != len(set_of) else None
        kept: list[LabelSet] = []
        place_of = np.full(len(sets), -1, np.int32)
        for place in range(len(sets)) if used is None else used.tolist():
            changed = change(sets[place])
            if changed is not None:
                place_of[place] = len(kept)
                kept.append(changed)
        self._sets, self._set_of = kept, place_of[set_of]
        self.keep(self._set_of >= 0)

    def parse(self, parse: Parse) -> None:
        """Give each line the labels that `parse` makes of what it says and of those it has."""
        sets, set_of, texts = self.sets, self.set_of.tolist(), self.texts
        parsed: list[LabelSet | None] = []
        add = parsed.append
        if self.repeats():
            known: dict[tuple[int, str], LabelSet | None] = {}
            for text, place in zip(texts, set_of, strict=True):
                key = place, text
                if key not in known:
                    known[key] = parse(text, sets[place])
                add(known[key])
        else:
            for text, place in zip(texts, set_of, strict=True):
                add(parse(text, sets[place]))
        self._take(parsed)

    def rewrite(self, rewrite: Rewrite) -> None:
        """Give each line the text and the labels that `rewrite` makes of its text, its time and its labels."""
        sets = self.sets
        done = [
            rewrite(text, ts, sets[place])
            for text, ts, place in zip(self.texts, self.times, self.set_of.tolist(), strict=True)
        ]
        self._array, self._texts = None, [text for text, _ in done]
        self._take([labels for _, labels in done])

    def _take(self, labels: Sequence[LabelSet | None]) -> None:
        """Take the labels of each line, the same object for several lines where a stage knew them to be equal."""
        distinct: dict[int, int] = {}
        sets: list[LabelSet] = []
        places = []
        for one in labels:
            if one is None:
                places.append(-1)
                continue
            place = distinct.setdefault(id(one), len(sets))
            if place == len(sets):
                sets.append(one)
            places.append(place)
        self._sets, self._set_of = sets, np.array(places, np.int32)
        self.keep(self._set_of >= 0)

    def repeats(self) -> bool:
        """Return whether many lines seem to say the same."""
        if len(self) < PROBE // 4:
            return False
        step = max(1, len(self) // PROBE)
        probe = self.texts[::step]
        return len(set(probe)) < REPEATS * len(probe)


def _first_sets(lines: Lines, rows: Places) -> tuple[list[LabelSet], Places]:
    """Return the labels of the lines before the first stage, each set once, and which line has which."""
    streams = lines.stream[rows]
    if lines.metadata is None:
        used, set_of = np.unique(streams, return_inverse=True)
        return [LabelSet.of(lines.streams[place], {}) for place in used.tolist()], set_of.astype(np.int32)
    metadata = lines.metadata.take(pa.array(rows))
    ends = metadata.offsets.to_pylist()
    names, values = metadata.keys.to_pylist(), metadata.items.to_pylist()
    known: dict[tuple[object, ...], int] = {}
    sets: list[LabelSet] = []
    set_of_rows = []
    start = ends[0] if ends else 0
    for stream, end in zip(streams.tolist(), ends[1:], strict=True):
        key = (stream, *names[start:end], *values[start:end])
        place = known.get(key)
        if place is None:
            place = known[key] = len(sets)
            sets.append(LabelSet.of(lines.streams[stream], dict(zip(names[start:end], values[start:end], strict=True))))
        set_of_rows.append(place)
        start = end
    return sets, np.array(set_of_rows, np.int32)
