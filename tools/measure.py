"""Prints the sizes of the code beside the sizes we aim at: `python -m tools.measure [FOLDER ...]`, by default src.

A mirror, not a gate: under each measure stand the places that are furthest out, to be looked at. Only syntax is read.
"""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low

from tools.source import Module, modules, public

Function = ast.FunctionDef | ast.AsyncFunctionDef

WORST = 5

# What opens a block, and what is one more way through a function.
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case, ast.comprehension)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Sample:
    """One thing measured: how much, and where."""

    value: int
    place: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A size that every function, file ... has. Aimed at: `median` and `p95`; worth a hard look: above `look`."""

    name: str
    samples: Callable[[Module], Iterator[Sample]]
    median: int | None
    p95: int
    look: int


@dataclass(frozen=True, slots=True)
class Share:
    """Something that everything should have, and what lacks it."""

    name: str
    samples: Callable[[Module], Iterator[Sample]]  # 1 where it is, 0 where it is lacking


def lines_of_functions(module: Module) -> Iterator[Sample]:
    """Yield how long each function is, from `def` to its last line."""
    return (_lines(module, name, node) for name, node in functions(module))


def lines_of_classes(module: Module) -> Iterator[Sample]:
    """Yield how long each class is."""
    return (_lines(module, name, node) for name, node in _named(module.tree) if isinstance(node, ast.ClassDef))


def lines_of_files(module: Module) -> Iterator[Sample]:
    """Yield how long the file is, unless it only re-exports."""
    last = max((node.end_lineno or 0 for node in module.tree.body), default=0)
    if not module.is_package:
        yield Sample(last, str(module.path))


def branches(module: Module) -> Iterator[Sample]:
    """Yield how many ways each function may turn: conditions, loops, cases, handlers, and what `and` and `or` join."""
    for name, node in functions(module):
        inside = list(_own(node))
        joined = sum(len(part.values) - 1 for part in inside if isinstance(part, ast.BoolOp))
        yield _at(module, name, node, joined + sum(isinstance(part, BRANCHES) for part in inside))


def nesting(module: Module) -> Iterator[Sample]:
    """Yield how deep blocks stand in one another in each function."""
    return (_at(module, name, node, _depth(node.body)) for name, node in functions(module))


def arguments(module: Module) -> Iterator[Sample]:
    """Yield how many arguments each function takes, without `self` and `cls`."""
    return (_at(module, name, node, len(_arguments(node))) for name, node in functions(module))


def methods_of_protocols(module: Module) -> Iterator[Sample]:
    """Yield how many methods each protocol asks for."""
    for name, node in _named(module.tree):
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases):
            yield _at(module, name, node, sum(isinstance(part, Function) for part in node.body))


def documented(module: Module) -> Iterator[Sample]:
    """Yield whether the module and each public thing in it has a docstring."""
    if module.tree.body:
        yield Sample(bool(ast.get_docstring(module.tree)), str(module.path))
    for name, node in public(module.tree):
        yield _at(module, name, node, bool(ast.get_docstring(node)))


def annotated(module: Module) -> Iterator[Sample]:
    """Yield whether each argument and each result has a type."""
    for name, node in functions(module):
        yield _at(module, f"{name}()", node, node.returns is not None)
        for argument in _arguments(node):
            yield _at(module, f"{name}({argument.arg})", node, argument.annotation is not None)


MEASURES = (
    Measure("lines per function", lines_of_functions, median=8, p95=40, look=80),
    Measure("branches per function", branches, median=None, p95=8, look=15),
    Measure("nesting", nesting, median=None, p95=2, look=4),
    Measure("arguments", arguments, median=None, p95=4, look=6),
    Measure("lines per file", lines_of_files, median=150, p95=500, look=800),
    Measure("lines per class", lines_of_classes, median=None, p95=150, look=300),
    Measure("methods per protocol", methods_of_protocols, median=None, p95=2, look=4),
)

SHARES = (
    Share("documented, of what is public", documented),
    Share("annotated, of arguments and results", annotated),
)


def functions(module: Module) -> Iterator[tuple[str, Function]]:
    """Yield every function and method with its dotted name, those inside others too."""
    return ((name, node) for name, node in _named(module.tree) if isinstance(node, Function))


def table(found: Sequence[Module]) -> Iterator[str]:
    """Yield the lines to print about `found`."""
    for measure in MEASURES:
        samples = [sample for module in found for sample in measure.samples(module)]
        yield from _lines_about(measure, samples)
    for share in SHARES:
        samples = [sample for module in found for sample in share.samples(module)]
        lacking = [sample for sample in samples if not sample.value]
        yield f"{share.name}: {percentage(samples)} of {len(samples)}; want 100 %"
        yield from (f"    lacking: {sample.place}" for sample in lacking[:WORST])


def percentile(values: Iterable[int], percent: int) -> int:
    """Return the smallest of `values` that at least `percent` of them do not exceed; 0 if there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else 0


