"""The SQL door: answers in every form, bound values, limits, and clients that leave."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
from typing import Any

import orjson
import pyarrow as pa
import pytest

from firstlight.errors import QueryError, UserError
from firstlight.query.engine import Engine
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.settings import QuerySettings
from firstlight.query.sql.door import SqlDoor
from firstlight.query.sql.formats import FORMATS
from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store
from firstlight.telemetry import QueryInstruments
from tests.query.conftest import LIMITS
from tests.query.sql.asking import answer_of, bytes_of, rows_of
from tests.query.world import TRACE_ID, TRACES

pytestmark = pytest.mark.anyio

TEXT = "it's 100% \\ \t \n {x:String} ' OR 1=1 -- é"


async def test_json_says_what_it_is(door: SqlDoor) -> None:
    """The answer has columns with types, rows, and what it took."""
    answer = await answer_of(
        door, "SELECT service, count() AS spans FROM spans GROUP BY service ORDER BY service LIMIT 2"
    )

    assert answer["columns"] == [
        {"name": "service", "type": "LowCardinality(String)"},
        {"name": "spans", "type": "UInt64"},
    ]
    assert answer["rows"] == [["cart", TRACES], ["payments", TRACES]]
    assert (answer["row_count"], answer["truncated"]) == (2, False)
    assert answer["statistics"]["rows_read"] == 3 * TRACES
    assert answer["statistics"]["bytes_read"] > 0
    assert answer["statistics"]["elapsed_seconds"] > 0


VALUES = [
    # what              expression                                                     in JSON
    ("a time",          "toDateTime64('2024-01-02 03:04:05.123456789', 9, 'UTC')",     "2024-01-02T03:04:05.123456789Z"),
    ("a day",           "toDate('2024-01-02')",                                        "2024-01-02"),
    ("a large number",  "18446744073709551615",                                        18446744073709551615),
    ("no number",       "nan",                                                         "nan"),
    ("an endless one",  "-1/0",                                                        "-inf"),
    ("nothing",         "NULL",                                                        None),
    ("yes",             "true",                                                        True),
    ("a line break",    "'a\\nb'",                                                     "a\nb"),
    ("a map",           "map('k', 1)",                                                 {"k": 1}),
    ("a list",          "[1, 2]",                                                      [1, 2]),
    ("a named tuple",   "CAST((1, 'x'), 'Tuple(a UInt8, b String)')",                  {"a": 1, "b": "x"}),
    ("an id",           "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')",              "61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
    ("an address",      "toIPv6('::1')",                                               "::1"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "value"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES])
async def test_values(door: SqlDoor, expression: str, value: object) -> None:
    assert await rows_of(door, f"SELECT {expression}") == [[value]]


async def test_totals_are_kept(door: SqlDoor) -> None:
    answer = await answer_of(door, "SELECT service, count() FROM spans GROUP BY service WITH TOTALS ORDER BY service")

    assert answer["totals"] == ["", 3 * TRACES]


async def test_ndjson(door: SqlDoor) -> None:
    text = await bytes_of(door, "SELECT number AS n, 'a\\nb' AS s FROM numbers(3)", "ndjson")

    assert [orjson.loads(line) for line in text.splitlines()] == [{"n": n, "s": "a\nb"} for n in range(3)]


async def test_csv(door: SqlDoor) -> None:
    text = await bytes_of(door, "SELECT number AS n, 'a\"\\nb' AS s FROM numbers(2)", "csv")

    assert list(csv.reader(io.StringIO(text.decode()))) == [["n", "s"], ["0", 'a"\nb'], ["1", 'a"\nb']]


async def test_arrow(door: SqlDoor) -> None:
    table = pa.ipc.open_stream(
        await bytes_of(door, "SELECT ts, body FROM logs ORDER BY ts LIMIT 2", "arrow")
    ).read_all()

    assert table.schema.field("ts").type == pa.timestamp("ns", "UTC")
    assert table.num_rows == 2


@pytest.mark.parametrize("form", FORMATS)
async def test_an_answer_without_rows(door: SqlDoor, form: str) -> None:
    """Even then its columns are known, where the form has a place for them."""
    answer = await bytes_of(door, "SELECT ts, body FROM logs WHERE 0", form)

    assert (b"body" in answer) == (form != "ndjson")


@pytest.mark.parametrize("form", FORMATS)
async def test_listings_in_every_form(door: SqlDoor, form: str) -> None:
    assert b"span_events" in await bytes_of(door, "SHOW TABLES", form)


PARAMETERS = [
    # what                  type                        value
    ("a text",              "String",                   TEXT),
    ("a number",            "Int64",                    -(2**53) - 1),
    ("a fraction",          "Float64",                  0.1),
    ("yes or no",           "Bool",                     True),
    ("nothing",             "Nullable(String)",         None),
    ("a list of texts",     "Array(String)",            ["it's", "\\", "{x:String}"]),
    ("lists of numbers",    "Array(Array(UInt8))",      [[1], [2, 3]]),
    ("an empty list",       "Array(String)",            []),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "value"), [row[1:] for row in PARAMETERS], ids=[row[0] for row in PARAMETERS])
async def test_binds(door: SqlDoor, type_: str, value: object) -> None:
    """A value comes back as it was given, whatever it looks like."""
    assert await rows_of(door, f"SELECT '%', {{value:{type_}}}", value=value) == [["%", value]]


UNFIT = [
    # what                     statement                  parameters            complaint
    ("none given",             "SELECT {x:String}",       {},                   "the parameter x has no value"),
    ("one too many",           "SELECT 1",                {"x": 1},             "cannot use the parameter 'x'"),
    ("not of the type",        "SELECT {x:UInt8}",        {"x": "abc"},         "cannot be parsed as UInt8"),
    ("an object",              "SELECT {x:String}",       {"x": {"a": 1}},      "want a string, a number"),
    ("an object in a list",    "SELECT {x:Array(String)}", {"x": [{"a": 1}]},   "want a string, a number"),
    ("no number",              "SELECT {x:Float64}",      {"x": float("nan")},  "is no number of JSON"),
    ("spaces",                 "SELECT {x : String}",     {"x": "a"},           "without spaces"),
    ("no type there is",       "SELECT {x:Strin}",        {"x": "a"},           "Strin"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "parameters", "complaint"), [row[1:] for row in UNFIT], ids=[row[0] for row in UNFIT]
)
async def test_refuses_to_bind(door: SqlDoor, statement: str, parameters: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UserError) as caught:
        async for _ in door.ask(statement, parameters, FORMATS["json"]).pieces:
            pass

    assert complaint in str(caught.value)


async def test_json_is_cut_and_says_so(door: SqlDoor) -> None:
    answer = await answer_of(door, "SELECT number FROM numbers(1000000000)")

    assert (answer["row_count"], len(answer["rows"]), answer["truncated"]) == (LIMITS.max_rows, LIMITS.max_rows, True)


async def test_as_many_rows_as_may_be_are_not_cut(door: SqlDoor) -> None:
    answer = await answer_of(door, f"SELECT number FROM numbers({LIMITS.max_rows})")

    assert (answer["row_count"], answer["truncated"]) == (LIMITS.max_rows, False)


TOO_MUCH = [
    # what                     statement                                                              form      reason
    ("rows in NDJSON",         "SELECT number FROM numbers(1001)",                                    "ndjson", Reason.TOO_LARGE),
    ("rows in CSV",            "SELECT number FROM numbers(1001)",                                    "csv",    Reason.TOO_LARGE),
    ("rows in Arrow",          "SELECT number FROM numbers(1001)",                                    "arrow",  Reason.TOO_LARGE),
    ("bytes",                  "SELECT repeat(toString(number), 50000) FROM numbers(90)",                      "json",   Reason.TOO_LARGE),
    ("time",                   "SELECT count() FROM numbers(1000000000000000)",                       "json",   Reason.TIMEOUT),
    ("time, joining",          "SELECT count() FROM numbers(1000000) AS a, numbers(1000000) AS b",    "json",   Reason.TIMEOUT),
    ("memory",                 "SELECT groupArray(number) FROM numbers(1000000000)",                  "json",   Reason.MEMORY),
    ("memory, at once",        "SELECT range(100000000)",                                             "json",   Reason.MEMORY),
    ("recursion",              "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r", "json", Reason.FAILED),
    ("sleep",                  "SELECT sleepEachRow(3) FROM numbers(100)",                            "json",   Reason.FAILED),
    ("text",                   "SELECT 1" + " " * 300_000 + "+ 1",                                    "json",   Reason.TOO_LARGE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "form", "reason"), [row[1:] for row in TOO_MUCH], ids=[row[0] for row in TOO_MUCH]
)
async def test_too_much(door: SqlDoor, statement: str, form: str, reason: Reason) -> None:
    with pytest.raises(QueryFault) as caught:
        await bytes_of(door, statement, form)

    assert caught.value.reason is reason


NESTED = [
    # what             statement
    ("brackets",       "SELECT " + "(" * 50_000 + "1" + ")" * 50_000),
    ("lists",          "SELECT " + "[" * 900 + "1" + "]" * 900),
    ("sums",           "SELECT " + "+".join(["1"] * 5_000)),
    ("negations",      "SELECT " + "NOT " * 5_000 + "1"),
    ("subqueries",     "SELECT * FROM (" * 500 + "SELECT 1" + ")" * 500),
    ("types",          "SELECT CAST('1', '" + "Array(" * 2_000 + "String" + ")" * 2_000 + "')"),
]  # fmt: skip


@pytest.mark.parametrize("statement", [row[1] for row in NESTED], ids=[row[0] for row in NESTED])
async def test_nesting_has_an_end(door: SqlDoor, statement: str) -> None:
    """Whatever is nested too deeply is refused, and the next query is answered."""
    with pytest.raises(UserError):
        await bytes_of(door, statement, "json")

    assert await rows_of(door, "SELECT 1") == [[1]]


async def test_a_failed_query_leaves_nothing_for_the_next(door: SqlDoor) -> None:
    """What the engine had printed of an answer before it failed is not put before another's."""
    for form in ("json", "csv", "arrow"):
        with pytest.raises(QueryFault):
            await bytes_of(door, "SELECT number FROM numbers(5) UNION ALL SELECT throwIf(sleep(0.05) = 0)", form)
        for _ in range(LIMITS.max_running):
            assert await rows_of(door, "SELECT 1") == [[1]]


