"""How many items of a request that was taken were refused all the same: OTLP's partial success."""

from __future__ import annotations

import json

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from bench.load.plan import Signal


def refused_items(signal: Signal, body: bytes) -> int:
    """Return the count that an answer's body tells, as protobuf or as JSON."""
    if body.startswith(b"{"):
        partial = json.loads(body).get("partialSuccess", {})
        return sum(int(count) for name, count in partial.items() if name.startswith("rejected"))
    match signal:
        case "traces":
            return ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans
        case "logs":
            return ExportLogsServiceResponse.FromString(body).partial_success.rejected_log_records
    return ExportMetricsServiceResponse.FromString(body).partial_success.rejected_data_points
