"""Reports as tables of docs/performance.md, between two marks; what is written around them is a person's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from bench.report import Figure, Report, readable

PAGE: Final = Path("docs/performance.md")
BEGIN: Final = "<!-- what follows is written by `python -m bench --write` -->"
BEGIN_BESIDE: Final = "<!-- what follows is written by `python -m bench beside --write` -->"
BEGIN_LOGS: Final = "<!-- what follows is written by `python -m bench log-lines --write` -->"
END: Final = "<!-- here it ends -->"


def refresh(page: str, machine: str, reports: Sequence[Report], mark: str = BEGIN) -> str:
    """Return `page` with the tables of `reports` between `mark` and the next end."""
    before, begin, rest = page.partition(mark)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"cannot write the tables: the page has no place for them; want {mark} and {END}")
    return f"{before}{mark}\n\n{tables(machine, reports)}\n{END}{after}"


def tables(machine: str, reports: Sequence[Report]) -> str:
    """Return the reports as Markdown: those that follow each other with the same figures in one table."""
    groups = groupby(reports, lambda report: tuple((figure.name, figure.unit) for figure in report.figures))
    return "\n".join([f"Measured on {machine}.\n", *(table(list(group)) for _, group in groups)])


def table(reports: Sequence[Report]) -> str:
    """Return a table with a row for each report, and what there is to say about each under it."""
    names = [f"{figure.name}{f', {figure.unit}' if figure.unit else ''}" for figure in reports[0].figures]
    rows = [["scenario", *names], ["---", *["--:" for _ in names]]]
    rows += [[f"`{report.scenario}`", *(cell(figure) for figure in report.figures)] for report in reports]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    notes = [line for report in reports for line in _notes(report)]
    return "\n".join([*lines, "", *notes, "", *(line for report in reports for line in _values(report))])


def cell(figure: Figure) -> str:
    """Return a value, and how it compares with its target."""
    value = readable(figure.value)
    if figure.target is None:
        return value
    return f"{value} (at most {readable(figure.target)}: {'**missed**' if figure.is_missed else 'met'})"


def _notes(report: Report) -> Iterator[str]:
    yield f"- `{report.scenario}`: {report.words}."
    yield from (f"  {text}." for text in (*report.remarks, *report.faults))


def _values(report: Report) -> Iterator[str]:
    if report.table is not None:
        yield f"| `{report.scenario}`: {report.table.heading} | {' | '.join(report.table.columns)} |"
        yield f"| --- | {' | '.join('--:' for _ in report.table.columns)} |"
        yield from (f"| {name} | {' | '.join(map(readable, row))} |" for name, row in report.table.rows.items())
        yield ""
