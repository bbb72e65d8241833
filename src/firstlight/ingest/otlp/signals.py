"""The three requests of OTLP, and what both transports answer to them.

Law: <https://opentelemetry.io/docs/specs/otlp/>. An answer of success is empty, unless some records were refused; an
error is a `google.rpc.Status`, with a `RetryInfo` exactly if the sender may try again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsPartialSuccess, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from firstlight.ingest.refusal import Cause, Refusal
from firstlight.model.batch import Batch, Rejections
from firstlight.wire.otlp.json import Signal


class Decoder(Protocol):
    """What turns requests into batches: `wire.otlp.decoder.OtlpDecoder`."""

    def decode(self, signal: Signal, body: bytes, *, json: bool, tenant: str, now_ns: int) -> Batch:
        """Return what a request carries; raise `DecodeError` if it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class OtlpSignal:
    """One of the three: what it is called on each transport, and how its answer says what was refused."""

    name: Signal
    service: str
    partial_success: Callable[[Rejections], Message]

    @property
    def path(self) -> str:
        """Where it is posted to over HTTP."""
        return f"/v1/{self.name}"

    def success(self, batch: Batch) -> Message | None:
        """Return what is answered for a durable batch; nothing, which is the same as empty, if all of it was kept."""
        return self.partial_success(batch.rejected) if batch.rejected.total else None


def _traces(rejected: Rejections) -> Message:
    partial = ExportTracePartialSuccess(rejected_spans=rejected.total, error_message=rejected.message)
    return ExportTraceServiceResponse(partial_success=partial)


def _metrics(rejected: Rejections) -> Message:
    partial = ExportMetricsPartialSuccess(rejected_data_points=rejected.total, error_message=rejected.message)
    return ExportMetricsServiceResponse(partial_success=partial)


def _logs(rejected: Rejections) -> Message:
    partial = ExportLogsPartialSuccess(rejected_log_records=rejected.total, error_message=rejected.message)
    return ExportLogsServiceResponse(partial_success=partial)


SIGNALS: Final = (
    OtlpSignal("traces", "opentelemetry.proto.collector.trace.v1.TraceService", _traces),
    OtlpSignal("metrics", "opentelemetry.proto.collector.metrics.v1.MetricsService", _metrics),
    OtlpSignal("logs", "opentelemetry.proto.collector.logs.v1.LogsService", _logs),
)

# The specification wants UNAVAILABLE for all that will pass; the other codes must not be retryable ones.
CODES: Final = {
    Cause.MALFORMED: Code.INVALID_ARGUMENT,
    Cause.TOO_LARGE: Code.INVALID_ARGUMENT,
    Cause.TOO_SLOW: Code.INVALID_ARGUMENT,
    Cause.CUT_SHORT: Code.INVALID_ARGUMENT,
    Cause.UNKNOWN_TYPE: Code.INVALID_ARGUMENT,
    Cause.REFUSED: Code.INVALID_ARGUMENT,
    Cause.OVERLOADED: Code.UNAVAILABLE,
    Cause.STORE_BUSY: Code.UNAVAILABLE,
    Cause.STORE_FULL: Code.UNAVAILABLE,
    Cause.STORE_FAILED: Code.UNAVAILABLE,
    Cause.STOPPING: Code.UNAVAILABLE,
    Cause.BUG: Code.INTERNAL,
}


def status(refusal: Refusal) -> Status:
    """Return what is answered for a request of which nothing was kept."""
    answer = Status(code=CODES[refusal.cause], message=refusal.words)
    if refusal.cause.retryable:
        answer.details.add().Pack(retry_info(refusal))
    return answer


def retry_info(refusal: Refusal) -> RetryInfo:
    """Return when the sender may come again."""
    info = RetryInfo()
    info.retry_delay.FromNanoseconds(round(refusal.retry_after * 1e9))
    return info
