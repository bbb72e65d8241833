"""Lines of JSON and of text: what is a record's own, what is an attribute, and what fails alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firstlight.model.batch import Batch
from firstlight.wire.logs.book import LogBook
from firstlight.wire.ndjson.reader import MAX_TOLD, PIECE, NdjsonReader

NOW = 1_795_206_600 * 10**9
TRACE, SPAN = "ab" * 16, "cd" * 8


def read(body: bytes | str, service: str = "", **limits: Any) -> Batch:
    """Return what a body comes to."""
    reader = NdjsonReader(LogBook(), **limits)
    return reader.read(body if isinstance(body, bytes) else body.encode(), tenant="t", now_ns=NOW, service=service)


def rows(batch: Batch) -> list[dict[str, Any]]:
    """Return the records of a batch."""
    if "logs" not in batch.tables:
        return []
    table = batch.tables["logs"]
    times = table["ts"].cast("int64").to_pylist()
    return [{**row, "ts": time} for row, time in zip(table.to_pylist(), times, strict=True)]


def said(record: dict[str, Any]) -> dict[str, Any]:
    """Return the one record that a line of JSON comes to."""
    (row,) = rows(read(json.dumps(record)))
    return row


COLUMNS = [
    ("time, RFC 3339", {"time": "2026-11-20T20:30:00.5Z", "msg": "m"}, {"ts": NOW + 500_000_000}),
    ("timestamp, another zone", {"timestamp": "2026-11-20T21:30:00+01:00", "msg": "m"}, {"ts": NOW}),
    ("@timestamp, nanoseconds", {"@timestamp": "2026-11-20T20:30:00.000000001Z", "msg": "m"}, {"ts": NOW + 1}),
    ("ts, seconds", {"ts": NOW // 10**9, "msg": "m"}, {"ts": NOW}),
    ("ts, seconds with a point", {"ts": NOW / 10**9 + 0.25, "msg": "m"}, {"ts": NOW + 250_000_000}),
    ("ts, milliseconds", {"ts": NOW // 10**6, "msg": "m"}, {"ts": NOW}),
    ("ts, microseconds", {"ts": NOW // 10**3, "msg": "m"}, {"ts": NOW}),
    ("ts, nanoseconds as a text", {"ts": str(NOW + 7), "msg": "m"}, {"ts": NOW + 7}),
    ("time without a zone is UTC", {"time": "2026-11-20 20:30:00", "msg": "m"}, {"ts": NOW}),
    ("no time", {"msg": "m"}, {"ts": NOW}),
    ("message", {"message": "m", "log": "l"}, {"body": "m", "attributes": [("log", "l")]}),
    ("body", {"body": "m"}, {"body": "m"}),
    ("log", {"log": "m"}, {"body": "m"}),
    ("a message that is an object", {"msg": {"a": 1}}, {"body": '{"a":1}'}),
    ("no message: the line is the body", {"level": "info", "n": 1}, {"body": '{"level": "info", "n": 1}', "attributes": []}),
    ("level", {"msg": "m", "level": "WARN"}, {"severity": 13, "severity_text": "WARN"}),
    ("severity as a number", {"msg": "m", "severity": 17}, {"severity": 17, "severity_text": "17"}),
    ("a level nobody knows", {"msg": "m", "level": "loud"}, {"severity": 0, "severity_text": "loud"}),
    ("service", {"msg": "m", "service": "s"}, {"service": "s"}),
    ("service.name", {"msg": "m", "service.name": "s", "service": "t"}, {"service": "s"}),
    ("service as an object", {"msg": "m", "service": {"name": "s"}}, {"service": "s"}),
    ("trace and span", {"msg": "m", "trace_id": TRACE, "span_id": SPAN}, {"trace_id": bytes.fromhex(TRACE), "span_id": bytes.fromhex(SPAN), "attributes": []}),
    ("a trace id that is none", {"msg": "m", "trace_id": "7"}, {"trace_id": bytes(16), "attributes": [("trace_id", "7")]}),
    ("the rest", {"msg": "m", "a": "x", "b": 1, "c": True, "d": None, "e": [1], "f": {"g": 1}, "h": 0.5}, {"attributes": [("a", "x"), ("b", "1"), ("c", "true"), ("d", ""), ("e", "[1]"), ("f", '{"g":1}'), ("h", "0.5")], "attribute_types": "sibnakd"}),
    ("attributes", {"msg": "m", "a": "x", "attributes": {"b": 2}}, {"attributes": [("a", "x"), ("b", "2")], "attribute_types": "si"}),
    ("a half of a surrogate pair", {"msg": "m\ud83d"}, {"body": "m\ufffd"}),
]  # fmt: skip


@pytest.mark.parametrize(("record", "wanted"), [row[1:] for row in COLUMNS], ids=[row[0] for row in COLUMNS])
def test_known_names_are_columns(record: dict[str, Any], wanted: dict[str, Any]) -> None:
    """What every record has, is found by its usual names; all else is an attribute with its type."""
    found = said(record)
    letters = found["attribute_types"].replace("n", "n")
    assert {name: found[name] if name != "attribute_types" else letters for name in wanted} == wanted


def test_a_resource_is_the_origin() -> None:
    """Its attributes are kept once, with the labels that Loki would make of them."""
    batch = read('{"msg":"m","resource":{"service.name":"s","k8s.pod.name":"p","n":1}}')
    (origin,) = batch.tables["origins"].to_pylist()
    assert dict(origin["resource"]) == {"service.name": "s", "k8s.pod.name": "p", "n": "1"}
    assert dict(origin["labels"]) == {"service_name": "s", "k8s_pod_name": "p"}


def test_lines_of_text_are_their_own_body() -> None:
    """With the service that the request names; empty lines are none."""
    found = rows(read(b'first\n\n  second \r\n{"msg":"third","service":"own"}\nno end \xff', service="svc"))
    assert [(row["body"], row["service"]) for row in found] == [
        ("first", "svc"), ("second", "svc"), ("third", "own"), ("no end \ufffd", "svc"),
    ]  # fmt: skip


BAD = [
    ("no JSON", '{"a":', "not JSON: line 2, unexpected end of data"),
    ("a time that is none", '{"time":"soon","msg":"m"}', "time not readable: line 2, 'soon'"),
    ("a time before 1970", '{"time":-5,"msg":"m"}', "time not readable: line 2, '-5'"),
    ("a time after 2262", '{"time":"2300-01-01T00:00:00Z","msg":"m"}', "time not readable: line 2"),
    ("a time that is true", '{"time":true,"msg":"m"}', "time not readable: line 2, 'True'"),
    ("a resource that is none", '{"resource":1,"msg":"m"}', "resource is no object: line 2"),
    ("two objects", '{"msg":"a"}{"msg":"b"}', "not JSON: line 2"),
    ("nesting without end", '{"a":' * 100_000, "not JSON: line 2"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "reason"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_line_fails_alone(line: str, reason: str) -> None:
    """Its number and the reason are told; its neighbours are kept."""
    batch = read(f'{{"msg":"before"}}\n{line}\n{{"msg":"after"}}\n')
    (told,) = batch.rejected.counts
    assert [row["body"] for row in rows(batch)] == ["before", "after"]
    assert told.startswith(reason)
    assert len(told) < 200


def test_an_array_is_read_like_lines() -> None:
    """A body that is one array of records, as some send."""
    found = read('[{"msg":"a","n":1},{"msg":"b"},{"x":1}]')
    assert [row["body"] for row in rows(found)] == ["a", "b", '{"x":1}']


def test_lines_that_only_look_like_an_array_are_text() -> None:
    """As a log line may begin with a bracket."""
    assert [row["body"] for row in rows(read("[info] started\n[warn] slow"))] == ["[info] started", "[warn] slow"]


def test_numbers_of_lines_go_on_over_pieces() -> None:
    """A large body is read in pieces, which nobody notices."""
    line = '{"msg":"' + "x" * 1000 + '"}'
    count = 2 * PIECE // len(line)
    batch = read("\n".join([*[line] * count, "{", line]))
    assert batch.items == count + 1
    assert [told.partition(",")[0] for told in batch.rejected.counts] == [f"not JSON: line {count + 1}"]


def test_complaints_are_bounded() -> None:
    """Of many bad lines the first are told one by one, and the others counted."""
    batch = read("{\n" * 1000)
    assert (batch.items, batch.rejected.total, len(batch.rejected.counts)) == (0, 1000, MAX_TOLD + 1)
    assert batch.rejected.counts["not JSON"] == 1000 - MAX_TOLD


def test_long_bodies_are_cut_with_a_mark() -> None:
    """And counted."""
    cut: list[int] = []
    (row,) = rows(read('{"msg":"' + "x" * 50 + '"}', max_line=10, on_cut=cut.append))
    assert (row["body"], cut) == ("x" * 10 + "… [cut: the line had 50 bytes]", [1])


ALIKE = [
    ("texts", {"msg": "m", "a": "x"}),
    ("all kinds", {"ts": 1_795_206_600.5, "msg": "m", "a": 1, "b": 0.5, "c": True, "d": None, "e": [1], "f": {"g": 2}}),
    ("level, service and ids", {"msg": "m", "level": "warn", "service": "s", "trace_id": TRACE, "span_id": SPAN}),
    ("ids that are none", {"msg": "m", "trace_id": "7", "x": 1}),
    ("a number as message", {"msg": 7}),
    ("no message", {"level": "warn", "x": 1}),
    ("a service that is none", {"msg": "m", "service": 7}),
    ("attributes and a resource", {"msg": "m", "attributes": {"a": 1}, "resource": {"service.name": "s"}}),
    ("a large number", {"msg": "m", "n": 2**63}),
]


@pytest.mark.parametrize("record", [row[1] for row in ALIKE], ids=[row[0] for row in ALIKE])
def test_records_alike_are_what_they_are_alone(record: dict[str, Any]) -> None:
    """Whether a record is read by itself or with many like it, it is the same."""
    others = [{"msg": f"{number}", "n": number} for number in range(20)]
    lines = [json.dumps(one) for other in others for one in (record, other)]
    found = rows(read("\n".join(lines)))
    assert found[::2] == [said(record)] * len(others)
    assert [row["body"] for row in found[1::2]] == [f"{number}" for number in range(20)]
