"""Which lines label filters keep, and with which errors, as Loki does (L1)."""

from __future__ import annotations

import pytest

from tests.query.logql.stage_runs import after

ROWS = [
    ("x > 3 of x=5", "| logfmt --keep-empty | x > 3", "x=5", {"x": "5"}),
    ("x > 3 of x=2", "| logfmt --keep-empty | x > 3", "x=2", None),
    ("x > 3 of y=5", "| logfmt --keep-empty | x > 3", "y=5", None),
    (
        "x > 3 of x=abc",
        "| logfmt --keep-empty | x > 3",
        "x=abc",
        {
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "abc": invalid syntax',
            "x": "abc",
        },
    ),
    (
        "x > 3 of x=",
        "| logfmt --keep-empty | x > 3",
        "x=",
        {"__error__": "LabelFilterErr", "__error_details__": 'strconv.ParseFloat: parsing "": invalid syntax', "x": ""},
    ),
    ("x == 16 of x=0x10p0", "| logfmt --keep-empty | x == 16", "x=0x10p0", {"x": "0x10p0"}),
    ("x == 1000 of x=1_000", "| logfmt --keep-empty | x == 1000", "x=1_000", {"x": "1_000"}),
    (
        "x > 3 of x=1e999",
        "| logfmt --keep-empty | x > 3",
        "x=1e999",
        {
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "1e999": value out of range',
            "x": "1e999",
        },
    ),
    ("x > 1s of x=5s", "| logfmt --keep-empty | x > 1s", "x=5s", {"x": "5s"}),
    ("x == 90m of x=1h30m", "| logfmt --keep-empty | x == 90m", "x=1h30m", {"x": "1h30m"}),
    (
        "x > 1s of x=90",
        "| logfmt --keep-empty | x > 1s",
        "x=90",
        {"__error__": "LabelFilterErr", "__error_details__": 'time: missing unit in duration "90"', "x": "90"},
    ),
    (
        "x > 1s of x=1d",
        "| logfmt --keep-empty | x > 1s",
        "x=1d",
        {"__error__": "LabelFilterErr", "__error_details__": 'time: unknown unit "d" in duration "1d"', "x": "1d"},
    ),
    (
        "x > 1s of x=oops",
        "| logfmt --keep-empty | x > 1s",
        "x=oops",
        {"__error__": "LabelFilterErr", "__error_details__": 'time: invalid duration "oops"', "x": "oops"},
    ),
    ("x < 1h of x=-2s", "| logfmt --keep-empty | x < 1h", "x=-2s", {"x": "-2s"}),
    ("x == 5KB of x=5KB", "| logfmt --keep-empty | x == 5KB", "x=5KB", {"x": "5KB"}),
    ('x >= 1.5MiB of x="1.5 MiB"', "| logfmt --keep-empty | x >= 1.5MiB", 'x="1.5 MiB"', {"x": "1.5 MiB"}),
    (
        "x > 1KB of x=oops",
        "| logfmt --keep-empty | x > 1KB",
        "x=oops",
        {
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "": invalid syntax',
            "x": "oops",
        },
    ),
    (
        "x > 1KB of x=10XB",
        "| logfmt --keep-empty | x > 1KB",
        "x=10XB",
        {"__error__": "LabelFilterErr", "__error_details__": "unhandled size name: xb", "x": "10XB"},
    ),
    (
        "x > 1KB of x=20EB",
        "| logfmt --keep-empty | x > 1KB",
        "x=20EB",
        {"__error__": "LabelFilterErr", "__error_details__": "too large: 20EB", "x": "20EB"},
    ),
    ('x == 1KB of x="1,000"', "| logfmt --keep-empty | x == 1KB", 'x="1,000"', {"x": "1,000"}),
    ('x="5" of x=5', '| logfmt --keep-empty | x="5"', "x=5", {"x": "5"}),
    ('x!="5" of y=1', '| logfmt --keep-empty | x!="5"', "y=1", {"y": "1"}),
    ('x="" of y=1', '| logfmt --keep-empty | x=""', "y=1", {"y": "1"}),
    ('x=~"5|6" of x=6', '| logfmt --keep-empty | x=~"5|6"', "x=6", {"x": "6"}),
    ('x=~"5" of x=55', '| logfmt --keep-empty | x=~"5"', "x=55", None),
    ('x!~"5.*" of x=55', '| logfmt --keep-empty | x!~"5.*"', "x=55", None),
    ('x=~"(?i)ABC" of x=abc', '| logfmt --keep-empty | x=~"(?i)ABC"', "x=abc", {"x": "abc"}),
    ('app="a" of x=1', '| logfmt --keep-empty | app="a"', "x=1", {"x": "1"}),
    ('m="v" of x=1', '| logfmt --keep-empty | m="v"', "x=1", {"x": "1"}),
    (
        'x = ip("1.2.3.0/24") of x=1.2.3.9',
        '| logfmt --keep-empty | x = ip("1.2.3.0/24")',
        "x=1.2.3.9",
        {"x": "1.2.3.9"},
    ),
    ('x = ip("1.2.3.0/24") of x=1.2.4.9', '| logfmt --keep-empty | x = ip("1.2.3.0/24")', "x=1.2.4.9", None),
    ('x != ip("1.2.3.4") of x=1.2.3.5', '| logfmt --keep-empty | x != ip("1.2.3.4")', "x=1.2.3.5", {"x": "1.2.3.5"}),
    ('x = ip("::1") of x=::1', '| logfmt --keep-empty | x = ip("::1")', "x=::1", None),
    ('x = ip("1.2.3.4") of y=1', '| logfmt --keep-empty | x = ip("1.2.3.4")', "y=1", None),
    ("and, with a comma", '| logfmt | x > 1, y="a"', "x=2 y=a", {"x": "2", "y": "a"}),
    ("and, the second fails", '| logfmt | x > 1 and y="a"', "x=2 y=b", None),
    ("or does not ask the second one", '| logfmt | y="a" or x > 1', "x=oops y=a", {"x": "oops", "y": "a"}),
    (
        "or, the first one fails to convert",
        '| logfmt | x > 1 or y="a"',
        "x=oops y=a",
        {
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax',
            "x": "oops",
            "y": "a",
        },
    ),
    (
        "an error set by a leg that failed stays",
        '| logfmt | (x > 1 and y="b") or y="a"',
        "x=oops y=a",
        {
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax',
            "x": "oops",
            "y": "a",
        },
    ),
    (
        "the first error stays",
        "| logfmt | x > 1s and y > 1KB",
        "x=oops y=oops",
        {"__error__": "LabelFilterErr", "__error_details__": 'time: invalid duration "oops"', "x": "oops", "y": "oops"},
    ),
    ("lines without errors only", '| logfmt | x > 1 | __error__=""', "x=oops", None),
    ("lines with errors only", '| logfmt | x > 1 | __error__!=""', "x=5", None),
    (
        "the error by its name",
        '| logfmt | x > 1 | __error__="LabelFilterErr"',
        "x=oops",
        {
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax',
            "x": "oops",
        },
    ),
    (
        "details are no label",
        '| logfmt | x > 1 | __error_details__=""',
        "x=oops",
        {
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax',
            "x": "oops",
        },
    ),
    ("an error is no number", "| logfmt | x > 1 | __error__ > 0", "x=oops", None),
    (
        "addresses are not asked after an error",
        '| logfmt | x > 1 | y = ip("1.1.1.1")',
        "x=oops y=2.2.2.2",
        {
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax',
            "x": "oops",
            "y": "2.2.2.2",
        },
    ),
]


@pytest.mark.parametrize(("stages", "line", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_line(stages: str, line: str, expected: dict[str, str] | None) -> None:
    """A line says and is labelled what Loki makes of it, or is dropped."""
    assert after(stages, line) == expected
