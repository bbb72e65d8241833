"""Figures, how they are judged, and the page they are written into."""

from __future__ import annotations

import math

import pytest

from bench.page import BEGIN, BEGIN_BESIDE, END, refresh
from bench.report import Figure, Report, Table, readable
from bench.usage import growth_per_minute

READABLE: list[tuple[str, float, str]] = [
    # what                      value       shown
    ("nothing",                 0.0,        "0"),
    ("a fraction",              0.45612,    "0.456"),
    ("a whole number",          2.0,        "2"),
    ("tens",                    12.34,      "12.3"),
    ("hundreds",                345.6,      "346"),
    ("round hundreds",          1200.0,     "1,200"),
    ("many",                    98765.4,    "98,765"),
    ("not measured",            math.nan,   "-"),
]  # fmt: skip

JUDGED: list[tuple[str, Figure, bool]] = [
    # what                          figure                              is it missed
    ("below",                       Figure("a", 1.0, "", 2.0),          False),
    ("exactly",                     Figure("a", 2.0, "", 2.0),          False),
    ("above",                       Figure("a", 2.1, "", 2.0),          True),
    ("not measured",                Figure("a", math.nan, "", 2.0),     True),
    ("no target",                   Figure("a", 5.0),                   False),
]  # fmt: skip

GROWTH: list[tuple[str, list[tuple[float, float]], float]] = [
    # what          samples                         a minute
    ("flat",        [(0, 5), (1, 5), (2, 5)],       0.0),
    ("growing",     [(0, 5), (1, 6), (2, 7)],       60.0),
    ("noise",       [(0, 5), (1, 9), (2, 5)],       0.0),
    ("one sample",  [(0, 5)],                       0.0),
    ("nothing",     [],                             0.0),
]  # fmt: skip

REPORTS = [
    Report("spans", "spans by eight", [Figure("CPU", 11.0, "µs", 12.0), Figure("p50", 70.0, "ms")]),
    Report("logs", "logs by eight", [Figure("CPU", 9.0, "µs", 8.0), Figure("p50", 60.0, "ms")], ["it was loud"]),
    Report("idle", "nobody sends", [Figure("memory", 300.0, "MiB", 400.0)]),
]

PAGE = f"# Performance\n\nprose\n\n{BEGIN}\nold\n{END}\n\nmore prose\n"


@pytest.mark.parametrize(("value", "wanted"), [row[1:] for row in READABLE], ids=[row[0] for row in READABLE])
def test_numbers_have_three_digits_that_count(value: float, wanted: str) -> None:
    assert readable(value) == wanted


@pytest.mark.parametrize(("figure", "missed"), [row[1:] for row in JUDGED], ids=[row[0] for row in JUDGED])
def test_a_target_is_the_most_a_figure_may_be(figure: Figure, missed: bool) -> None:
    assert figure.is_missed is missed


@pytest.mark.parametrize(("samples", "wanted"), [row[1:] for row in GROWTH], ids=[row[0] for row in GROWTH])
def test_growth_is_a_slope(samples: list[tuple[float, float]], wanted: float) -> None:
    assert growth_per_minute(samples) == pytest.approx(wanted)


def test_the_page_has_a_table_for_all_that_have_the_same_figures() -> None:
    page = refresh(PAGE, "a machine", REPORTS)

    assert "| `spans` | 11 (at most 12: met) | 70 |\n| `logs` | 9 (at most 8: **missed**) | 60 |" in page
    assert page.count("| scenario |") == 2
    assert "it was loud" in page


def test_a_page_is_the_same_when_it_is_written_again() -> None:
    page = refresh(PAGE, "a machine", REPORTS)

    assert page.startswith("# Performance\n\nprose\n")
    assert page.endswith(f"{END}\n\nmore prose\n")
    assert "old" not in page
    assert refresh(page, "a machine", REPORTS) == page


def test_what_stands_beside_others_has_a_place_and_a_table_of_its_own() -> None:
    page = f"{PAGE}\n{BEGIN_BESIDE}\nolder\n{END}\n"
    report = Report("ask", "asked", [Figure("mean", 0.5)], table=Table("query", ["ours", "theirs"], {"one": [1, 2]}))

    written = refresh(page, "a machine", [report], BEGIN_BESIDE)

    assert "| `ask`: query | ours | theirs |\n| --- | --: | --: |\n| one | 1 | 2 |" in written
    assert "older" not in written
    assert written.startswith(PAGE)


def test_a_page_without_a_place_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no place"):
        refresh("# Performance\n", "a machine", REPORTS)
