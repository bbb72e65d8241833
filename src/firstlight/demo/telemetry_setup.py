"""The official OpenTelemetry SDK, set up for one service of the demo: traces, metrics and logs over OTLP.

This is what any service does to send firstlight its telemetry, in one place and with nothing of firstlight's own.
Providers are handed to the instrumentations, and none is made global. How often they send, and what else the
specification leaves to `OTEL_*` variables, is left to them (`firstlight.demo.environment`).
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

import psutil
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import Aggregation, ExponentialBucketHistogramAggregation
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Tracer
from prometheus_client import CollectorRegistry

from firstlight.demo.cast import Service
from firstlight.demo.correlation import CarriedOnLogs, CarriedOnSpans
from firstlight.demo.log_lines import JsonLines
from firstlight.demo.settings import DemoSettings

SHOP_VERSION = "2.3.1"
SCOPE = "firstlight.demo"
SEND_TIMEOUT_S = 3
LOG_FILE_BYTES = 5_000_000
LOUD_LIBRARIES = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "asyncio": logging.WARNING}
"""Libraries that would log each call again, and from which level on they may."""


@dataclass(frozen=True, slots=True)
class Exporters:
    """Where the three signals go."""

    spans: SpanExporter
    metrics: MetricExporter
    logs: LogRecordExporter


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The providers of one service, and the registry behind its /metrics."""

    traces: TracerProvider
    metrics: MeterProvider
    logs: LoggerProvider
    registry: CollectorRegistry

    @property
    def tracer(self) -> Tracer:
        """The tracer for spans that a service makes itself."""
        return self.traces.get_tracer(SCOPE, SHOP_VERSION)

    @property
    def meter(self) -> Meter:
        """The meter for a service's own instruments."""
        return self.metrics.get_meter(SCOPE, SHOP_VERSION)

    def close(self, limit_s: float) -> bool:
        """Send what is left of all three signals, for at most `limit_s`; return whether the SDK finished in time."""
        # A provider that cannot reach its receiver retries for seconds: side by side, they share the limit.
        closers = [
            threading.Thread(target=provider.shutdown, daemon=True)
            for provider in (self.traces, self.metrics, self.logs)
        ]
        for closer in closers:
            closer.start()
        deadline = time.monotonic() + limit_s
        for closer in closers:
            closer.join(max(0.0, deadline - time.monotonic()))
        return not any(closer.is_alive() for closer in closers)


def set_up(service: Service, settings: DemoSettings, work_dir: Path, complain: Callable[[str], None]) -> Telemetry:
    """Set up the SDK and logging of this process; `complain` is told what the SDK cannot do."""
    resource = Resource.create(
        {
            "service.name": service.name,
            "service.namespace": "shop",
            "service.version": SHOP_VERSION,
            "service.instance.id": str(uuid.uuid4()),
            "deployment.environment.name": "demo",
        }
    )
    exporters = _over_grpc(service, settings) if service.protocol == "grpc" else _over_http(service, settings)
    registry = CollectorRegistry()
    readers = (
        PeriodicExportingMetricReader(exporters.metrics),
        PrometheusMetricReader(registry=registry),
    )
    # `close` ends the providers, within its limit; their own hooks at exit would wait for as long as they like.
    telemetry = Telemetry(
        traces=TracerProvider(resource=resource, shutdown_on_exit=False),
        metrics=MeterProvider(readers, resource=resource, shutdown_on_exit=False),
        logs=LoggerProvider(resource, shutdown_on_exit=False),
        registry=registry,
    )
    telemetry.traces.add_span_processor(CarriedOnSpans())
    telemetry.traces.add_span_processor(BatchSpanProcessor(exporters.spans))
    telemetry.logs.add_log_record_processor(BatchLogRecordProcessor(exporters.logs))
    _set_up_logging(service, telemetry, work_dir, complain)
    _watch_process(telemetry.meter)
    return telemetry


def _over_grpc(service: Service, settings: DemoSettings) -> Exporters:
    address = settings.otlp_grpc if "://" in settings.otlp_grpc else f"http://{settings.otlp_grpc}"
    return Exporters(
        grpc_traces.OTLPSpanExporter(address, timeout=SEND_TIMEOUT_S),
        grpc_metrics.OTLPMetricExporter(
            address, timeout=SEND_TIMEOUT_S, preferred_aggregation=_histograms_as(service.histograms)
        ),
        grpc_logs.OTLPLogExporter(address, timeout=SEND_TIMEOUT_S),
    )


def _over_http(service: Service, settings: DemoSettings) -> Exporters:
    address = settings.otlp_http
    return Exporters(
        http_traces.OTLPSpanExporter(f"{address}/v1/traces", timeout=SEND_TIMEOUT_S),
        http_metrics.OTLPMetricExporter(
            f"{address}/v1/metrics", timeout=SEND_TIMEOUT_S, preferred_aggregation=_histograms_as(service.histograms)
        ),
        http_logs.OTLPLogExporter(f"{address}/v1/logs", timeout=SEND_TIMEOUT_S),
    )


def _histograms_as(kind: str) -> dict[type, Aggregation]:
    return {Histogram: ExponentialBucketHistogramAggregation()} if kind == "exponential" else {}


class _Complaints(logging.Handler):
    """Hands on what the SDK logs about itself: sent as telemetry, it would be about its own sending."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._complain = complain

    def emit(self, record: logging.LogRecord) -> None:
        self._complain(record.getMessage())


def _set_up_logging(service: Service, telemetry: Telemetry, work_dir: Path, complain: Callable[[str], None]) -> None:
    file = RotatingFileHandler(work_dir / f"{service.name}.log", maxBytes=LOG_FILE_BYTES, backupCount=1)
    file.setFormatter(JsonLines(service.name))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for output in (file, LoggingHandler(logger_provider=telemetry.logs, log_code_attributes=True)):
        output.addFilter(CarriedOnLogs())
        root.addHandler(output)
    sdk = logging.getLogger("opentelemetry")
    sdk.addHandler(_Complaints(complain))
    sdk.propagate = False
    for name, level in LOUD_LIBRARIES.items():
        logging.getLogger(name).setLevel(level)


def _watch_process(meter: Meter) -> None:
    """Observe the process itself, under the names of the semantic conventions."""
    process = psutil.Process()

    def memory(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(process.memory_info().rss)

    def cpu(_: CallbackOptions) -> Iterable[Observation]:
        times = process.cpu_times()
        yield Observation(times.user, {"cpu.mode": "user"})
        yield Observation(times.system, {"cpu.mode": "system"})

    def threads(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(process.num_threads())

    meter.create_observable_up_down_counter(
        "process.memory.usage", [memory], unit="By", description="The amount of physical memory in use."
    )
    meter.create_observable_counter("process.cpu.time", [cpu], unit="s", description="CPU seconds by mode.")
    meter.create_observable_up_down_counter(
        "process.thread.count", [threads], unit="{thread}", description="Threads of the process."
    )
