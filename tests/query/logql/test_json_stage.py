"""What `| json` makes of lines, as Loki does (L1)."""

from __future__ import annotations

import pytest

from tests.query.logql.stage_runs import after

ROWS = [
    (
        "simple values are labels",
        "| json",
        '{"x":"s","n":5,"t":true,"f":false}',
        {"f": "false", "n": "5", "t": "true", "x": "s"},
    ),
    ("null and arrays are none", "| json", '{"x":null,"y":[1,{"z":2}],"k":1}', {"k": "1"}),
    ("objects give paths", "| json", '{"o":{"k":{"l":1}},"p":{"q":"r"}}', {"o_k_l": "1", "p_q": "r"}),
    ("names are sanitised", "| json", '{"a.b":1,"x y":2,"9x":3,"é":4}', {"_": "4", "_9x": "3", "a_b": "1", "x_y": "2"}),
    ("the first of two members counts", "| json", '{"x":1,"x":2}', {"x": "1"}),
    ("the first of two names counts", "| json", '{"x.y":1,"x_y":2}', {"x_y": "1"}),
    ("a member of a member that comes twice", "| json", '{"o":{"c" :2,"c":3}}', {"o_c": "2"}),
    (
        "a taken name gets its ending",
        "| json",
        '{"app":"c","m":"c","o":{"p":1},"o_p":2}',
        {"app_extracted": "c", "m_extracted": "c", "o_p": "1"},
    ),
    (
        "numbers stay as written",
        "| json",
        '{"x":1.50,"y":1e5,"z":-0,"v":0.1,"u":1.0,"w":12345678901234567890123}',
        {"u": "1.0", "v": "0.1", "w": "12345678901234567890123", "x": "1.50", "y": "1e5", "z": "-0"},
    ),
    (
        "long numbers stay as written",
        "| json",
        '{"x":0.14285714285714285,"y":100.123456789012345,"z":1700000000.123456}',
        {"x": "0.14285714285714285", "y": "100.123456789012345", "z": "1700000000.123456"},
    ),
    ("escapes", "| json", '{"x":"\\u00e9\\n\\"q\\"","y":"\\ud83d\\ude00"}', {"x": 'é\n"q"', "y": "😀"}),
    ("a surrogate alone is no text", "| json", '{"x":"\\ud800","y":"1"}', {"x": "", "y": "1"}),
    ("U+FFFD is a space", "| json", '{"x":"a�b"}', {"x": "a b"}),
    ("an empty key within an object is the object's", "| json", '{"o":{"":2}}', {"o": "2"}),
    ("an empty key is no label", "| json", '{"":2,"x":1}', {"x": "1"}),
    ("what follows the object is not looked at", "| json", '{"x":1}garbage', {"x": "1"}),
    (
        "what comes before the fault was found",
        "| json",
        '{"x":"1","q":',
        {"__error__": "JSONParserErr", "__error_details__": "Malformed JSON error", "x": "1"},
    ),
    (
        "no JSON",
        "| json",
        "text",
        {
            "__error__": "JSONParserErr",
            "__error_details__": "Value looks like object, but can't find closing '}' symbol",
        },
    ),
    (
        "an empty line",
        "| json",
        "",
        {
            "__error__": "JSONParserErr",
            "__error_details__": "Value looks like object, but can't find closing '}' symbol",
        },
    ),
    (
        "an array is no object",
        "| json",
        "[1]",
        {
            "__error__": "JSONParserErr",
            "__error_details__": "Value looks like object, but can't find closing '}' symbol",
        },
    ),
    ("a comma too many", "| json", '{"x":1,}', {"x": "1"}),
    (
        "a comma missing",
        "| json",
        '{"x":1 "y":2}',
        {
            "__error__": "JSONParserErr",
            "__error_details__": "Value looks like object, but can't find closing '}' symbol",
            "x": "1",
        },
    ),
    (
        "a word that is none",
        "| json",
        '{"x":tru}',
        {"__error__": "JSONParserErr", "__error_details__": "Unknown value type"},
    ),
    (
        "a text without an end",
        "| json",
        '{"x":"abc}',
        {"__error__": "JSONParserErr", "__error_details__": "Value is string, but can't find closing '\"' symbol"},
    ),
    (
        "an array without an end",
        "| json",
        '{"x":[1,2}',
        {"__error__": "JSONParserErr", "__error_details__": "Value is array, but can't find closing ']' symbol"},
    ),
    (
        "an object without an end",
        "| json",
        '{"x":{"y":1}',
        {
            "__error__": "JSONParserErr",
            "__error_details__": "Value is array, but can't find closing ']' symbol",
            "x_y": "1",
        },
    ),
    (
        "a bad escape in a name",
        "| json",
        '{"a\\x":1}',
        {"__error__": "JSONParserErr", "__error_details__": "Encountered an invalid escape sequence in a string"},
    ),
    ("numbers that are none are taken", "| json", '{"x":01,"y":1abc}', {"x": "01", "y": "1abc"}),
    ("a second parser gives no name again", "| json | logfmt", '{"x":1} x=2', {"x": "1"}),
    ("a name that was dropped is not given again", "| json | drop x | json", '{"x":1,"y":2}', {"y": "2"}),
    ("a dropped label's name stays taken", "| drop app | json", '{"app":2}', {"app_extracted": "2", "app": "(gone)"}),
    ("dropped metadata's name is free", "| drop m | json", '{"m":2}', {"m": "2"}),
]


@pytest.mark.parametrize(("stages", "line", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_line(stages: str, line: str, expected: dict[str, str] | None) -> None:
    """A line says and is labelled what Loki makes of it, or is dropped."""
    assert after(stages, line) == expected
