"""PromQL: the language tests of Prometheus, and what it answers to many queries, asked of our engine over a store.

All that the tests load is stored at once, each state of it as a tenant of its own, and the queries are asked several
at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from firstlight.errors import QueryError
from firstlight.query.promql.context import Switches
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.parser import parse
from firstlight.query.promql.refusals import in_prometheus_words
from firstlight.query.promql.run import Options, answer, at_instant, over_range
from firstlight.query.promql.settings import PromqlSettings
from tools.conformance.case import Case, expect
from tools.conformance.promql_check import Execute, Failed, Outcome, Points, check, same_points
from tools.conformance.promql_memory import MemorySource, Series
from tools.conformance.promql_outcome import outcome
from tools.conformance.promql_store import AT_ONCE, opened
from tools.conformance.promqltest import Clear, Eval, Grid, Load, commands

TESTED: Final = Options(experimental=True, switches=Switches(delayed_name_removal=True, start_timestamps=True))
"""What the language tests want to be switched on."""

TESTED_SETTINGS: Final = PromqlSettings(experimental=True, delayed_name_removal=True, start_timestamps=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """A case of a file: what is to be done with something that answers queries of a tenant."""

    name: str
    tenant: str
    run: Callable[[Execute], None]


@dataclass(slots=True)
class Script:
    """Test files, taken apart: what is stored for which tenant, and what is asked."""

    worlds: dict[str, Series] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def read(self, name: str, text: str, *, experimental: bool | None = None) -> None:
        """Take the stable or the experimental queries of a file, or both, and what it loads before each."""
        memory = MemorySource()
        tenant, is_new = "", True
        for command in commands(text):
            match command:
                case Clear():
                    memory.clear()
                    is_new = True
                case Load():
                    memory.load(command)
                    is_new = True
                case Eval():
                    if is_new:
                        tenant = f"{name}:{command.line}"
                        self.worlds[tenant] = {labels: dict(samples) for labels, samples in memory.series.items()}
                        is_new = False
                    if experimental is None or is_experimental(command.query) == experimental:
                        self.asked.append(Asked(f"{name}:{command.line}", tenant, partial(check, command)))


def language_cases(folder: Path, *, experimental: bool = False) -> Iterator[Case]:
    """Yield a case for each query of the language tests: those of the stable language, or the experimental ones."""
    script = Script()
    for path in sorted(folder.rglob("*.test")):
        if path.parent.name != "compliance":
            script.read(path.name, path.read_text(), experimental=experimental)
    yield from run_on_store(script, TESTED_SETTINGS)


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


def run_on_store(script: Script, settings: PromqlSettings) -> Iterator[Case]:
    """Yield the cases of a script, in order; they run in a store of their own, several at a time."""
    with opened(settings) as store, ThreadPoolExecutor(AT_ONCE) as workers:
        store.load({tenant: series for tenant, series in script.worlds.items() if series})
        running = [workers.submit(asked.run, store.execute(asked.tenant)) for asked in script.asked]
        try:
            for asked, future in zip(script.asked, running, strict=True):
                yield Case(asked.name, future.result)
        finally:
            workers.shutdown(cancel_futures=True)


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
        return outcome(found.result, found.warnings, found.infos)

    return execute


def compliance_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each query whose answer by Prometheus is known."""
    expected = folder / "compliance"
    memory = MemorySource()
    for command in commands((expected / "data.test").read_text()):
        if isinstance(command, Load):
            memory.load(command)
    script = Script({"compliance": memory.series})
    for path in sorted(expected.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            wanted = json.loads(line)
            script.asked.append(Asked(wanted["query"], "compliance", partial(_same_answer, wanted)))
    yield from run_on_store(script, PromqlSettings())


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
