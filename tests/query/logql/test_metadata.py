"""What stands beside a line is a label of it: which of trace, span, severity and level, and for whom (P3, A5)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from firstlight.query.logql.settings import LogqlSettings
from tests.query.logql.stored import Logs, Row, logs

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Logs]:
    """A store without lines."""
    async with logs(tmp_path_factory.mktemp("metadata") / "store") as made:
        yield made


TRACED = "ab" * 16

DESCRIBED = [
    # what                                       the query                                                  with a resource      with labels
    ("what is beside the line",                  '{app="A"}',                                               "severity_number severity_text trace_id", ""),
    ("found by a filter",                        '{app="A"} | trace_id="' + TRACED + '"',                   "severity_number severity_text trace_id", None),
    ("found by a selector, wherever it stands",  '{app="A", trace_id="' + TRACED + '"}',                    "severity_number severity_text trace_id", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "described", "labelled"), [case[1:] for case in DESCRIBED], ids=[case[0] for case in DESCRIBED]
)
async def test_what_was_found_in_a_line_is_not_beside_it(
    it: Logs, query: str, described: str, labelled: str | None
) -> None:
    """OTLP says it beside the line; of what was pushed to Loki it was taken from the line, and Loki does not know it."""
    said = {"severity": 9, "severity_text": "INFO", "trace_id": bytes.fromhex(TRACED)}
    await it.write(
        [
            Row(1, "x", {}, resource={"service.name": "traced"}, by_resource=True, **said),  # type: ignore[arg-type]
            Row(1, "x", {"app": "traced"}, **said),  # type: ignore[arg-type] # each by its name
        ]
    )

    for selector, expected in (('service_name="traced"', described), ('app="traced"', labelled)):
        found = await it.lines(query.replace('app="A"', selector))
        beside = {name for stream in found.streams for entry in stream.entries for name in entry.metadata}
        assert bool(found.streams) == (expected is not None)
        assert sorted(beside) == (expected or "").split()


async def test_traces_are_told_apart_only_where_they_are_beside_the_line(it: Logs) -> None:
    """In what the engine counts, too."""
    counted = "sum by (trace_id, severity_text) (count_over_time({%s}[1h]))"

    for selector, expected in (
        ('app="traced"', ""),
        ('service_name="traced"', f"severity_text=INFO,trace_id={TRACED}"),
    ):
        found = await it.instant(counted % selector, 60)
        assert isinstance(found, dict)
        assert list(found) == [expected]


async def test_lines_have_the_level_of_their_severity(it: Logs) -> None:
    """As Loki adds it; a level that the sender gave stays, and 0 is unknown."""
    levelled = it.by(LogqlSettings())
    await it.write([Row(place, f"s{place}", {"app": "level"}, severity=place) for place in range(26)])
    await it.write([Row(30, "own", {"app": "own"}, {"detected_level": "critical"}, severity=9)])

    found = await levelled.lines('{app="level"}')

    levels = {entry.line: stream.labels["detected_level"] for stream in found.streams for entry in stream.entries}
    assert [levels[f"s{number}"] for number in (0, 1, 4, 5, 9, 12, 13, 17, 21, 24, 25)] == (
        "unknown trace trace debug info info warn error fatal fatal fatal".split()
    )
    assert await levelled.texts('{app="level"} | detected_level="warn"') == ["s13", "s14", "s15", "s16"]
    counted = await levelled.instant('sum by (detected_level) (count_over_time({app=~"own|level"}[1h]))', 100)
    assert counted == {
        "detected_level=critical": 1, "detected_level=debug": 4, "detected_level=error": 4, "detected_level=fatal": 5,
        "detected_level=info": 4, "detected_level=trace": 4, "detected_level=unknown": 1, "detected_level=warn": 4,
    }  # fmt: skip
