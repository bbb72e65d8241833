"""OTLP requests as JSON: camelCase names, 64-bit numbers as texts, ids in hexadecimal.

Law: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS: Final[Mapping[str, type[Message]]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
IDS: Final = frozenset({"traceId", "spanId", "parentSpanId"})


def as_json(signal: str, body: bytes) -> bytes:
    """Return a request that is protobuf as JSON."""
    message = REQUESTS[signal]()
    message.ParseFromString(body)
    written = MessageToDict(message, use_integers_for_enums=True)
    _respell_ids(written)
    return json.dumps(written, separators=(",", ":")).encode()


def _respell_ids(value: Any) -> None:
    match value:
        case dict():
            for key, member in value.items():
                if key in IDS:
                    value[key] = base64.b64decode(member).hex()
                else:
                    _respell_ids(member)
        case list():
            for member in value:
                _respell_ids(member)
