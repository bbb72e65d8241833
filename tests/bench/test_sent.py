"""What the benchmarks send is what they say: as large, as various and as valid as real telemetry."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bench.load.plan import Signal
from bench.sent.export import Export
from bench.sent.logs import LogExport
from bench.sent.points import INTERVAL_NS, PointExport
from bench.sent.spans import SpanExport
from bench.sent.template import MAGIC, MAX_NUMBER, Slots, Template
from bench.sent.written import as_json
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.names import Translation

NOW = 1_795_000_000_000_000_000

EXPORTS: list[tuple[str, Signal, Callable[[], Export]]] = [
    # what              signal      makes it
    ("spans",           "traces",   lambda: SpanExport(1, 200)),
    ("logs",            "logs",     lambda: LogExport(2, 200)),
    ("points",          "metrics",  lambda: PointExport(3, 200)),
    ("histograms",      "metrics",  lambda: PointExport(4, 200, histograms=0.2)),
]  # fmt: skip

each_export = pytest.mark.parametrize(("signal", "make"), [row[1:] for row in EXPORTS], ids=[row[0] for row in EXPORTS])


def spans_of(body: bytearray) -> list[Span]:
    request = ExportTraceServiceRequest.FromString(bytes(body))
    return [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]


def records_of(body: bytearray) -> list[LogRecord]:
    request = ExportLogsServiceRequest.FromString(bytes(body))
    return [
        record for resource in request.resource_logs for scope in resource.scope_logs for record in scope.log_records
    ]


@each_export
def test_the_server_takes_all_of_it(signal: Signal, make: Callable[[], Export]) -> None:
    export = make()

    batch = OtlpDecoder(Translation()).decode(signal, bytes(export.body(NOW)), json=False, tenant="t", now_ns=NOW)

    assert (batch.items, batch.rejected.counts) == (export.items, {})


@each_export
def test_as_json_it_is_the_same(signal: Signal, make: Callable[[], Export]) -> None:
    body = bytes(make().body(NOW))

    written, binary = (
        OtlpDecoder(Translation()).decode(signal, sent, json=json, tenant="t", now_ns=NOW).tables
        for sent, json in ((as_json(signal, body), True), (body, False))
    )

    assert written == binary


@each_export
def test_no_two_requests_are_alike(signal: Signal, make: Callable[[], Export]) -> None:
    export = make()
    first, second = export.body(NOW), export.body(NOW + 1)
    differing = np.flatnonzero(np.frombuffer(first, np.uint8) != np.frombuffer(second, np.uint8))

    assert len(first) == len(second)
    assert len(differing) > export.items
    assert MAGIC not in first


def test_a_span_has_nine_attributes_and_ids_that_hang_together() -> None:
    spans = spans_of(SpanExport(1, 200).body(NOW))
    ids = {span.span_id for span in spans}

    assert {len(span.attributes) for span in spans} == {9}
    assert len(ids) == len(spans)
    assert {len(span.trace_id) for span in spans} == {16}
    assert {span.parent_span_id for span in spans} - {b""} <= ids
    assert len({span.trace_id for span in spans}) == len(spans) // 10


def test_a_child_is_within_its_parent() -> None:
    spans = {span.span_id: span for span in spans_of(SpanExport(1, 200).body(NOW))}
    pairs = [(span, spans[span.parent_span_id]) for span in spans.values() if span.parent_span_id]

    assert all(child.start_time_unix_nano >= parent.start_time_unix_nano for child, parent in pairs)
    assert all(child.end_time_unix_nano <= parent.end_time_unix_nano for child, parent in pairs)
    assert all(span.start_time_unix_nano < span.end_time_unix_nano <= NOW for span in spans.values())


def test_a_log_record_has_six_attributes_and_a_recent_time() -> None:
    records = records_of(LogExport(2, 200).body(NOW))

    assert {len(record.attributes) for record in records} == {6}
    assert all(NOW - 5_000_000_000 <= record.time_unix_nano <= NOW for record in records)


def test_points_come_an_interval_apart_and_counters_grow() -> None:
    export = PointExport(3, 200)
    requests = [ExportMetricsServiceRequest.FromString(bytes(export.body(time.time_ns()))) for _ in range(2)]
    (before, after) = (
        [point for metric in scope.metrics for point in metric.sum.data_points]
        for scope in (request.resource_metrics[0].scope_metrics[0] for request in requests)
    )
    steps = {b.time_unix_nano - a.time_unix_nano for a, b in zip(before, after, strict=True)}

    assert all(abs(step - INTERVAL_NS) < INTERVAL_NS // 100 for step in steps)
    assert all(a.as_int <= b.as_int and a.as_double <= b.as_double for a, b in zip(before, after, strict=True))


def test_a_histogram_counts_what_is_in_its_buckets() -> None:
    request = ExportMetricsServiceRequest.FromString(bytes(PointExport(4, 200, histograms=1.0).body(NOW)))
    points = [
        point
        for scope in request.resource_metrics[0].scope_metrics
        for metric in scope.metrics
        for point in metric.histogram.data_points
    ]

    assert len(points) == 200
    assert all(point.count == sum(point.bucket_counts) for point in points)


def test_a_slot_is_filled_wherever_it_stands() -> None:
    slots = Slots()
    one, two = slots.take("a"), slots.take("b")
    template = Template.of(b"<" + one.raw + two.raw + b"," + one.raw + b">", slots)

    filled = template.fill({"a": np.array([1], np.uint64), "b": np.array([2], np.uint64)})

    assert bytes(filled) == b"<" + bytes([1, *bytes(7), 2, *bytes(7)]) + b"," + bytes([1, *bytes(7)]) + b">"


def test_no_slot_looks_like_the_beginning_of_another() -> None:
    """Numbers are part of what stands in an unfilled slot, and the search for slots must not stumble over them."""
    slots = Slots()
    slots.counts = {f"group {number}": 0 for number in range(MAGIC[0] - 1)}
    every = [
        Slots.take(slots, group).raw
        for group in ("group 0", f"group {MAGIC[0] - 2}")
        for slots.counts[group] in (0, 0x1D1C, 0x1E1D, *range(MAX_NUMBER - 8000, MAX_NUMBER))
    ]

    assert b"".join(every).count(MAGIC) == len(every)
