"""The table of scores in docs/promql.md: what it counts, and where it goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.conformance.case import Case, Kind, expect
from tools.promql_scores import ANSWERS, BEGIN, END, PAGE, Tally, refresh, table, tallied


def some(_: Path) -> Iterator[Case]:
    """Yield two cases of a file, of which one does not hold, and one that stands in no file."""
    yield Case("a.test:1", lambda: None)
    yield Case("a.test:5", lambda: expect(1, 2, of="it"))
    yield Case("up", lambda: None)


def test_counts_by_file(tmp_path: Path) -> None:
    kinds = [Kind("promql-language", ".", some), Kind("promql-language-experimental", ".", some)]
    found = tallied(kinds, tmp_path)

    assert found[("a.test", "stable")] == Tally(1, 2)
    assert found[(ANSWERS, "experimental")] == Tally(1, 1)
    wanted = "| file | stable | experimental |\n| --- | --: | --: |\n| `a.test` | 1/2 |  |\n| all | 1/2 |  |\n"
    assert table({("a.test", "stable"): Tally(1, 2)}) == wanted


def test_writes_between_the_marks() -> None:
    assert refresh(f"a\n{BEGIN}\nold\n{END}\nb", "new\n") == f"a\n{BEGIN}\n\nnew\n\n{END}\nb"
    with pytest.raises(ValueError, match="the page has no place for it"):
        refresh("a", "new")


def test_the_page_has_its_place() -> None:
    assert refresh(PAGE.read_text(), "").startswith("# PromQL")
