"""What `make measure` counts."""

from __future__ import annotations

import ast

import pytest

from tools import measure
from tools.source import parse

SIZES = [
    # what                              measured                       the code                                                     sizes
    ("one line",                        measure.lines_of_functions,    "def f(): ...",                                              [1]),
    ("a docstring is length",           measure.lines_of_functions,    "@x\ndef f():\n    'F.'\n    return 1",                       [3]),
    ("a function inside counts twice",  measure.lines_of_functions,    "def f():\n    def g():\n        ...",                       [3, 2]),
    ("a method is a function",          measure.lines_of_functions,    "class C:\n    async def f(self): ...",                      [1]),
    ("a class",                         measure.lines_of_classes,      "class C:\n    a = 1\n    b = 2",                            [3]),
    ("a file ends with its last line",  measure.lines_of_files,        "a = 1\n\nb = 2\n\n\n",                                      [3]),
    ("no branch",                       measure.branches,              "def f(): return 1",                                         [0]),
    ("an if and an elif",               measure.branches,              "def f():\n    if a: b\n    elif c: d\n    else: e",         [2]),
    ("and, and",                        measure.branches,              "def f(): return a and b and c",                             [2]),
    ("a filtered comprehension",        measure.branches,              "def f(): return [a for a in b if a]",                       [1]),
    ("cases",                           measure.branches,              "def f():\n    match a:\n        case 1: ...\n        case _: ...", [2]),
    ("handlers",                        measure.branches,              "def f():\n    try: a\n    except B: c\n    except D: e",    [2]),
    ("not those of a function inside",  measure.branches,              "def f():\n    def g():\n        if a: b",                   [0, 1]),
    ("flat",                            measure.nesting,               "def f(): return 1",                                         [0]),
    ("an if in a for",                  measure.nesting,               "def f():\n    for a in b:\n        if a: c",                [2]),
    ("elif is not deeper",              measure.nesting,               "def f():\n    if a: b\n    elif c: d\n    elif e: g",       [1]),
    ("an if in an else is",             measure.nesting,               "def f():\n    if a: b\n    else:\n        c\n        if d: e", [2]),
    ("in a handler",                    measure.nesting,               "def f():\n    try: a\n    except B:\n        if c: d",      [2]),
    ("no self",                         measure.arguments,             "class C:\n    def f(self, a, *b, c=1, **d): ...",           [4]),
    ("a protocol",                      measure.methods_of_protocols,  "class C(Protocol[T]):\n    a: int\n    def f(self): ...\n    async def g(self): ...", [2]),
    ("documented: module, class, not method", measure.documented,      "'M.'\nclass C:\n    'C.'\n    def f(self): ...",            [1, 1, 0]),
    ("annotated: result, a, not b",     measure.annotated,             "def f(a: int, b) -> None: ...",                             [1, 1, 0]),
]  # fmt: skip

PERCENTILES = [
    # what          values            percent  wanted
    ("nothing",     [],               95,      0),
    ("one",         [7],              95,      7),
    ("of twenty",   range(1, 21),     95,      19),
    ("of ten",      range(1, 11),     95,      10),
    ("the middle",  range(1, 11),     50,      5),
]  # fmt: skip


@pytest.mark.parametrize(("measured", "code", "sizes"), [row[1:] for row in SIZES], ids=[row[0] for row in SIZES])
def test_measures(measured: object, code: str, sizes: list[int]) -> None:
    assert callable(measured)
    assert [sample.value for sample in measured(parse("src/firstlight/x.py", code))] == sizes


@pytest.mark.parametrize(
    ("values", "percent", "wanted"), [row[1:] for row in PERCENTILES], ids=[row[0] for row in PERCENTILES]
)
def test_percentile(values: list[int], percent: int, wanted: int) -> None:
    assert measure.percentile(values, percent) == wanted


def test_says_100_percent_only_of_all() -> None:
    almost = [measure.Sample(1, "")] * 9_999 + [measure.Sample(0, "")]

    assert (measure.percentage(almost), measure.percentage(almost[:-1])) == ("99.9 %", "100 %")


def test_prints_the_worst_first() -> None:
    code = "\n".join(f"def f{n}():\n" + "    a\n" * n for n in range(1, 100))

    lines = list(measure.table([parse("src/firstlight/x.py", code)]))

    assert lines[0] == "lines per function: median 51, p95 96, max 100 of 99; want at most median 8, p95 40  <- over"
    assert lines[1].split()[:3] == ["100", f"src/firstlight/x.py:{ast.parse(code).body[-1].lineno}", "f99"]
    assert "look hard" in lines[1]
