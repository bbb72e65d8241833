"""Reports on a terminal: a table for each, what to know under it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.report import Figure, Report, readable
from bench.report import Table as Values


def show(console: Console, report: Report) -> None:
    """Print one report."""
    console.print(Text(f"{report.scenario}: {report.words}", style="bold"))
    table = Table(box=None, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    if any(figure.target is not None for figure in report.figures):
        for heading in ("at most", "ratio"):
            table.add_column(heading, justify="right")
        table.add_column()
    for figure in report.figures:
        table.add_row(figure.name, figure.shown, *_judged(figure))
    console.print(table)
    if report.table is not None:
        console.print(_shown(report.table))
    for remark in report.remarks:
        console.print(Text(f"note: {remark}", style="yellow"))
    for fault in report.faults:
        console.print(Text(f"fault: {fault}", style="bold red"))
    console.print()


def _shown(table: Values) -> Table:
    shown = Table(box=None, pad_edge=False)
    shown.add_column(table.heading)
    for column in table.columns:
        shown.add_column(column, justify="right")
    for name, values in table.rows.items():
        shown.add_row(name, *map(readable, values))
    return shown


def _judged(figure: Figure) -> tuple[str | Text, ...]:
    if figure.target is None or figure.ratio is None:
        return ()
    verdict = Text("missed", style="red") if figure.is_missed else Text("met", style="green")
    return readable(figure.target), f"{figure.ratio:.2f}", verdict
