"""OTLP requests for tests: strategies that make any, and a slow, plain reading of them to compare with."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

NOW_NS = 1_780_000_000_000_000_000
DAY_NS = 86_400 * 10**9

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
times = st.integers(NOW_NS, NOW_NS + 3 * DAY_NS)
counts = st.integers(0, 2**32 - 1)
trace_ids = st.binary(min_size=16, max_size=16).filter(any)
span_ids = st.binary(min_size=8, max_size=8).filter(any)


def _scalars() -> st.SearchStrategy[AnyValue]:
    return st.one_of(
        st.builds(AnyValue),
        st.builds(AnyValue, string_value=texts),
        st.builds(AnyValue, bool_value=st.booleans()),
        st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
        st.builds(AnyValue, double_value=st.floats()),
        st.builds(AnyValue, bytes_value=st.binary(max_size=8)),
    )


def _nested(inner: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[AnyValue]:
    pairs = st.dictionaries(texts, inner, max_size=3).map(
        lambda found: KeyValueList(values=[KeyValue(key=key, value=value) for key, value in found.items()])
    )
    arrays = st.builds(ArrayValue, values=st.lists(inner, max_size=3))
    return st.one_of(st.builds(AnyValue, array_value=arrays), st.builds(AnyValue, kvlist_value=pairs))


values = st.recursive(_scalars(), _nested, max_leaves=6)
attributes = st.lists(st.builds(KeyValue, key=texts, value=values), max_size=4, unique_by=lambda pair: pair.key)
resources = st.builds(Resource, attributes=attributes, dropped_attributes_count=counts)
scopes = st.builds(InstrumentationScope, name=texts, version=texts, attributes=attributes)

log_records = st.builds(
    LogRecord,
    time_unix_nano=st.one_of(st.just(0), times),
    observed_time_unix_nano=st.one_of(st.just(0), times),
    severity_number=st.integers(0, 24),
    severity_text=texts,
    body=values,
    attributes=attributes,
    dropped_attributes_count=counts,
    flags=counts,
    trace_id=st.one_of(st.just(b""), trace_ids),
    span_id=st.one_of(st.just(b""), span_ids),
    event_name=texts,
)
log_requests = st.builds(
    ExportLogsServiceRequest,
    resource_logs=st.lists(
        st.builds(
            ResourceLogs,
            resource=resources,
            schema_url=texts,
            scope_logs=st.lists(
                st.builds(ScopeLogs, scope=scopes, schema_url=texts, log_records=st.lists(log_records, max_size=3)),
                max_size=2,
            ),
        ),
        max_size=2,
    ),
)

events = st.builds(Span.Event, time_unix_nano=times, name=texts, attributes=attributes, dropped_attributes_count=counts)
links = st.builds(
    Span.Link,
    trace_id=trace_ids,
    span_id=span_ids,
    trace_state=texts,
    attributes=attributes,
    dropped_attributes_count=counts,
    flags=counts,
)
spans = st.builds(
    Span,
    trace_id=trace_ids,
    span_id=span_ids,
    trace_state=texts,
    parent_span_id=st.one_of(st.just(b""), span_ids),
    name=texts,
    kind=st.integers(0, 5),
    start_time_unix_nano=times,
    end_time_unix_nano=st.one_of(st.just(0), times),
    attributes=attributes,
    dropped_attributes_count=counts,
    events=st.lists(events, max_size=2),
    dropped_events_count=counts,
    links=st.lists(links, max_size=2),
    dropped_links_count=counts,
    status=st.builds(Status, message=texts, code=st.integers(0, 2)),
    flags=counts,
)
trace_requests = st.builds(
    ExportTraceServiceRequest,
    resource_spans=st.lists(
        st.builds(
            ResourceSpans,
            resource=resources,
            schema_url=texts,
            scope_spans=st.lists(
                st.builds(ScopeSpans, scope=scopes, schema_url=texts, spans=st.lists(spans, max_size=3)), max_size=2
            ),
        ),
        max_size=2,
    ),
)


# --- the plain reading ----------------------------------------------------------------------------------------------


def plain(value: AnyValue) -> Any:
    """Return a value as what JSON would say of it."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(one) for one in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: plain(pair.value) for pair in value.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    found = getattr(value, kind) if kind else None
    if isinstance(found, float) and not math.isfinite(found):
        return "NaN" if math.isnan(found) else "+Inf" if found > 0 else "-Inf"
    return found


def meaning(text: str, letter: str) -> Any:
    """Return what a stored value means, to compare with `plain`: the type is the letter's to say."""
    match letter:
        case "i":
            return int(text)
        case "b":
            return {"true": True, "false": False}[text]
        case "d":
            return text if text in ("NaN", "+Inf", "-Inf") else float(text)
        case "a" | "k":
            return json.loads(text)
        case "n":
            assert text == ""
            return None
        case _:
            return text


def plain_attributes(pairs: Iterable[KeyValue]) -> list[tuple[str, Any]]:
    """Return attributes as names and plain values."""
    return [(pair.key, plain(pair.value)) for pair in pairs]


def stored_attributes(found: list[tuple[str, str]], types: str) -> list[tuple[str, Any]]:
    """Return stored attributes as names and plain values."""
    return [(name, meaning(text, letter)) for (name, text), letter in zip(found, types, strict=True)]
