"""Remote write, both versions: what requests become, what is refused and why, and that known series are recognised."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from firstlight.errors import DecodeError
from firstlight.model.batch import Batch
from firstlight.model.series import series_id
from firstlight.model.tables import SCHEMAS
from firstlight.wire.prometheus.book import Book
from firstlight.wire.remote.decoder import RemoteWriteDecoder, WriteMessage
from firstlight.wire.remote.pieces import pieces
from tests.wire.remote.requests import (
    CUSTOM_HISTOGRAM,
    FLOAT_HISTOGRAM,
    INT_HISTOGRAM,
    NOW_MS,
    NOW_NS,
    REQUEST_2,
    STALE,
    Symbols,
    bits,
    label,
    named,
    sample,
    series_1,
    version_1,
    version_2,
)

V1, V2 = WriteMessage.VERSION_1, WriteMessage.VERSION_2
UP = named("up", instance="a:1", job="node")
UP_ID = series_id("up", {"instance": "a:1", "job": "node"})


def decode(body: bytes, message: WriteMessage = V1, decoder: RemoteWriteDecoder | None = None) -> Batch:
    batch = (decoder or RemoteWriteDecoder(Book())).decode(body, message, tenant="default", now_ns=NOW_NS)
    assert list(batch.tables) == [kind for kind in SCHEMAS if kind in batch.tables]
    for kind, table in batch.tables.items():
        assert table.schema.equals(SCHEMAS[kind])
        table.validate(full=True)
    return batch


def rows(batch: Batch, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = batch.tables[kind].to_pylist() if kind in batch.tables else []
    return found


def samples(batch: Batch) -> list[tuple[int, int, int, float]]:
    table = batch.tables["samples"]
    numbers = [table[name].cast(pa.int64()).to_pylist() for name in ("ts", "start_ts")]
    return sorted(zip(table["series_id"].to_pylist(), *numbers, table["value"].to_pylist(), strict=True))


def in_1(labels: Mapping[str, str], **parts: Any) -> tuple[bytes, WriteMessage]:
    return version_1(series_1(labels, **parts)), V1


def in_2(labels: Mapping[str, str], **parts: Any) -> tuple[bytes, WriteMessage]:
    symbols = Symbols()
    return version_2(symbols, {"labels_refs": symbols.refs(labels), **parts}), V2


BOTH = pytest.mark.parametrize("made", [in_1, in_2], ids=["version 1", "version 2"])
Made = Callable[..., tuple[bytes, WriteMessage]]

VALUES = [
    # what            value           time
    ("a number",      1.5,            NOW_MS),
    ("zero",          0.0,            NOW_MS),
    ("minus zero",    -0.0,           NOW_MS),
    ("infinity",      float("inf"),   NOW_MS),
    ("1970",          1.5,            0),
    ("long ago",      1.5,            1),
    ("zero in 1970",  0.0,            0),
    ("far away",      1.5,            2**43),
]  # fmt: skip


@BOTH
@pytest.mark.parametrize(("value", "time"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES])
def test_takes_samples_when_their_series_is_new_and_when_it_is_known(made: Made, value: float, time: int) -> None:
    decoder = RemoteWriteDecoder(Book())
    request = made(UP, samples=[sample(value, time)])
    for _ in range(3):
        batch = decode(*request, decoder)

        assert samples(batch) == [(UP_ID, time, 0, value)]
        assert (batch.items, batch.rejected.total) == (1, 0)


@BOTH
def test_keeps_the_bits_of_a_staleness_marker(made: Made) -> None:
    decoder = RemoteWriteDecoder(Book())
    for _ in range(2):
        batch = decode(*made(UP, samples=[sample(STALE)]), decoder)

        assert batch.tables["samples"]["value"].to_numpy().view(np.uint64).tolist() == [0x7FF0000000000002]


@BOTH
def test_tells_of_a_series_until_that_is_stored(made: Made) -> None:
    book = Book()
    decoder = RemoteWriteDecoder(book)
    request = made(UP, samples=[sample(1)])
    first, again = (decode(*request, decoder) for _ in range(2))
    book.learn("series", again.tables["series"])
    then = decode(*request, decoder)

    [row] = rows(first, "series")
    assert (row["series_id"], row["metric"], dict(row["labels"])) == (UP_ID, "up", {"instance": "a:1", "job": "node"})
    assert rows(again, "series") == [row]
    assert list(then.tables) == ["samples"]


@BOTH
def test_takes_many_samples_of_many_series_in_any_order(made: Made) -> None:
    times = [NOW_MS + 2, NOW_MS, NOW_MS + 1]
    batch = decode(*made(UP, samples=[sample(time % 10, time) for time in times]))

    assert samples(batch) == sorted((UP_ID, time, 0, time % 10) for time in times)


def test_recognises_known_series_among_others() -> None:
    """C1: the fast path and the other give the same, whatever stands beside."""
    decoder = RemoteWriteDecoder(Book())
    plain = [series_1(named("m", i=str(i)), samples=[sample(i % 3)]) for i in range(50)]
    odd = [
        series_1(named("odd"), samples=[sample(1), sample(2, NOW_MS + 1)]),
        series_1(named("h"), histograms=[INT_HISTOGRAM]),
        series_1(named("nothing")),
        series_1({"job": "x"}, samples=[sample(1)]),
    ]
    mixed = plain[:20] + odd[:2] + plain[20:] + odd[2:]
    batches = [decode(version_1(*mixed), V1, decoder) for _ in range(2)]

    wanted = sorted(
        [(series_id("m", {"i": str(i)}), NOW_MS, 0, float(i % 3)) for i in range(50)]
        + [(series_id("odd", {}), NOW_MS, 0, 1.0), (series_id("odd", {}), NOW_MS + 1, 0, 2.0)]
    )
    for batch in batches:
        assert samples(batch) == wanted
        assert batch.rejected.message == "1 refused: 1 series without a metric name"
        assert batch.items == 53


def test_reads_what_ends_like_a_sample_and_is_none() -> None:
    """The last label's value ends in the bytes of a sample without a value, and of one with a value."""
    short = b"\x12\x07\x10" + b"\x80\x80\x80\x80\x80\x01"
    for tail in (short, b"\x12\x10\x09" + bytes(8) + b"\x10\x80\x80\x80\x80\x80\x01"):
        decoder = RemoteWriteDecoder(Book())
        labels = [label({"name": b"__name__", "value": b"m"}), label({"name": b"x", "value": b"1" + tail})]
        for _ in range(2):
            batch = decode(version_1({"labels": labels}), V1, decoder)
            assert batch.tables == {}
        # A value of a double that ends like the shorter kind of sample.
        tricky: dict[str, Any] = {
            "labels": labels[:1],
            "samples": [{"value": struct.unpack("<d", bytes(6) + b"\x12\x07")[0], "timestamp": NOW_MS}],
        }
        for _ in range(2):
            assert samples(decode(version_1(tricky), V1, decoder)) == [
                (series_id("m", {}), NOW_MS, 0, tricky["samples"][0]["value"])
            ]


