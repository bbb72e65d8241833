"""OTLP metrics: every kind of point becomes the series and samples that PromQL expects, and bad points fail alone."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Exemplar,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
    Summary,
    SummaryDataPoint,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from firstlight.model.batch import Batch
from firstlight.model.tables import SCHEMAS
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.names import Translation
from tests.wire.otlp.requests import DAY_NS, NOW_NS

NOW_MS = NOW_NS // 10**6
STALE = struct.pack(">Q", 0x7FF0000000000002)
DELTA: Any = 1
CUMULATIVE: Any = 2


def kv(**attributes: str) -> list[KeyValue]:
    return [KeyValue(key=name, value=AnyValue(string_value=value)) for name, value in attributes.items()]


def request(*metrics: Metric, resource: Resource | None = None) -> bytes:
    sender = resource or Resource(attributes=[KeyValue(key="service.name", value=AnyValue(string_value="shop"))])
    scope = ScopeMetrics(scope=InstrumentationScope(name="lib"), metrics=metrics)
    return ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(resource=sender, scope_metrics=[scope])]
    ).SerializeToString()


def decode(body: bytes, decoder: OtlpDecoder | None = None) -> Batch:
    decoder = decoder or OtlpDecoder(Translation())
    return decoder.decode("metrics", body, json=False, tenant="default", now_ns=NOW_NS)


def series(batch: Batch) -> dict[str, float]:
    """Return the samples of a batch by their series, written as PromQL would."""
    names = {
        row["series_id"]: row["metric"] + "{" + ",".join(f"{k}={v}" for k, v in row["labels"] if k not in HIDDEN) + "}"
        for row in batch.tables["series"].to_pylist()
    }
    return {names[row["series_id"]]: row["value"] for row in batch.tables["samples"].to_pylist()}


HIDDEN = ("job", "otel_scope_name")


def at(**fields: Any) -> dict[str, Any]:
    return {"time_unix_nano": NOW_NS, "start_time_unix_nano": NOW_NS - 10**9, **fields}


KINDS = [
    # what, metric, samples
    (
        "gauge",
        Metric(name="queue.size", gauge=Gauge(data_points=[NumberDataPoint(**at(as_int=7, attributes=kv(queue="a")))])),
        {"queue_size{queue=a}": 7.0},
    ),
    (
        "counter",
        Metric(
            name="http.requests",
            sum=Sum(
                is_monotonic=True,
                aggregation_temporality=CUMULATIVE,
                data_points=[NumberDataPoint(**at(as_double=2.5))],
            ),
        ),
        {"http_requests_total{}": 2.5},
    ),
    (
        "up-down counter",
        Metric(
            name="jobs",
            unit="{job}",
            sum=Sum(aggregation_temporality=CUMULATIVE, data_points=[NumberDataPoint(**at(as_int=-3))]),
        ),
        {"jobs{}": -3.0},
    ),
    (
        "histogram",
        Metric(
            name="http.duration",
            unit="s",
            histogram=Histogram(
                aggregation_temporality=CUMULATIVE,
                data_points=[
                    HistogramDataPoint(**at(count=6, sum=7.5, bucket_counts=[1, 2, 3], explicit_bounds=[0.005, 1]))
                ],
            ),
        ),
        {
            "http_duration_seconds_bucket{le=0.005}": 1.0,
            "http_duration_seconds_bucket{le=1}": 3.0,
            "http_duration_seconds_bucket{le=+Inf}": 6.0,
            "http_duration_seconds_sum{}": 7.5,
            "http_duration_seconds_count{}": 6.0,
        },
    ),
    (
        "histogram without buckets or sum",
        Metric(name="h", histogram=Histogram(data_points=[HistogramDataPoint(**at(count=4))])),
        {"h_bucket{le=+Inf}": 4.0, "h_count{}": 4.0},
    ),
    (
        "summary",
        Metric(
            name="rpc",
            unit="ms",
            summary=Summary(
                data_points=[
                    SummaryDataPoint(
                        **at(
                            count=9,
                            sum=90.0,
                            quantile_values=[
                                SummaryDataPoint.ValueAtQuantile(quantile=0.5, value=8),
                                SummaryDataPoint.ValueAtQuantile(quantile=1, value=20),
                            ],
                        )
                    )
                ]
            ),
        ),
        {
            "rpc_milliseconds{quantile=0.5}": 8.0,
            "rpc_milliseconds{quantile=1}": 20.0,
            "rpc_milliseconds_sum{}": 90.0,
            "rpc_milliseconds_count{}": 9.0,
        },
    ),
]


@pytest.mark.parametrize(("metric", "expected"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_becomes_the_series_of_prometheus(metric: Metric, expected: dict[str, float]) -> None:
    """Names, suffixes and labels are those of the compatibility specification, buckets are cumulative."""
    batch = decode(request(metric))

    assert series(batch) == expected
    assert batch.items == 1
    for kind, table in batch.tables.items():
        assert table.schema == SCHEMAS[kind]
    times = set(batch.tables["samples"]["ts"].cast("int64").to_pylist())
    assert times == {NOW_MS}


def test_keeps_an_exponential_histogram_whole() -> None:
    """An exponential histogram is one row with everything the sender said."""
    point = ExponentialHistogramDataPoint(
        **at(
            count=10,
            sum=3.5,
            scale=3,
            zero_count=1,
            zero_threshold=0.25,
            min=-2.0,
            max=4.0,
            positive=ExponentialHistogramDataPoint.Buckets(offset=-2, bucket_counts=[1, 0, 3]),
            negative=ExponentialHistogramDataPoint.Buckets(offset=5, bucket_counts=[5]),
        )
    )
    metric = Metric(
        name="size",
        unit="By",
        exponential_histogram=ExponentialHistogram(aggregation_temporality=CUMULATIVE, data_points=[point]),
    )

    (row,) = decode(request(metric)).tables["histograms"].to_pylist()

    del row["ts"], row["start_ts"], row["series_id"]
    assert row == {
        "tenant": "default", "count": 10, "sum": 3.5, "min": -2, "max": 4, "reset_hint": 0, "scale": 3, "zero_threshold": 0.25,
        "zero_count": 1, "positive_offset": -2, "positive_counts": [1, 0, 3], "negative_offset": 5,
        "negative_counts": [5], "bounds": [],
    }  # fmt: skip


def test_keeps_an_explicit_histogram_whole() -> None:
    """What `_bucket`, `_sum` and `_count` cannot say is in the histogram's own row."""
    point = HistogramDataPoint(
        **at(count=3, sum=1.5, min=0.1, max=0.9, bucket_counts=[1, 2], explicit_bounds=[0.5], attributes=kv(a="b"))
    )
    batch = decode(request(Metric(name="h", histogram=Histogram(data_points=[point]))))

    (row,) = batch.tables["histograms"].to_pylist()
    assert (row["bounds"], row["positive_counts"], row["scale"]) == ([0.5], [1, 2], -53)
    assert (row["count"], row["sum"], row["min"], row["max"]) == (3, 1.5, 0.1, 0.9)
    base = next(one for one in batch.tables["series"].to_pylist() if one["series_id"] == row["series_id"])
    assert (base["metric"], base["name"], base["attributes"]) == ("h", "h", [("a", "b")])


