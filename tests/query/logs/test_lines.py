"""Lines in pages, whichever way and however many are of one time; and as they come (P3, issue 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.parser import parse
from firstlight.query.logql.result import Direction
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.source import Taken
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logs import lines
from firstlight.query.logs.lines import LogLines
from firstlight.query.logs.news import NewLines
from tests.query.logql.stored import TENANT, Logs, Row, at, logs

pytestmark = pytest.mark.anyio

ROWS = [Row(place // 10, f"n={place}", {"app": "a"}, severity=9 + place % 9) for place in range(60)]
BACK, FORTH = Direction.BACKWARD, Direction.FORWARD


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Logs]:
    """A store with ten lines a second."""
    async with logs(tmp_path_factory.mktemp("lines") / "store", LogqlSettings()) as made:
        await made.write(ROWS)
        yield made


FOUND = [
    # what                          query                                        limit  way    lines
    ("all, forward",                '{app="a"}',                                 100,   FORTH, list(range(60))),
    ("all, backward",               '{app="a"}',                                 100,   BACK,  list(range(59, -1, -1))),
    ("some, forward",               '{app="a"}',                                 15,    FORTH, list(range(15))),
    ("some, backward",              '{app="a"}',                                 15,    BACK,  list(range(59, 44, -1))),
    ("those that a stage keeps",    '{app="a"} | logfmt | n >= 30 | n < 34',     100,   FORTH, [30, 31, 32, 33]),
    ("the first of them",           '{app="a"} | logfmt | n >= 30',              2,     FORTH, [30, 31]),
    ("none",                        '{app="b"}',                                 100,   BACK,  []),
    ("none are wanted",             '{app="a"}',                                 0,     BACK,  []),
]  # fmt: skip


@pytest.mark.parametrize("size", [3, 7, 1000], ids=["pages smaller than a time", "small pages", "one page"])
@pytest.mark.parametrize(("query", "limit", "way", "found"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
async def test_each_line_once_and_in_order(
    it: Logs, monkeypatch: pytest.MonkeyPatch, size: int, query: str, limit: int, way: Direction, found: list[int]
) -> None:
    monkeypatch.setattr(lines, "PAGE", size)
    monkeypatch.setattr(lines, "LEAST_PAGE", size)
    monkeypatch.setattr(lines, "MOST_PAGE", size)
    pages = LogLines(it.source, it.engine).lines(TENANT, _query(query), Slice(at(-1), at(3600)), limit, way)

    told = [(line.ts, int(line.text.removeprefix("n=")), line.severity) async for page in pages for line in page]

    assert [number for _, number, _ in told] == found
    assert told == [(at(number // 10), number, 9 + number % 9) for number in found]


async def test_news(it: Logs) -> None:
    """What comes is chosen and changed as what is there."""
    query = _query('{app="a"} | logfmt | n > 57 | line_format "now {{.n}}"')
    new = NewLines(query, level=True)
    found = await it.source.find(TENANT, new.matchers, Slice(at(0), at(60)), Taken())
    rows = await it.store.client.readers(1).query(
        "SELECT ts, origin_id, severity, severity_text, body, trace_id, span_id, attributes FROM log_records"
        " ORDER BY ts, _part_offset"
    )

    told = new.of(rows, found)
    assert [(line.text, line.severity, line.labels.all["n"]) for line in told] == [
        ("now 58", 13, "58"),
        ("now 59", 14, "59"),
    ]
    nothing = await it.source.find(TENANT, _query('{app="b"}').selector.matchers, Slice(at(0), at(60)), Taken())
    assert new.of(rows, nothing) == []


def _query(text: str) -> LogQuery:
    query = parse(text)
    assert isinstance(query, LogQuery)
    return query
