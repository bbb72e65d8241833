"""What `| json label="path"` makes of lines, as Loki does (L1)."""

from __future__ import annotations

import pytest

from tests.query.logql.stage_runs import after

ROWS = [
    (
        "members and elements",
        '| json x="o.k", y="l[1]", z="o[\\"k\\"]"',
        '{"o":{"k":"q"},"l":[1,"two"]}',
        {"x": "q", "y": "two", "z": "q"},
    ),
    ("a label that is its own path", "| json k", '{"k":1}', {"k": "1"}),
    (
        "objects and arrays as they are written",
        '| json x="o", y="l"',
        '{"o":{"k": 1},"l":[1, 2]}',
        {"x": '{"k": 1}', "y": "[1, 2]"},
    ),
    ("null is empty", '| json x="k"', '{"k":null}', {"x": ""}),
    ("nothing there is empty", '| json x="k", y="a.b.c"', '{"a":{"b":1}}', {"x": "", "y": ""}),
    ("a taken name gets its ending", '| json app="k"', '{"k":1}', {"app_extracted": "1"}),
    ("nothing there for a taken name", '| json app="k"', "{}", {}),
    ("the first of two members counts", '| json x="k"', '{"k":1,"k":2}', {"x": "1"}),
    ("an element of a member of an element", '| json x="[0].k[1]"', '[{"k":[1,2]}]', {"x": "2"}),
    (
        "a fault where a path leads",
        '| json x="k", y="l"',
        '{"l":1,"k":tru}',
        {"__error__": "JSONParserErr", "__error_details__": "Unknown value type", "x": "", "y": "1"},
    ),
    ("a fault elsewhere", '| json x="k"', '{"k":1,"l":tru}', {"x": "1"}),
    ("no JSON", '| json x="k"', "text", {"__error__": "JSONParserErr"}),
    ("an empty line", '| json x="k"', "", {}),
]


@pytest.mark.parametrize(("stages", "line", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_line(stages: str, line: str, expected: dict[str, str] | None) -> None:
    """A line says and is labelled what Loki makes of it, or is dropped."""
    assert after(stages, line) == expected
