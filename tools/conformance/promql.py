"""PromQL: the language tests of Prometheus, and what it answers to many queries, asked of our evaluation in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from firstlight.errors import QueryError
from firstlight.query.promql.context import Switches
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.parser import parse
from firstlight.query.promql.refusals import in_prometheus_words
from firstlight.query.promql.result import Instant, Matrix, Number, Result, String
from firstlight.query.promql.run import Options, answer, at_instant, over_range
from firstlight.query.promql.values import Labels
from tools.conformance.case import Case, expect
from tools.conformance.promql_check import Execute, Failed, Outcome, Points, check, same_points
from tools.conformance.promql_memory import MemorySource
from tools.conformance.promqltest import Clear, Eval, Grid, Load, commands

TESTED = Options(experimental=True, switches=Switches(delayed_name_removal=True, start_timestamps=True))
"""What the language tests want to be switched on."""


def language_cases(folder: Path, *, experimental: bool = False) -> Iterator[Case]:
    """Yield a case for each query of the language tests: those of the stable language, or the experimental ones."""
    for path in sorted(folder.rglob("*.test")):
        if path.parent.name == "compliance":
            continue
        yield from file_cases(path, experimental)


def file_cases(path: Path, experimental: bool) -> Iterator[Case]:
    """Yield a case for each query of a file."""
    source = MemorySource()
    execute = in_memory(source)
    for command in commands(path.read_text()):
        match command:
            case Clear():
                source.clear()
            case Load():
                source.load(command)
            case Eval():
                if is_experimental(command.query) == experimental:
                    yield Case(f"{path.name}:{command.line}", partial(check, command, execute))


def experimental_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each query that needs what Prometheus has behind a flag."""
    return language_cases(folder, experimental=True)


def is_experimental(query: str) -> bool:
    """Return whether a query needs what Prometheus has behind a flag."""
    try:
        parse(query)
    except QueryError:
        return True
    return False


def in_memory(source: MemorySource, options: Options = TESTED) -> Execute:
    """Return what asks our evaluation, over series in memory."""

    def execute(query: str, grid: Grid) -> Outcome:
        steps = over_range(grid.start, grid.end, grid.step) if grid.step else at_instant(grid.start)
        try:
            found = answer(query, steps, source, options)
        except QueryError as error:
            raise Failed(in_prometheus_words(error)) from None
        except EvaluationFailed as error:
            raise Failed(str(error)) from None
        return _outcome(found.result, found.warnings, found.infos)

    return execute


def _outcome(result: Result, warnings: Sequence[str], infos: Sequence[str]) -> Outcome:
    series: list[tuple[Labels, Points]] = []
    match result:
        case Number():
            return Outcome(number=result.value, warnings=warnings, infos=infos)
        case String():
            return Outcome(text=result.value, warnings=warnings, infos=infos)
        case Instant(time=time, vector=vector):
            for row, labels in enumerate(vector.labels):
                whole = None if vector.histograms is None else vector.histograms[row, 0]
                series.append((labels, {time: float(vector.floats[row, 0]) if whole is None else whole}))
        case Matrix(samples=samples):
            for row, labels in enumerate(samples.labels):
                points: Points = {}
                for place in range(int(samples.offsets[row]), int(samples.offsets[row + 1])):
                    whole = None if samples.histograms is None else samples.histograms[place]
                    points[int(samples.ts[place])] = float(samples.floats[place]) if whole is None else whole
                series.append((labels, points))
    return Outcome(series, warnings=warnings, infos=infos)


def compliance_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each query whose answer by Prometheus is known."""
    expected = folder / "compliance"
    source = MemorySource()
    for command in commands((expected / "data.test").read_text()):
        if isinstance(command, Load):
            source.load(command)
    execute = in_memory(source, Options())
    for path in sorted(expected.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            asked = json.loads(line)
            yield Case(asked["query"], partial(_same_answer, asked, execute))


def _same_answer(asked: dict[str, Any], execute: Execute) -> None:
    start, end, step = (round(asked[key] * 1000) for key in ("start", "end", "step"))
    try:
        found = execute(asked["query"], Grid(start, end, step))
    except Failed as error:
        expect(str(error), asked.get("error"), of="the error")
        return
    expect(asked.get("error"), None, of="the error")
    wanted = [(tuple(sorted(each["metric"].items())), _points(each)) for each in asked["result"]]
    expect([labels for labels, _ in found.series], [labels for labels, _ in wanted], of="the series")
    for (labels, ours), (_, theirs) in zip(found.series, wanted, strict=True):
        if not same_points(ours, theirs):
            raise AssertionError(f"{dict(labels)}: found {ours}; want {theirs}")
    expect(sorted(found.warnings), sorted(asked.get("warnings") or []), of="warnings")
    expect(sorted(found.infos), sorted(asked.get("infos") or []), of="infos")


def _points(series: dict[str, Any]) -> Points:
    points: dict[int, float | Histogram] = {}
    for time, value in series.get("values", ()):
        points[round(time * 1000)] = float(value)
    return points
