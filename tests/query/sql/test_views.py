"""The views: what they show, each row once, with resource and scope and without."""

from __future__ import annotations

from typing import Any

import pytest

from firstlight.model.batch import Batch
from firstlight.query.sql.door import SqlDoor
from firstlight.store.open import Store
from tests.query.sql.asking import rows_of
from tests.query.sql.test_fence import VIEWS
from tests.query.world import TRACE_ID, TRACES, columns, span_id, trace_id

pytestmark = pytest.mark.anyio

ROWS = [
    # view            the columns that are shown                                                             of which row                                       as
    ("logs",          "ts, service, level, body, trace_id, span_id, attributes, resource, scope, tenant",    "body LIKE 'card declined%' AND ts < '2024-10-04 11:59:05'",
     ["2024-10-04T11:59:00.025000000Z", "payments", "error", "card declined for user 0", TRACE_ID, "0000000000000003", {"user": "0"},
      {"service.name": "payments", "host.name": "host-2"}, "lib.payments", "default"]),
    ("logs",          "level, severity, trace_id, span_id",                                                  "body LIKE 'listening%'",
     ["unknown", 0, "", ""]),
    ("spans",         "service, name, kind, duration_ms, duration_ns, status, status_message, parent_span_id, attributes['user'], resource['host.name']", "status = 'error' AND name = 'charge' AND attributes['user'] = '0'",
     ["payments", "charge", "client", 9.0, 9_000_000, "error", "card declined", "0000000000000001", "0", "host-2"]),
    ("spans",         "kind, status, parent_span_id, events, links",                                         f"trace_id = '{trace_id(1).hex()}' AND parent_span_id = ''",
     ["server", "ok", "", [], [{"trace_id": TRACE_ID, "span_id": "0000000000000001", "trace_state": "", "attributes": {}}]]),
    ("spans",         "events",                                                                              f"span_id = '{span_id(0, 2).hex()}'",
     [[{"ts": "2024-10-04T11:59:00.021000000Z", "name": "exception", "attributes": {"exception.type": "CardDeclined", "exception.message": "no money"}}]]),
    ("span_events",   "ts, service, name, attributes['exception.type'], span_name, span_ts, trace_id, scope", f"trace_id = '{TRACE_ID}'",
     ["2024-10-04T11:59:00.021000000Z", "payments", "exception", "CardDeclined", "charge", "2024-10-04T11:59:00.020000000Z", TRACE_ID, "lib.payments"]),
    ("metrics",       "ts, metric, labels, value, type, unit, name, temporality, monotonic, resource['host.name']", "labels['job'] = 'cart' AND value = 18",
     ["2024-10-04T12:00:30.000Z", "requests_total", {"__name__": "requests_total", "job": "cart"}, 18.0, "counter", "1", "requests", "cumulative", True, "host-1"]),
    ("histograms",    "metric, count, sum, bounds, counts, scale, type, resource['service.name']",           "labels['job'] = 'shop'",
     ["request_seconds", 3.0, 6.0, [1.0, 2.0], [1.0, 1.0, 1.0], None, "histogram", "shop"]),
    ("histograms",    "bounds, counts, scale",                                                               "labels['job'] = 'cart'",
     [[], [2.0, 1.0], 3]),
    ("exemplars",     "metric, value, trace_id, attributes, scope",                                          "1",
     ["request_seconds", 0.25, TRACE_ID, {"user": "0"}, "lib.shop"]),
    ("series",        "metric, labels, type, unit, name, first_day, last_day",                               "labels['job'] = 'cart' AND type = 'counter'",
     ["requests_total", {"__name__": "requests_total", "job": "cart"}, "counter", "1", "requests", "2024-10-03", "2024-10-04"]),
    ("metadata",      "metric, type, help, last_day",                                                        "1",
     ["requests_total", "counter", "Requests.", "2024-10-04"]),
    ("origins",       "service, resource['host.name'], scope, scope_version, scope_attributes, first_day",   "service = 'cart'",
     ["cart", "host-1", "lib.cart", "1.0", {"kind": "test"}, "2024-10-04"]),
]  # fmt: skip


@pytest.mark.parametrize(("view", "shown", "which", "row"), ROWS, ids=[f"{row[0]}: {row[1][:30]}" for row in ROWS])
async def test_shows(door: SqlDoor, view: str, shown: str, which: str, row: list[Any]) -> None:
    assert await rows_of(door, f"SELECT {shown} FROM {view} WHERE {which}") == [row]


COUNTS = [
    # view           rows
    ("logs",         3 * TRACES + 1),
    ("spans",        3 * TRACES),
    ("span_events",  TRACES // 10),
    ("metrics",      30),  # each once, though its series is there for two days
    ("histograms",   2),
    ("exemplars",    1),
    ("series",       6),
    ("metadata",     1),
    ("origins",      3),
]  # fmt: skip


@pytest.mark.parametrize(("view", "rows"), COUNTS, ids=[row[0] for row in COUNTS])
async def test_has_each_row_once(door: SqlDoor, view: str, rows: int) -> None:
    """With resource and scope, which are joined, and without."""
    assert await rows_of(door, f"SELECT count() FROM firstlight_sql.{view}") == [[rows]]
    assert await rows_of(door, f"SELECT count() FROM firstlight_sql_lean.{view}") == [[rows]]


@pytest.mark.parametrize("view", sorted(VIEWS))
async def test_both_databases_have_the_same_columns(door: SqlDoor, view: str) -> None:
    """But for resource and scope, and in the same order."""
    origin = {"resource", "scope", "scope_version", "scope_attributes"} - ({"resource"} & {view})
    origin |= {"stream"} if view == "logs" else set()
    whole = [row[:2] for row in await rows_of(door, f"DESCRIBE firstlight_sql.{view}")]
    lean = [row[:2] for row in await rows_of(door, f"DESCRIBE firstlight_sql_lean.{view}")]

    assert [row for row in whole if row[0] not in origin] == [row for row in lean if row[0] not in origin]
    assert whole == lean or {row[0] for row in whole} - {row[0] for row in lean} == origin


LEVELS = ["unknown", *(name for name in ("trace", "debug", "info", "warn", "error", "fatal") for _ in range(4))]


async def test_levels(store: Store) -> None:
    """Each severity number of OpenTelemetry has a level; what is none, has none."""
    rows = [{"body": f"severity {number}", "severity": number} for number in range(26)]
    await store.writer.append(Batch({"logs": columns("logs", iter(rows))}, items=26))
    sql = "SELECT severity, level FROM firstlight_sql_lean.logs WHERE body LIKE 'severity%' ORDER BY severity"
    levels = (await store.readers.query(sql)).to_pylist()

    assert [row["level"] for row in levels] == [*LEVELS, ""]