LABELS = [
    # what                      labels                                                                        why
    ("no name",                 [(b"job", b"x")],                                                             "series without a metric name"),
    ("an empty name",           [(b"__name__", b"")],                                                         "series without a metric name"),
    ("no labels",               [],                                                                           "series without a metric name"),
    ("a label twice",           [(b"__name__", b"m"), (b"a", b"1"), (b"a", b"2")],                            "label given twice"),
    ("a label without name",    [(b"", b"x"), (b"__name__", b"m")],                                           "label without a name"),
    ("a value not UTF-8",       [(b"__name__", b"m"), (b"a", b"\xff")],                                       "label not UTF-8"),
    ("a name not UTF-8",        [(b"__name__", b"m"), (b"\xc3", b"1")],                                       "label not UTF-8"),
    ("a surrogate",             [(b"__name__", b"\xed\xa0\x80")],                                             "label not UTF-8"),
    ("too many labels",         [(b"__name__", b"m"), *((b"l%d" % i, b"x") for i in range(130))],             "more than 128 labels"),
]  # fmt: skip


@pytest.mark.parametrize(("labels", "why"), [row[1:] for row in LABELS], ids=[row[0] for row in LABELS])
def test_refuses_series_alone(labels: list[tuple[bytes, bytes]], why: str) -> None:
    good = series_1(UP, samples=[sample(1)])
    bad = {"labels": [label({"name": name, "value": value}) for name, value in labels], "samples": [sample(2)]}
    texts = [b"", *(text for pair in labels for text in pair), *(text.encode() for pair in UP.items() for text in pair)]
    bad_2 = {"labels_refs": range(1, 1 + 2 * len(labels)), "samples": [sample(2)]}
    good_2 = {"labels_refs": range(1 + 2 * len(labels), len(texts)), "samples": [sample(1)]}
    decoder = RemoteWriteDecoder(Book())
    body_2 = REQUEST_2(symbols=texts, timeseries=[bad_2, good_2]).SerializeToString()
    for _ in range(2):
        for batch in (decode(version_1(bad, good), V1, decoder), decode(body_2, V2, decoder)):
            assert samples(batch) == [(UP_ID, NOW_MS, 0, 1.0)]
            assert batch.rejected.message == f"1 refused: 1 {why}"


