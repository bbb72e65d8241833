"""LogQL: Loki's own tests of metric queries, asked of our engine over a store.

All that the tests load is stored at once, each state of it as a tenant of its own, and the queries are asked several
at a time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from firstlight.errors import QueryError
from firstlight.query.logql.evaluate_faults import LogqlFailed
from firstlight.query.logql.lines import Labels
from firstlight.query.logql.result import Matrix, Result, ScalarResult, VectorResult
from firstlight.query.logql.settings import LogqlSettings
from tools.conformance.case import Case
from tools.conformance.logql_script import Clear, Entry, Eval, Load, Point, commands
from tools.conformance.logql_store import AT_ONCE, ORIGIN_NS, LogStore, opened

TESTED: Final = LogqlSettings(detected_level=False, any_field=False)
"""What the tests do not know of: what Loki, and we, add to what is stored."""

Found = dict[Labels, Sequence[Point]]


@dataclass(slots=True)
class Script:
    """Test files, taken apart: what is stored for which tenant, and what is asked."""

    worlds: dict[str, Sequence[Entry]] = field(default_factory=dict)
    asked: list[tuple[str, str, Eval]] = field(default_factory=list)

    def read(self, name: str, text: str) -> None:
        """Take the queries of a file, and what it loads before each."""
        loaded: list[Entry] = []
        tenant = ""
        for command in commands(text):
            match command:
                case Clear():
                    loaded, tenant = [], ""
                case Load():
                    loaded, tenant = [*loaded, *command.entries], ""
                case Eval():
                    if not tenant:
                        tenant = f"{name}:{command.line}"
                        self.worlds[tenant] = loaded
                    self.asked.append((f"{name}:{command.line}", tenant, command))


def cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each query of Loki's tests."""
    script = Script()
    for path in sorted(folder.glob("*.logqltest")):
        script.read(path.name, path.read_text())
    yield from run_on_store(script)


def run_on_store(script: Script) -> Iterator[Case]:
    """Yield the cases of a script, in order; they run in a store of their own, several at a time."""
    with opened(TESTED) as store, ThreadPoolExecutor(AT_ONCE) as workers:
        store.load({tenant: entries for tenant, entries in script.worlds.items() if entries})
        running = [workers.submit(check, asked, tenant, store) for _, tenant, asked in script.asked]
        try:
            for (name, _, _), future in zip(script.asked, running, strict=True):
                yield Case(name, partial(future.result))
        finally:
            workers.shutdown(cancel_futures=True)


def check(asked: Eval, tenant: str, store: LogStore) -> None:
    """Raise AssertionError, with what was found, unless the query answers what is expected."""
    try:
        if asked.step:
            answered = store.range(tenant, asked.query, asked.start, asked.end, asked.step)
        else:
            answered = store.instant(tenant, asked.query, asked.start)
    except (QueryError, LogqlFailed) as error:
        told = str(error)
        if not asked.fails:
            raise AssertionError(f"{asked.query}: failed: {told}") from None
        if asked.message not in told or not re.search(asked.pattern, told):
            wanted = asked.message or asked.pattern
            raise AssertionError(f"{asked.query}: failed: {told}; want {wanted}") from None
        return
    if asked.fails:
        raise AssertionError(f"{asked.query}: found {answered.result}; want a failure")
    _check_result(asked, answered.result)


def _check_result(asked: Eval, result: Result) -> None:
    if isinstance(result, ScalarResult):
        if asked.scalar is None or not close(result.value, asked.scalar):
            raise AssertionError(f"{asked.query}: found {result.value}; want {asked.scalar}")
        return
    found = _series(asked, result)
    wanted: Found = dict(asked.series)
    if found.keys() != wanted.keys() or (asked.ordered and list(found) != list(wanted)):
        raise AssertionError(f"{asked.query}: found series {found}; want {wanted}")
    for labels, points in wanted.items():
        if not all(map(close, found[labels], points)):
            raise AssertionError(f"{asked.query}: {dict(labels)}: found {found[labels]}; want {points}")


def _series(asked: Eval, result: Result) -> Found:
    match result:
        case VectorResult():
            return {sample.labels: [sample.value] for sample in result.samples}
        case Matrix():
            count = (asked.end - asked.start) // asked.step + 1
            found: Found = {}
            for series in result.series:
                points: list[Point] = [None] * count
                for at, value in zip(series.times.tolist(), series.values.tolist(), strict=True):
                    points[(at - ORIGIN_NS - asked.start) // asked.step] = value
                found[series.labels] = points
            return found
    raise AssertionError(f"{asked.query}: found {type(result).__name__}; want series")


def close(found: Point, wanted: Point) -> bool:
    """Return whether two values are the same, as far as floats tell."""
    if found is None or wanted is None:
        return found is wanted
    if math.isnan(wanted):
        return math.isnan(found)
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12)
