"""The official Python SDK, as a program uses it, against the whole server: what was sent is stored, field by field."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import AlwaysOnExemplarFilter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.acceptance.live import Live, live

ATTRIBUTES: dict[str, Any] = {"text": "grüße", "yes": True, "count": -3, "ratio": 0.5, "list": ["a", "b"]}
"""An attribute of every type that the SDK takes."""

STORED = {"text": "grüße", "yes": "true", "count": "-3", "ratio": "0.5", "list": '["a","b"]'}

EXPLICIT = "explicit.duration"
SIZES = (1, 100, 10_000)


@dataclass(frozen=True, slots=True)
class Program:
    """A program that sends what it does to a server."""

    tracer: TracerProvider
    meter: MeterProvider
    logger: LoggerProvider

    def stop(self) -> None:
        """Send what is left."""
        for provider in (self.tracer, self.meter, self.logger):
            provider.shutdown()


def over_grpc(server: Live, compression: grpc.Compression) -> tuple[Any, Any, Any]:
    where: dict[str, Any] = {"endpoint": server.otlp_grpc, "insecure": True, "compression": compression}
    return (
        grpc_traces.OTLPSpanExporter(**where),
        grpc_metrics.OTLPMetricExporter(**where),
        grpc_logs.OTLPLogExporter(**where),
    )


def over_http(server: Live, compression: Compression) -> tuple[Any, Any, Any]:
    base = f"http://{server.otlp_http}/v1/"
    return (
        http_traces.OTLPSpanExporter(f"{base}traces", compression=compression),
        http_metrics.OTLPMetricExporter(f"{base}metrics", compression=compression),
        http_logs.OTLPLogExporter(f"{base}logs", compression=compression),
    )


WAYS: dict[str, Callable[[Live], tuple[Any, Any, Any]]] = {
    "grpc": lambda server: over_grpc(server, grpc.Compression.NoCompression),
    "grpc-gzip": lambda server: over_grpc(server, grpc.Compression.Gzip),
    "http": lambda server: over_http(server, Compression.NoCompression),
    "http-gzip": lambda server: over_http(server, Compression.Gzip),
    "http-deflate": lambda server: over_http(server, Compression.Deflate),
}


def program(server: Live, way: str) -> Program:
    """Return a program that sends in that way, and is called so."""
    spans, metrics, logs = WAYS[way](server)
    resource = Resource({"service.name": way, "service.instance.id": "one", "host.cores": 4})
    tracer, logger = TracerProvider(resource=resource), LoggerProvider(resource=resource)
    tracer.add_span_processor(SimpleSpanProcessor(spans))
    logger.add_log_record_processor(SimpleLogRecordProcessor(logs))
    meter = MeterProvider(
        metric_readers=[PeriodicExportingMetricReader(metrics, export_interval_millis=3_600_000)],
        resource=resource,
        exemplar_filter=AlwaysOnExemplarFilter(),
        views=[
            View(
                instrument_type=Histogram,
                instrument_name="exponential.*",
                aggregation=ExponentialBucketHistogramAggregation(),
            )
        ],
    )
    return Program(tracer, meter, logger)


def run(it: Program) -> str:
    """Do something that is traced, logged and measured; return the id of the trace."""
    tracer = it.tracer.get_tracer("acceptance", "1.0", attributes={"scope": "yes"})
    with tracer.start_as_current_span("parent", kind=trace.SpanKind.SERVER, attributes=ATTRIBUTES) as parent:
        found = parent.get_span_context()
        with tracer.start_as_current_span("child", links=[trace.Link(found, {"why": "test"})]) as child:
            child.add_event("half way", {"step": 2})
            child.record_exception(ValueError("no"))
            child.set_status(trace.StatusCode.ERROR, "failed")
            measure(it)
            log(it)
    return f"{found.trace_id:032x}"


def measure(it: Program) -> None:
    meter = it.meter.get_meter("acceptance")
    meter.create_counter("requests", "1", "Served.").add(3, {"path": "/"})
    meter.create_up_down_counter("in.flight").add(-2)
    meter.create_gauge("temperature", "Cel").set(21.5)
    meter.create_histogram(EXPLICIT, "s", explicit_bucket_boundaries_advisory=[0.1, 1.0]).record(0.5, {"path": "/"})
    exponential = meter.create_histogram("exponential.size", "By")
    for size in SIZES:
        exponential.record(size)
    meter.create_observable_counter("ticks", [lambda _: [Observation(7)]])
    meter.create_observable_up_down_counter("balance", [lambda _: [Observation(-7)]])
    meter.create_observable_gauge("level", [_levels])


def _levels(_: CallbackOptions) -> Iterator[Observation]:
    yield Observation(0.25, {"tank": "left"})
    yield Observation(0.75, {"tank": "right"})


def log(it: Program) -> None:
    logger = logging.Logger("acceptance")  # noqa: LOG001  # one of its own, for each program
    logger.addHandler(LoggingHandler(logger_provider=it.logger))
    logger.warning("card %s declined", "4711", extra={"attempt": 2})
    try:
        raise KeyError("cart")
    except KeyError:
        logger.exception("lost it")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("sdk")) as it:
        yield it


@pytest.fixture(scope="module", params=WAYS)
def sent(request: pytest.FixtureRequest, server: Live) -> tuple[str, str]:
    """The name of a program that has run, and the id of its trace."""
    it = program(server, request.param)
    trace_id = run(it)
    it.stop()
    return request.param, trace_id


def test_traces(server: Live, sent: tuple[str, str]) -> None:
    service, trace_id = sent
    parent, child = server.sql(
        "SELECT service, name, kind, status, status_message, duration_ns, span_id, parent_span_id, attributes,"
        " attribute_types, arrayMap(e -> (e.name, e.attributes), events) AS events,"
        " arrayMap(l -> (l.trace_id, l.span_id, l.attributes), links) AS links, resource, scope, scope_version,"
        " scope_attributes FROM spans WHERE trace_id = {id:String} ORDER BY ts, name DESC",
        id=trace_id,
    )
    assert (parent["name"], parent["kind"], parent["status"], parent["parent_span_id"]) == (
        "parent",
        "server",
        "unset",
        "",
    )
    assert (parent["attributes"], parent["attribute_types"]) == (STORED, "sbida")
    assert (parent["service"], parent["scope"], parent["scope_version"]) == (service, "acceptance", "1.0")
    assert parent["scope_attributes"] == {"scope": "yes"}
    assert parent["resource"]["host.cores"] == "4"
    assert parent["duration_ns"] >= child["duration_ns"] > 0
    assert (child["name"], child["kind"], child["status"], child["status_message"]) == (
        "child",
        "internal",
        "error",
        "failed",
    )
    assert child["parent_span_id"] == parent["span_id"]
    assert child["links"] == [[trace_id, parent["span_id"], {"why": "test"}]]
    assert child["events"][0] == ["half way", {"step": "2"}]
    assert child["events"][1][0] == "exception"
    assert child["events"][1][1]["exception.message"] == "no"


def test_logs(server: Live, sent: tuple[str, str]) -> None:
    service, trace_id = sent
    spans = server.sql("SELECT span_id FROM spans WHERE trace_id = {id:String} AND name = 'child'", id=trace_id)
    warning, error = server.sql(
        "SELECT level, severity, severity_text, body, trace_id, span_id, attributes, attribute_types, resource, scope,"
        " toUnixTimestamp64Nano(ts) AS ts, toUnixTimestamp64Nano(observed_ts) AS observed_ts"
        " FROM logs WHERE service = {service:String} ORDER BY ts",
        service=service,
    )
    assert (warning["level"], warning["severity"], warning["body"]) == ("warn", 13, "card 4711 declined")
    assert warning["trace_id"] == error["trace_id"] == trace_id
    assert [{"span_id": warning["span_id"]}] == spans
    assert warning["attributes"]["attempt"] == "2"
    assert warning["resource"]["service.instance.id"] == "one"
    assert warning["scope"] == "acceptance"
    assert 0 < warning["ts"] <= warning["observed_ts"]
    assert (error["level"], error["body"]) == ("error", "lost it")
    assert error["attributes"]["exception.type"] == "KeyError"


NUMBERS = [
    # metric                             type         name            unit   temporality   monotonic  label     value
    ("balance",                          "gauge",     "balance",      "",    "cumulative", False,     "",       -7.0),
    ("explicit_duration_seconds_bucket", "histogram", EXPLICIT,       "s",   "cumulative", False,     "+Inf",   1.0),
    ("explicit_duration_seconds_bucket", "histogram", EXPLICIT,       "s",   "cumulative", False,     "0.1",    0.0),
    ("explicit_duration_seconds_bucket", "histogram", EXPLICIT,       "s",   "cumulative", False,     "1",      1.0),
    ("explicit_duration_seconds_count",  "histogram", EXPLICIT,       "s",   "cumulative", False,     "",       1.0),
    ("explicit_duration_seconds_sum",    "histogram", EXPLICIT,       "s",   "cumulative", False,     "",       0.5),
    ("in_flight",                        "gauge",     "in.flight",    "",    "cumulative", False,     "",       -2.0),
    ("level",                            "gauge",     "level",        "",    "",           False,     "left",   0.25),
    ("level",                            "gauge",     "level",        "",    "",           False,     "right",  0.75),
    ("requests_total",                   "counter",   "requests",     "1",   "cumulative", True,      "",       3.0),
    ("temperature_celsius",              "gauge",     "temperature",  "Cel", "",           False,     "",       21.5),
    ("ticks_total",                      "counter",   "ticks",        "",    "cumulative", True,      "",       7.0),
]  # fmt: skip


def test_numbers(server: Live, sent: tuple[str, str]) -> None:
    """Every instrument is there under the name that PromQL knows and under its own."""
    rows = server.sql(
        "SELECT metric, type, name, unit, temporality, monotonic,"
        " if(labels['le'] != '', labels['le'], labels['tank']) AS label, value FROM metrics"
        " WHERE labels['job'] = {service:String} AND metric != 'target_info' ORDER BY metric, label",
        service=sent[0],
    )
    assert [tuple(row.values()) for row in rows] == NUMBERS


def test_histograms(server: Live, sent: tuple[str, str]) -> None:
    """Whole ones are kept besides, and the exponential ones as nothing else."""
    exponential, explicit = server.sql(
        "SELECT metric, name, count, sum, min, max, bounds, counts, scale, positive_offset, zero_count, resource"
        " FROM histograms WHERE labels['job'] = {service:String} ORDER BY name = {explicit:String}",
        service=sent[0],
        explicit=EXPLICIT,
    )
    assert explicit["metric"] == "explicit_duration_seconds"
    assert (explicit["count"], explicit["sum"], explicit["min"], explicit["max"]) == (1, 0.5, 0.5, 0.5)
    assert (explicit["bounds"], explicit["counts"], explicit["scale"]) == ([0.1, 1.0], [0, 1, 0], None)
    assert (exponential["metric"], exponential["name"]) == ("exponential_size_bytes", "exponential.size")
    assert (exponential["count"], exponential["sum"]) == (3, 10_101)
    # The bucket of index i covers (base^i, base^(i+1)]; the SDK sends empty ones, too.
    base = 2**2 ** -exponential["scale"]
    filled = [place for place, count in enumerate(exponential["counts"], exponential["positive_offset"]) if count]
    assert [exponential["counts"][place - exponential["positive_offset"]] for place in filled] == [1, 1, 1]
    for place, size in zip(filled, SIZES, strict=True):
        assert base**place < size <= base ** (place + 1)


def test_exemplars(server: Live, sent: tuple[str, str]) -> None:
    """A measurement made in a span leads to its trace."""
    service, trace_id = sent
    rows = server.sql(
        "SELECT DISTINCT metric, value FROM exemplars WHERE labels['job'] = {service:String} AND trace_id = {id:String}"
        " ORDER BY metric, value",
        service=service,
        id=trace_id,
    )
    assert {"metric": "explicit_duration_seconds_bucket", "value": 0.5} in rows
    assert {"metric": "requests_total", "value": 3.0} in rows


def test_metadata(server: Live, sent: tuple[str, str]) -> None:
    assert sent
    rows = server.sql("SELECT type, unit, help FROM metadata WHERE metric = 'requests_total'")
    assert {"type": "counter", "unit": "", "help": "Served."} in rows


def test_the_command_line_says_the_same(server: Live, sent: tuple[str, str]) -> None:
    """`firstlight query sql` answers what the API does."""
    query = f"SELECT count() AS spans FROM spans WHERE service = '{sent[0]}'"
    words = ["query", "sql", query, "--format", "ndjson", "--server", f"http://{server.http}"]
    run = subprocess.run([sys.executable, "-m", "firstlight", *words], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {"spans": 2} == server.sql(query)[0]


def test_nothing_worries_anybody(server: Live) -> None:
    assert server.alarms == []
