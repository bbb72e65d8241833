"""LogQL as text: what is read and how it is written, beside what Loki itself says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from firstlight.errors import QueryError
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.parser import parse
from firstlight.query.logql.pretty import pretty
from firstlight.query.logql.printer import text_of
from tools.conformance.case import Case, Kind, expect


def documented_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each expression of the documentation, the dashboards and the rules that Loki reads."""
    yield from _read_cases(folder / "expressions.jsonl")


def rejected_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each snippet of the documentation that Loki does not read: it is refused with Loki's words."""
    for number, case in _lines(folder / "rejected_in_docs.jsonl"):
        yield Case(f"{number} {case['expr'][:60]!r}", partial(_refused, case["expr"], case["error"]))


def wild_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each query of dashboards or of rules, read or refused as Loki does it."""
    yield from _read_cases(folder / "expressions" / "logql.jsonl")


def _read_cases(file: Path) -> Iterator[Case]:
    for number, case in _lines(file):
        name = f"{number} {case['expr'][:60]!r}"
        if case.get("parses", True):
            yield Case(name, partial(_same, case))
        else:
            yield Case(name, partial(_refused, case.get("parsed_as") or case["expr"], case["error"]))


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with file.open() as lines:
        for number, line in enumerate(lines, 1):
            yield number, json.loads(line)


def _same(case: dict[str, Any]) -> None:
    expr = parse(case.get("parsed_as") or _with_ranges(case["expr"]))
    canonical = text_of(expr)

    expect(canonical, case["canonical"], of="the canonical text")
    if "type" in case:
        expect("log" if isinstance(expr, LogQuery) else "metric", case["type"], of="the type")
    expect(text_of(parse(canonical)), canonical, of="the canonical text read again")
    expect(text_of(parse(pretty(expr))), canonical, of="the text in lines read again")


def _refused(query: str, words: str) -> None:
    try:
        expr = parse(query)
    except QueryError as error:
        expect(error.complaint, words, of=f"the error of {query!r}")
    else:
        raise AssertionError(f"{query!r} was read as {text_of(expr)!r}; want {words!r}")


def _with_ranges(expr: str) -> str:
    """Return `expr` with five minutes for the ranges that Grafana would choose, as the authors of the material did."""
    return re.sub(r"\[\s*\$\{?__\w+\}?\s*\]", "[5m]", expr)


KINDS = (
    Kind("logql-expressions", "logql", documented_cases),
    Kind("logql-rejected", "logql", rejected_cases),
    Kind("logql-dashboards-parse", "dashboards", wild_cases),
    Kind("logql-rules-parse", "rules", wild_cases),
)
"""What `kinds.py` adds to its own."""
