"""OTLP: requests that others wrote, read by us, beside what the official protobuf library reads in them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from firstlight.wire.otlp.json import Signal, to_protobuf
from tools.conformance.case import Case, expect

# By the field that each request has and the others have not.
SIGNALS: dict[str, tuple[Signal, type[Message]]] = {
    "resourceLogs": ("logs", ExportLogsServiceRequest),
    "resourceMetrics": ("metrics", ExportMetricsServiceRequest),
    "resourceSpans": ("traces", ExportTraceServiceRequest),
}

IDS = ("traceId", "spanId", "parentSpanId")


def json_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each OTLP/JSON request below `folder`: nothing in it is refused, lost or changed."""
    for path in sorted(folder.rglob("*.json")):
        yield Case(str(path.relative_to(folder)), partial(_same_as_official, path))


def _same_as_official(path: Path) -> None:
    body = path.read_bytes()
    request = json.loads(body)
    signal, message = SIGNALS[next(iter(request))]

    converted = to_protobuf(body, signal)

    expect(dict(converted.rejected), {}, of="rejected")
    expect(message.FromString(converted.data), ParseDict(with_base64_ids(request), message()), of="the request")


def with_base64_ids(value: Any) -> Any:
    """Return the request as protobuf's own JSON would have it: there, ids are base64 like all other bytes."""
    match value:
        case dict():
            return {key: _base64(found) if key in IDS else with_base64_ids(found) for key, found in value.items()}
        case list():
            return [with_base64_ids(found) for found in value]
        case _:
            return value


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()
