"""Requests to send: small ones, as protobuf."""

from __future__ import annotations

import time

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

NOW = time.time_ns()
"""The real time, or retention would drop what is made here."""


def logs(*lines: str, time_ns: int = NOW) -> ExportLogsServiceRequest:
    """Return a request with a log record for each line."""
    records = [LogRecord(time_unix_nano=time_ns, body=AnyValue(string_value=line)) for line in lines]
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=records)])])


def spans(*names: str, span_id: bytes = b"\x01" * 8) -> ExportTraceServiceRequest:
    """Return a request with a span for each name."""
    found = [
        Span(trace_id=b"\x01" * 16, span_id=span_id, name=name, start_time_unix_nano=NOW, end_time_unix_nano=NOW + 1)
        for name in names
    ]
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=found)])])


def gauges(*names: str) -> ExportMetricsServiceRequest:
    """Return a request with a data point for each name."""
    point = NumberDataPoint(time_unix_nano=NOW, as_double=1)
    found = [Metric(name=name, gauge=Gauge(data_points=[point])) for name in names]
    return ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(scope_metrics=[ScopeMetrics(metrics=found)])])


GOOD: dict[str, Message] = {"traces": spans("a", "b"), "metrics": gauges("a", "b"), "logs": logs("a", "b")}
"""A request of two items for each signal."""
