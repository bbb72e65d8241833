"""The tables that a batch may carry: one Arrow schema a kind, declared here and nowhere else.

Decoders fill these schemas, the writer inserts them, and the store checks at start that its ClickHouse tables have
the same columns. Attributes are a map of texts; the types they had on the wire stand beside it, one letter an entry
(see `AttributeType`), so that nothing is lost and one look-up serves every type.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import pyarrow as pa


class AttributeType(StrEnum):
    """What an attribute's value was on the wire, as one letter; its text is in the map."""

    STRING = "s"
    BOOL = "b"  # "true" or "false"
    INT = "i"  # decimal
    DOUBLE = "d"  # shortest that reads back the same; NaN, +Inf, -Inf
    ARRAY = "a"  # JSON
    KVLIST = "k"  # JSON
    BYTES = "x"  # base64
    NONE = "n"  # no value was given; the text is empty


TEXT = pa.string()
ATTRIBUTES = pa.map_(TEXT, TEXT)
TIME_NS = pa.timestamp("ns")
TIME_MS = pa.timestamp("ms")
TRACE_ID = pa.binary(16)
SPAN_ID = pa.binary(8)

ORIGINS = pa.schema(
    {
        "tenant": TEXT,
        "day": pa.date32(),
        "origin_id": pa.uint64(),
        "service": TEXT,
        "resource": ATTRIBUTES,
        "resource_types": TEXT,
        "resource_schema_url": TEXT,
        "resource_dropped": pa.uint32(),
        "scope_name": TEXT,
        "scope_version": TEXT,
        "scope_attributes": ATTRIBUTES,
        "scope_types": TEXT,
        "scope_schema_url": TEXT,
        "scope_dropped": pa.uint32(),
        "labels": ATTRIBUTES,
    }
)
"""Who sent: OpenTelemetry's resource and instrumentation scope, once a day, referred to by `origin_id`.

`labels` are those of Loki's stream that its logs are in. Two origins may be in one stream.
"""

LOGS = pa.schema(
    {
        "tenant": TEXT,
        "service": TEXT,
        "ts": TIME_NS,
        "observed_ts": TIME_NS,
        "severity": pa.uint8(),
        "severity_text": TEXT,
        "body": TEXT,
        "body_type": TEXT,
        "event_name": TEXT,
        "trace_id": TRACE_ID,
        "span_id": SPAN_ID,
        "flags": pa.uint32(),
        "origin_id": pa.uint64(),
        "attributes": ATTRIBUTES,
        "attribute_types": TEXT,
        "dropped_attributes": pa.uint32(),
        "fields": ATTRIBUTES,
    }
)
"""Log records. `ts` is the record's time, or when it was observed, or when it came, whichever is first known.

`attributes` are what the sender gave beside the body; `fields` what was found in it. Severity is OpenTelemetry's
number, 0 if it is not known.
"""

PATTERNS = pa.schema(
    {
        "tenant": TEXT,
        "service": TEXT,
        "severity": pa.uint8(),
        "pattern": TEXT,
        "pattern_id": pa.uint64(),
        "ts": TIME_MS,
        "lines": pa.uint64(),
        "sample": TEXT,
    }
)
"""How many log lines of a service had a pattern in the minute that begins at `ts`, and one of them.

Where lines are many, these counts are estimates, from a sample. A minute may have several rows, which add up.
"""