def sums(*points: NumberDataPoint, temporality: Any = DELTA) -> bytes:
    return request(
        Metric(name="c", sum=Sum(is_monotonic=True, aggregation_temporality=temporality, data_points=points))
    )


def delta(start: int, end: int, value: int) -> NumberDataPoint:
    return NumberDataPoint(start_time_unix_nano=NOW_NS + start, time_unix_nano=NOW_NS + end, as_int=value)


DELTAS = [
    # what                            points                                                        totals     reasons
    ("one after the other",           [delta(0, 10, 5), delta(10, 20, 7)],                          [5, 12],   {}),
    ("with a gap",                    [delta(0, 10, 5), delta(15, 20, 7)],                          [5, 12],   {}),
    ("sent twice",                    [delta(0, 10, 5), delta(0, 10, 5), delta(10, 20, 7)],         [5, 5, 12], {}),
    ("overlapping",                   [delta(0, 10, 5), delta(5, 20, 7)],                           [5],       {"delta point older than the last, or overlapping it": 1}),
    ("older than the last",           [delta(10, 20, 5), delta(0, 10, 7)],                          [5],       {"delta point older than the last, or overlapping it": 1}),
    ("a start unknown",               [NumberDataPoint(time_unix_nano=NOW_NS, as_int=5), NumberDataPoint(time_unix_nano=NOW_NS + 5, as_int=1)], [5, 6], {}),
]  # fmt: skip


@pytest.mark.parametrize(("points", "totals", "reasons"), [row[1:] for row in DELTAS], ids=[row[0] for row in DELTAS])
def test_adds_up_delta_sums(points: list[NumberDataPoint], totals: list[int], reasons: dict[str, int]) -> None:
    """Deltas become a running total that PromQL can take the rate of."""
    decoder = OtlpDecoder(Translation())

    batches = [decode(sums(point), decoder) for point in points]

    found = [batch.tables["samples"]["value"][0].as_py() for batch in batches if batch.tables]
    assert found == totals
    assert {reason: count for batch in batches for reason, count in batch.rejected.counts.items()} == reasons


