"""An OTLP receiver that keeps what it is sent: HTTP and gRPC, with the official messages and nothing of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import (
    LogsServiceServicer,
    add_LogsServiceServicer_to_server,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

Request = ExportTraceServiceRequest | ExportMetricsServiceRequest | ExportLogsServiceRequest
Answers = tuple[
    type[Request], type[ExportTraceServiceResponse | ExportMetricsServiceResponse | ExportLogsServiceResponse]
]

PATHS: dict[str, Answers] = {
    "/v1/traces": (ExportTraceServiceRequest, ExportTraceServiceResponse),
    "/v1/metrics": (ExportMetricsServiceRequest, ExportMetricsServiceResponse),
    "/v1/logs": (ExportLogsServiceRequest, ExportLogsServiceResponse),
}


@dataclass
class Sink:
    """What arrived, by the service that sent it."""

    spans: list[tuple[str, Span]] = field(default_factory=list, repr=False)
    logs: list[tuple[str, LogRecord]] = field(default_factory=list, repr=False)
    metrics: list[tuple[str, Metric]] = field(default_factory=list, repr=False)
    protocols: set[tuple[str, str]] = field(default_factory=set)
    resources: dict[str, dict[str, str]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def take(self, request: Request, protocol: str) -> None:
        """Keep what a request carries."""
        match request:
            case ExportTraceServiceRequest():
                for group in request.resource_spans:
                    service = self._sender(group.resource.attributes, protocol)
                    self.spans += [(service, span) for scope in group.scope_spans for span in scope.spans]
            case ExportMetricsServiceRequest():
                for measured in request.resource_metrics:
                    service = self._sender(measured.resource.attributes, protocol)
                    self.metrics += [(service, metric) for scope in measured.scope_metrics for metric in scope.metrics]
            case ExportLogsServiceRequest():
                for said in request.resource_logs:
                    service = self._sender(said.resource.attributes, protocol)
                    self.logs += [(service, record) for scope in said.scope_logs for record in scope.log_records]

    def _sender(self, attributes: Iterable[KeyValue], protocol: str) -> str:
        resource = strings(attributes)
        service = resource["service.name"]
        self.resources[service] = resource
        self.protocols.add((service, protocol))
        return service


def strings(attributes: Iterable[KeyValue]) -> dict[str, str]:
    """Return attributes as text."""
    return {one.key: str(getattr(one.value, one.value.WhichOneof("value") or "string_value")) for one in attributes}


@contextmanager
def listening() -> Iterator[Sink]:
    """Yield a sink that listens on two free ports, `addresses` "http" and "grpc"."""
    sink = Sink()

    class Http(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            read, answer = PATHS[self.path]
            sink.take(read.FromString(self.rfile.read(int(self.headers["content-length"]))), "http")
            body = answer().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Traces(TraceServiceServicer):
        def Export(self, request: ExportTraceServiceRequest, context: object) -> ExportTraceServiceResponse:  # noqa: N802
            sink.take(request, "grpc")
            return ExportTraceServiceResponse()

    class Metrics(MetricsServiceServicer):
        def Export(self, request: ExportMetricsServiceRequest, context: object) -> ExportMetricsServiceResponse:  # noqa: N802
            sink.take(request, "grpc")
            return ExportMetricsServiceResponse()

    class Logs(LogsServiceServicer):
        def Export(self, request: ExportLogsServiceRequest, context: object) -> ExportLogsServiceResponse:  # noqa: N802
            sink.take(request, "grpc")
            return ExportLogsServiceResponse()

    http = ThreadingHTTPServer(("127.0.0.1", 0), Http)
    thread = Thread(target=http.serve_forever, daemon=True)
    thread.start()
    server = grpc.server(ThreadPoolExecutor(4))
    add_TraceServiceServicer_to_server(Traces(), server)  # type: ignore[no-untyped-call] # generated code
    add_MetricsServiceServicer_to_server(Metrics(), server)  # type: ignore[no-untyped-call] # generated code
    add_LogsServiceServicer_to_server(Logs(), server)  # type: ignore[no-untyped-call] # generated code
    sink.addresses = {
        "http": f"http://127.0.0.1:{http.server_port}",
        "grpc": f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}",
    }
    server.start()
    try:
        yield sink
    finally:
        server.stop(None).wait()
        http.shutdown()
        thread.join()
        http.server_close()
