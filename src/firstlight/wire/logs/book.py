"""Sheets of log records to batches: who sent them is remembered by content, and told to the store once a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.model.batch import Batch, Rejections
from firstlight.model.tables import LOGS, AttributeType
from firstlight.wire.logs.ids import span_ids, trace_ids
from firstlight.wire.logs.sheet import NO_SPAN, NO_TRACE, Sheet
from firstlight.wire.origins import (
    UNKNOWN_SERVICE,
    Attributes,
    Origin,
    StoredOrigins,
    days_of,
    digest,
    index_labels,
)
from firstlight.wire.otlp.columns import no_attributes, offsets, timestamps
from firstlight.wire.otlp.records import Sieve

BEFORE_1970: Final = "time before 1970"
NOTHING: Final = Rejections()

Key = tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]] | None, str]


class LogBook(StoredOrigins):
    """Makes batches of sheets. Both its memories are bounded by `limit`; safe to use from several threads."""

    def __init__(self, limit: int = 100_000) -> None:
        super().__init__(limit)
        self._limit_seen = limit
        self._seen: dict[Key, Origin] = {}

    def origin(
        self, resource: Mapping[str, str], *, labels: Mapping[str, str] | None = None, scope_name: str = ""
    ) -> Origin:
        """Return the origin of a resource, its `labels` those of its stream: by default what Loki takes of it.

        The service is `service.name`, else the label `service_name`.
        """
        key = (frozenset(resource.items()), None if labels is None else frozenset(labels.items()), scope_name)
        found = self._seen.get(key)
        if found is None:
            if len(self._seen) >= self._limit_seen:
                self._seen.clear()
            found = self._seen[key] = _origin(resource, labels, scope_name)
        return found

    def batch(self, tenant: str, sheet: Sheet, now_ns: int, rejected: Rejections = NOTHING) -> Batch:
        """Return the records of a sheet as a batch, those without a time at `now_ns`; `rejected` came before."""
        length = len(sheet)
        sieve = Sieve(length)
        sieve.refuse(BEFORE_1970, sheet.ts < 0)
        ts = np.where(sheet.ts == 0, now_ns, sheet.ts)
        sieve.refuse_far_days(ts)
        services = pa.array([origin.service for origin in sheet.origins], pa.string())
        ids = np.array([origin.id for origin in sheet.origins], np.uint64)
        places = sheet.origin_of
        none = no_attributes(length)
        empty = _texts("", length)
        maps, types = sheet.attributes, sheet.attribute_types
        trace, span = sheet.trace_id, sheet.span_id
        if maps is None:
            maps, types = none, empty if types is None else types
        else:
            trace = trace_ids(maps) if trace is None else trace
            span = span_ids(maps) if span is None else span
            types = _strings(maps) if types is None else types
        zeros = pa.array(np.zeros(length, np.uint32))
        table = pa.Table.from_arrays(
            [
                _texts(tenant, length),
                services.take(pa.array(places)),
                timestamps(ts),
                timestamps(np.full(length, now_ns)),
                pa.array(np.zeros(length, np.uint8) if sheet.severity is None else sheet.severity),
                empty if sheet.severity_text is None else sheet.severity_text,
                sheet.body,
                _texts(AttributeType.STRING.value, length),
                empty if sheet.event_name is None else sheet.event_name,
                _repeated(NO_TRACE, length) if trace is None else trace,
                _repeated(NO_SPAN, length) if span is None else span,
                zeros,
                pa.array(ids[places]),
                maps,
                types,
                zeros,
                none,
            ],
            schema=LOGS,
        )
        kept = sieve.sift(table)
        refused = rejected + sieve.rejections
        if not len(kept):
            return Batch({}, 0, refused)
        days = days_of(ts if sieve.kept is None else ts[sieve.kept])
        rows = self.rows(tenant, (sheet.origins[place] for place in np.unique(places).tolist()), days)
        tables = {"logs": kept} if rows is None else {"origins": rows, "logs": kept}
        return Batch(tables, len(kept), refused)


def _origin(resource: Mapping[str, str], labels: Mapping[str, str] | None, scope_name: str) -> Origin:
    found = dict(sorted((index_labels(resource) if labels is None else labels).items()))
    canonical = repr((sorted(resource.items()), list(found.items()), scope_name))
    return Origin(
        id=digest(canonical),
        service=resource.get("service.name") or found.get("service_name") or UNKNOWN_SERVICE,
        resource=Attributes(dict(resource), AttributeType.STRING.value * len(resource)),
        labels=found,
        scope_name=scope_name,
    )


def _repeated(value: bytes, length: int) -> pa.FixedSizeBinaryArray:
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(len(value)), length, [None, pa.py_buffer(value * length)])


def _texts(value: str, length: int) -> pa.StringArray:
    """Return a text as often as said."""
    raw = value.encode()
    starts = np.arange(length + 1, dtype=np.int32) * np.int32(len(raw))
    return pa.StringArray.from_buffers(length, pa.py_buffer(starts), pa.py_buffer(raw * length))


def _strings(maps: pa.MapArray) -> pa.StringArray:
    """Return the types of attributes that are all strings."""
    starts = pa.array(offsets(maps))
    letters = AttributeType.STRING.value.encode() * int(starts[-1].as_py())
    return pa.StringArray.from_buffers(len(maps), starts.buffers()[1], pa.py_buffer(letters))
