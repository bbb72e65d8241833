"""The official OpenTelemetry SDK, exporting over both transports: everything arrives, and answers are understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from anyio.to_thread import run_sync
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from firstlight.errors import StoreBusy
from firstlight.model.batch import Batch, Rejections
from firstlight.store.fake import FakeStore
from tests.ingest.rig import Rig, running

pytestmark = pytest.mark.anyio

RESOURCE = Resource.create({"service.name": "checkout"})


@dataclass(frozen=True, slots=True)
class Exporters:
    """How one transport is spoken."""

    span: Callable[[Rig], Any]
    metric: Callable[[Rig], Any]
    log: Callable[[Rig], Any]


TRANSPORTS = {
    "HTTP": Exporters(
        span=lambda rig: HttpSpanExporter(f"{rig.http}/v1/traces"),
        metric=lambda rig: HttpMetricExporter(f"{rig.http}/v1/metrics"),
        log=lambda rig: HttpLogExporter(f"{rig.http}/v1/logs"),
    ),
    "HTTP, gzip": Exporters(
        span=lambda rig: HttpSpanExporter(f"{rig.http}/v1/traces", compression=Compression.Gzip),
        metric=lambda rig: HttpMetricExporter(f"{rig.http}/v1/metrics", compression=Compression.Gzip),
        log=lambda rig: HttpLogExporter(f"{rig.http}/v1/logs", compression=Compression.Gzip),
    ),
    "gRPC": Exporters(
        span=lambda rig: GrpcSpanExporter(rig.grpc, insecure=True),
        metric=lambda rig: GrpcMetricExporter(rig.grpc, insecure=True),
        log=lambda rig: GrpcLogExporter(rig.grpc, insecure=True),
    ),
}

transports = pytest.mark.parametrize("exporters", TRANSPORTS.values(), ids=TRANSPORTS)


@transports
async def test_spans_arrive(exporters: Exporters) -> None:
    store = FakeStore()

    def trace(rig: Rig) -> None:
        provider = TracerProvider(resource=RESOURCE)
        provider.add_span_processor(SimpleSpanProcessor(exporters.span(rig)))
        with provider.get_tracer("tests").start_as_current_span("pay", attributes={"amount": 7}) as span:
            span.add_event("card declined")
        provider.shutdown()

    async with running(store.append) as rig:
        await run_sync(trace, rig)

    (span,) = store.rows("spans")
    assert (span["service"], span["name"], span["attributes"]) == ("checkout", "pay", [("amount", "7")])
    assert span["event_name"] == ["card declined"]


@transports
async def test_metrics_arrive(exporters: Exporters) -> None:
    store = FakeStore()

    def measure(rig: Rig) -> None:
        reader = PeriodicExportingMetricReader(exporters.metric(rig), export_interval_millis=60_000)
        provider = MeterProvider([reader], resource=RESOURCE)
        provider.get_meter("tests").create_counter("payments").add(3, {"card": "visa"})
        provider.shutdown()

    async with running(store.append) as rig:
        await run_sync(measure, rig)

    series = {row["series_id"]: row["metric"] for row in store.rows("series")}
    samples = {series[row["series_id"]]: row["value"] for row in store.rows("samples")}
    assert samples["payments_total"] == 3


@transports
async def test_log_records_arrive(exporters: Exporters) -> None:
    store = FakeStore()

    def log(rig: Rig) -> None:
        provider = LoggerProvider(resource=RESOURCE)
        provider.add_log_record_processor(SimpleLogRecordProcessor(exporters.log(rig)))
        provider.get_logger("tests").emit(body="card declined", severity_text="ERROR")
        provider.shutdown()

    async with running(store.append) as rig:
        await run_sync(log, rig)

    (record,) = store.rows("logs")
    assert (record["service"], record["body"], record["severity_text"]) == ("checkout", "card declined", "ERROR")


class BusyAtFirst(FakeStore):
    """A store that is busy once."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def append(self, batch: Batch) -> Rejections:
        """Keep `batch`, but not at the first time."""
        self.asked += 1
        if self.asked == 1:
            raise StoreBusy("it is busy", retry_after=0.1)
        return await super().append(batch)


@transports
async def test_an_exporter_comes_again_when_it_is_told_to(exporters: Exporters) -> None:
    """The official exporters try again by themselves, if the answer says that they may."""
    store = BusyAtFirst()

    def log(rig: Rig) -> None:
        provider = LoggerProvider(resource=RESOURCE)
        provider.add_log_record_processor(SimpleLogRecordProcessor(exporters.log(rig)))
        provider.get_logger("tests").emit(body="card declined")
        provider.shutdown()

    async with running(store.append) as rig:
        await run_sync(log, rig)

    assert store.asked == 2
    assert [row["body"] for row in store.rows("logs")] == ["card declined"]
