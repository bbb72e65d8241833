"""Ids of traces and spans among the attributes of log records, however they are spelled there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.wire.otlp.columns import parents

TRACE_NAMES: Final = frozenset(
    {"trace_id", "traceId", "traceID", "TraceId", "TraceID", "traceid", "trace.id", "otelTraceID", "otel.trace_id"}
)
SPAN_NAMES: Final = frozenset(
    {"span_id", "spanId", "spanID", "SpanId", "SpanID", "spanid", "span.id", "otelSpanID", "otel.span_id"}
)


def trace_ids(attributes: pa.MapArray) -> pa.FixedSizeBinaryArray | None:
    """Return the ids of traces that the attributes of each record name, zero where they name none; None if none do."""
    return _ids(attributes, TRACE_NAMES, 16)


def span_ids(attributes: pa.MapArray) -> pa.FixedSizeBinaryArray | None:
    """Return the same of spans."""
    return _ids(attributes, SPAN_NAMES, 8)


def _ids(attributes: pa.MapArray, names: Collection[str], size: int) -> pa.FixedSizeBinaryArray | None:
    edges = attributes.offsets.to_numpy()  # of a slice, where it is in the whole
    first, count = int(edges[0]), int(edges[-1] - edges[0])
    named = pc.is_in(attributes.keys.slice(first, count), pa.array(sorted(names)))
    if not pc.any(named).as_py():
        return None
    values = attributes.items.slice(first, count)
    good = pc.and_(named, pc.match_substring_regex(values, rf"^[0-9a-fA-F]{{{2 * size}}}$"))
    places = np.flatnonzero(good.to_numpy(zero_copy_only=False))
    found = np.zeros((len(attributes), size), np.uint8)
    digits = "".join(values.take(pa.array(places)).to_pylist())
    found[parents(attributes)[places]] = np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, size)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), len(attributes), [None, pa.py_buffer(found)])