@pytest.mark.parametrize("references", [[1], [1, 2, 3], [1, 99], [4_000_000_000, 1]])
def test_refuses_series_that_refer_to_no_symbols(references: list[int]) -> None:
    symbols = Symbols()
    good = {"labels_refs": symbols.refs(UP), "samples": [sample(1)]}
    batch = decode(version_2(symbols, {"labels_refs": references, "samples": [sample(2)]}, good), V2)

    assert samples(batch) == [(UP_ID, NOW_MS, 0, 1.0)]
    assert batch.rejected.message == "1 refused: 1 label that refers to no symbol"


def test_takes_labels_in_any_order_and_leaves_empty_ones_out() -> None:
    labels = [(b"job", b"node"), (b"__name__", b"up"), (b"empty", b""), (b"instance", b"a:1")]
    raw = [label({"name": name, "value": value}) for name, value in labels]
    batch = decode(version_1({"labels": raw, "samples": [sample(1)]}))

    assert samples(batch) == [(UP_ID, NOW_MS, 0, 1.0)]


@BOTH
@pytest.mark.parametrize("time", [-1, -(2**63), 2**63 - 1, 9_300_000_000_000])
def test_refuses_times_that_the_store_cannot_hold(made: Made, time: int) -> None:
    batch = decode(*made(UP, samples=[sample(1, time), sample(2)]))

    assert samples(batch) == [(UP_ID, NOW_MS, 0, 2.0)]
    assert batch.rejected.message == "1 refused: 1 time before 1970 or after 2262"


@BOTH
def test_takes_the_samples_of_64_days_at_once(made: Made) -> None:
    batch = decode(*made(UP, samples=[sample(1, day * 86_400_000) for day in range(70)]))

    assert batch.items == 64
    assert batch.tables["series"].num_rows == 64
    assert batch.rejected.message == "6 refused: 6 more than 64 days in one request"


