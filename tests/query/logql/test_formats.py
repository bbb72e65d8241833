"""What `line_format` and `label_format` make of lines, as Loki does (L1)."""

from __future__ import annotations

import pytest

from tests.query.logql.stage_runs import after

ROWS = [
    ("members and text", '| logfmt | line_format "{{.x}}: {{.y}}"', "x=1 y=2", {"line": "1: 2", "x": "1", "y": "2"}),
    ("one member", '| logfmt | line_format "{{.x}}"', "x=1", {"line": "1", "x": "1"}),
    ("one member that is not there", '| logfmt | line_format "{{.z}}"', "x=1", {"line": "", "x": "1"}),
    ("stream labels and metadata are members", '| line_format "{{.app}}{{.m}}"', "text", {"line": "av"}),
    (
        "the line and its time",
        '| line_format "{{__line__ | upper}} {{__timestamp__ | unixEpochNanos}}"',
        "text",
        {"line": "TEXT 1700000000123456789"},
    ),
    (
        "the line feeds the next parser",
        '| logfmt | line_format "z={{.x}}" | logfmt',
        "x=1",
        {"line": "z=1", "x": "1", "z": "1"},
    ),
    (
        "an error leaves the line as it was",
        '| logfmt | line_format "{{div 1 0}}"',
        "x=1",
        {
            "__error__": "TemplateFormatErr",
            "__error_details__": 'template: line:1:2: executing "line" at <div 1 0>: error calling div: runtime error: integer divide by zero',
            "x": "1",
        },
    ),
    (
        "the error is a member",
        '| logfmt | x > 1 | line_format "{{.__error__}}"',
        "x=oops",
        {
            "line": "",
            "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax',
            "x": "oops",
        },
    ),
    ("a character cut in two", '| logfmt | line_format "{{trunc 1 .x}}"', "x=é", {"line": "�", "x": "é"}),
    ("rename", "| logfmt | label_format z=x", "x=1", {"z": "1"}),
    ("rename onto a stream label", "| logfmt | label_format app=x", "x=1", {"app": "1"}),
    ("rename a stream label", "| label_format z=app", "text", {"z": "a", "app": "(gone)"}),
    ("rename what is not there", "| label_format z=nosuch", "text", {}),
    (
        "templates see the labels before the first one",
        '| logfmt | label_format x="{{.y}}", y="{{.x}}"',
        "x=1 y=2",
        {"x": "2", "y": "1"},
    ),
    ("a template onto metadata", '| label_format m="new"', "text", {"m": "new"}),
    ("the line in a label", '| label_format z="{{__line__}}"', "text", {"z": "text"}),
    (
        "an error, and the next label",
        '| label_format z="{{div 1 0}}", k="v"',
        "text",
        {
            "__error__": "TemplateFormatErr",
            "__error_details__": 'template: label:1:2: executing "label" at <div 1 0>: error calling div: runtime error: integer divide by zero',
            "k": "v",
        },
    ),
]


@pytest.mark.parametrize(("stages", "line", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_line(stages: str, line: str, expected: dict[str, str] | None) -> None:
    """A line says and is labelled what Loki makes of it, or is dropped."""
    assert after(stages, line) == expected
