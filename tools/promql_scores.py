"""Counts how many cases of each file of language tests hold: `python -m tools.promql_scores FOLDER [--write]`.

The folder is the one that `python -m tools.conformance` runs. With `--write` the table goes into docs/promql.md, too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tools.conformance.case import Kind
from tools.conformance.kinds import KINDS
from tools.conformance.score import attempts
from tools.source import TOP

PAGE: Final = TOP / "docs" / "promql.md"
BEGIN: Final = "<!-- what follows is written by `python -m tools.promql_scores FOLDER --write` -->"
END: Final = "<!-- here it ends -->"

COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {"promql-language": "stable", "promql-language-experimental": "experimental", "promql-compliance": "stable"}
)
"""Which column of the table the cases of a kind are counted in."""

ANSWERS: Final = "answers of Prometheus 3.14"
"""What the cases are of that stand in no test file."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many cases hold, of how many."""

    passed: int = 0
    total: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.passed + other.passed, self.total + other.total)

    def __str__(self) -> str:
        return f"{self.passed}/{self.total}" if self.total else ""


Tallies = Mapping[tuple[str, str], Tally]
"""By file and column."""


def tallied(kinds: Iterable[Kind], material: Path) -> Tallies:
    """Run the cases of `kinds` and return how they fared."""
    found: dict[tuple[str, str], Tally] = {}
    for kind in kinds:
        for name, complaint in attempts(kind, material):
            file, colon, _ = name.partition(".test:")
            key = (f"{file}.test" if colon else ANSWERS, COLUMNS[kind.name])
            found[key] = found.get(key, Tally()) + Tally(complaint is None, 1)
    return found


def table(tallies: Tallies) -> str:
    """Return a table with a row for each file, and one for all of them."""
    files = sorted({file for file, _ in tallies}, key=lambda file: (file == ANSWERS, file))
    columns = tuple(dict.fromkeys(COLUMNS.values()))
    lines = [["file", *columns], ["---", *["--:" for _ in columns]]]
    for file in files:
        cells = [str(tallies.get((file, name), Tally())) for name in columns]
        lines.append([file if file == ANSWERS else f"`{file}`", *cells])
    sums = [sum((tally for (_, of), tally in tallies.items() if of == name), Tally()) for name in columns]
    lines.append(["all", *map(str, sums)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def refresh(page: str, written: str) -> str:
    """Return `page` with what is `written` between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"cannot write the table: the page has no place for it; want {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{written}\n{END}{after}"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a case does not hold."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.promql_scores", description="count what holds of the language tests"
    )
    parser.add_argument("material", type=Path, metavar="FOLDER", help="the folder with the material")
    parser.add_argument("--write", action="store_true", help="write the table into docs/promql.md, too")
    options = parser.parse_args(argv)
    if not options.material.is_dir():
        parser.error(f"cannot find the material: {options.material} is not a folder")
    tallies = tallied([kind for kind in KINDS if kind.name in COLUMNS], options.material)
    if not tallies:
        parser.error(
            f"cannot find any language tests in {options.material}; want the folder that tools.conformance runs"
        )
    print(table(tallies), end="")
    if options.write:
        PAGE.write_text(refresh(PAGE.read_text(), table(tallies)))
    return int(any(tally.passed < tally.total for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
