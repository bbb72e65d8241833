"""OTLP logs: request bytes to the columns of `model.tables.LOGS`.

Data model: <https://opentelemetry.io/docs/specs/otel/logs/data-model/>. A record without a time takes its observed time
and without that the time it came. An invalid trace or span id is as good as none: the record is kept without it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from firstlight.model.batch import Batch
from firstlight.model.tables import LOGS
from firstlight.wire.origins import days_of
from firstlight.wire.otlp.columns import (
    any_values,
    attributes,
    ids,
    no_attributes,
    parents,
    text,
    times,
    timestamps,
)
from firstlight.wire.otlp.messages import Reader
from firstlight.wire.otlp.origins import Origins
from firstlight.wire.otlp.records import BAD_ATTRIBUTE, TIME_OUT_OF_RANGE, Sieve

MAX_SEVERITY = 24
BAD_BODY = "body malformed or nested too deep"


def decode_logs(body: bytes, *, reader: Reader, origins: Origins, tenant: str, now_ns: int) -> Batch:
    """Return what an ExportLogsServiceRequest carries; raise DecodeError if it cannot be read."""
    resources = reader.read(body).flatten()
    scope_lists = resources.field("scopes")
    scopes = scope_lists.flatten()
    senders = origins.of(resources, scope_lists, scopes)
    lists = scopes.field("log_records")
    records, scope_of = lists.flatten(), parents(lists)
    length = len(records)
    sieve = Sieve(length)

    observed, observed_fits = times(records.field("observed_time_unix_nano"))
    time, time_fits = times(records.field("time_unix_nano"))
    sieve.refuse(TIME_OUT_OF_RANGE, ~(observed_fits & time_fits))
    observed = np.where(observed == 0, np.uint64(now_ns), observed)
    ts = np.where(time == 0, observed, time).astype(np.int64)
    bodies, body_types, bad_bodies = any_values(records.field("body"))
    sieve.refuse(BAD_BODY, bad_bodies)
    maps, types, bad_attributes = attributes(records.field("attributes"))
    sieve.refuse(BAD_ATTRIBUTE, bad_attributes)
    sieve.refuse_far_days(ts)

    severity = records.field("severity_number").to_numpy(zero_copy_only=False)
    known = (severity >= 0) & (severity <= MAX_SEVERITY)
    table = pa.Table.from_arrays(
        [
            pa.repeat(tenant, length),
            pa.array([sender.service for sender in senders], pa.string()).take(scope_of),
            timestamps(ts),
            timestamps(observed),
            pa.array(np.where(known, severity, 0).astype(np.uint8)),
            text(records.field("severity_text")),
            bodies,
            letters(body_types),
            text(records.field("event_name")),
            ids(records.field("trace_id"), 16)[0],
            ids(records.field("span_id"), 8)[0],
            records.field("flags"),
            pa.array(np.array([sender.id for sender in senders], np.uint64)[scope_of]),
            maps,
            types,
            records.field("dropped_attributes_count"),
            no_attributes(length),
        ],
        schema=LOGS,
    )
    kept = sieve.sift(table)
    if not len(kept):
        return Batch({}, 0, sieve.rejections)
    tables = {"logs": kept}
    rows = origins.rows(tenant, senders, days_of(ts if sieve.kept is None else ts[sieve.kept]))
    if rows is not None:
        tables = {"origins": rows, **tables}
    return Batch(tables, len(kept), sieve.rejections)


def letters(codes: np.ndarray) -> pa.StringArray:
    """Return a column of one letter a row."""
    return pa.StringArray.from_buffers(
        len(codes), pa.py_buffer(np.arange(len(codes) + 1, dtype=np.int32)), pa.py_buffer(codes)
    )
