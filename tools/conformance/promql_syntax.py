"""PromQL as text: what is read and what is refused, beside what Prometheus 3.14 says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from firstlight.errors import QueryError
from firstlight.query.promql.ast import ValueType
from firstlight.query.promql.check import type_of
from firstlight.query.promql.parser import parse
from firstlight.query.promql.pretty import format_query
from firstlight.query.promql.printer import to_text
from firstlight.query.promql.refusals import in_prometheus_words
from tools.conformance.case import Case, expect

TYPES = {ValueType.VECTOR: "vector", ValueType.MATRIX: "matrix"}

# A case of the grammar of Prometheus' editor: a title, a query, and the tree, in which a warning sign is an error.
GRAMMAR_CASE = re.compile(
    r"^# (?P<title>.*)\n(?P<query>(?:(?!==>).*\n)*)==>\s*\n(?P<tree>(?:(?!# ).*\n?)*)", re.MULTILINE
)
ERROR_SIGN = "\N{WARNING SIGN}"
EXPRESSION = "PromQL("


def lezer_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each query of the editor's grammar: it is read if the editor finds no error in it."""
    text = (folder / "lezer_promql_expression.txt").read_text()
    for found in GRAMMAR_CASE.finditer(text):
        tree = found["tree"].strip()
        if tree.startswith(EXPRESSION):
            yield Case(found["title"], partial(_read, found["query"].strip("\n"), ERROR_SIGN not in tree))


def expression_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each expression found in the wild: its text, its type and its faults are as in Prometheus."""
    with (folder / "expressions" / "promql.jsonl").open() as lines:
        for number, line in enumerate(lines, 1):
            case = json.loads(line)
            name = f"{number} {case['expr'][:60]!r}"
            if case["parses"]:
                yield Case(name, partial(_same, case))
            elif "#" not in case["expr"]:
                # What was refused of a text with comments was not that text, but it on one line.
                yield Case(name, partial(_refused, case))


def _read(query: str, right: bool) -> None:
    try:
        parse(query, experimental=True)
    except QueryError as error:
        expect(False, right, of=f"whether {query!r} is read ({error.complaint})")
    else:
        expect(True, right, of=f"whether {query!r} is read")


def _same(case: dict[str, Any]) -> None:
    expr = parse(case["parsed_as"], experimental=True)
    canonical = to_text(expr)
    kind = type_of(expr)

    expect(canonical, case["canonical"], of="the canonical text")
    expect(TYPES.get(kind, str(kind)), case["type"], of="the type")
    expect(to_text(parse(canonical, experimental=True)), canonical, of="the canonical text read again")
    expect(to_text(parse(format_query(expr), experimental=True)), canonical, of="the text in lines read again")


def _refused(case: dict[str, Any]) -> None:
    # What stood in the place of variables is not told, so that the column may be another.
    query = _without_variables(case["expr"])
    try:
        expr = parse(query)
    except QueryError as error:
        told = in_prometheus_words(error)
        expect(told.partition(": ")[2], case["error"].partition(": ")[2], of=f"the error of {query!r}")
    else:
        raise AssertionError(f"{query!r} was read as {to_text(expr)!r}; want {case['error']!r}")


def _without_variables(expr: str) -> str:
    """Return `expr` on one line, each of Grafana's variables a duration or a name."""
    expr = re.sub(r"\$\{?__(?:rate_interval|interval|range|auto)\w*\}?", "5m", expr)
    expr = re.sub(r"\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\]|\$(\w+)", r"gv_\1\2\3", expr)
    return " ".join(re.sub(r"\[\s*gv_\w+", "[5m", expr).split())
