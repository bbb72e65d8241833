"""What fields say of their record: level, time, ids. Each is looked for by name, the most telling name first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.ingest.process.found import Found, Indices, Mask, Names, chosen
from firstlight.ingest.process.ids import SPAN, TRACE, read_ids, read_parents
from firstlight.ingest.process.levels import severity
from firstlight.ingest.process.roles import Role, role_of
from firstlight.ingest.process.texts import Bytes, lengths, matrix, windows
from firstlight.ingest.process.times import Zone, read_times

MAIN: Final = 4
"""Up to which place the name of a time is that of the record's own, and not of something it tells of."""

_EPOCH: Final = re.compile(r"[0-9]{10}(?:[0-9]{3}|[0-9]{6}|[0-9]{9})?(?:\.[0-9]+)?")
_DATED: Final = "0000-00-00"
_DASHES: Final = np.array([mark == "-" for mark in _DATED])


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """The fields of one role: the row of each and its value, the best of a row last."""

    rows: Indices
    names: Indices
    values: pa.StringArray


class Roles:
    """Finds among the fields of a batch those that say something of their record."""

    def __init__(self, found: Found, names: Names) -> None:
        self._found = found
        self._names = list(names.codes)
        known = [role_of(name) for name in self._names]
        roles = np.array([int(role) for role, _ in known] or [0], np.int64)
        places = np.array([place for _, place in known] or [0], np.int64)
        at = np.flatnonzero(roles[found.names] != Role.NONE) if len(found.names) else np.zeros(0, np.int64)
        self._role = roles[found.names[at]] if len(at) else at
        self._place = places[found.names[at]] if len(at) else at
        self._at = at
        self._rows = found.row_of[at] if len(at) else at

    def others(self) -> Found:
        """Return the fields but those that have a column of their own: the time, and ids of trace and span.

        They differ from line to line, and would take as much room as all others together. What has their name and
        another form stays.
        """
        own = (
            (self._role == Role.TRACE) | (self._role == Role.SPAN) | ((self._role == Role.TIME) & (self._place <= MAIN))
        )
        at = self._at[own]
        if not len(at):
            return self._found
        roles = self._role[own]
        keep = np.ones(len(self._found.names), np.bool_)
        for role, is_own in ((Role.TIME, _timely), (Role.TRACE, _sized(2 * TRACE)), (Role.SPAN, _sized(2 * SPAN))):
            here = at[roles == role]
            if len(here):
                keep[here[is_own(self._found.values.take(pa.array(here)))]] = False
        return chosen(self._found, keep)

    def of(self, role: Role, wanted: Mask) -> Said | None:
        """Return the fields of a role in the rows that are wanted, or None if there are none."""
        here = np.flatnonzero(self._role == role)
        here = here[wanted[self._rows[here]]]
        if not len(here):
            return None
        if (self._place[here] != self._place[here[0]]).any():
            here = here[np.argsort(-self._place[here], kind="stable")]
        at = self._at[here]
        return Said(self._rows[here], self._found.names[at], self._found.values.take(pa.array(at)))

    def severities(self, wanted: Mask) -> tuple[Indices, Indices, pa.StringArray]:
        """Return rows, the severity number of each and the text for it."""
        said = self.of(Role.LEVEL, wanted)
        if said is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), pa.array([], pa.string())
        encoded = said.values.dictionary_encode()
        words = encoded.dictionary.to_pylist()
        # What a number means may be said by the name, so both are looked up together.
        both = said.names * len(words) + encoded.indices.to_numpy()
        numbers = np.zeros(len(self._names) * len(words), np.int64)
        texts = [""] * len(numbers)
        for code in np.flatnonzero(np.bincount(both, minlength=len(numbers))).tolist():
            name = self._names[code // len(words)].lower()
            numbers[code], texts[code] = severity(words[code % len(words)], name)
        good = np.flatnonzero(numbers[both])
        rows, last = _last(said.rows[good])
        picked = both[good[last]]
        return rows, numbers[picked], pa.array(texts, pa.string()).take(pa.array(picked))

    def times(self, wanted: Mask, observed: Indices, zone: Zone) -> tuple[Indices, Indices]:
        """Return rows and the time that each says."""
        said = self.of(Role.TIME, wanted)
        if said is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        times, good = read_times(said.values, observed[said.rows], zone)
        kept = np.flatnonzero(good)
        rows, last = _last(said.rows[kept])
        return rows, times[kept[last]]

    def traces(self, wanted: Mask) -> tuple[Indices, Bytes]:
        """Return rows and the trace id that each says."""
        return self._ids(Role.TRACE, TRACE, wanted)

    def spans(self, wanted: Mask) -> tuple[Indices, Bytes]:
        """Return rows and the span id that each says."""
        return self._ids(Role.SPAN, SPAN, wanted)

    def parents(self, wanted: Mask) -> tuple[Indices, Bytes, Bytes]:
        """Return rows, and the trace id and span id of a ``traceparent`` in each."""
        said = self.of(Role.TRACE_PARENT, wanted)
        if said is None:
            return np.zeros(0, np.int64), np.zeros((0, TRACE), np.uint8), np.zeros((0, SPAN), np.uint8)
        traces, spans, good = read_parents(said.values)
        kept = np.flatnonzero(good)
        rows, last = _last(said.rows[kept])
        return rows, traces[kept[last]], spans[kept[last]]

    def services(self, wanted: Mask) -> tuple[Indices, list[str]]:
        """Return rows and the service that each says it is of."""
        said = self.of(Role.SERVICE, wanted)
        if said is None:
            return np.zeros(0, np.int64), []
        filled = np.flatnonzero([0 < len(value) <= 128 and value[0] not in "{[" for value in said.values.to_pylist()])
        rows, last = _last(said.rows[filled])
        return rows, said.values.take(pa.array(filled[last])).to_pylist()

    def _ids(self, role: Role, size: int, wanted: Mask) -> tuple[Indices, Bytes]:
        said = self.of(role, wanted)
        if said is None:
            return np.zeros(0, np.int64), np.zeros((0, size), np.uint8)
        ids, good = read_ids(said.values, size)
        if good.all() and _ascends(said.rows):
            return said.rows, ids
        kept = np.flatnonzero(good)
        rows, last = _last(said.rows[kept])
        return rows, ids[kept[last]]


def _timely(values: pa.StringArray) -> Mask:
    """Return which texts begin with a date, or are a number of seconds or of parts of them."""
    width = len(_DATED) + 1
    sizes = lengths(values)
    alike = sizes[0] >= width and (sizes == sizes[0]).all()
    shown = matrix(values, int(sizes[0]))[:, :width] if alike else windows(values, width)
    digits = (shown[:, :-1] >= ord("0")) & (shown[:, :-1] <= ord("9"))
    found: Mask = (digits | _DASHES).all(axis=1) & ((shown[:, -1] == ord("T")) | (shown[:, -1] == ord(" ")))
    for place in np.flatnonzero(_DASHES).tolist():
        found &= shown[:, place] == ord("-")
    rest = np.flatnonzero(~found)
    if len(rest):
        found[rest] = [_EPOCH.fullmatch(text) is not None for text in values.take(pa.array(rest)).to_pylist()]
    return found


def _sized(length: int) -> Callable[[pa.StringArray], Mask]:
    def is_so(values: pa.StringArray) -> Mask:
        found: Mask = pc.utf8_length(values).to_numpy() == length
        return found

    return is_so


def _last(rows: Indices) -> tuple[Indices, Indices]:
    """Return each row once, and the place where it is for the last time."""
    if _ascends(rows):
        return rows, np.arange(len(rows))
    found, places = np.unique(rows[::-1], return_index=True)
    return found, len(rows) - 1 - places


def _ascends(rows: Indices) -> bool:
    return bool((rows[1:] > rows[:-1]).all())
