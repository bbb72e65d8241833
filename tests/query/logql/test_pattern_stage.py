"""What `| pattern` and `| regexp` make of lines, as Loki does (L1)."""

from __future__ import annotations

import pytest

from tests.query.logql.stage_runs import after

ROWS = [
    (
        "captures between literals",
        "| pattern `<method> <path> <status>`",
        "GET /home 200",
        {"method": "GET", "path": "/home", "status": "200"},
    ),
    ("what is not wanted", "| pattern `<method> <_> <status>`", "GET /home 200", {"method": "GET", "status": "200"}),
    (
        "the last capture takes the rest",
        "| pattern `<method> <rest>`",
        "GET /home 200",
        {"method": "GET", "rest": "/home 200"},
    ),
    ("a literal at the front must be there", "| pattern `GET <path>`", "POST /x", {}),
    ("the line may end early", "| pattern `<method> <path>`", "GET", {"method": "GET"}),
    ("an empty line", "| pattern `<method> <path>`", "", {}),
    ("a taken name gets its ending", "| pattern `<app> <m>`", "x y", {"app_extracted": "x", "m_extracted": "y"}),
    ("named groups", "| regexp `(?P<method>\\w+) (?P<path>\\S+)`", "GET /x", {"method": "GET", "path": "/x"}),
    ("no match", "| regexp `(?P<num>\\d+)`", "PUT", {}),
    ("a group that caught nothing is empty", "| regexp `(?P<x>a)|(?P<y>b)`", "b", {"x": "", "y": "b"}),
    ("a taken name gets its ending in regexp", "| regexp `(?P<app>\\w+)`", "x", {"app_extracted": "x"}),
]


@pytest.mark.parametrize(("stages", "line", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_line(stages: str, line: str, expected: dict[str, str] | None) -> None:
    """A line says and is labelled what Loki makes of it, or is dropped."""
    assert after(stages, line) == expected