def percentage(samples: Sequence[Sample]) -> str:
    """Return how many of `samples` have it; 100 % is only said of all."""
    if not samples:
        return "100 %"
    tenths = 1000 * sum(sample.value for sample in samples) // len(samples)
    return f"{tenths // 10}.{tenths % 10} %" if tenths < 1000 else "100 %"


def _lines_about(measure: Measure, samples: Sequence[Sample]) -> Iterator[str]:
    values = [sample.value for sample in samples]
    median, p95 = (median_low(values), percentile(values, 95)) if values else (0, 0)
    over = p95 > measure.p95 or (measure.median is not None and median > measure.median)
    aim = f"median {measure.median}, p95 {measure.p95}" if measure.median is not None else f"p95 {measure.p95}"
    yield (
        f"{measure.name}: median {median}, p95 {p95}, max {max(values, default=0)} of {len(values)};"
        f" want at most {aim}{'  <- over' if over else ''}"
    )
    for sample in sorted(samples, key=lambda sample: -sample.value)[:WORST]:
        mark = "  <- look hard" if sample.value > measure.look else ""
        yield f"    {sample.value:5} {sample.place}{mark}"


def _named(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function | ast.ClassDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function | ast.ClassDef):
            yield prefix + node.name, node
            yield from _named(node, f"{prefix}{node.name}.")
        else:
            yield from _named(node, prefix)


def _own(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of `function` that are not in a function or class inside it."""
    rest: list[ast.AST] = list(function.body)
    while rest:
        node = rest.pop()
        yield node
        if not isinstance(node, SCOPES):
            rest.extend(ast.iter_child_nodes(node))


def _depth(body: Iterable[ast.AST]) -> int:
    return max((_depth_of(node) for node in body), default=0)


def _depth_of(node: ast.AST) -> int:
    if isinstance(node, SCOPES):
        return 0
    if isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        return max(1 + _depth(node.body), _depth_of(node.orelse[0]))  # an elif stands beside its if, not in it
    return isinstance(node, BLOCKS) + _depth(ast.iter_child_nodes(node))


def _arguments(function: Function) -> list[ast.arg]:
    given = function.args
    named = [*given.posonlyargs, *given.args]
    if named and named[0].arg in ("self", "cls"):
        named = named[1:]
    return [*named, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]


def _lines(module: Module, name: str, node: Function | ast.ClassDef) -> Sample:
    return _at(module, name, node, (node.end_lineno or node.lineno) - node.lineno + 1)


def _at(module: Module, name: str, node: Function | ast.ClassDef, value: int) -> Sample:
    return Sample(value, f"{module.path}:{node.lineno} {name}")


def main(folders: Sequence[str]) -> None:
    """Print the table about what git has in `folders`."""
    wanted = folders or ["src"]
    print(*table([module for module in modules() if module.path.parts[0] in wanted]), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
