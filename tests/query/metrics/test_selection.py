"""Matchers find the series that Prometheus would find, whatever is in them (C1)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from firstlight.model.regex import BadRegex
from firstlight.query.metrics.conditions import Days
from firstlight.query.metrics.series import Keeping, SeriesIndex
from tests.query.metrics.shop import DAY, NOW, Shop, batches, labelled, matchers, row, shop

pytestmark = pytest.mark.anyio

NASTY = "a'b\\c\n\"{}é}) OR 1=1 --"
ROWS = [
    row("up", "job=a,instance=x:1"),
    row("up", "job=b,instance=y:1"),
    row("up", "instance=z:1"),
    row("upper", "job=a"),
    row("node_cpu", "Mode=idle,mode=user,cpu=0"),
    row("node.load", "job=é"),
    row("line", "text=a\nb"),
    row("nasty", f"text={NASTY}"),
    row("up", "job=other", tenant="other"),
    row("old", "job=a", {-DAY: 1.0}),
    row("empty", "job=,zone=z"),
]


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Shop]:
    """A store with these series."""
    async with shop(tmp_path_factory.mktemp("selection"), ROWS) as made:
        yield made


CASES = [
    # what                                the matchers                                    the series, by metric and job
    ("by name",                           ["__name__ = up"],                              "up/ up/a up/b"),
    ("by name and label",                 ["__name__ = up", "job = a"],                   "up/a"),
    ("a label that is missing is empty",  ["__name__ = up", "job = "],                    "up/"),
    ("not equal takes the missing",       ["__name__ = up", "job != a"],                  "up/ up/b"),
    ("not empty",                         ["__name__ = up", "job != "],                   "up/a up/b"),
    ("two of one label",                  ["__name__ = up", "job != a", "job != "],       "up/b"),
    ("an expression is whole",            ["__name__ =~ u"],                              ""),
    ("an expression of the name",         ["__name__ =~ up.*"],                           "up/ up/a up/b upper/a"),
    ("one that ends in a quantifier",     ["__name__ =~ uppx*er"],                        "upper/a"),
    ("a choice of names",                 ["__name__ =~ up|upper"],                       "up/ up/a up/b upper/a"),
    ("a choice with the empty text",      ["__name__ = up", "job =~ a|"],                 "up/ up/a"),
    ("an escape in a choice",             ["__name__ =~ node\\.load|x"],                  "node.load/é"),
    ("a dot is any character",            ["__name__ =~ node.load"],                      "node.load/é"),
    ("a dot is one letter, not one byte", ["job =~ ."],                                   "node.load/é up/a up/b upper/a"),
    ("a dot is the end of a line too",    ["text =~ a.b"],                                "line/"),
    ("the end is the end of the text",    ["text =~ a"],                                  ""),
    ("case does not matter if it says so", ["__name__ =~ (?i)UP"],                        "up/ up/a up/b"),
    ("not a name",                        ["__name__ != up", "job = a"],                  "upper/a"),
    ("not an expression of the name",     ["__name__ !~ up.*", "instance = "],
     "empty/ line/ nasty/ node.load/é node_cpu/"),
    ("not a choice",                      ["__name__ = up", "job !~ a|b"],                "up/"),
    ("any text",                          ["__name__ = up", "job =~ .*"],                 "up/ up/a up/b"),
    ("any text but none",                 ["__name__ = up", "job =~ .+"],                 "up/a up/b"),
    ("not any text but none",             ["__name__ = up", "job !~ .+"],                 "up/"),
    ("not any text at all",               ["__name__ = up", "job !~ .*"],                 ""),
    ("an alternation within",             ["__name__ = up", "job =~ (a|b)x?"],            "up/a up/b"),
    ("no name at all",                    ["instance =~ .*:1"],                           "up/ up/a up/b"),
    ("an empty name",                     ["__name__ = "],                                ""),
    ("text that is code elsewhere",       ["text = " + NASTY],                            "nasty/"),
    ("code as the name of a label",       ["__name__ = up", "x') OR 1=1 --  = "],         "up/ up/a up/b"),
    ("a letter's case is the letter",     ["Mode = idle"],                                "node_cpu/"),
    ("another day",                       ["__name__ = old"],                             ""),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_matchers_find_series(it: Shop, texts: list[str], expected: str) -> None:
    """Those of today, of one tenant."""
    found = await it.source.find("default", matchers(*texts), NOW, NOW)
    remembering = SeriesIndex(it.readers, lambda: NOW, is_told_all=True)
    again = await remembering.find("default", matchers(*texts), Days.of(NOW, NOW))
    assert (again.ids.tolist(), again.labels) == (found.ids.tolist(), found.labels)
    assert again.whole == found.whole

    named = sorted(f"{dict(labels)['__name__']}/{dict(labels).get('job', '')}" for labels in found.labels)
    assert named == expected.split()


async def test_labels_are_sorted_and_without_empty_ones(it: Shop) -> None:
    """Byte by byte, so that capitals come before the name."""
    node = await it.source.find("default", matchers("__name__ = node_cpu"), NOW, NOW)
    empty = await it.source.find("default", matchers("__name__ = empty"), NOW, NOW)

    assert node.labels == [(("Mode", "idle"), ("__name__", "node_cpu"), ("cpu", "0"), ("mode", "user"))]
    assert empty.labels == [labelled("empty", zone="z")]


async def test_a_series_of_two_days_is_found_once(it: Shop) -> None:
    """And one of yesterday, if yesterday is asked for."""
    await it.add(*batches([row("twice", "", {-DAY: 1.0, 0: 1.0})] * 2))

    found = await it.source.find("default", matchers("__name__ =~ twice|old"), NOW - DAY, NOW)

    assert sorted(found.labels) == [labelled("old", job="a"), labelled("twice")]


async def test_an_expression_that_is_none_is_refused(it: Shop) -> None:
    """In Go's words, and not by the engine."""
    with pytest.raises(BadRegex, match="missing closing"):
        await it.source.find("default", matchers("job =~ a("), NOW, NOW)


async def test_what_was_found_is_remembered_until_it_may_be_wrong(it: Shop) -> None:
    """For some seconds if today is among the days, longer if they are over, and not after more was stored."""
    clock = [NOW]
    index = SeriesIndex(it.readers, lambda: clock[0], Keeping(finished_ms=60_000, current_ms=5_000))
    wanted = matchers("__name__ = later")
    today, yesterday = Days.of(NOW, NOW), Days.of(NOW - DAY, NOW - DAY)
    for days in (today, yesterday):
        assert not len(await index.find("default", wanted, days))
    later = batches([row("later", "", {-DAY: 1.0, 0: 1.0})])
    await it.add(*later)

    seen = []
    for now in (NOW, NOW + 5_000, NOW + 59_999, NOW + 60_000):
        clock[0] = now
        seen.append([len(await index.find("default", wanted, days)) for days in (today, yesterday)])
    fresh = SeriesIndex(it.readers, lambda: NOW)
    await fresh.find("default", matchers("__name__ = latest"), today)
    latest = batches([row("latest", "", {0: 1.0})])
    await it.add(*latest)
    fresh.learn("series", latest[0].tables["series"])

    assert seen == [[0, 0], [1, 0], [1, 0], [1, 1]]
    assert len(await fresh.find("default", matchers("__name__ = latest"), today)) == 1
