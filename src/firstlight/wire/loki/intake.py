"""Pushes to batches: streams become origins, and what is beyond the limits is refused in Loki's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.model.batch import Batch, Rejections
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.levels import severity_of
from firstlight.wire.logs.sheet import Sheet
from firstlight.wire.loki.labels import with_service
from firstlight.wire.loki.limits import (
    Fault,
    PushLimits,
    metadata_too_large,
    metadata_too_many,
    stream_fault,
    too_new,
    too_old,
)
from firstlight.wire.loki.long_lines import cut_lines
from firstlight.wire.loki.push import Push
from firstlight.wire.origins import Origin

LEVELS = ("level", "severity", "severity_text", "lvl", "loglevel", "detected_level")
"""The labels of a stream that say the level of its lines, in lower case, the first that is there."""

MAX_TOLD = 20
"""How many different complaints one push may earn; what is beyond is counted under a common one."""

MAX_LOOKED_AT = 1_000
"""How many entries of a push are complained of one by one."""

MAX_KNOWN = 100_000
"""How many streams are remembered to be within the limits."""

OTHERS = Fault("other entries refused", "other entries were refused for reasons like these")

Times = npt.NDArray[np.int64]


@dataclass(slots=True)
class _Complaints:
    """What was refused, by complaint."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, fault: Fault, count: int = 1) -> None:
        told = fault.told if fault.told in self.counts or len(self.counts) < MAX_TOLD else OTHERS.told
        self.counts[told] = self.counts.get(told, 0) + count


@dataclass(frozen=True, slots=True)
class _Stream:
    """A stream within the limits: its labels, where its lines come from, and how severe all of them are."""

    labels: Mapping[str, str]
    origin: Origin
    severity: int


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """Which entries are refused so far."""

    origin_of: Times
    bad: npt.NDArray[np.bool_]
    streams: Sequence[Mapping[str, str]]
    complaints: _Complaints

    def refuse(self, rows: npt.NDArray[np.bool_], fault: Callable[[int, Mapping[str, str]], Fault]) -> None:
        """Refuse the entries of `rows` that were not refused before."""
        new = np.flatnonzero(rows & ~self.bad)
        for row in new[:MAX_LOOKED_AT].tolist():
            self.complaints.add(fault(row, self.streams[self.origin_of[row]]))
        if len(new) > MAX_LOOKED_AT:
            self.complaints.add(OTHERS, len(new) - MAX_LOOKED_AT)
        self.bad[new] = True


class PushIntake:
    """Makes batches of pushes. Safe to use from several threads."""

    def __init__(
        self, book: LogBook, limits: PushLimits | None = None, on_cut: Callable[[int], None] = lambda count: None
    ) -> None:
        """Take what is told how many lines were cut because they are too long."""
        self._book = book
        self._limits = limits or PushLimits()
        self._on_cut = on_cut
        self._known: dict[frozenset[tuple[str, str]], _Stream] = {}

    def batch(self, push: Push, *, tenant: str, now_ns: int) -> Batch:
        """Return the entries of a push that are within the limits."""
        complaints = _Complaints()
        streams: list[_Stream] = []
        place = np.full(len(push.labels), -1, np.int64)
        for number, (labels, count) in enumerate(zip(push.labels, push.counts.tolist(), strict=True)):
            if not count:
                continue
            found = labels if isinstance(labels, Fault) else self._stream(labels)
            if isinstance(found, Fault):
                complaints.add(found, count)
            else:
                place[number] = len(streams)
                streams.append(found)
        origin_of = np.repeat(place, push.counts)
        entries = _Entries(origin_of, origin_of < 0, [stream.labels for stream in streams], complaints)
        self._refuse_times(push.ts, entries, now_ns)
        self._refuse_metadata(push.metadata, entries)
        return self._kept(push, streams, entries, tenant=tenant, now_ns=now_ns)

    def _stream(self, labels: Mapping[str, str]) -> _Stream | Fault:
        """Return the stream with these labels, remembered by them, or what is wrong with it."""
        key = frozenset(labels.items())
        known = self._known.get(key)
        if known is not None:
            return known
        named = with_service(labels)
        fault = stream_fault(named, self._limits)
        if fault is not None:
            return fault
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        known = self._known[key] = _Stream(named, self._book.origin({}, labels=named), stream_severity(named))
        return known

    def _kept(self, push: Push, streams: Sequence[_Stream], entries: _Entries, *, tenant: str, now_ns: int) -> Batch:
        rejected = Rejections(entries.complaints.counts)
        origin_of, bad = entries.origin_of, entries.bad
        ts, line, metadata = push.ts, push.line, push.metadata
        if bad.any():
            if bad.all():
                return Batch({}, 0, rejected)
            rows = np.flatnonzero(~bad)
            kept = pa.array(rows)
            origin_of, ts, line = origin_of[rows], ts[rows], line.take(kept)
            metadata = None if metadata is None else metadata.take(kept)
        elif not len(ts):
            return Batch({}, 0, rejected)
        line, cut = cut_lines(line, self._limits.max_line)
        if cut:
            self._on_cut(cut)
        levels = np.array([stream.severity for stream in streams], np.uint8)
        severity = levels[origin_of] if levels.any() else None
        origins = [stream.origin for stream in streams]
        sheet = Sheet(origins=origins, origin_of=origin_of, ts=ts, body=line, severity=severity, attributes=metadata)
        return self._book.batch(tenant, sheet, now_ns, rejected)

    def _refuse_times(self, ts: Times, entries: _Entries, now_ns: int) -> None:
        limits = self._limits
        if limits.max_age_ns:
            oldest = now_ns - limits.max_age_ns
            entries.refuse(ts < oldest, lambda row, labels: too_old(labels, int(ts[row]), oldest))
        if limits.max_ahead_ns:
            entries.refuse(ts > now_ns + limits.max_ahead_ns, lambda row, labels: too_new(labels, int(ts[row])))

    def _refuse_metadata(self, metadata: pa.MapArray | None, entries: _Entries) -> None:
        if metadata is None:
            return
        edges = metadata.offsets.to_numpy().astype(np.int64)
        edges = edges - edges[0]
        lengths = pc.add(pc.binary_length(metadata.keys), pc.binary_length(metadata.items)).to_numpy()
        size = np.diff(np.concatenate([[0], np.cumsum(lengths.astype(np.int64))])[edges])
        most, many = self._limits.max_metadata, self._limits.max_metadata_entries
        if most:
            entries.refuse(size > most, lambda row, labels: metadata_too_large(labels, int(size[row]), most))
        if many:
            count = np.diff(edges)
            entries.refuse(count > many, lambda row, labels: metadata_too_many(labels, int(count[row]), many))


def stream_severity(labels: Mapping[str, str]) -> int:
    """Return the severity of all lines of a stream, 0 if its labels do not say it.

    >>> stream_severity({"app": "a", "Level": "ERROR"})
    17
    """
    lower = {name.lower(): value for name, value in labels.items()}
    return next((severity_of(lower[name]) for name in LEVELS if name in lower), 0)
