"""What metrics are compared by: the data is as said and the same again, requests are sound, ratios are right."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import cramjam
import numpy as np
import pytest
import yaml

from bench.metrics.answers import difference
from bench.metrics.beside import beside, share_of_peers
from bench.metrics.fleet import INTERVAL_MS, Target, target
from bench.metrics.host import host
from bench.metrics.page import pages
from bench.metrics.queries import HOUR, QUERIES, Query
from bench.metrics.ratios import ratios
from bench.metrics.requests import SAMPLE_BYTES, body, history, label_bytes
from bench.metrics.stream import AT_ONCE, Stream, labels_of
from bench.metrics.systems import FIRSTLIGHT, PROMETHEUS, VICTORIA
from bench.metrics.targets import jobs_of, lateness
from firstlight.ingest.scrape.settings import PrometheusFile
from firstlight.model.batch import Batch
from firstlight.query.promql.parser import parse
from firstlight.wire.prometheus.book import Book
from firstlight.wire.prometheus.negotiation import Protocol
from firstlight.wire.prometheus.sender import Sender
from firstlight.wire.remote.decoder import RemoteWriteDecoder, WriteMessage

NOW_MS = 1_795_000_000_000
SCRAPES = 250


def decoded(request: bytes) -> Batch:
    plain = bytes(cramjam.snappy.decompress_raw(request))
    return RemoteWriteDecoder(Book()).decode(plain, WriteMessage.VERSION_1, tenant="t", now_ns=NOW_MS * 1_000_000)


def answer(*rows: tuple[str, list[tuple[int, str]]]) -> bytes:
    result = [{"metric": {"job": job}, "values": values} for job, values in rows]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()


TARGETS: list[tuple[str, Target, Target]] = [
    # what          one                             the same once more
    ("a service",   target(1, SCRAPES, 1e9),        target(1, SCRAPES, 1e9)),
    ("a host",      host(1, SCRAPES),               host(1, SCRAPES)),
]  # fmt: skip

RATIOS: list[tuple[str, dict[str, float], dict[str, float], float, float]] = [
    # what                      ours                    theirs                      mean        worst
    ("half and twice",          {"a": 1, "b": 4},       {"a": 2, "b": 2},           1.0,        2.0),
    ("what both have",          {"a": 1, "b": 4},       {"a": 2},                   0.5,        0.5),
    ("theirs was nothing",      {"a": 1},               {"a": 0},                   math.nan,   math.nan),
    ("nobody to compare with",  {"a": 1},               {},                         math.nan,   math.nan),
]  # fmt: skip

ANSWERS: list[tuple[str, bytes, bytes, str | None]] = [
    # what              ours                                theirs                                  what differs
    ("the same",        answer(("a", [(1, "0.5")])),        answer(("a", [(1, "0.5")])),            None),
    ("added up so",     answer(("a", [(1, "0.3")])),        answer(("a", [(1, "0.30000000001")])),  None),
    ("no numbers",      answer(("a", [(1, "NaN")])),        answer(("a", [(1, "NaN")])),            None),
    ("another value",   answer(("a", [(1, "0.5")])),        answer(("a", [(1, "0.6")])),            "0.5, and 0.6"),
    ("a point more",    answer(("a", [(1, "1"), (2, "1")])), answer(("a", [(1, "1")])),             "2 points, and 1"),
    ("another series",  answer(("a", [(1, "1")])),          answer(("b", [(1, "1")])),              "1 series, and 1"),
]  # fmt: skip

PATHS: list[tuple[str, Query, int, str]] = [
    # what                      query                   now     asked
    ("a graph",                 Query("q", HOUR, "up"), 36_007, "/api/v1/query_range?query=up&start=32400&end=36000&step=15"),
    ("a step later",            Query("q", HOUR, "up"), 36_016, "/api/v1/query_range?query=up&start=32415&end=36015&step=15"),
    ("a single value",          Query("q", 0, "up"),    36_007, "/api/v1/query?query=up&time=36007"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in TARGETS], ids=[row[0] for row in TARGETS])
def test_targets_are_the_same_again(one: Target, other: Target) -> None:
    assert one.labels == other.labels
    assert np.array_equal(one.values, other.values)
    assert len({label_bytes(labels) for labels in one.labels}) == len(one.labels) == len(one.values)


def test_a_service_has_a_hundred_series_and_its_buckets_hold_each_other() -> None:
    found = target(7, SCRAPES, 1e9)
    steps = [
        np.diff(values)
        for labels, values in zip(found.labels, found.values, strict=True)
        if labels["__name__"] == "http_request_duration_seconds_bucket" and labels["handler"] == "/orders"
    ]

    assert len(found.labels) == 100
    assert all((lower <= upper).all() for lower, upper in pairwise(steps))


def test_some_counters_begin_anew() -> None:
    fallen = [
        (np.diff(found.values[:18]) < 0).any() for found in (target(number, SCRAPES, 1e9) for number in range(40))
    ]

    assert 0 < sum(fallen) < 40


def test_a_history_is_all_that_a_target_was() -> None:
    found = target(3, SCRAPES, 1e9)
    bodies = [body for senders in history([found], NOW_MS, 2) for bodies in senders for body in bodies]
    rows = [decoded(body).tables["samples"] for body in bodies]

    assert sum(table.num_rows for table in rows) == found.values.size
    values = np.concatenate([table["value"].to_numpy() for table in rows])
    assert np.array_equal(np.sort(values), np.sort(found.values.ravel()))
    times = np.unique(np.concatenate([table["ts"].to_numpy().astype("datetime64[ms]").astype(int) for table in rows]))
    assert times.tolist() == (NOW_MS + found.offset_ms + INTERVAL_MS * np.arange(SCRAPES)).tolist()


def test_a_request_is_as_large_as_it_must_be() -> None:
    labels = label_bytes({"__name__": "up", "job": "a"})

    made = cramjam.snappy.decompress_raw(body([labels], np.ones((1, 3)), NOW_MS + np.arange(3)))

    assert len(bytes(made)) == 2 + len(labels) + 3 * SAMPLE_BYTES


def test_a_stream_has_a_sample_of_each_series_in_each_round() -> None:
    made = list(Stream(AT_ONCE, 2).rounds(3, NOW_MS))

    assert [decoded(one).items for one in made] == [AT_ONCE] * 6
    assert len({label_bytes(labels_of(number)) for number in range(3 * AT_ONCE)}) == 3 * AT_ONCE


def test_pages_can_be_read_and_move_on() -> None:
    sender = Sender(Book(), "default")
    first, second = (sender.read(page, Protocol.TEXT_0)[0] for page in pages(120, 2))

    assert len(first.keys) == len(second.keys) == 120
    assert (np.asarray(second.values) >= np.asarray(first.values)).all()


def test_the_configuration_of_targets_is_one() -> None:
    read = PrometheusFile.model_validate(yaml.safe_load(jobs_of("127.0.0.1:1", 3, 15)))

    assert len(read.scrape_configs) == 1


def test_lateness_is_against_the_interval() -> None:
    assert lateness({"/1": [0.0, 15.0, 31.0], "/2": [4.0]}, 15) == [0.0, 1.0]


def test_each_query_can_be_read() -> None:
    assert len({query.name for query in QUERIES}) == len(QUERIES) >= 20
    for query in QUERIES:
        parse(query.text)


@pytest.mark.parametrize(("query", "now_s", "wanted"), [row[1:] for row in PATHS], ids=[row[0] for row in PATHS])
def test_graphs_begin_and_end_at_whole_steps(query: Query, now_s: int, wanted: str) -> None:
    assert query.path(now_s) == wanted


@pytest.mark.parametrize(
    ("ours", "theirs", "mean", "worst"), [row[1:] for row in RATIOS], ids=[row[0] for row in RATIOS]
)
def test_ratios_are_of_what_both_have(
    ours: dict[str, float], theirs: dict[str, float], mean: float, worst: float
) -> None:
    found = ratios(ours, theirs)

    assert found.mean == pytest.approx(mean, nan_ok=True)
    assert found.worst == pytest.approx(worst, nan_ok=True)


@pytest.mark.parametrize(("ours", "theirs", "wanted"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_answers_differ_in_more_than_the_order_of_sums(ours: bytes, theirs: bytes, wanted: str | None) -> None:
    found = difference(ours, theirs)

    assert found is None if wanted is None else wanted in (found or "")


def test_a_peer_that_was_not_measured_has_no_column_and_no_limit() -> None:
    measured = {FIRSTLIGHT: {"CPU": 2.0}, VICTORIA: {"CPU": 4.0}}

    table = beside("of the server", measured, ["CPU", "memory"], "µs")

    assert table.columns == ["firstlight, µs", "VictoriaMetrics, µs", "of VictoriaMetrics"]
    assert table.rows["CPU"] == [2.0, 4.0, 0.5]
    assert all(math.isnan(value) for value in table.rows["memory"])
    assert [figure.target for figure in share_of_peers(measured, "CPU", 1.0)] == [None, None]
    assert [figure.target for figure in share_of_peers(measured | {PROMETHEUS: {"CPU": 1.0}}, "CPU", 1.0)] == [
        1.0,
        None,
    ]
