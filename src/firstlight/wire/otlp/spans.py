"""OTLP traces: request bytes to the columns of `model.tables.SPANS`.

Data model: <https://opentelemetry.io/docs/specs/otel/trace/api/>. A span needs a trace id, a span id and a start.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.model.batch import Batch
from firstlight.model.tables import SPANS
from firstlight.wire.origins import days_of
from firstlight.wire.otlp.columns import Mask, attributes, ids, offsets, parents, text, times, timestamps
from firstlight.wire.otlp.messages import Reader
from firstlight.wire.otlp.origins import Origins
from firstlight.wire.otlp.records import BAD_ATTRIBUTE, TIME_OUT_OF_RANGE, Sieve

BAD_TRACE_ID = "trace_id not 16 bytes or all zero"
BAD_SPAN_ID = "span_id not 8 bytes or all zero"
BAD_PARENT = "parent_span_id not 8 bytes"
NO_START = "no start time"
KINDS = 6
STATUSES = 3


def decode_spans(body: bytes, *, reader: Reader, origins: Origins, tenant: str) -> Batch:
    """Return what an ExportTraceServiceRequest carries; raise DecodeError if it cannot be read."""
    resources = reader.read(body).flatten()
    scope_lists = resources.field("scopes")
    scopes = scope_lists.flatten()
    senders = origins.of(resources, scope_lists, scopes)
    lists = scopes.field("spans")
    spans, scope_of = lists.flatten(), parents(lists)
    length = len(spans)
    sieve = Sieve(length)

    trace_id, valid = ids(spans.field("trace_id"), 16)
    sieve.refuse(BAD_TRACE_ID, ~valid)
    span_id, valid = ids(spans.field("span_id"), 8)
    sieve.refuse(BAD_SPAN_ID, ~valid)
    parent_id, _ = ids(spans.field("parent_span_id"), 8)
    sieve.refuse(BAD_PARENT, ~_empty_or(8, spans.field("parent_span_id")))
    start, start_fits = times(spans.field("start_time_unix_nano"))
    end, end_fits = times(spans.field("end_time_unix_nano"))
    sieve.refuse(TIME_OUT_OF_RANGE, ~(start_fits & end_fits))
    sieve.refuse(NO_START, start == 0)
    ts = start.astype(np.int64)
    duration = np.where(end == 0, 0, end.astype(np.int64) - ts)
    maps, types, bad = attributes(spans.field("attributes"))
    sieve.refuse(BAD_ATTRIBUTE, bad)
    events, bad = _events(spans.field("events"))
    sieve.refuse(BAD_ATTRIBUTE, bad)
    links, bad = _links(spans.field("links"))
    sieve.refuse(BAD_ATTRIBUTE, bad)
    sieve.refuse_far_days(ts)

    status = spans.field("status")
    table = pa.Table.from_arrays(
        [
            pa.repeat(tenant, length),
            pa.array([sender.service for sender in senders], pa.string()).take(scope_of),
            text(spans.field("name")),
            _enum(spans.field("kind"), KINDS),
            timestamps(ts),
            pa.array(duration),
            trace_id,
            span_id,
            parent_id,
            text(spans.field("trace_state")),
            spans.field("flags"),
            _enum(status.field("code"), STATUSES),
            pc.fill_null(text(status.field("message")), ""),
            pa.array(np.array([sender.id for sender in senders], np.uint64)[scope_of]),
            maps,
            types,
            spans.field("dropped_attributes_count"),
            spans.field("dropped_events_count"),
            spans.field("dropped_links_count"),
            *events,
            *links,
        ],
        schema=SPANS,
    )
    kept = sieve.sift(table)
    if not len(kept):
        return Batch({}, 0, sieve.rejections)
    tables = {"spans": kept}
    rows = origins.rows(tenant, senders, days_of(ts if sieve.kept is None else ts[sieve.kept]))
    if rows is not None:
        tables = {"origins": rows, **tables}
    return Batch(tables, len(kept), sieve.rejections)


def _empty_or(size: int, column: pa.BinaryArray) -> Mask:
    found: Mask = pc.is_in(pc.binary_length(column), pa.array([0, size], pa.int32())).to_numpy(zero_copy_only=False)
    return found


def _enum(column: pa.Array, members: int) -> pa.Array:
    # A member this version does not know is as good as unspecified, which is zero in every enum of OTLP.
    number = pc.fill_null(column, 0).to_numpy(zero_copy_only=False)
    return pa.array(np.where((number >= 0) & (number < members), number, 0).astype(np.uint8))


def _events(lists: pa.ListArray) -> tuple[list[pa.Array], Mask | None]:
    events, starts = lists.flatten(), pa.array(offsets(lists))
    if not len(events):
        return _none("event_", starts), None
    time, fits = times(events.field("time_unix_nano"))
    maps, types, bad = attributes(events.field("attributes"))
    columns = [
        timestamps(np.where(fits, time, 0)),
        text(events.field("name")),
        maps,
        types,
        events.field("dropped_attributes_count"),
    ]
    return [pa.ListArray.from_arrays(starts, column) for column in columns], _rows(lists, bad, ~fits)


def _links(lists: pa.ListArray) -> tuple[list[pa.Array], Mask | None]:
    links, starts = lists.flatten(), pa.array(offsets(lists))
    if not len(links):
        return _none("link_", starts), None
    maps, types, bad = attributes(links.field("attributes"))
    columns = [
        ids(links.field("trace_id"), 16)[0],
        ids(links.field("span_id"), 8)[0],
        text(links.field("trace_state")),
        links.field("flags"),
        maps,
        types,
        links.field("dropped_attributes_count"),
    ]
    return [pa.ListArray.from_arrays(starts, column) for column in columns], _rows(lists, bad)


def _none(prefix: str, starts: pa.Array) -> list[pa.Array]:
    # Most spans have neither events nor links, and most requests not one of them.
    wanted = (column.type.value_type for column in SPANS if column.name.startswith(prefix))
    return [pa.ListArray.from_arrays(starts, pa.array([], kind)) for kind in wanted]


def _rows(lists: pa.ListArray, *items: Mask | None) -> Mask | None:
    found = [mask for mask in items if mask is not None and mask.any()]
    if not found:
        return None
    rows = np.zeros(len(lists), np.bool_)
    rows[parents(lists)[np.logical_or.reduce(found)]] = True
    return rows
