"""Requests that repeat an earlier one are read by its shape, and become what decoding them would make of them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Exemplar,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from firstlight.model.batch import Batch
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.names import Translation
from tests.wire.otlp.requests import DAY_NS, NOW_NS

CUMULATIVE: Any = 2
DELTA: Any = 1
STALE_FLAG = 1

Number = int | float
Decode = Callable[[bytes], Batch]


def pair(name: str, value: str) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=value))


def point(value: Number, time: int, label: str = "", start: int = 0) -> NumberDataPoint:
    kind = {"as_int": value} if isinstance(value, int) else {"as_double": value}
    return NumberDataPoint(attributes=[pair("label", label)], time_unix_nano=time, start_time_unix_nano=start, **kind)


def resource(name: str, *metrics: Metric) -> ResourceMetrics:
    sender = Resource(attributes=[pair("service.name", name), pair("service.instance.id", "a" * 80)])
    return ResourceMetrics(resource=sender, scope_metrics=[ScopeMetrics(metrics=metrics)])


def request(*resources: ResourceMetrics) -> bytes:
    return ExportMetricsServiceRequest(resource_metrics=resources).SerializeToString()


def shop(values: Sequence[Number], time: int = NOW_NS, start: int = 0) -> bytes:
    """Of a sum before a gauge: in the batch, gauges come first."""
    total = Sum(
        data_points=[point(one, time, f"s{row}", start) for row, one in enumerate(values)],
        aggregation_temporality=CUMULATIVE,
        is_monotonic=True,
    )
    level = Gauge(data_points=[point(one, time + row, f"g{row}") for row, one in enumerate(values)])
    return request(
        resource("shop", Metric(name="total", sum=total), Metric(name="level", gauge=level)),
        resource("cart", Metric(name="size", gauge=Gauge(data_points=[point(7, time)]))),
    )


def learning() -> tuple[OtlpDecoder, Decode]:
    """A decoder that is told that everything has been stored."""
    decoder = OtlpDecoder(Translation())

    def decode(body: bytes) -> Batch:
        batch = decoder.decode("metrics", body, json=False, tenant="default", now_ns=NOW_NS)
        for kind, table in batch.tables.items():
            decoder.learn(kind, table)
        return batch

    return decoder, decode


def shapes(decoder: OtlpDecoder) -> list[Any]:
    return list(decoder._metrics.repeats._shapes.values())


def hits(decoder: OtlpDecoder) -> int:
    return sum(shape.hits for shape in shapes(decoder))


def rows(batch: Batch) -> list[tuple[Any, ...]]:
    """Return the samples, with the bits of their values."""
    table = batch.tables["samples"]
    bits = [struct.pack("<d", value) for value in table["value"].to_pylist()]
    columns = (table[name].cast(pa.int64()).to_pylist() for name in ("ts", "start_ts"))
    return sorted(zip(table["series_id"].to_pylist(), *columns, bits, strict=True))


@given(
    values=st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=5),
    time=st.integers(NOW_NS // DAY_NS * DAY_NS, (NOW_NS // DAY_NS + 1) * DAY_NS - 10),
    start=st.integers(1, NOW_NS),
)
def test_a_repetition_becomes_what_decoding_makes_of_it(
    values: list[tuple[float, float]], time: int, start: int
) -> None:
    before, after = ([*column] for column in zip(*values, strict=True))
    decoder, decode = learning()
    for _ in range(3):
        decode(shop([*before, 1], start=5))

    found = decode(shop([*after, -(2**63)], time, start))

    assert hits(decoder) == 1
    assert found.tables.keys() == {"samples"}
    wanted = learning()[1](shop([*after, -(2**63)], time, start))
    assert rows(found) == rows(wanted)
    assert found.items == wanted.items


def unlike(name: str) -> bytes:
    """A request of the same length as the usual one, but for something that is no number."""
    usual = shop([1.0, 2.0])
    changed = usual.replace(*{"attribute": (b"s0", b"s9"), "metric": (b"level", b"lEvel")}[name])
    assert len(changed) == len(usual)
    assert changed != usual
    return changed


@pytest.mark.parametrize("name", ["attribute", "metric"])
def test_what_differs_in_more_than_numbers_is_decoded(name: str) -> None:
    decoder, decode = learning()
    for _ in range(3):
        decode(shop([1.0, 2.0]))

    found = decode(unlike(name))

    assert hits(decoder) == 0
    assert "series" in found.tables


def gauge(*points: NumberDataPoint) -> bytes:
    return request(resource("shop", Metric(name="level", gauge=Gauge(data_points=points))))


IRREGULAR = {
    "a delta sum": request(
        resource(
            "shop",
            Metric(name="total", sum=Sum(data_points=[point(1, NOW_NS)], aggregation_temporality=DELTA)),
        )
    ),
    "an exemplar": gauge(
        NumberDataPoint(as_int=1, time_unix_nano=NOW_NS, exemplars=[Exemplar(time_unix_nano=NOW_NS, as_double=1.0)])
    ),
    "no value but a flag": gauge(NumberDataPoint(time_unix_nano=NOW_NS, flags=STALE_FLAG)),
    "no value": gauge(point(1, NOW_NS, "a"), NumberDataPoint(time_unix_nano=NOW_NS)),
    "no time": gauge(point(1, NOW_NS, "a"), point(1, 0, "b")),
    "a histogram": request(
        resource(
            "shop",
            Metric(
                name="seconds",
                histogram=Histogram(
                    data_points=[HistogramDataPoint(time_unix_nano=NOW_NS, count=1, bucket_counts=[1])],
                    aggregation_temporality=CUMULATIVE,
                ),
            ),
        )
    ),
}


@pytest.mark.parametrize("name", IRREGULAR)
def test_what_has_more_than_numbers_has_no_shape(name: str) -> None:
    decoder, decode = learning()

    for _ in range(5):
        decode(IRREGULAR[name])

    assert shapes(decoder) == []


def test_a_new_day_is_decoded_until_its_series_are_stored() -> None:
    decoder, decode = learning()
    for _ in range(3):
        decode(shop([1.0]))

    tomorrow = [decode(shop([1.0], NOW_NS + DAY_NS)).tables.keys() for _ in range(4)]

    assert "series" in tomorrow[0]
    assert tomorrow[1:] == [{"samples"}] * 3
    assert hits(decoder) > 0


def test_times_beyond_range_are_refused_as_ever() -> None:
    _, decode = learning()
    for _ in range(3):
        decode(gauge(point(1.0, NOW_NS)))

    found = decode(gauge(point(1.0, 2**64 - 1)))

    assert (found.items, found.rejected.total) == (0, 1)


def test_what_was_dropped_is_told_again() -> None:
    decoder, decode = learning()
    for _ in range(3):
        decode(shop([1.0]))

    decoder.forget("series", NOW_NS // DAY_NS)

    assert "series" in decode(shop([1.0])).tables


def test_another_tenant_has_shapes_of_its_own() -> None:
    decoder, decode = learning()
    for _ in range(3):
        decode(shop([1.0]))

    found = decoder.decode("metrics", shop([1.0]), json=False, tenant="other", now_ns=NOW_NS)

    assert set(found.tables["samples"]["tenant"].to_pylist()) == {"other"}
    assert "series" in found.tables


def test_memory_is_bounded() -> None:
    decoder, decode = learning()
    repeats = decoder._metrics.repeats
    repeats.limit = 5_000

    for name in [f"service-{number:03}" for number in range(50)]:
        body = request(resource(name, Metric(name="level", gauge=Gauge(data_points=[point(1.0, NOW_NS)]))))
        for _ in range(3):
            decode(body)

    assert 0 < sum(shape.nbytes for shape in shapes(decoder)) <= 5_000
