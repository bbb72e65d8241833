"""Batches processed: nothing lost or moved, what senders said kept, origins of the days that records move to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstlight.ingest.process.counts import Tallies
from firstlight.ingest.process.json_lines import MAX_FIELDS
from firstlight.ingest.process.processor import Processor
from firstlight.ingest.process.understanding import MAX_NAME, MAX_VALUE
from firstlight.model.batch import Batch
from firstlight.model.tables import LOGS, ORIGINS
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import SheetBuilder
from tests.ingest.process.test_recognition import LINES
from tests.ingest.process.trying import NOW, settings_of

DAY = 86_400 * 10**9
TRACE, SPAN = bytes(range(16)), bytes(range(8))


def batch_of(*lines: str, book: LogBook | None = None, service: str = "", **more: Any) -> Batch:
    """Return a batch of lines; `more` is what the sender says of each."""
    book = book or LogBook()
    sheet = SheetBuilder()
    origin = book.origin({"service.name": service} if service else {})
    for line in lines:
        sheet.add(origin, more.get("ts_ns", 0), line, **{name: one for name, one in more.items() if name != "ts_ns"})
    return book.batch("default", sheet.sheet(), NOW)


def processed(batch: Batch, text: str = "", counts: Tallies | None = None) -> Batch:
    return Processor(settings_of(text), counts).process(batch)


ANY_LINES = st.lists(st.text(max_size=300) | st.sampled_from([row[1] for row in LINES]), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(ANY_LINES)
def test_no_line_is_lost_moved_or_changed(lines: list[str]) -> None:
    done = processed(batch_of(*lines), "unwrap: false")

    logs = done.tables["logs"]
    assert logs.schema == LOGS
    assert logs["body"].to_pylist() == lines
    assert done.items == len(lines)
    logs.validate(full=True)


@settings(max_examples=60, deadline=None)
@given(ANY_LINES)
def test_a_line_alone_is_what_it_is_among_others(lines: list[str]) -> None:
    chosen = [line for line in lines if line[:1] in ("{", "") or line.startswith(("level=", "ts="))] or ["{}"]
    together = processed(batch_of(*chosen)).tables["logs"].drop_columns(["ts"]).to_pylist()

    assert together == [processed(batch_of(line)).tables["logs"].drop_columns(["ts"]).to_pylist()[0] for line in chosen]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=10), JSON_VALUES, max_size=6), min_size=1, max_size=10))
def test_objects_become_their_fields(objects: list[dict[str, Any]]) -> None:
    lines = [orjson.dumps(item).decode() for item in objects]
    fields = processed(batch_of(*lines), "unwrap: false").tables["logs"]["fields"].to_pylist()

    def flat(item: dict[str, Any], prefix: str = "", depth: int = 8) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in item.items():
            if isinstance(value, dict) and depth > 1:
                found |= flat(value, f"{prefix}{name}.", depth - 1)
            elif isinstance(value, dict | list):
                found[prefix + name] = orjson.dumps(value).decode()
            else:
                found[prefix + name] = "" if value is None else str(value).lower() if value in (True, False) and (
                    isinstance(value, bool)) else str(value)  # fmt: skip
        return found

    assert [dict(one) for one in fields] == [flat(item) for item in objects]


def test_what_the_sender_says_wins() -> None:
    line = f'{{"level":"error","trace_id":"{"ab" * 16}","span_id":"{"cd" * 8}","time":"2026-11-21T05:00:13Z","service":"x"}}'
    sent = batch_of(line, service="shop", severity=9, severity_text="fine", trace_id=TRACE, span_id=SPAN, ts_ns=NOW - 5)

    (row,) = processed(sent).tables["logs"].to_pylist()

    assert (row["severity"], row["severity_text"], row["service"]) == (9, "fine", "shop")
    assert (row["trace_id"], row["span_id"], row["ts"].value) == (TRACE, SPAN, NOW - 5)
    assert dict(row["fields"])["level"] == "error"


def test_the_text_of_a_level_that_the_sender_gave_stays() -> None:
    (row,) = processed(batch_of("level=warn a=b", severity_text="Attention")).tables["logs"].to_pylist()

    assert (row["severity"], row["severity_text"]) == (13, "Attention")


def test_attributes_stay() -> None:
    sent = batch_of("level=warn a=b", attributes={"n": 7, "s": "x"})
    done = processed(sent)

    assert done.tables["logs"]["attributes"].equals(sent.tables["logs"]["attributes"])


def test_batches_of_other_things_pass() -> None:
    batch = Batch({"origins": ORIGINS.empty_table()}, 0)

    assert processed(batch) is batch


def test_a_record_that_moves_to_another_day_has_its_origin_there() -> None:
    book, processor = LogBook(), Processor(settings_of(""))
    line = '{"ts":"2026-11-20T05:00:13Z"}'

    first = processor.process(batch_of(line, "none", book=book, service="shop"))
    assert [row["day"].isoformat() for row in first.tables["origins"].to_pylist()] == ["2026-11-21", "2026-11-20"]

    # What is not stored yet comes again, what is stored does not.
    book.learn(first.tables["origins"].slice(0, 1))
    assert processor.process(batch_of(line, book=book, service="shop")).tables["origins"].num_rows == 1
    processor.origins.learn(first.tables["origins"])
    assert "origins" not in processor.process(batch_of(line, book=book, service="shop")).tables
    processor.origins.forget(first.tables["origins"]["day"].cast(pa.int32())[1].as_py())
    assert processor.process(batch_of(line, book=book, service="shop")).tables["origins"].num_rows == 1


def test_a_time_is_not_taken_if_the_origin_cannot_go_with_it() -> None:
    counts = Tallies()
    sent = batch_of('{"ts":"2026-11-20T05:00:13Z"}', '{"ts":"2026-11-21T05:00:13Z"}')

    done = processed(Batch({"logs": sent.tables["logs"]}, 2), counts=counts)

    assert [ts.isoformat() for ts in done.tables["logs"]["ts"].to_pylist()] == [
        "2026-11-21T12:00:00",
        "2026-11-21T05:00:13",
    ]
    assert counts.times.counts == {("origin not known",): 1}


def test_records_of_too_many_days_keep_the_time_they_came() -> None:
    counts = Tallies()
    lines = [f'{{"ts":{(NOW - day * DAY) // 10**9}}}' for day in range(100)]

    done = processed(batch_of(*lines), counts=counts)

    days = np.unique(done.tables["logs"]["ts"].cast(pa.int64()).to_numpy() // DAY)
    assert len(days) == 64
    assert counts.times.counts == {("too many days in one batch",): 36}


def test_absurd_times_are_counted() -> None:
    counts = Tallies()
    processed(batch_of('{"ts":"2099-01-01T00:00:00Z"}', '{"ts":"1971-01-01T00:00:00Z"}', '{"ts":0}'), counts=counts)

    assert counts.times.counts == {("in the future",): 1, ("too old",): 1}


def test_the_service_is_the_one_that_a_line_names_if_its_sender_names_none() -> None:
    done = processed(batch_of('{"service":"cart"}', '{"service.name":"pay","app":"x"}', "words", '{"service":{"a":1}}'))

    logs, origins = done.tables["logs"].to_pylist(), done.tables["origins"].to_pylist()
    assert [row["service"] for row in logs] == ["cart", "pay", "unknown_service", "unknown_service"]
    services = {row["origin_id"]: row["service"] for row in origins}
    assert [services[row["origin_id"]] for row in logs] == [row["service"] for row in logs]
    assert {str(row["labels"]) for row in origins} == {"[('service_name', 'unknown_service')]"}


BOUNDS = [
    # what                     the line                                                      fields, left out
    ("many fields",            "{" + ",".join(f'"f{n}":{n}' for n in range(MAX_FIELDS + 44)) + "}", MAX_FIELDS, 44),
    ("a long value",           '{"a":"' + "é" * MAX_VALUE + '","b":1}',                       2, 1),
    ("a long name",            '{"' + "n" * (MAX_NAME + 1) + '":1,"b":1}',                    1, 1),
    ("deep",                   '{"a":' * 200 + "1" + "}" * 200,                              1, 0),
    ("deeper than a reader",   '{"a":' * 5_000 + "1" + "}" * 5_000,                          0, 0),
    ("a name twice",           '{"a":1,"a":2}',                                              1, 0),
    ("a name twice, logfmt",   "a=1 b=2 a=3",                                                2, 0),
    ("many pairs",             "level=info " + 'x="\\"" ' + " ".join(f"k{n}=v" for n in range(400)), 256, 0),
]  # fmt: skip


@pytest.mark.parametrize(("line", "count", "left_out"), [row[1:] for row in BOUNDS], ids=[row[0] for row in BOUNDS])
def test_bounds(line: str, count: int, left_out: int) -> None:
    (row,) = processed(batch_of(line)).tables["logs"].to_pylist()

    assert len(row["fields"]) == count
    assert row["dropped_attributes"] == left_out
    assert row["body"] == line


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["a=" * 20_000, '"' * 40_000, " " * 40_000, "[" * 40_000, "a b=\\" * 10_000,
                                  "2026-11-21 05:00:13 [info] " + " " * 40_000 + "x", "2026/11/21 05:00:13 [error] 1#1: " + ", " * 20_000,
                                  "[2026-11-21 05:00:13,1] INFO " + "(a " * 15_000, "127.0.0.1 - - [" + '"' * 40_000,
        "05:00:13.877 [" + " " * 40_000 + "x", "2026-11-21 05:00:13" + " " * 40_000 + "x"])  # fmt: skip
def test_hostile_lines_take_no_long_time(text: str) -> None:
    done = processed(batch_of(text))

    assert done.tables["logs"]["body"].to_pylist() == [text]


def test_several_threads_may_process_at_once() -> None:
    processor = Processor(settings_of("redaction: {detectors: {email: mask}}"))
    batches = [batch_of(*[row[1] for row in LINES[:14]] * 20, book=LogBook()) for _ in range(8)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(processor.process, batches))

    alone = processed(batches[0], "redaction: {detectors: {email: mask}}").tables["logs"]
    assert all(one.tables["logs"].num_rows == alone.num_rows for one in found)
    assert found[-1].tables["logs"]["severity"].to_pylist() == alone["severity"].to_pylist()


def test_counts_lines_by_format() -> None:
    counts = Tallies()
    processed(batch_of('{"a":1}', "a=1 b=2", "words", "WARNING:root:x"), counts=counts)

    assert counts.lines.counts == {("json",): 1, ("logfmt",): 1, ("plain",): 1, ("python logging",): 1}


def test_a_batch_all_of_which_is_dropped_has_no_logs() -> None:
    counts = Tallies()
    text = "pipelines: [{name: p, stages: [{drop: {expression: ''}}, {drop: {expression: '.'}}]}]".replace(
        "{drop: {expression: ''}}, ", ""
    )

    done = processed(batch_of("a", "b"), text, counts)

    assert list(done.tables) == ["origins"]
    assert counts.pipeline_lines.counts == {("p", "drop_stage"): 2}


def test_pipelines_go_with_rows_that_are_dropped() -> None:
    text = "pipelines: [{name: p, stages: [{drop: {expression: gone}}, {regex: {expression: '(?P<n>[0-9]+)'}}]}]"
    cri = "2026-11-21T05:00:13.5Z stderr F "

    logs = (
        processed(batch_of(f"{cri}gone", f"{cri}n 1", "gone", f"{cri}WARNING:root:2"), text).tables["logs"].to_pylist()
    )

    assert [row["body"] for row in logs] == ["n 1", "WARNING:root:2"]
    assert [dict(row["fields"]).get("n") for row in logs] == ["1", "2"]
    assert [dict(row["fields"])["stream"] for row in logs] == ["stderr", "stderr"]
    assert {row["ts"].isoformat() for row in logs} == {"2026-11-21T05:00:13.500000"}
