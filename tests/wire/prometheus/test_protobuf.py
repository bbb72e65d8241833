"""Bodies of protobuf: families of every type, native histograms, and what is malformed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from firstlight.wire.fields import framed, varint
from firstlight.wire.prometheus.book import Book
from firstlight.wire.prometheus.exposition import NO_TIME, BadExposition, Exposition, Family
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.messages import MetricFamily
from firstlight.wire.prometheus.protobuf import ProtobufReader

TYPES = {"counter": 0, "gauge": 1, "summary": 2, "untyped": 3, "histogram": 4, "gaugehistogram": 5}


def pair(name: str, value: str) -> bytes:
    return framed(b"\x0a", name.encode()) + framed(b"\x12", value.encode())


def family(name: str, kind: str, *metrics: Mapping[str, Any], **rest: Any) -> bytes:
    labelled = [{"label": [pair("a", "b")], **metric} for metric in metrics]
    body: bytes = MetricFamily(name=name.encode(), type=TYPES[kind], metric=labelled, **rest).SerializeToString()
    return varint(len(body)) + body


def read(body: bytes, *, native: bool = True, classic: bool = False) -> tuple[ProtobufReader, Exposition]:
    of = ProtobufReader(Book(), "default", native=native, classic=classic)
    of.read(body)
    return of, of.read(body)


def samples(of: ProtobufReader, found: Exposition) -> dict[str, float]:
    shown = {}
    for key, value in zip(found.keys, found.values.tolist(), strict=True):
        labels = of.page.labels(key) or {}
        name = labels.pop("__name__")
        shown[name + "".join(f" {label}={text}" for label, text in sorted(labels.items()))] = value
    return shown


CLASSIC = {
    "sample_count": 3, "sample_sum": 4.5,
    "bucket": [{"cumulative_count": 1, "upper_bound": 1}, {"cumulative_count": 2, "upper_bound": 2.5}],
}  # fmt: skip
AS_CLASSIC = {
    "h_count a=b": 3.0, "h_sum a=b": 4.5, "h_bucket a=b le=1.0": 1.0, "h_bucket a=b le=2.5": 2.0,
    "h_bucket a=b le=+Inf": 3.0,
}  # fmt: skip
NATIVE = {
    "schema": 3, "zero_threshold": 0.001, "zero_count": 1,
    "positive_span": [{"offset": 0, "length": 2}], "positive_delta": [1, 0],
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        pytest.param(family("c", "counter", {"counter": {"value": 2}}), {"c a=b": 2.0}, id="a counter"),
        pytest.param(family("g", "gauge", {"gauge": {"value": 2}}), {"g a=b": 2.0}, id="a gauge"),
        pytest.param(family("u", "untyped", {"untyped": {"value": 2}}), {"u a=b": 2.0}, id="an untyped one"),
        pytest.param(
            family("s", "summary", {"summary": {"sample_count": 2, "sample_sum": 3, "quantile": [{"quantile": 1, "value": 9}]}}),
            {"s_count a=b": 2.0, "s_sum a=b": 3.0, "s a=b quantile=1.0": 9.0},
            id="a summary",
        ),
        pytest.param(family("h", "histogram", {"histogram": CLASSIC}), AS_CLASSIC, id="a classic histogram"),
        pytest.param(family("h", "gaugehistogram", {"histogram": CLASSIC}), AS_CLASSIC, id="one that may shrink"),
        pytest.param(family("e", "gauge"), {}, id="a family without metrics"),
        pytest.param(b"", {}, id="an empty body"),
        pytest.param(family("é.x", "gauge", {"gauge": {"value": 2}}), {"é.x a=b": 2.0}, id="a name in UTF-8"),
    ],
)  # fmt: skip
def test_families(body: bytes, wanted: dict[str, float]) -> None:
    assert samples(*read(body)) == wanted


@pytest.mark.parametrize(
    ("options", "histograms", "wanted"),
    [
        pytest.param({}, 1, {}, id="native ones are native"),
        pytest.param({"classic": True}, 1, AS_CLASSIC, id="and classic as well, if asked for"),
        pytest.param({"native": False}, 0, AS_CLASSIC, id="or only classic"),
    ],
)
def test_native_histograms(options: dict[str, bool], histograms: int, wanted: dict[str, float]) -> None:
    of, found = read(family("h", "histogram", {"histogram": {**CLASSIC, **NATIVE}}), **options)

    assert (len(found.histogram_keys), samples(of, found)) == (histograms, wanted)


def test_native_histograms_become_rows() -> None:
    body = family(
        "h",
        "histogram",
        {"histogram": {**CLASSIC, **NATIVE, "created_timestamp": {"seconds": 5}}, "timestamp_ms": 9000},
    )
    of, found = read(body)
    intake = Intake(of.page)
    assert found.histograms is not None
    intake.add_histograms(of.page.find(found.histogram_keys), found.histograms)

    batch = intake.batch()

    assert (batch.items, batch.rejected.message) == (1, "")
    [row] = batch.tables["histograms"].drop_columns(["tenant", "series_id", "ts", "start_ts", "min", "max"]).to_pylist()
    assert row == {
        "count": 3.0, "sum": 4.5, "scale": 3, "zero_threshold": 0.001, "zero_count": 1.0, "positive_offset": -1,
        "positive_counts": [1.0, 1.0], "reset_hint": 0, "negative_offset": 0, "negative_counts": [], "bounds": [],
    }  # fmt: skip
    assert batch.tables["series"]["metric"].to_pylist() == ["h"]


def test_a_histogram_that_contradicts_itself_fails_alone() -> None:
    histogram = {**NATIVE, "sample_count": 99, "sample_sum": 1}
    of, found = read(family("h", "histogram", {"histogram": histogram, "timestamp_ms": 9000}))
    intake = Intake(of.page)
    assert found.histograms is not None
    intake.add_histograms(of.page.find(found.histogram_keys), found.histograms)

    assert intake.batch().rejected.total == 1


def test_times_starts_exemplars_and_metadata() -> None:
    exemplar = {
        "label": [{"name": b"trace_id", "value": b"x"}],
        "value": 0.5,
        "timestamp": {"seconds": 3, "nanos": 5_000_000},
    }
    counter = {"value": 2, "created_timestamp": {"seconds": 1, "nanos": 500_000_000}, "exemplar": exemplar}
    body = family("c_seconds", "counter", {"counter": counter, "timestamp_ms": 7}, help=b"Text.", unit=b"seconds")
    _, found = read(body + family("g", "gauge", {"gauge": {"value": 1}}))

    assert found.times is not None
    assert found.starts is not None
    assert (found.times.tolist(), found.starts.tolist()) == ([7, NO_TIME], [1500, 0])
    assert found.exemplars == ((0, 0.5, 3005, [(b"trace_id", b"x")]),)
    assert found.families == (Family("c_seconds", "counter", "Text.", "seconds"), Family("g", "gauge"))


def test_exemplars_of_native_histograms_need_a_time() -> None:
    timed, untimed = {"value": 1, "timestamp": {"seconds": 3}}, {"value": 2}
    histogram = {**NATIVE, "sample_count": 3, "exemplars": [untimed, timed]}
    _, found = read(family("h", "histogram", {"histogram": histogram}))

    assert [(one.row, one.value) for one in found.histogram_exemplars] == [(0, 1.0)]


def test_nan_is_never_the_sign_that_a_series_ended() -> None:
    value = float(np.uint64(0x7FF0000000000002).view(np.float64))
    _, found = read(family("g", "gauge", {"gauge": {"value": value}}))

    assert found.values.view(np.uint64).tolist() == [0x7FF8000000000001]


GOOD = family("g", "gauge", {"gauge": {"value": 1}})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(GOOD[:-1], "family cut off", id="cut off"),
        pytest.param(b"\xff" * 9, "no length", id="no length"),
        pytest.param(b"\x02\xff\xff", "not a MetricFamily", id="no message"),
        pytest.param(family("", "gauge", {"gauge": {"value": 1}}), "no usable name", id="no name"),
        pytest.param(family("g", "gauge", {"gauge": {"value": 1}}, help=b"\xff"), "not UTF-8", id="help not UTF-8"),
        pytest.param(family("g", "gauge", {"label": [framed(b"\x0a", b"\xff")]}), "not UTF-8", id="a label not UTF-8"),
        pytest.param(family("g", "gauge", {"label": [pair("a", "b"), pair("a", "c")]}), "twice", id="a label twice"),
    ],
)
def test_bad_bodies(body: bytes, reason: str) -> None:
    with pytest.raises(BadExposition, match=reason) as caught:
        read(GOOD + body)

    assert caught.value.line == 2
    assert "protobuf: family 2: " in str(caught.value)


def test_a_type_that_is_not_known() -> None:
    body: bytes = MetricFamily(name=b"g", type=9, metric=[{}]).SerializeToString()

    with pytest.raises(BadExposition, match="unknown type 9"):
        read(varint(len(body)) + body)
