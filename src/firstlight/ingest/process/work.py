"""The columns of a batch of log records that processing looks at and changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.ingest.process import plain_text
from firstlight.ingest.process.found import Found, Indices, Mask, Names, as_map, reindexed
from firstlight.ingest.process.ids import filled
from firstlight.ingest.process.origins_kept import KeptOrigins
from firstlight.ingest.process.record import Roles
from firstlight.ingest.process.texts import Bytes, buffers, plain, replaced
from firstlight.ingest.process.understanding import Understood, levels_in_text
from firstlight.ingest.process.wrappers import unwrap
from firstlight.model.tables import AttributeType
from firstlight.wire.origins import NANOSECONDS_PER_DAY
from firstlight.wire.otlp.records import MAX_DAYS

FAR: Final = "too many days in one batch"
NO_ORIGIN: Final = "origin not known"

Refuse: TypeAlias = Callable[[str, Mask], None]
"""Counts the times that are not taken, by the reason."""


class Work:
    """A batch of log records: its columns as they are by now, and what was found in its lines so far."""

    """The columns of a batch that processing looks at and changes."""

    def __init__(self, logs: pa.Table) -> None:
        self._logs = logs
        self._changed: dict[str, pa.Array] = {}
        self.names = Names()
        self.tenant = str(logs["tenant"][0].as_py())
        self.body: pa.StringArray = plain(logs["body"])
        self.service: pa.StringArray = plain(logs["service"])
        self.ts: Indices = plain(logs["ts"]).view(pa.int64()).to_numpy()
        self.observed: Indices = plain(logs["observed_ts"]).view(pa.int64()).to_numpy()
        self.origin = plain(logs["origin_id"]).to_numpy()
        self.found: list[Found] = []
        self.timed: Mask = np.zeros(len(logs), np.bool_)
        self.wrapped_rows: Indices = np.zeros(0, np.int64)
        self.wrapped_times: Indices = np.zeros(0, np.int64)
        self.moved: set[tuple[int, int]] = set()

    def __len__(self) -> int:
        return len(self.body)

    def unwrap(self) -> None:
        """Take off what a container runtime has put around lines."""
        found = unwrap(self.body, self.names)
        if found is not None:
            self.body = found.body
            self.found.append(found.found)
            self.wrapped_rows, self.wrapped_times = found.rows, found.times
            self._changed["body"] = self.body

    def take_body(self, body: pa.StringArray) -> None:
        """Set the lines."""
        if body is not self.body:
            self.body = self._changed["body"] = body

    def column(self, name: str) -> pa.Array:
        """Return a column as it is by now."""
        return self._changed[name] if name in self._changed else plain(self._logs[name])

    def set_attributes(self, attributes: pa.MapArray, types: pa.StringArray) -> None:
        """Set the attributes, and their types as letters."""
        self._changed |= {"attributes": attributes, "attribute_types": types}

    def add_attributes(self, added: Mapping[int, Mapping[str, str]]) -> None:
        """Give rows more attributes, texts; they take the place of those of the same name."""
        if not added:
            return
        rows = np.array(sorted(added), np.int64)
        attributes, types = self.column("attributes"), self.column("attribute_types")
        maps, letters = [], []
        for row in rows.tolist():
            kept = [
                (pair, letter)
                for pair, letter in zip(attributes[row].as_py(), types[row].as_py(), strict=False)
                if pair[0] not in added[row]
            ]
            maps.append([pair for pair, _ in kept] + list(added[row].items()))
            letters.append("".join(letter for _, letter in kept) + AttributeType.STRING.value * len(added[row]))
        self.set_attributes(replaced(attributes, rows, pa.array(maps, attributes.type)), replaced(types, rows, letters))

    def set_times(self, rows: Indices, times: Indices, origins: KeptOrigins, refuse: Refuse) -> None:
        """Give rows times that nothing found in a line changes again."""
        self.move(rows, times, origins, refuse)
        self.timed[rows] = True

    def set_origins(self, rows: Indices, numbers: list[int], services: list[str]) -> None:
        """Give rows other origins, and the services of these."""
        if not len(rows):
            return
        origin = self.origin.copy()
        origin[rows] = numbers
        self.origin = origin
        self.service = replaced(self.service, rows, services)
        self._changed |= {"service": self.service, "origin_id": pa.array(origin)}
        days = self.ts[rows] // NANOSECONDS_PER_DAY
        self.moved |= set(zip(days.tolist(), origin[rows].tolist(), strict=True))

    def keep(self, kept: Mask) -> None:
        """Go on with some of the rows."""
        mask = pa.array(kept)
        new = np.cumsum(kept) - 1
        self._logs = self._logs.filter(mask)
        self._changed = {name: column.filter(mask) for name, column in self._changed.items()}
        self.body, self.service = self.body.filter(mask), self.service.filter(mask)
        self.ts, self.observed, self.origin = self.ts[kept], self.observed[kept], self.origin[kept]
        self.timed = self.timed[kept]
        there = kept[self.wrapped_rows]
        self.wrapped_rows, self.wrapped_times = new[self.wrapped_rows[there]], self.wrapped_times[there]
        self.found = [reindexed(part, new, kept) for part in self.found]

    def take_levels(self, roles: Roles, found: Understood) -> None:
        """Set the severity where the sender said none: as a field says, else as a word in the line does."""
        known = plain(self._logs["severity"]).to_numpy()
        wanted = known == 0
        if not wanted.any():
            return
        rows, numbers, texts = roles.severities(wanted)
        if found.wordy is not None and len(found.wordy):
            wanted = wanted.copy()
            wanted[rows] = False
            in_text = levels_in_text(self.body, found.wordy[wanted[found.wordy]])
            rows, numbers = np.concatenate([rows, in_text[0]]), np.concatenate([numbers, in_text[1]])
            texts = pa.concat_arrays([texts, in_text[2]])
        if not len(rows):
            return
        severity = known.copy()
        severity[rows] = numbers
        self._changed["severity"] = pa.array(severity, pa.uint8())
        said = self.column("severity_text")
        new = texts if len(rows) == len(self) and (np.diff(rows) == 1).all() else None
        if new is None:
            new = replaced(pa.repeat("", len(self)), rows, texts)
        # What the sender says it is called, stays.
        starts, _ = buffers(said)
        self._changed["severity_text"] = new if starts[-1] == starts[0] else pc.if_else(pc.equal(said, ""), new, said)

    def take_ids(self, roles: Roles, found: Understood) -> None:
        """Set the ids of trace and span where the sender gave none."""
        traces, spans = _matrix(plain(self._logs["trace_id"]), 16), _matrix(plain(self._logs["span_id"]), 8)
        no_trace, no_span = ~filled(traces), ~filled(spans)
        if not no_trace.any():
            return
        traces, spans = traces.copy(), spans.copy()
        rows, parents, callers = roles.parents(no_trace)
        traces[rows] = parents
        spans[rows[no_span[rows]]] = callers[no_span[rows]]
        for rows, ids, into, free in (
            (*roles.traces(no_trace), traces, no_trace),
            (*roles.spans(no_span), spans, no_span),
        ):
            into[rows] = ids
            free[rows] = False
        if found.wordy is not None:
            rows = found.wordy[no_trace[found.wordy]]
            if len(rows):
                named, spanned = plain_text.ids(self.body.take(pa.array(rows)) if len(rows) < len(self) else self.body)
                traces[rows[named[0]]] = named[1]
                kept = no_span[rows[spanned[0]]]
                spans[rows[spanned[0][kept]]] = spanned[1][kept]
        self._changed["trace_id"], self._changed["span_id"] = _fixed(traces, 16), _fixed(spans, 8)

    def move(self, rows: Indices, times: Indices, origins: KeptOrigins, refuse: Refuse) -> None:
        """Give rows other times, if there are not too many days in them and their origin is known."""
        ts = self.ts.copy()
        ts[rows] = times
        if (times // NANOSECONDS_PER_DAY != self.ts[rows] // NANOSECONDS_PER_DAY).any():
            self._go_with_origins(ts, rows, origins, refuse)
        self.ts = ts
        self._changed["ts"] = pa.array(ts).view(pa.timestamp("ns"))

    def _go_with_origins(self, ts: Indices, rows: Indices, origins: KeptOrigins, refuse: Refuse) -> None:
        """Put back the times that are on too many days, or on days on which there is no origin for them."""
        days = ts // NANOSECONDS_PER_DAY
        here = np.unique(days)
        if len(here) > MAX_DAYS:
            far = days[rows] < here[-MAX_DAYS]
            refuse(FAR, far)
            ts[rows[far]] = self.ts[rows[far]]
            days = ts // NANOSECONDS_PER_DAY
        other = np.flatnonzero(days != self.ts // NANOSECONDS_PER_DAY)
        pairs = np.unique(np.stack([days[other].astype(np.uint64), self.origin[other]], axis=1), axis=0)
        strange = [origin for _, origin in pairs.tolist() if not origins.knows(self.tenant, origin)]
        if strange:
            lost = other[np.isin(self.origin[other], np.array(strange, np.uint64))]
            refuse(NO_ORIGIN, np.ones(len(lost), np.bool_))
            ts[lost] = self.ts[lost]
        self.moved |= {(day, origin) for day, origin in pairs.tolist() if origin not in strange}

    def rename(self, rows: Indices, services: list[str], origins: KeptOrigins) -> None:
        """Give rows another service, and the origin that goes with it."""
        pairs: dict[tuple[int, str], int] = {}
        renamed = []
        for row, service in zip(rows.tolist(), services, strict=True):
            key = (int(self.origin[row]), service)
            if key not in pairs:
                pairs[key] = origins.with_service(self.tenant, *key)
            if pairs[key] != key[0]:
                renamed.append((row, pairs[key], service))
        places = np.array([row for row, _, _ in renamed], np.int64)
        self.set_origins(places, [number for _, number, _ in renamed], [service for _, _, service in renamed])

    def table(self, understood: Understood | None) -> pa.Table:
        """Return the table with what was changed."""
        if understood is not None:
            self._changed["fields"] = as_map(understood.found, understood.names, len(self))
            if understood.left_out is not None and understood.left_out.any():
                before = plain(self._logs["dropped_attributes"]).to_numpy()
                self._changed["dropped_attributes"] = pa.array((before + understood.left_out).astype(np.uint32))
        schema = self._logs.schema
        columns = [self._changed.get(name, self._logs[name]) for name in schema.names]
        return pa.Table.from_arrays(columns, schema=schema)


def _matrix(column: pa.FixedSizeBinaryArray, size: int) -> Bytes:
    data = column.buffers()[1]
    found: Bytes = np.frombuffer(data, np.uint8)[column.offset * size : (column.offset + len(column)) * size]
    return found.reshape(-1, size)


def _fixed(ids: Bytes, size: int) -> pa.FixedSizeBinaryArray:
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(size), len(ids), [None, pa.py_buffer(np.ascontiguousarray(ids))]
    )
