"""Sheets of log records to batches: what stands in the columns, what is refused, who is told to the store."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from firstlight.model.tables import LOGS, ORIGINS
from firstlight.wire.logs.book import BEFORE_1970, LogBook
from firstlight.wire.logs.sheet import Sheet, SheetBuilder, typed

NOW = 1_700_000_000 * 10**9


@pytest.fixture
def book() -> LogBook:
    return LogBook()


def rows(batch: Any, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = batch.tables[kind].to_pylist()
    return found


def test_row_by_row(book: LogBook) -> None:
    builder = SheetBuilder()
    origin = book.origin({"service.name": "shop", "host.name": "a"})
    builder.add(origin, 5, "hello", 9, "info", {"n": 1, "x": [1]}, b"t" * 16, b"s" * 8, "said")
    builder.add(origin, 0, "no time")

    batch = book.batch("default", builder.sheet(), NOW)

    assert batch.tables["logs"].schema == LOGS
    assert batch.tables["origins"].schema == ORIGINS
    assert batch.items == 2
    first, second = rows(batch, "logs")
    assert (first["ts"].value, first["observed_ts"].value) == (5, NOW)
    assert (first["severity"], first["severity_text"], first["event_name"]) == (9, "info", "said")
    assert (first["attributes"], first["attribute_types"]) == ([("n", "1"), ("x", "[1]")], "ia")
    assert (first["trace_id"], first["span_id"]) == (b"t" * 16, b"s" * 8)
    assert (second["ts"].value, second["observed_ts"].value) == (NOW, NOW)
    assert (second["attributes"], second["attribute_types"], second["trace_id"]) == ([], "", bytes(16))


def test_whole_columns(book: LogBook) -> None:
    origins = [book.origin({"service.name": name}) for name in ("a", "b")]
    sheet = Sheet(
        origins=origins,
        origin_of=np.array([1, 0, 1]),
        ts=np.array([1, 2, 3]),
        body=pa.array(["x", "y", "z"]),
        attributes=pa.array([[("k", "v")], [], [("l", "")]], pa.map_(pa.string(), pa.string())),
    )

    batch = book.batch("default", sheet, NOW)

    assert [(row["service"], row["body"], row["attribute_types"]) for row in rows(batch, "logs")] == [
        ("b", "x", "s"),
        ("a", "y", ""),
        ("b", "z", "s"),
    ]
    assert batch.tables["logs"]["origin_id"].to_pylist() == [origins[1].id, origins[0].id, origins[1].id]


def test_a_time_before_1970_fails_alone(book: LogBook) -> None:
    builder = SheetBuilder()
    builder.add(book.origin({}), -1, "old")
    builder.add(book.origin({}), 1, "good")

    batch = book.batch("default", builder.sheet(), NOW)

    assert batch.rejected.counts == {BEFORE_1970: 1}
    assert [row["body"] for row in rows(batch, "logs")] == ["good"]


LABELS = [
    # what it shows                            resource                             labels              what the stream's labels are
    ("what Loki takes of a resource",          {"service.name": "s", "k8s.pod.name": "p", "host.name": "h"}, None, {"k8s_pod_name": "p", "service_name": "s"}),
    ("a service nobody named",                 {},                                  None,               {"service_name": "unknown_service"}),
    ("labels of the receiver's own",           {"service.name": "s"},               {"job": "j"},       {"job": "j"}),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "labels", "wanted"), [row[1:] for row in LABELS], ids=[row[0] for row in LABELS])
def test_labels(book: LogBook, resource: dict[str, str], labels: dict[str, str] | None, wanted: dict[str, str]) -> None:
    assert book.origin(resource, labels=labels).labels == wanted


def test_one_origin_however_it_is_spelled(book: LogBook) -> None:
    assert book.origin({"a": "1", "b": "2"}) is book.origin({"b": "2", "a": "1"})
    assert book.origin({"a": "1"}).id != book.origin({"a": "1"}, labels={"x": "y"}).id
    assert LogBook().origin({"a": "1", "b": "2"}).id == book.origin({"b": "2", "a": "1"}).id


def test_origins_are_told_until_they_are_stored(book: LogBook) -> None:
    builder = SheetBuilder()
    builder.add(book.origin({"service.name": "s"}), NOW, "line")
    told = book.batch("default", builder.sheet(), NOW)

    assert "origins" in book.batch("default", builder.sheet(), NOW).tables
    book.learn(told.tables["origins"])
    assert "origins" not in book.batch("default", builder.sheet(), NOW).tables
    book.forget(NOW // (86_400 * 10**9))
    assert "origins" in book.batch("default", builder.sheet(), NOW).tables


VALUES = [
    # value               text            letter
    ("text",              "text",         "s"),
    (True,                "true",         "b"),
    (-3,                  "-3",           "i"),
    (2**63,               str(2**63),     "d"),
    (0.5,                 "0.5",          "d"),
    (float("-inf"),       "-Inf",         "d"),
    (None,                "",             "n"),
    ({"a": [1]},          '{"a":[1]}',    "k"),
    ([1, None],           "[1,null]",     "a"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text", "letter"), VALUES, ids=[repr(row[0]) for row in VALUES])
def test_typed(value: object, text: str, letter: str) -> None:
    assert typed(value) == (text, letter)


IDS = [
    # what it shows            attributes                             trace                                    span
    ("as they are",            {"trace_id": "0a" * 16, "span_id": "0B" * 8}, b"\x0a" * 16,                    b"\x0b" * 8),
    ("spelled otherwise",      {"traceID": "0a" * 16},                b"\x0a" * 16,                           bytes(8)),
    ("of another length",      {"trace_id": "0a" * 8},                bytes(16),                              bytes(8)),
    ("no digits",              {"trace_id": "zz" * 16},               bytes(16),                              bytes(8)),
]  # fmt: skip


@pytest.mark.parametrize(("attributes", "trace", "span"), [row[1:] for row in IDS], ids=[row[0] for row in IDS])
def test_ids_among_attributes(book: LogBook, attributes: dict[str, str], trace: bytes, span: bytes) -> None:
    origin = book.origin({})
    maps = pa.array([[("a", "b")], list(attributes.items())], pa.map_(pa.string(), pa.string()))
    sheet = Sheet(
        origins=[origin],
        origin_of=np.zeros(2, np.int64),
        ts=np.ones(2, np.int64),
        body=pa.array(["", ""]),
        attributes=maps,
    )

    first, second = rows(book.batch("default", sheet, NOW), "logs")

    assert (first["trace_id"], first["span_id"]) == (bytes(16), bytes(8))
    assert (second["trace_id"], second["span_id"]) == (trace, span)
