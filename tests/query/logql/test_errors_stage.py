"""Stages that cannot be meant: what is said of them, and where."""

from __future__ import annotations

import pytest

from firstlight.errors import QueryError, UserError
from firstlight.query.logql.errors_stage import BadStage
from tests.query.logql.stage_runs import after

ROWS = [
    (
        "a path",
        '| json x="a["',
        "cannot parse expression [a[]: syntax error: unexpected $end, expecting STRING or INDEX",
    ),
    (
        "a path that ends early",
        '| json x="a."',
        "cannot parse expression [a.]: syntax error: unexpected $end, expecting FIELD",
    ),
    ("a key of logfmt", '| logfmt x="a-b"', "cannot parse expression [a-b]: unexpected char -"),
    (
        "two captures in a row",
        "| pattern `<a><b>`",
        "parse error : invalid pattern parser: found consecutive capture '<a><b>': invalid expression",
    ),
    ("no capture", "| pattern `x`", "parse error : invalid pattern parser: at least one capture is required"),
    (
        "a capture twice",
        "| pattern `<a> <a>`",
        "parse error : invalid pattern parser: duplicate capture name (a): invalid expression",
    ),
    (
        "an empty pattern",
        "| pattern ``",
        "parse error : invalid pattern parser: parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL",
    ),
    ("a name in a line filter", "|> `<x>`", "named captures are not allowed: found '<x>'"),
    ("a regular expression", '|~ "("', "error parsing regexp: missing closing ): `(`"),
    (
        "no named group",
        "| regexp `(x)`",
        "parse error : invalid regexp parser: at least one named capture must be supplied",
    ),
    (
        "a group twice",
        "| regexp `(?P<x>.)(?P<x>.)`",
        "parse error : invalid regexp parser: duplicate extracted label name 'x'",
    ),
    ("an address", '|= ip("x")', 'ip: invalid pattern: "x"'),
    ("an address of a label", '| a = ip("1.2.3.4/33")', 'ip: invalid pattern: "1.2.3.4/33"'),
    (
        "a line's template",
        '| line_format "{{.a | no}}"',
        'invalid line template: template: line:1: function "no" not defined',
    ),
    (
        "a label's template",
        '| label_format z="{{.a"',
        "invalid template for label 'z': template: label:1: unclosed action",
    ),
    ("the error as a label", '| label_format __error__="x"', "__error__ cannot be formatted"),
    (
        "a label twice",
        '| label_format x="1", x="2"',
        "multiple label name 'x' not allowed in a single format operation",
    ),
    ("an expression of a label", '| x=~"["', "parse error : error parsing regexp: missing closing ]: `[`"),
]


@pytest.mark.parametrize(("stages", "words"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_refused(stages: str, words: str) -> None:
    """A stage that is wrong is refused in Loki's words before any line is looked at, with its place."""
    with pytest.raises(UserError) as caught:
        after(stages, "x")
    assert words in str(caught.value)
    assert isinstance(caught.value, BadStage | QueryError)
    assert caught.value.span.end > caught.value.span.start >= len('{app="a"}')
