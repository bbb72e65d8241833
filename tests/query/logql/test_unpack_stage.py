"""What `| unpack` and `| decolorize` make of lines, as Loki does (L1)."""

from __future__ import annotations

import pytest

from tests.query.logql.stage_runs import after

ROWS = [
    ("labels and the line", "| unpack", '{"x":"1","_entry":"real line"}', {"line": "real line", "x": "1"}),
    ("without an entry nothing is taken", "| unpack", '{"x":"1"}', {}),
    ("what is no text is skipped", "| unpack", '{"x":"1","n":5,"o":{"k":"v"},"_entry":"e"}', {"line": "e", "x": "1"}),
    ("a taken name gets its ending", "| unpack", '{"app":"1","_entry":"e"}', {"line": "e", "app_extracted": "1"}),
    ("the entry feeds the next parser", "| unpack | logfmt", '{"_entry":"x=42"}', {"line": "x=42", "x": "42"}),
    (
        "no object",
        "| unpack",
        "text",
        {"__error__": "JSONParserErr", "__error_details__": "expecting json object(6), but it is not"},
    ),
    (
        "broken JSON",
        "| unpack",
        '{"x":"1"',
        {"__error__": "JSONParserErr", "__error_details__": "Value is array, but can't find closing ']' symbol"},
    ),
    (
        "an escape in the entry that is none",
        "| unpack",
        '{"_entry":"a\\qb"}',
        {"__error__": "JSONParserErr", "__error_details__": "Encountered an invalid escape sequence in a string"},
    ),
    ("colours", "| decolorize", "\x1b[31mred\x1b[0m and \x1b[1;32mgreen", {"line": "red and green"}),
    ("a window's title", "| decolorize", "\x1b]0;title\x07text", {"line": "text"}),
    ("nothing to take out", "| decolorize", "plain", {}),
]


@pytest.mark.parametrize(("stages", "line", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_line(stages: str, line: str, expected: dict[str, str] | None) -> None:
    """A line says and is labelled what Loki makes of it, or is dropped."""
    assert after(stages, line) == expected
