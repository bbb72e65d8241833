"""What `| logfmt` makes of lines, as Loki does (L1)."""

from __future__ import annotations

import pytest

from tests.query.logql.stage_runs import after

ROWS = [
    ("pairs", "| logfmt", 'x=1 y=two z="three four"', {"x": "1", "y": "two", "z": "three four"}),
    ("no value, an empty one and none at all", "| logfmt", 'x= y="" z k=1', {"k": "1"}),
    (
        "empty values are kept if asked for",
        "| logfmt --keep-empty",
        'x= y="" z k=1',
        {"k": "1", "x": "", "y": "", "z": ""},
    ),
    ("the first of two counts", "| logfmt", "x=1 x=2", {"x": "1"}),
    ("a taken name gets its ending", "| logfmt", "app=x m=y", {"app_extracted": "x", "m_extracted": "y"}),
    ("names are sanitised", "| logfmt", "9x=1 a-b=2 -=4", {"_": "4", "_9x": "1", "a_b": "2"}),
    ("escapes", "| logfmt", 'x="a\\"b" y="\\u00e9\\n"', {"x": 'a"b', "y": "é\n"}),
    ("an escape that is none", "| logfmt", 'x="\\q" y=1', {"y": "1"}),
    ("a quotation mark without an end", "| logfmt", 'x=1 y="q z=3', {"x": "1"}),
    (
        "a quotation mark without an end, strictly",
        "| logfmt --strict",
        'x=1 y="q z=3',
        {
            "__error__": "LogfmtParserErr",
            "__error_details__": "logfmt syntax error at pos 13 : unterminated quoted value",
            "x": "1",
        },
    ),
    ("an equals sign too many", "| logfmt", "x=b=c y=1", {"y": "1"}),
    (
        "an equals sign too many, strictly",
        "| logfmt --strict",
        "x=b=c y=1",
        {"__error__": "LogfmtParserErr", "__error_details__": "logfmt syntax error at pos 4 : unexpected '='"},
    ),
    (
        "no key, strictly",
        "| logfmt --strict",
        "y=1 =x",
        {
            "__error__": "LogfmtParserErr",
            "__error_details__": "logfmt syntax error at pos 5 : unexpected '='",
            "y": "1",
        },
    ),
    ("a quotation mark in a key", "| logfmt", 'x"b c=1', {"c": "1"}),
    ("a value behind a quoted one", "| logfmt", 'x="1"y=2', {"x": "1", "y": "2"}),
    (
        "a bad key, strictly",
        "| logfmt --strict",
        "�=1 c=2",
        {"__error__": "LogfmtParserErr", "__error_details__": "logfmt syntax error at pos 4 : invalid key"},
    ),
    ("tabs and line ends are space", "| logfmt", "  x=1\ty=2\nz=3", {"x": "1", "y": "2", "z": "3"}),
    ("U+FFFD is a space", "| logfmt", "x=a�b", {"x": "a b"}),
    ("keys under other names", '| logfmt x="k", y', "k=1 y=2 z=3", {"x": "1", "y": "2"}),
    ("a key that is not there", '| logfmt x="k"', "z=3", {"x": ""}),
    ("a key under a taken name", '| logfmt app="k"', "k=1", {"app_extracted": "1"}),
    (
        "a fault with keys, strictly",
        '| logfmt --strict x="k"',
        'k=1 z="',
        {
            "__error__": "LogfmtParserErr",
            "__error_details__": "logfmt syntax error at pos 8 : unterminated quoted value",
            "x": "1",
        },
    ),
]


@pytest.mark.parametrize(("stages", "line", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_line(stages: str, line: str, expected: dict[str, str] | None) -> None:
    """A line says and is labelled what Loki makes of it, or is dropped."""
    assert after(stages, line) == expected
