"""What fuzzing starts from: requests that use every field of OTLP, and what else the targets read.

Made here, by code: nothing of others is kept in the project.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import cramjam
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import SEVERITY_NUMBER_INFO, LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Exemplar,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
    Summary,
    SummaryDataPoint,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from firstlight.wire.otlp.json import Signal

NOW_NS = 1_780_000_000_000_000_000
TRACE_ID = bytes(range(1, 17))
SPAN_ID = bytes(range(1, 9))


def attributes() -> list[KeyValue]:
    """Return an attribute of every type, one of them nested."""
    values = {
        "text": AnyValue(string_value="grüße"),
        "yes": AnyValue(bool_value=True),
        "count": AnyValue(int_value=-1),
        "ratio": AnyValue(double_value=0.25),
        "raw": AnyValue(bytes_value=b"\x00\xff"),
        "list": AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue(string_value="two")])),
        "map": AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="in", value=AnyValue(bool_value=False))])),
        "none": AnyValue(),
    }
    return [KeyValue(key=key, value=value) for key, value in values.items()]


def resource() -> Resource:
    """Return who sends."""
    service = KeyValue(key="service.name", value=AnyValue(string_value="checkout"))
    return Resource(attributes=[service, *attributes()], dropped_attributes_count=1)


def scope() -> InstrumentationScope:
    """Return what it sends with."""
    return InstrumentationScope(name="library", version="1.2", attributes=attributes()[:2], dropped_attributes_count=2)


def logs() -> ExportLogsServiceRequest:
    """Return a logs request."""
    records = [
        LogRecord(
            time_unix_nano=NOW_NS,
            observed_time_unix_nano=NOW_NS + 1,
            severity_number=SEVERITY_NUMBER_INFO,
            severity_text="INFO",
            body=AnyValue(string_value="card declined"),
            attributes=attributes(),
            dropped_attributes_count=3,
            flags=1,
            trace_id=TRACE_ID,
            span_id=SPAN_ID,
            event_name="payment",
        ),
        LogRecord(body=AnyValue(kvlist_value=KeyValueList(values=attributes()))),
    ]
    scoped = ScopeLogs(scope=scope(), log_records=records, schema_url="https://example.com/scope")
    return ExportLogsServiceRequest(
        resource_logs=[
            ResourceLogs(resource=resource(), scope_logs=[scoped], schema_url="https://example.com/resource")
        ]
    )


def traces() -> ExportTraceServiceRequest:
    """Return a traces request."""
    span = Span(
        trace_id=TRACE_ID,
        span_id=SPAN_ID,
        parent_span_id=SPAN_ID[::-1],
        trace_state="vendor=1",
        name="GET /cart",
        kind=Span.SPAN_KIND_SERVER,
        start_time_unix_nano=NOW_NS,
        end_time_unix_nano=NOW_NS + 5_000_000,
        attributes=attributes(),
        dropped_attributes_count=1,
        events=[Span.Event(time_unix_nano=NOW_NS + 1, name="retry", attributes=attributes()[:3])],
        dropped_events_count=2,
        links=[Span.Link(trace_id=TRACE_ID[::-1], span_id=SPAN_ID, trace_state="a=b", attributes=attributes()[:1])],
        dropped_links_count=3,
        status=Status(code=Status.STATUS_CODE_ERROR, message="timeout"),
        flags=0x101,
    )
    scoped = ScopeSpans(scope=scope(), spans=[span, span])
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=resource(), scope_spans=[scoped])])


def metrics() -> ExportMetricsServiceRequest:
    """Return a metrics request with a metric of every kind."""
    when: dict[str, Any] = {"start_time_unix_nano": NOW_NS - 10**9, "time_unix_nano": NOW_NS}
    exemplar = Exemplar(
        filtered_attributes=attributes()[:1], time_unix_nano=NOW_NS, as_double=0.3, trace_id=TRACE_ID, span_id=SPAN_ID
    )
    number = NumberDataPoint(attributes=attributes(), as_int=7, exemplars=[exemplar], **when)
    explicit = HistogramDataPoint(
        attributes=attributes()[:2],
        count=6,
        sum=4.5,
        bucket_counts=[1, 2, 3],
        explicit_bounds=[0.1, 1.0],
        exemplars=[exemplar],
        min=0.01,
        max=3.0,
        **when,
    )
    exponential = ExponentialHistogramDataPoint(
        attributes=attributes()[:2],
        count=9,
        sum=1.5,
        scale=3,
        zero_count=1,
        positive=ExponentialHistogramDataPoint.Buckets(offset=-2, bucket_counts=[1, 0, 4]),
        negative=ExponentialHistogramDataPoint.Buckets(offset=1, bucket_counts=[3]),
        exemplars=[exemplar],
        zero_threshold=1e-6,
        **when,
    )
    quantiles = [SummaryDataPoint.ValueAtQuantile(quantile=quantile, value=2.0) for quantile in (0.5, 0.99)]
    summary = SummaryDataPoint(count=4, sum=8.0, quantile_values=quantiles, **when)
    found = [
        Metric(name="queue.length", unit="1", gauge=Gauge(data_points=[number])),
        Metric(name="requests", description="served", sum=_sum(number, 2)),
        Metric(name="requests.delta", unit="By", sum=_sum(number, 1)),
        Metric(name="latency", unit="s", histogram=_histogram(explicit, 2)),
        Metric(name="latency.delta", unit="ms", histogram=_histogram(explicit, 1)),
        Metric(name="size", exponential_histogram=_exponential(exponential)),
        Metric(name="age", summary=Summary(data_points=[summary])),
    ]
    scoped = ScopeMetrics(scope=scope(), metrics=found)
    return ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(resource=resource(), scope_metrics=[scoped])])


def _sum(point: NumberDataPoint, temporality: Any) -> Sum:
    return Sum(data_points=[point], aggregation_temporality=temporality, is_monotonic=True)


def _histogram(point: HistogramDataPoint, temporality: Any) -> Histogram:
    return Histogram(data_points=[point], aggregation_temporality=temporality)


def _exponential(point: ExponentialHistogramDataPoint) -> ExponentialHistogram:
    return ExponentialHistogram(data_points=[point], aggregation_temporality=2)  # type: ignore[arg-type]


REQUESTS: dict[Signal, Any] = {"logs": logs, "traces": traces, "metrics": metrics}


def protobuf(signal: Signal) -> Sequence[bytes]:
    """Return requests as protobuf: one that is full, and the emptiest."""
    return [REQUESTS[signal]().SerializeToString(), b"", b"\x0a\x00", b"\x0a\x02\x12\x00", b"\x0a\x04\x12\x02\x12\x00"]


def otlp_json(signal: Signal) -> Sequence[bytes]:
    """Return the same as OTLP/JSON."""
    field = {"logs": "resourceLogs", "traces": "resourceSpans", "metrics": "resourceMetrics"}[signal]
    full = json.dumps(_with_hexadecimal_ids(MessageToDict(REQUESTS[signal](), use_integers_for_enums=True)))
    return [full.encode(), b"{}", json.dumps({field: [{}]}).encode(), b"null"]


def _with_hexadecimal_ids(value: Any) -> Any:
    match value:
        case dict():
            ids = {"traceId": TRACE_ID.hex(), "spanId": SPAN_ID.hex(), "parentSpanId": SPAN_ID.hex()}
            return {key: ids.get(key, _with_hexadecimal_ids(found)) for key, found in value.items()}
        case list():
            return [_with_hexadecimal_ids(found) for found in value]
        case _:
            return value


def compressed() -> Sequence[bytes]:
    """Return bodies in every encoding that is understood, with one and with more members."""
    plain = b"the quick brown fox " * 40
    gzip, zstd = bytes(cramjam.gzip.compress(plain)), bytes(cramjam.zstd.compress(plain))
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return [b"", plain, gzip, gzip * 2, zstd, zstd * 2, zlib.compress(plain), raw.compress(plain) + raw.flush()]


def configurations() -> Sequence[bytes]:
    """Return settings as people write them, and YAML's odder sides."""
    return [text.encode() for text in _configurations()]


def _configurations() -> Iterator[str]:
    yield "data: /tmp/data\nhttp:\n  listen: 127.0.0.1:1610\nretention:\n  logs: 7d\n  min_free_disk: 10%\n"
    yield 'ingest: {max_body: 16MiB, max_requests: "12"}  # comment\notlp:\n  grpc: null\n'
    yield "a: &a [1, 2]\nb: [*a, *a]\n"
    yield "logging: !!python/object:os.system ls\n<<: {x: 1}\n? [complex]\n: key\n"
    yield "http: |\n  block\n...\n---\nsecond: document\n"