STARTS = [
    # what                             series                          sample                              wanted
    ("a sample's",                     {},                             {"start_timestamp": NOW_MS - 5},    NOW_MS - 5),
    ("a series', as it once was",      {"created_timestamp": NOW_MS - 7}, {},                              NOW_MS - 7),
    ("a sample's rather",              {"created_timestamp": NOW_MS - 7}, {"start_timestamp": NOW_MS - 5}, NOW_MS - 5),
    ("one after the sample",           {},                             {"start_timestamp": NOW_MS + 5},    0),
    ("none",                           {},                             {},                                 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("of_series", "of_sample", "wanted"), [row[1:] for row in STARTS], ids=[row[0] for row in STARTS]
)
def test_keeps_when_a_series_began(of_series: dict[str, int], of_sample: dict[str, int], wanted: int) -> None:
    number = decode(*in_2(UP, samples=[sample(1, **of_sample)], **of_series))
    whole = decode(*in_2(UP, histograms=[INT_HISTOGRAM | of_sample], **of_series))

    assert samples(number) == [(UP_ID, NOW_MS, wanted, 1.0)]
    assert whole.tables["histograms"]["start_ts"].cast(pa.int64()).to_pylist() == [wanted]


# --- native histograms -----------------------------------------------------------------------------------------------

SHAPES = [
    # what             sent               scale  count  zero  positive                          negative                  bounds
    ("integers",       INT_HISTOGRAM,     1,     12.0,  2.0,  (-1, [1.0, 2.0, 0.0, 1.0, 1.0]),  (-2, [2.0, 3.0]),         []),
    ("floats",         FLOAT_HISTOGRAM,   3,     3.5,   0.5,  (4, [1.5, 1.5]),                  (0, []),                  []),
    ("custom bounds",  CUSTOM_HISTOGRAM,  -53,   6.0,   0.0,  (0, [0.0, 2.0, 4.0, 0.0]),        (0, []),                  [1.0, 2.0, 5.0]),
    ("nothing in it",  {"count_int": 0, "timestamp": NOW_MS, "schema": 0}, 0, 0.0, 0.0, (0, []), (0, []), []),
]  # fmt: skip


@BOTH
@pytest.mark.parametrize(
    ("sent", "scale", "count", "zero", "positive", "negative", "bounds"),
    [row[1:] for row in SHAPES],
    ids=[row[0] for row in SHAPES],
)
def test_takes_native_histograms(
    made: Made, sent: Any, scale: int, count: float, zero: float, positive: Any, negative: Any, bounds: Any
) -> None:
    batch = decode(*made(UP, histograms=[sent]))

    assert batch.rejected.message == ""
    [row] = rows(batch, "histograms")
    assert (row["series_id"], row["scale"], row["count"], row["zero_count"]) == (UP_ID, scale, count, zero)
    assert row["sum"] == sent.get("sum", 0.0)
    assert row["zero_threshold"] == sent.get("zero_threshold", 0.0)
    assert (row["positive_offset"], row["positive_counts"]) == positive
    assert (row["negative_offset"], row["negative_counts"]) == negative
    assert row["bounds"] == bounds


@BOTH
def test_takes_histograms_of_all_kinds_together(made: Made) -> None:
    shapes = [row[1] for row in SHAPES] * 3
    sent = [{**shape, "timestamp": NOW_MS + place} for place, shape in enumerate(shapes)]
    batch = decode(*made(UP, histograms=sent))
    found = {row["ts"]: (row["scale"], row["count"], row["positive_counts"]) for row in rows(batch, "histograms")}

    assert batch.items == 12
    assert list(dict(sorted(found.items())).values()) == [(row[2], row[3], row[5][1]) for row in SHAPES] * 3


@BOTH
def test_keeps_the_end_of_a_histogram(made: Made) -> None:
    batch = decode(*made(UP, histograms=[{"count_int": 0, "sum": STALE, "timestamp": NOW_MS}]))

    table = batch.tables["histograms"]
    assert [bits(table[name].to_numpy()[0]) for name in ("sum", "count")] == [0x7FF0000000000002] * 2


@BOTH
@pytest.mark.parametrize(("hint", "kept"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 0), (-1, 0)])
def test_keeps_what_a_histogram_says_of_resets(made: Made, hint: int, kept: int) -> None:
    batch = decode(*made(UP, histograms=[INT_HISTOGRAM | {"reset_hint": hint}]))

    assert rows(batch, "histograms")[0]["reset_hint"] == kept


