"""Large requests: cut into pieces that mean the same, and hostile ones stopped early."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics

from firstlight.errors import DecodeError
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.json import Signal
from firstlight.wire.otlp.names import Translation
from firstlight.wire.otlp.split import split
from tests.wire.otlp.requests import NOW_NS, log_requests
from tests.wire.otlp.test_logs import framed


@given(log_requests, st.integers(200, 4000))
def test_pieces_mean_the_same(sent: ExportLogsServiceRequest, size: int) -> None:
    """All records of a request come, each once and with its resource and scope, in pieces no larger than asked."""
    body = sent.SerializeToString()
    try:
        pieces = list(split(body, "logs", size))
    except DecodeError as error:
        assert "bytes" in str(error)  # noqa: PT017  # a single record or header larger than a piece
        return

    assert all(len(piece) <= size for piece in pieces)
    found = [
        (resource.resource, resource.schema_url, scope.scope, scope.schema_url, record)
        for piece in pieces
        for resource in ExportLogsServiceRequest.FromString(piece).resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    ]
    assert found == [
        (resource.resource, resource.schema_url, scope.scope, scope.schema_url, record)
        for resource in sent.resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    ]


def test_cuts_the_points_of_one_metric() -> None:
    """A metric with very many points is cut too, and each piece knows its name."""
    points = [NumberDataPoint(time_unix_nano=NOW_NS, as_int=number) for number in range(500)]
    metric = Metric(name="m", gauge=Gauge(data_points=points))
    body = ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(scope_metrics=[ScopeMetrics(metrics=[metric])])]
    ).SerializeToString()

    pieces = [ExportMetricsServiceRequest.FromString(piece) for piece in split(body, "metrics", 1000)]

    metrics = [piece.resource_metrics[0].scope_metrics[0].metrics[0] for piece in pieces]
    assert {metric.name for metric in metrics} == {"m"}
    assert [point.as_int for metric in metrics for point in metric.gauge.data_points] == list(range(500))


MIB = 1024 * 1024
HOSTILE: list[tuple[str, Signal, Callable[[int], bytes]]] = [
    ("empty resources", "traces", lambda count: b"\x0a\x00" * count),
    ("empty scopes", "traces", lambda count: framed(0x0A, b"\x12\x00" * count)),
    ("empty spans", "traces", lambda count: framed(0x0A, framed(0x12, b"\x12\x00" * count))),
    ("empty records", "logs", lambda count: framed(0x0A, framed(0x12, b"\x12\x00" * count))),
    ("empty attributes", "logs", lambda count: framed(0x0A, framed(0x12, framed(0x12, b"\x32\x00" * count)))),
    ("empty metrics", "metrics", lambda count: framed(0x0A, framed(0x12, b"\x12\x00" * count))),
    (
        "empty points",
        "metrics",
        lambda count: framed(0x0A, framed(0x12, framed(0x12, framed(0x2A, b"\x0a\x00" * count)))),
    ),
]


@pytest.mark.parametrize(("signal", "make"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_refuses_what_would_grow_beyond_bounds(signal: Signal, make: Callable[[int], bytes]) -> None:
    """Millions of empty messages are refused before they become columns."""
    decoder = OtlpDecoder(Translation())

    with pytest.raises(DecodeError) as caught:
        decoder.decode(signal, make(4 * MIB), json=False, tenant="default", now_ns=NOW_NS)

    assert "want" in str(caught.value)