def test_adds_up_delta_histograms() -> None:
    """Delta histograms become running totals, bucket by bucket; their own rows keep what was sent."""
    decoder = OtlpDecoder(Translation())

    def send(start: int, end: int) -> Batch:
        point = HistogramDataPoint(
            start_time_unix_nano=NOW_NS + start, time_unix_nano=NOW_NS + end,
            count=3, sum=1.5, bucket_counts=[1, 2], explicit_bounds=[0.5],
        )  # fmt: skip
        metric = Metric(name="h", histogram=Histogram(aggregation_temporality=DELTA, data_points=[point]))
        return decode(request(metric), decoder)

    send(0, 10)
    second = send(10, 20)

    assert second.tables["samples"]["value"].to_pylist() == [2, 6, 3, 6]
    assert second.tables["histograms"]["positive_counts"].to_pylist() == [[1, 2]]


REFUSED = [
    # what                        metric                                                                             reason
    ("no time",                   Metric(name="m", gauge=Gauge(data_points=[NumberDataPoint(as_int=1)])),             "no time"),
    ("time past 2262",            Metric(name="m", gauge=Gauge(data_points=[NumberDataPoint(time_unix_nano=2**63, as_int=1)])), "time after 2262"),
    ("no value",                  Metric(name="m", gauge=Gauge(data_points=[NumberDataPoint(**at())])),               "no value"),
    ("no name",                   Metric(name="", gauge=Gauge(data_points=[NumberDataPoint(**at(as_int=1))])),        "metric or attribute without a usable name"),
    ("attribute without name",    Metric(name="m", gauge=Gauge(data_points=[NumberDataPoint(**at(as_int=1, attributes=kv(**{"": "v"})))])), "metric or attribute without a usable name"),
    ("label too long",            Metric(name="m", gauge=Gauge(data_points=[NumberDataPoint(**at(as_int=1, attributes=kv(a="v" * 5000)))])), "label longer than 4096 characters"),
    ("too many labels",           Metric(name="m", gauge=Gauge(data_points=[NumberDataPoint(**at(as_int=1, attributes=kv(**{f"a{i}": "v" for i in range(200)})))])), "more than 128 labels"),
    ("buckets do not fit bounds", Metric(name="m", histogram=Histogram(data_points=[HistogramDataPoint(**at(bucket_counts=[1, 2, 3], explicit_bounds=[1]))])), "bucket_counts not one more than explicit_bounds, or bounds not finite and ascending"),
    ("bounds descend",            Metric(name="m", histogram=Histogram(data_points=[HistogramDataPoint(**at(bucket_counts=[1, 2, 3], explicit_bounds=[2, 1]))])), "bucket_counts not one more than explicit_bounds, or bounds not finite and ascending"),
    ("a bound is not a number",   Metric(name="m", histogram=Histogram(data_points=[HistogramDataPoint(**at(bucket_counts=[1, 2], explicit_bounds=[math.nan]))])), "bucket_counts not one more than explicit_bounds, or bounds not finite and ascending"),
    ("scale absurd",              Metric(name="m", exponential_histogram=ExponentialHistogram(data_points=[ExponentialHistogramDataPoint(**at(scale=1000))])), "scale out of range"),
]  # fmt: skip