BAD_HISTOGRAMS = [
    # what                          changed                                                             why
    ("a schema that is none",       {"schema": -10},                                                    "histogram schema unknown"),
    ("a schema too fine",           {"schema": 53},                                                     "histogram schema unknown"),
    ("spans too long",              {"positive_spans": [{"offset": 0, "length": 5}]},                   "histogram spans overlap, or do not match its buckets"),
    ("spans too short",             {"positive_spans": [{"offset": 0, "length": 3}]},                   "histogram spans overlap, or do not match its buckets"),
    ("spans that overlap",          {"positive_spans": [{"offset": 0, "length": 2}, {"offset": -1, "length": 2}]}, "histogram spans overlap, or do not match its buckets"),
    ("no spans",                    {"positive_spans": []},                                             "histogram spans overlap, or do not match its buckets"),
    ("a negative count",            {"positive_deltas": [1, -2, 3, 1]},                                 "histogram counts negative, or not summing up to its count"),
    ("a count too low",             {"count_int": 11},                                                  "histogram counts negative, or not summing up to its count"),
    ("a count too high",            {"count_int": 13},                                                  "histogram counts negative, or not summing up to its count"),
    ("a gap of billions",           {"positive_spans": [{"offset": 0, "length": 2}, {"offset": 2**31 - 1, "length": 2}]}, "histogram of more than 16384 buckets"),
    ("a length of billions",        {"positive_spans": [{"offset": 0, "length": 2**32 - 1}]},           "histogram spans overlap, or do not match its buckets"),
    ("floats, negative",            {"count_float": -1.0, "positive_counts": [1, 1, 1, 1], "negative_counts": [1, 1]}, "histogram counts negative, or not summing up to its count"),
    ("a time before 1970",          {"timestamp": -5},                                                  "time before 1970 or after 2262"),
    ("custom bounds descending",    CUSTOM_HISTOGRAM | {"custom_values": [1.0, 5.0, 2.0], "negative_spans": [], "negative_deltas": [], "zero_count_int": 0, "zero_threshold": 0}, "histogram custom bounds not finite and ascending, or buckets beyond them"),
    ("custom bounds, infinite",     CUSTOM_HISTOGRAM | {"custom_values": [1.0, 2.0, float("inf")], "negative_spans": [], "negative_deltas": [], "zero_count_int": 0, "zero_threshold": 0}, "histogram custom bounds not finite and ascending, or buckets beyond them"),
    ("custom, beyond its bounds",   CUSTOM_HISTOGRAM | {"positive_spans": [{"offset": 3, "length": 2}], "negative_spans": [], "negative_deltas": [], "zero_count_int": 0, "zero_threshold": 0}, "histogram custom bounds not finite and ascending, or buckets beyond them"),
]  # fmt: skip


@BOTH
@pytest.mark.parametrize(
    ("changed", "why"), [row[1:] for row in BAD_HISTOGRAMS], ids=[row[0] for row in BAD_HISTOGRAMS]
)
def test_refuses_histograms_alone(made: Made, changed: dict[str, Any], why: str) -> None:
    bad = INT_HISTOGRAM | changed
    if "count_float" in changed:
        del bad["count_int"]
    batch = decode(*made(UP, histograms=[bad, INT_HISTOGRAM, FLOAT_HISTOGRAM]))

    assert batch.rejected.message == f"1 refused: 1 {why}"
    assert batch.tables["histograms"].num_rows == batch.items == 2


def test_takes_a_histogram_whose_sum_is_no_number() -> None:
    """Observations of NaN are counted, and are in no bucket."""
    batch = decode(*in_1(UP, histograms=[INT_HISTOGRAM | {"sum": float("nan"), "count_int": 14}]))

    assert rows(batch, "histograms")[0]["count"] == 14


# --- exemplars and metadata ------------------------------------------------------------------------------------------

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

