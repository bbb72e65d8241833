"""Which labels `drop` and `keep` leave, as Loki does (L1)."""

from __future__ import annotations

import pytest

from tests.query.logql.stage_runs import after

ROWS = [
    ("drop", "| logfmt | drop x", "x=1 y=2", {"y": "2"}),
    ("drop stream labels and metadata", "| drop app, m", "text", {"app": "(gone)", "m": "(gone)"}),
    ("drop by value", '| logfmt | drop x="1", y="1"', "x=1 y=2", {"y": "2"}),
    ("drop by expression", '| logfmt | drop x=~"1.*"', "x=10 y=2", {"y": "2"}),
    (
        "drop the error",
        "| logfmt | x > 1 | drop __error__",
        "x=oops",
        {"__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax', "x": "oops"},
    ),
    ("drop the error and its details", "| logfmt | x > 1 | drop __error__, __error_details__", "x=oops", {"x": "oops"}),
    (
        "drop the error by its name",
        '| logfmt | x > 1 | drop __error__="LabelFilterErr"',
        "x=oops",
        {"__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax', "x": "oops"},
    ),
    (
        "drop another error",
        '| logfmt | x > 1 | drop __error__="JSONParserErr"',
        "x=oops",
        {
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax',
            "x": "oops",
        },
    ),
    ("keep", "| logfmt | keep x", "x=1 y=2", {"x": "1", "app": "(gone)", "b": "(gone)", "m": "(gone)"}),
    (
        "keep by value",
        '| logfmt | keep x="2", y="2"',
        "x=1 y=2",
        {"y": "2", "app": "(gone)", "b": "(gone)", "m": "(gone)"},
    ),
    ("keep a stream label", "| logfmt | keep app", "x=1", {"b": "(gone)", "m": "(gone)"}),
    ("keep nothing that is there", "| logfmt | keep nosuch", "x=1", {"app": "(gone)", "b": "(gone)", "m": "(gone)"}),
    (
        "errors are kept",
        "| logfmt | x > 1 | keep app",
        "x=oops",
        {
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax',
            "b": "(gone)",
            "m": "(gone)",
        },
    ),
]


@pytest.mark.parametrize(("stages", "line", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_line(stages: str, line: str, expected: dict[str, str] | None) -> None:
    """A line says and is labelled what Loki makes of it, or is dropped."""
    assert after(stages, line) == expected
