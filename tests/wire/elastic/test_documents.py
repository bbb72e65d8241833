"""Documents to log records and back: whatever was sent is told again exactly."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstlight.model.elastic.layout import Layout, form_of, written
from firstlight.wire.elastic.book import ElasticBook, id_of, moment_of
from firstlight.wire.elastic.documents import Sent
from firstlight.wire.elastic.source import Record, document
from firstlight.wire.elastic.times import UNREADABLE, read_text
from firstlight.wire.logs.book import LogBook

NOW_NS = 1_767_225_600_000_000_000

DOCUMENTS: list[tuple[str, dict[str, Any]]] = [
    ("nothing at all", {}),
    ("a message alone", {"message": "hello"}),
    ("ECS, nested", {"@timestamp": "2026-01-01T00:00:00.123Z", "message": "m", "log": {"level": "INFO", "logger": "x"},
                     "service": {"name": "s", "version": "1"}, "host": {"name": "h"}, "trace": {"id": "a" * 32}, "span": {"id": "b" * 16}}),
    ("ECS, dotted", {"@timestamp": "2026-01-01T00:00:00Z", "log.level": "info", "service.name": "s", "ecs.version": "1.6", "trace.id": "a" * 32}),
    ("plain names", {"timestamp": "2026-01-01T00:00:00+02:00", "level": "warn", "host": "vm", "service": "s", "trace_id": "a" * 32, "msg": "m"}),
    ("a time in milliseconds", {"@timestamp": 1_767_225_600_123}),
    ("a time with a blank", {"@timestamp": "2026-01-01 10:11:12.5"}),
    ("a time by the day", {"@timestamp": "2026-01-01"}),
    ("nine digits", {"@timestamp": "2026-01-01T00:00:00.123456789Z"}),
    ("both times", {"@timestamp": "2026-01-01T00:00:00Z", "timestamp": "2025-01-01T00:00:00Z"}),
    ("every type", {"s": "x", "i": -5, "d": 2.5, "t": True, "f": False, "n": None, "e": "", "big": 2**63 + 5, "whole": 1.0}),
    ("what is empty", {"o": {}, "a": [], "x": {"y": {}}, "z": [{}]}),
    ("arrays", {"a": [1, "x", None, [2]], "tags": ["a", "b"]}),
    ("objects in arrays", {"c": [{"m": "x", "n": {"k": [1]}}, {"m": "y"}], "d": {"e": [{"f": 1}, 2]}}),
    ("dots in names", {"labels": {"app.io/name": "w", "app": "a"}, "x.y": {"z.w": 1}, "x": 2}),
    ("dots that collide", {"a.b": 1, "a": {"b": 2}}),
    ("dots that run into arrays", {"a": [{"b": 1}], "a.b": 2}),
    ("names of nothing", {"": 1, "a": {"": 2}}),
    ("an id that is no id", {"trace": {"id": "A" * 32}, "span": {"id": "1234"}}),
    ("a message that is none", {"message": {"text": "x"}, "log": "the line"}),
    ("milliseconds that are none", {"@timestamp": 0, "message": "m"}),
    ("a time in other digits", {"timestamp": "٢٠٢٦-01-01T00:00:00Z"}),
    ("a level that is none", {"level": 30, "severity": "ERR"}),
]  # fmt: skip

TIMES = [
    # what                    text                                  nanoseconds
    ("seconds",               "2026-01-01T00:00:00Z",               NOW_NS),
    ("a fraction",            "2026-01-01T00:00:00.5Z",             NOW_NS + 500_000_000),
    ("a zone",                "2026-01-01T01:00:00+01:00",          NOW_NS),
    ("a zone without colon",  "2026-01-01T01:00:00+0100",           NOW_NS),
    ("no zone",               "2026-01-01T00:00:00",                NOW_NS),
    ("a day",                 "2026-01-01",                         NOW_NS),
    ("milliseconds",          "1767225600000",                      NOW_NS),
    ("no time",               "soon",                               UNREADABLE),
    ("no such day",           "2026-02-30T00:00:00Z",               UNREADABLE),
    ("before 1970",           "1969-12-31T00:00:00Z",               UNREADABLE),
    ("after 2262",            "2263-01-01T00:00:00Z",               UNREADABLE),
]  # fmt: skip


def sent(*documents: dict[str, Any]) -> Sent:
    """Return documents as if they had been sent to one index."""
    return Sent(["i"] * len(documents), documents, [orjson.dumps(one) for one in documents], [""] * len(documents))


def told_again(*documents: dict[str, Any]) -> list[Any]:
    """Return documents after they were log records, stored as columns."""
    book = ElasticBook(LogBook(), lambda index, fields, columns: None)
    kept = book.batch("default", sent(*documents), NOW_NS)
    assert not kept.complaints
    origins = {row["origin_id"]: row for row in kept.batch.tables["origins"].to_pylist()}
    found = []
    for row in kept.batch.tables["logs"].to_pylist():
        origin = origins[row["origin_id"]]
        trace, span = row["trace_id"].hex(), row["span_id"].hex()
        found.append(
            document(
                Record(
                    row["ts"].value, row["body"], row["severity_text"], trace if trace.strip("0") else "",
                    span if span.strip("0") else "", row["attributes"], row["attribute_types"],
                    dict(origin["resource"]), Layout.load(origin["scope_schema_url"]),
                )
            )
        )  # fmt: skip
    return found


@pytest.mark.parametrize("sent", [row[1] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
def test_a_document_is_told_again(sent: dict[str, Any]) -> None:
    """What comes out is what went in."""
    assert told_again(sent) == [sent]


def test_documents_of_a_request_keep_to_themselves() -> None:
    """Many documents at once come out in their order, each as it was."""
    sent = [one for _, one in DOCUMENTS]
    assert told_again(*sent, *sent) == [*sent, *sent]


NAMES = st.sampled_from(["a", "b", "a.b", "message", "log", "level", "@timestamp", "host", "x.y.z", "service"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


DOCUMENT = st.dictionaries(NAMES.filter(lambda name: name != "@timestamp"), VALUES, max_size=5)


@settings(max_examples=200, deadline=None)
@given(st.lists(DOCUMENT, min_size=1, max_size=8))
def test_any_documents_are_told_again(sent: list[dict[str, Any]]) -> None:
    """There are no documents that come out otherwise, whatever is beside them in a request."""
    assert told_again(*sent) == sent


@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_a_time_is_read(text: str, wanted: int) -> None:
    """A time is what ISO 8601 says, or it is unreadable."""
    assert read_text(text) == wanted


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00Z", "2026-01-01 00:00:00.5+05:30", "0999-01-01T00:00:00.000001-0300"]
)
def test_a_time_is_written_as_it_was(text: str) -> None:
    """The form of a time is enough to write it again."""
    time_ns = read_text(text) if text[0] == "2" else None
    assert form_of(text)
    if time_ns is not None:
        assert written(time_ns, form_of(text)) == text


def test_ids_are_moments() -> None:
    """An id leads to the moment it was made of, and nothing else does."""
    assert moment_of(id_of(NOW_NS)) == NOW_NS
    assert moment_of("hello") is None
    assert len({id_of(NOW_NS + number) for number in range(1000)}) == 1000


def test_a_document_with_a_bad_time_fails_alone() -> None:
    """One of three is refused, with the reason; the others are kept."""
    book = ElasticBook(LogBook(), lambda index, fields, columns: None)
    times = ["2026-01-01T00:00:00Z", "soon", "2026-01-01T00:00:01Z"]
    documents = [{"@timestamp": one, "n": number} for number, one in enumerate(times)]
    kept = book.batch("default", sent(*documents), NOW_NS)
    assert kept.batch.items == 2
    assert list(kept.complaints) == [1]
    assert "soon" in kept.complaints[1]
    assert kept.batch.rejected.counts == {"time unreadable": 1}
    rows = kept.batch.tables["logs"].to_pylist()
    assert [dict(row["attributes"])["n"] for row in rows] == ["0", "2"]
    assert [row["observed_ts"].value for row in rows] == [NOW_NS, NOW_NS + 2]


def test_learning_of_fields() -> None:
    """Who keeps the mapping is told of each field once, with its types and the column it went into."""
    told: list[tuple[str, dict[str, str], dict[str, str]]] = []
    book = ElasticBook(LogBook(), lambda *one: told.append(one))
    for number in range(3):
        fields = {"message": "m", "n": number, "at": "2026-01-01", "tags": ["x", 1], "log": {"level": "info"}}
        book.batch("default", sent(fields), NOW_NS)
    assert told == [("i", {"n": "i", "at": "t", "tags": "ais"}, {"message": "body", "log.level": "level"})]