EXEMPLARS = [
    # what                labels                                                trace   span   others
    ("a trace",           {"trace_id": TRACE, "span_id": SPAN, "user": "x"},    TRACE,  SPAN,  {"user": "x"}),
    ("no trace",          {"user": "x"},                                        "",     "",    {"user": "x"}),
    ("an id in capitals", {"trace_id": TRACE.upper()},                          "",     "",    {"trace_id": TRACE.upper()}),
    ("a short id",        {"trace_id": "abc"},                                  "",     "",    {"trace_id": "abc"}),
    ("nothing",           {},                                                   "",     "",    {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "trace", "span", "others"), [row[1:] for row in EXEMPLARS], ids=[row[0] for row in EXEMPLARS]
)
def test_takes_exemplars(labels: dict[str, str], trace: str, span: str, others: dict[str, str]) -> None:
    symbols = Symbols()
    refs = symbols.refs(labels)
    pairs = [{"name": name.encode(), "value": value.encode()} for name, value in labels.items()]
    one = {"value": 0.5, "timestamp": NOW_MS}
    request_1 = version_1(series_1(UP, samples=[sample(1)], exemplars=[{**one, "labels": pairs}]))
    request_2 = version_2(
        symbols,
        {"labels_refs": symbols.refs(UP), "samples": [sample(1)], "exemplars": [{**one, "labels_refs": refs}]},
    )
    request_2 = version_2(
        symbols,
        {"labels_refs": symbols.refs(UP), "samples": [sample(1)], "exemplars": [{**one, "labels_refs": refs}]},
    )
    for batch in (decode(request_1), decode(request_2, V2)):
        [row] = rows(batch, "exemplars")
        assert (row["series_id"], row["value"]) == (UP_ID, 0.5)
        assert row["trace_id"] == bytes.fromhex(trace or "0" * 32)
        assert row["span_id"] == bytes.fromhex(span or "0" * 16)
        assert dict(row["attributes"]) == others
        assert row["attribute_types"] == "s" * len(others)


def test_takes_the_metadata_of_version_1_on_the_day_they_come() -> None:
    told: list[dict[str, Any]] = [
        {"type": 1, "metric_family_name": b"http_requests_total", "help": b"Served.", "unit": b""},
        {"type": 99, "metric_family_name": b"odd"},
        {"type": 2},
    ]
    batch = decode(version_1(metadata=told))

    found = [(row["metric"], row["type"], row["unit"], row["help"]) for row in rows(batch, "metadata")]
    assert found == [("http_requests_total", "counter", "", "Served."), ("odd", "unknown", "", "")]
    assert {row["day"].toordinal() for row in rows(batch, "metadata")} == {719163 + NOW_MS // 86_400_000}


def test_takes_the_metadata_of_version_2_once_for_a_metric() -> None:
    symbols = Symbols()
    told = {"type": 2, "help_ref": symbols("Up or not."), "unit_ref": symbols("flags")}
    series = [
        {"labels_refs": symbols.refs(named("up", i=str(i))), "samples": [sample(1)], "metadata": told} for i in range(5)
    ]
    plain = {"labels_refs": symbols.refs(named("down")), "samples": [sample(1)], "metadata": {}}
    batch = decode(version_2(symbols, *series, plain), V2)

    found = [(row["metric"], row["type"], row["unit"], row["help"]) for row in rows(batch, "metadata")]
    assert found == [("up", "gauge", "flags", "Up or not.")]
    assert {row["metric"]: row["type"] for row in rows(batch, "series")} == {"up": "gauge", "down": ""}


# --- requests that are none ------------------------------------------------------------------------------------------

MALFORMED = [
    # what                       body
    ("no protobuf",              b"\xff\xff"),
    ("cut short",                version_1(series_1(UP, samples=[sample(1)]))[:-1]),
    ("text",                     b"up 1\n"),
    ("groups in groups",         b"\x13" * 100_000),
    ("a length beyond memory",   b"\x0a" + b"\xff" * 9 + b"\x01"),
    ("nearly nothing, often",    b"\x0a\x00" * 100_000),
    ("nearly nothing, often, 2", b"\x2a\x00" * 100_000),
]  # fmt: skip


@pytest.mark.parametrize("body", [row[1] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
@pytest.mark.parametrize("message", WriteMessage)
def test_refuses_what_is_no_request(body: bytes, message: WriteMessage) -> None:
    try:
        batch = decode(body, message)
    except DecodeError as error:
        words = str(error)
    else:
        # What is unknown may be left out, and is not taken for something else.
        assert batch.tables == {}
        return

    assert words.startswith("cannot read the body as a remote write request")


@pytest.mark.parametrize("message", WriteMessage)
def test_takes_an_empty_request(message: WriteMessage) -> None:
    assert decode(b"", message) == Batch({}, 0)


def test_takes_a_large_request_in_parts() -> None:
    many = [series_1(named("m", i=str(i), pad="x" * 100), samples=[sample(i)]) for i in range(1000)]
    body = version_1(*many)
    parts = list(pieces(body, frozenset({1}), 20_000))
    found = [decode(part) for part in parts]

    assert len(parts) > 5
    assert max(map(len, parts)) <= 20_000
    assert sum(batch.items for batch in found) == 1000
    assert b"".join(parts) == body