@pytest.mark.parametrize(("metric", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses_one_point_and_keeps_its_neighbours(metric: Metric, reason: str) -> None:
    """A point that cannot be kept is counted under its reason; those beside it are kept."""
    neighbour = Metric(name="fine", gauge=Gauge(data_points=[NumberDataPoint(**at(as_int=1))]))

    batch = decode(request(neighbour, metric, neighbour))

    assert batch.rejected.counts == {reason: 1}
    assert batch.items == 2
    assert batch.tables["samples"]["value"].to_pylist() == [1, 1]


def test_marks_a_series_that_ended() -> None:
    """A point that says "no recorded value" becomes Prometheus' staleness marker, bit for bit."""
    point = NumberDataPoint(**at(flags=1))

    batch = decode(request(Metric(name="m", gauge=Gauge(data_points=[point]))))

    (value,) = batch.tables["samples"]["value"].to_pylist()
    assert struct.pack(">d", value) == STALE


def test_tells_of_the_resource_in_target_info() -> None:
    """What of the resource is no label of each series is one series of its own."""
    resource = Resource(attributes=kv(**{"service.name": "shop", "service.instance.id": "1", "host.name": "h"}))

    batch = decode(
        request(Metric(name="m", gauge=Gauge(data_points=[NumberDataPoint(**at(as_int=1))])), resource=resource)
    )

    target = next(row for row in batch.tables["series"].to_pylist() if row["metric"] == "target_info")
    assert dict(target["labels"]) == {"job": "shop", "instance": "1", "host_name": "h"}


def test_keeps_exemplars_with_the_bucket_they_fell_into() -> None:
    """An exemplar belongs to the bucket's series, with its trace, and what else it says."""
    exemplar = Exemplar(
        time_unix_nano=NOW_NS, as_double=0.7, trace_id=b"t" * 16, span_id=b"s" * 8, filtered_attributes=kv(user="u1")
    )
    point = HistogramDataPoint(
        **at(count=1, sum=0.7, bucket_counts=[0, 1, 0], explicit_bounds=[0.5, 1], exemplars=[exemplar])
    )

    batch = decode(request(Metric(name="h", histogram=Histogram(data_points=[point]))))

    (row,) = batch.tables["exemplars"].to_pylist()
    assert (row["value"], row["trace_id"], row["span_id"]) == (0.7, b"t" * 16, b"s" * 8)
    assert (row["attributes"], row["attribute_types"]) == ([("user", "u1")], "s")
    bucket = next(one for one in batch.tables["series"].to_pylist() if one["series_id"] == row["series_id"])
    assert (bucket["metric"], dict(bucket["labels"])["le"]) == ("h_bucket", "1")


def test_sends_series_until_they_are_stored() -> None:
    """Rows of series and metadata come with every batch until the store has them, and again on the next day."""
    decoder = OtlpDecoder(Translation())
    first = decode(sums(delta(0, 10, 5), temporality=CUMULATIVE), decoder)
    again = decode(sums(delta(10, 20, 5), temporality=CUMULATIVE), decoder)
    assert again.tables["series"] == first.tables["series"]

    for kind, table in again.tables.items():
        decoder.learn(kind, table)

    assert list(decode(sums(delta(20, 30, 5), temporality=CUMULATIVE), decoder).tables) == ["samples"]
    tomorrow = decode(sums(delta(DAY_NS, DAY_NS + 1, 5), temporality=CUMULATIVE), decoder)
    assert list(tomorrow.tables) == ["origins", "series", "metadata", "samples"]


def test_sends_series_again_that_were_dropped() -> None:
    """What retention has dropped is no longer known, and comes with the next batch of that day."""
    decoder = OtlpDecoder(Translation())
    body = sums(delta(0, 10, 5), temporality=CUMULATIVE)
    first = decode(body, decoder)
    for kind, table in first.tables.items():
        decoder.learn(kind, table)
    assert list(decode(body, decoder).tables) == ["samples"]

    for kind in ("origins", "series", "metadata"):
        decoder.forget(kind, NOW_NS // DAY_NS)

    assert list(decode(body, decoder).tables) == list(first.tables)


def test_tells_counter_and_unit_and_help_in_the_metadata() -> None:
    """Metadata are under the name that PromQL finds, with the type Prometheus would give."""
    metric = Metric(
        name="bytes.sent",
        unit="By",
        description="What went out.",
        sum=Sum(is_monotonic=True, data_points=[NumberDataPoint(**at(as_int=1))]),
    )

    (row,) = decode(request(metric)).tables["metadata"].to_pylist()

    del row["day"], row["tenant"]
    assert row == {"metric": "bytes_sent_total", "type": "counter", "unit": "bytes", "help": "What went out."}


point_values = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False))


@given(st.lists(st.tuples(st.text("ab.", min_size=1, max_size=3), st.text(max_size=3), point_values), max_size=12))
def test_every_point_is_a_sample_of_its_own_series(points: Iterable[tuple[str, str, float]]) -> None:
    """However points are spread over metrics and attributes, each is stored once, with its value."""
    metrics = [
        Metric(
            name=f"m.{name}",
            gauge=Gauge(
                data_points=[
                    NumberDataPoint(
                        time_unix_nano=NOW_NS,
                        attributes=[KeyValue(key="key", value=AnyValue(string_value=key))],
                        **({"as_int": value} if isinstance(value, int) else {"as_double": value}),
                    )
                ]
            ),
        )
        for name, key, value in points
    ]
    batch = decode(request(*metrics))

    assert batch.items == len(metrics)
    found = batch.tables["samples"]["value"].to_pylist() if batch.tables else []
    assert found == [float(value) for _, _, value in points]
    if batch.tables:
        labels = {row["series_id"]: dict(row["labels"]).get("key", "") for row in batch.tables["series"].to_pylist()}
        assert [labels[one] for one in batch.tables["samples"]["series_id"].to_pylist()] == [
            key for _, key, _ in points
        ]
