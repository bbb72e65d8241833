"""What is exported can come back, and is then the same (P3, issue 4)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from firstlight.api.native.logs_export import level_text, value_of
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.parser import parse
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logs import export
from tests.api.native.logs_rig import LOGS, LogsApi, ago, logs_served
from tests.query.logql.stored import TENANT, Row
from tests.store.rows import NOW_NS

pytestmark = pytest.mark.anyio

ODD: Any = {
    "text": 'a "quoted" line\nand more \x00 é',
    "number": 7,
    "large": 2**62,
    "float": 0.1,
    "whole": 1.0,
    "truth": True,
    "nothing": None,
    "list": [1, "a", {"b": None}],
    "object": {"x": {"y": 1}},
    "digits": "007",
    "empty": "",
    "http.route": "/a",
}
COLUMNS = (
    "toUnixTimestamp64Nano(ts) AS ns, service, severity, severity_text, body, hex(trace_id) AS trace, hex(span_id) AS span, event_name,"
    " attributes, attribute_types"
)


async def stored(it: LogsApi) -> list[dict[str, Any]]:
    """Return all records that there are."""
    rows = await it.store.client.readers(1).query(f"SELECT {COLUMNS} FROM log_records ORDER BY ns, body")
    found: list[dict[str, Any]] = rows.to_pylist()
    return found


async def test_a_round_trip(tmp_path: Path) -> None:
    """Time, body, attributes with their types, level, and ids."""
    async with logs_served(tmp_path / "from") as it:
        sheet_rows = [
            Row(50, "json", {"app": "a"}, {"k": "v"}, {"service.name": "a", "host.name": "h"}, 17, "ERROR", bytes(range(16))),
            Row(50, "same time", {"app": "a"}, {}, {"service.name": "a"}, 0, ""),
            Row(40, "  blanks and\nlines \u2028 ", {"app": "b"}, {}, {}, 18, ""),
            Row(30, "", {"app": "b"}, {}, {}, 13, "WARNING"),
            Row(20, '{"a":1}', {"app": "b"}, {}, {}, 0, "custom"),
            Row(10, "odd", {"app": "b"}, ODD, {}, 9, "info"),
        ]  # fmt: skip
        await it.write(sheet_rows)
        before = await stored(it)
        exported = await it.get("export", query='{app=~".+"}')
        lines = exported.content.splitlines()
    async with logs_served(tmp_path / "to") as it:
        answer = await it.client.post(LOGS, content=exported.content)
        after = await stored(it)

    assert exported.headers["content-type"] == "application/x-ndjson"
    assert len(lines) == 6
    assert json.loads(lines[0] if b"json" in lines[0] else lines[1]) == {
        "ts": "2024-10-04T11:59:10.000000000Z", "body": "json", "service": "a", "level": "ERROR",
        "trace_id": bytes(range(16)).hex(), "resource": {"app": "a", "host.name": "h"}, "attributes": {"k": "v"},
    }  # fmt: skip
    assert answer.json() == {"accepted": 6, "rejected": []}
    # Where the sender said a number only, the level is told as a name or that number.
    said = [row["severity_text"] for row in after]
    assert said == ["ERROR", "", "18", "WARNING", "custom", "info"]
    assert [{**row, "severity_text": ""} for row in after] == [{**row, "severity_text": ""} for row in before]


async def test_any_number_of_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pages, none of which tears apart what is of one time, and each line once."""
    monkeypatch.setattr(export, "PAGE", 7)
    async with logs_served(tmp_path) as it:
        await it.write([Row(60 - number // 20, f"line {number}", {"app": "a"}) for number in range(100)])
        found = await it.get("export", query='{app="a"}')
        kept = await it.get("export", query='{app="a"} | pattern "line <n>" | n >= 90 | line_format "{{.n}}"')
        pages = [
            page.rows.num_rows
            async for page in export.LogExport(it.logs.source, it.logs.engine).pages(
                TENANT, _query(), Slice(ago(3600), NOW_NS)
            )
        ]

    bodies = [json.loads(line)["body"] for line in found.text.splitlines()]
    times = [json.loads(line)["ts"] for line in found.text.splitlines()]
    assert sorted(bodies) == sorted(f"line {number}" for number in range(100))
    assert times == sorted(times)
    assert pages == [20] * 5
    assert sorted(json.loads(line)["body"] for line in kept.text.splitlines()) == [f"line {n}" for n in range(90, 100)]


def _query() -> LogQuery:
    query = parse('{app="a"}')
    assert isinstance(query, LogQuery)
    return query


async def test_nothing_to_export(tmp_path: Path) -> None:
    async with logs_served(tmp_path) as it:
        found = await it.get("export", query='{app="nobody"}')

    assert (found.status_code, found.text) == (200, "")


VALUES = [
    # text                 letter  value
    ("7",                  "i",    7),
    ("007",                "i",    "007"),
    (str(2**64),           "d",    str(2**64)),
    ("1.0",                "d",    1.0),
    ("1e2",                "d",    "1e2"),
    ("+Inf",               "d",    "+Inf"),
    ("true",               "b",    True),
    ("yes",                "b",    "yes"),
    ('[1,"a"]',            "a",    [1, "a"]),
    ("[1, 2]",             "a",    "[1, 2]"),
    ("AAE=",               "x",    "AAE="),
    ("",                   "n",    None),
    ("true",               "s",    "true"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "letter", "value"), VALUES, ids=[f"{text or 'nothing'} {letter}" for text, letter, _ in VALUES]
)
def test_values(text: str, letter: str, value: object) -> None:
    """What would not be the same text again stays one."""
    assert value_of(text, letter) == value
    assert type(value_of(text, letter)) is type(value)


LEVELS = [
    (0, "", ""),
    (9, "", "info"),
    (9, "Information", "Information"),
    (10, "", 10),
    (0, "odd", "odd"),
    (17, "oops", "error"),
]


@pytest.mark.parametrize(("severity", "text", "level"), LEVELS, ids=[f"{number} {text}" for number, text, _ in LEVELS])
def test_levels(severity: int, text: str, level: object) -> None:
    assert level_text(severity, text) == level