SPANS = pa.schema(
    {
        "tenant": TEXT,
        "service": TEXT,
        "name": TEXT,
        "kind": pa.uint8(),
        "ts": TIME_NS,
        "duration": pa.int64(),
        "trace_id": TRACE_ID,
        "span_id": SPAN_ID,
        "parent_span_id": SPAN_ID,
        "trace_state": TEXT,
        "flags": pa.uint32(),
        "status": pa.uint8(),
        "status_message": TEXT,
        "origin_id": pa.uint64(),
        "attributes": ATTRIBUTES,
        "attribute_types": TEXT,
        "dropped_attributes": pa.uint32(),
        "dropped_events": pa.uint32(),
        "dropped_links": pa.uint32(),
        "event_ts": pa.list_(TIME_NS),
        "event_name": pa.list_(TEXT),
        "event_attributes": pa.list_(ATTRIBUTES),
        "event_types": pa.list_(TEXT),
        "event_dropped": pa.list_(pa.uint32()),
        "link_trace_id": pa.list_(TRACE_ID),
        "link_span_id": pa.list_(SPAN_ID),
        "link_trace_state": pa.list_(TEXT),
        "link_flags": pa.list_(pa.uint32()),
        "link_attributes": pa.list_(ATTRIBUTES),
        "link_types": pa.list_(TEXT),
        "link_dropped": pa.list_(pa.uint32()),
    }
)
"""Spans with their events and links. `ts` is the start; `duration`, in nanoseconds, is negative where the end is."""

SERIES = pa.schema(
    {
        "tenant": TEXT,
        "day": pa.date32(),
        "series_id": pa.uint64(),
        "metric": TEXT,
        "labels": ATTRIBUTES,
        "type": TEXT,
        "name": TEXT,
        "unit": TEXT,
        "temporality": TEXT,
        "monotonic": pa.bool_(),
        "origin_id": pa.uint64(),
        "attributes": ATTRIBUTES,
        "attribute_types": TEXT,
    }
)
"""What a `series_id` means, once a day: the name and labels PromQL finds it by, and what the sender called it."""

METADATA = pa.schema(
    {
        "tenant": TEXT,
        "day": pa.date32(),
        "metric": TEXT,
        "type": TEXT,
        "unit": TEXT,
        "help": TEXT,
    }
)
"""Type, unit and help of a metric family, once a day."""

SAMPLES = pa.schema(
    {
        "tenant": TEXT,
        "series_id": pa.uint64(),
        "ts": TIME_MS,
        "start_ts": TIME_MS,
        "value": pa.float64(),
    }
)
"""Numbers over time, in milliseconds as Prometheus counts; `start_ts` is where a counter began, 1970 if unknown."""

HISTOGRAMS = pa.schema(
    {
        "tenant": TEXT,
        "series_id": pa.uint64(),
        "ts": TIME_MS,
        "start_ts": TIME_MS,
        "count": pa.float64(),
        "sum": pa.float64(),
        "min": pa.float64(),
        "max": pa.float64(),
        "reset_hint": pa.uint8(),
        "scale": pa.int8(),
        "zero_threshold": pa.float64(),
        "zero_count": pa.float64(),
        "positive_offset": pa.int32(),
        "positive_counts": pa.list_(pa.float64()),
        "negative_offset": pa.int32(),
        "negative_counts": pa.list_(pa.float64()),
        "bounds": pa.list_(pa.float64()),
    }
)
"""Whole histograms. Exponential ones have a `scale`; explicit ones have `bounds`, and their `scale` is `CUSTOM_BOUNDS`.

`min`, `max` and `sum` are NaN where the sender gave none. Explicit counts stand in `positive_counts`, not accumulated.
`reset_hint` says what is known of a counter's reset since the last one: 0 nothing, 1 it was, 2 it was not, 3 it is no
counter but a gauge; as `Histogram.ResetHint` of Prometheus' remote write.
"""

CUSTOM_BOUNDS = -53
"""The scale that says "explicit bounds", as in Prometheus' native histograms."""

EXEMPLARS = pa.schema(
    {
        "tenant": TEXT,
        "series_id": pa.uint64(),
        "ts": TIME_MS,
        "value": pa.float64(),
        "trace_id": TRACE_ID,
        "span_id": SPAN_ID,
        "attributes": ATTRIBUTES,
        "attribute_types": TEXT,
    }
)
"""Single measurements kept as examples, with the trace they were made in."""

SCHEMAS: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "origins": ORIGINS,
        "logs": LOGS,
        "patterns": PATTERNS,
        "spans": SPANS,
        "series": SERIES,
        "metadata": METADATA,
        "samples": SAMPLES,
        "histograms": HISTOGRAMS,
        "exemplars": EXEMPLARS,
    }
)
"""Every kind of table, in the order of insertion: what others refer to comes before them."""
