"""What is kept of records, and what is told of what is not."""

from __future__ import annotations

import pytest

from firstlight.wire.shippers.gathering import MAX_FIELDS, MAX_LINE, Record
from tests.wire.shippers.gathered import told, told_record

LONG = [
    # what                        body                          kept
    ("as long as may be",         "x" * MAX_LINE,               "x" * MAX_LINE),
    ("longer",                    "x" * (MAX_LINE + 1),         "x" * MAX_LINE),
    ("a character at the end",    "x" * (MAX_LINE - 1) + "é",   "x" * (MAX_LINE - 1)),
]  # fmt: skip


@pytest.mark.parametrize(("body", "kept"), [row[1:] for row in LONG], ids=[row[0] for row in LONG])
def test_truncates_lines_with_a_mark(body: str, kept: str) -> None:
    found = told(lambda gathering: gathering.add(Record(body=body)))

    cut = len(kept) < len(body.encode())
    [row] = found.rows
    assert row["body"] == kept
    assert row["attributes"] == ({"log.truncated": "true"} if cut else {})
    assert found.altered == ({"truncated": 1} if cut else {})


def test_keeps_so_many_fields_and_marks_the_record() -> None:
    found = told(
        lambda gathering: gathering.add(Record(body="x", attributes={f"f{n}": n for n in range(MAX_FIELDS + 5)}))
    )

    [row] = found.rows
    assert len(row["attributes"]) == MAX_FIELDS + 1
    assert found.altered == {"truncated": 1}


@pytest.mark.parametrize("ts_ns", [-1, 2**63, 10**30])
def test_refuses_times_that_cannot_be(ts_ns: int) -> None:
    def fill(gathering):  # type: ignore[no-untyped-def]
        gathering.add(Record(body="good"))
        gathering.add(Record(body="bad", ts_ns=ts_ns))

    found = told(fill)
    assert found.column("body") == ["good"]
    assert sum(found.refused.values()) == 1


def test_keeps_what_a_record_says() -> None:
    record = Record(
        body="it happened", ts_ns=5, resource={"service.name": "shop"}, attributes={"n": 1, "b": True, "l": [1]},
        severity=9, severity_text="INFO", trace_id=bytes(15) + b"\1", span_id=bytes(7) + b"\2",
    )  # fmt: skip

    assert told_record(record) == {
        "body": "it happened", "ts": 5, "severity": 9, "word": "INFO", "resource": {"service.name": "shop"},
        "attributes": {"n": "1", "b": "true", "l": "[1]"}, "types": "iba", "trace": "1", "span": "2",
    }  # fmt: skip
