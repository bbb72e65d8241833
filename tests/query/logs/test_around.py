"""What stands around a line, which fields lines have, how many of each level there are (P3, issue 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.evaluate_faults import LogqlFailed
from firstlight.query.logql.parser import parse
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logs.context import LogContext
from firstlight.query.logs.facets import FacetReader, Facets
from firstlight.query.logs.levels import level_histogram
from tests.query.logql.stored import SECOND, TENANT, Logs, Row, at, logs

pytestmark = pytest.mark.anyio

ROWS = [
    *(
        Row(
            place,
            f"line {place}",
            {"app": "a"},
            {"user": f"u{place % 3}", "path": "/x"} if place % 2 else {},
            severity=[9, 9, 17, 0][place % 4],
        )
        for place in range(20)
    ),
    Row(10, "beside", {"app": "a", "pod": "1"}),
    Row(10, "also ten", {"app": "b"}),
    Row(10, "and this", {"app": "b"}),
    Row(11, "after", {"app": "b"}),
]


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Logs]:
    """A store with these lines."""
    async with logs(tmp_path_factory.mktemp("around") / "store", LogqlSettings()) as made:
        await made.write(ROWS)
        yield made


AROUND = [
    # what                                  labels         at  before after  the lines
    ("of the middle",                       {"app": "b"},  10, 5, 5,  ("", "also ten|and this", "after")),
    ("of none, there are none",             {"app": "zz"}, 10, 5, 5,  ("", "", "")),
    ("as many as are asked for",            {"app": "a"},   5, 2, 3,
     ("line 3|line 4", "line 5", "line 6|line 7|line 8")),
    ("at the beginning",                    {"app": "a"},   0, 2, 1,  ("", "line 0", "line 1")),
    ("none before",                         {"app": "a"},   5, 0, 1,  ("", "line 5", "line 6")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "when", "before", "after", "expected"), [case[1:] for case in AROUND], ids=[case[0] for case in AROUND]
)
async def test_the_lines_around_a_line(
    it: Logs, labels: dict[str, str], when: float, before: int, after: int, expected: tuple[str, str, str]
) -> None:
    """Each in the order of time."""
    context = LogContext(it.source, it.engine)

    found = await context.around(TENANT, labels, at(when), before=before, after=after)

    told = tuple(
        "|".join(line.text for line in lines if line.text != "beside")
        for lines in (found.before, found.at, found.after)
    )
    assert told == expected


async def test_fields_with_their_values(it: Logs) -> None:
    """Labels, levels and attributes, those that most lines have first."""
    found = await _facets(it, '{app="a"}')

    assert found.lines == 21
    told = {facet.name: (facet.kind, facet.lines, facet.distinct) for facet in found.facets}
    assert told == {
        "app": ("label", 21, 1),
        "detected_level": ("level", 21, 3),
        "path": ("attribute", 10, 1),
        "user": ("attribute", 10, 3),
        "pod": ("label", 1, 1),
    }
    levels = next(facet for facet in found.facets if facet.name == "detected_level")
    assert [(value.text, value.lines) for value in levels.values] == [("info", 10), ("unknown", 6), ("error", 5)]


async def test_fields_of_what_a_filter_keeps(it: Logs) -> None:
    """Only what the engine can filter; a pipeline is refused."""
    found = await _facets(it, '{app="a"} |= "line 1" | user="u1"')

    assert found.lines == 3
    with pytest.raises(LogqlFailed, match="cannot count fields"):
        await _facets(it, '{app="a"} | json | user="u1"')


async def test_fields_of_the_newest_lines(it: Logs) -> None:
    """If there are more than are looked at."""
    found = await _facets(it, '{app=~"a|b"}', looked_at=3)

    assert found.lines == 3
    users = next(facet for facet in found.facets if facet.name == "user")
    assert sorted(value.text for value in users.values) == ["u1", "u2"]


async def _facets(it: Logs, text: str, looked_at: int = 1000) -> Facets:
    return await FacetReader(it.source, it.engine).facets(
        TENANT, _query(text), Slice(at(0), at(3600)), looked_at=looked_at
    )


async def test_levels_over_time(it: Logs) -> None:
    """A line is in the step that it begins in."""
    found = await level_histogram(it.door, _query('{app="a"} |= "line"'), at(0), at(20), 10 * SECOND, tenant=TENANT)

    assert [(one.level, one.counts.tolist()) for one in found] == [
        ("unknown", [2, 3]),
        ("info", [6, 4]),
        ("error", [2, 3]),
    ]


def _query(text: str) -> LogQuery:
    query = parse(text)
    assert isinstance(query, LogQuery)
    return query