async def test_a_client_that_leaves_stops_the_query(store: Store, door: SqlDoor) -> None:
    """Nobody waits for the answer, and soon the engine does nothing for it any more."""
    asked = asyncio.create_task(rows_of(door, "SELECT count() FROM numbers(1000000000000000)"))
    running = "SELECT query FROM system.processes WHERE query LIKE 'SELECT count() FROM numbers%'"

    async def wait_for(count: int) -> None:
        while (await store.client.query(running)).num_rows != count:  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(0.01)

    await wait_for(1)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await wait_for(0)

    assert await rows_of(door, "SELECT 1") == [[1]]


async def test_a_client_that_has_read_enough_stops_the_query(door: SqlDoor) -> None:
    pieces = door.ask("SELECT number, repeat('x', 900) FROM numbers(1000)", {}, FORMATS["ndjson"]).pieces
    first = await anext(pieces)
    await pieces.aclose()

    assert first.startswith(b'{"number":0')
    assert await rows_of(door, "SELECT 1") == [[1]]


async def test_who_comes_when_too_many_wait_is_told_so(store: Store) -> None:
    narrow = QuerySettings(max_time=5.0, max_running=1, max_waiting=1)
    instruments = QueryInstruments(Registry())
    door = SqlDoor(store.client, Engine(narrow, instruments), narrow)
    tasks = [asyncio.create_task(rows_of(door, "SELECT sleep(0.2)")) for _ in range(3)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    told = [outcome for outcome in outcomes if isinstance(outcome, QueryFault)]
    assert [(fault.reason, fault.retry_after) for fault in told] == [(Reason.BUSY, 1.0)]
    assert sum(outcome == [[0]] for outcome in outcomes) == 2


async def test_slow_queries_are_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    eager = QuerySettings(slow=0.0)
    door = SqlDoor(store.client, Engine(eager, QueryInstruments(Registry())), eager)
    with caplog.at_level(logging.WARNING, "firstlight.query.engine"):
        await rows_of(door, "SELECT 'of all that is slow'")

    assert "slow query" in caplog.text
    assert "of all that is slow" in caplog.text


async def test_each_query_is_counted_by_how_it_ended(store: Store) -> None:
    instruments = QueryInstruments(Registry())
    door = SqlDoor(store.client, Engine(LIMITS, instruments), LIMITS)
    await rows_of(door, "SELECT 1")
    for statement in ("DROP TABLE logs", "SELECT throwIf(1)"):
        with pytest.raises(UserError):
            await rows_of(door, statement)

    counted = {dict(sample.labels)["outcome"]: sample.value for sample in instruments.queries.collect().samples}
    assert counted == {"done": 1, "refused": 1, "failed": 1}


async def test_what_mentions_no_origin_pays_no_join(store: Store, door: SqlDoor) -> None:
    """The views without resource and scope are asked, unless one of these is mentioned, or all columns are."""
    for statement, joins in (
        ("SELECT count() FROM logs", False),
        ("SELECT count(*), level FROM logs GROUP BY level", False),
        ("SELECT body FROM logs WHERE resource['host.name'] = 'host-1'", True),
        ("SELECT * FROM logs", True),
        ("SELECT logs.* FROM logs", True),
        ("SELECT COLUMNS('body') FROM logs", True),
    ):
        plan = "\n".join(str(row[0]) for row in await rows_of(door, f"EXPLAIN {statement}"))
        assert ("Join" in plan) == joins, statement


async def test_a_trace_is_one_question(door: SqlDoor) -> None:
    """What the README promises: from a failing span to its logs."""
    rows = await rows_of(
        door,
        "SELECT level, body FROM logs WHERE trace_id IN"
        " (SELECT trace_id FROM spans WHERE status = 'error' AND parent_span_id = '' ORDER BY ts LIMIT 1) ORDER BY ts",
    )

    assert rows[-1] == ["error", "card declined for user 0"]
    assert await rows_of(door, "SELECT count() FROM logs WHERE trace_id = {id:String}", id=TRACE_ID) == [[3]]


async def test_half_a_character(door: SqlDoor) -> None:
    with pytest.raises(QueryError):
        await rows_of(door, "SELECT '\ud800'")
