"""What the stages of LogQL are read as, and how label filters bind."""

from __future__ import annotations

import pytest

from firstlight.query.logql.ast import (
    AndFilter,
    BytesFilter,
    CompareOp,
    Decolorize,
    DropLabels,
    DurationFilter,
    Extraction,
    IpFilter,
    JsonParser,
    KeepLabels,
    LabelAssignment,
    LabelFilter,
    LabelFilterStage,
    LabelFormat,
    LabelPick,
    LineFilter,
    LineFormat,
    LineMatch,
    LineOp,
    LogfmtParser,
    LogQuery,
    Matcher,
    MatchOp,
    NumberFilter,
    OrFilter,
    PatternParser,
    RegexpParser,
    Stage,
    StringFilter,
    UnpackParser,
)
from firstlight.query.logql.parser import parse
from tests.query.logql.trees import ANYWHERE, placeless

SECOND = 1_000_000_000


def _line(op: str, *texts: str, is_ip: bool = False) -> LineFilter:
    matches = tuple(LineMatch(text=text, is_ip=is_ip, span=ANYWHERE) for text in texts)
    return LineFilter(op=LineOp(op), matches=matches, span=ANYWHERE)


def _text(label: str, op: str, value: str) -> StringFilter:
    return StringFilter(matcher=Matcher(label=label, op=MatchOp(op), value=value, span=ANYWHERE), span=ANYWHERE)


def _number(label: str, op: CompareOp, value: float) -> NumberFilter:
    return NumberFilter(label=label, op=op, value=value, span=ANYWHERE)


def _pick(label: str, value: str = "") -> LabelPick:
    matcher = Matcher(label=label, op=MatchOp.EQUAL, value=value, span=ANYWHERE) if value else None
    return LabelPick(label=label, matcher=matcher, span=ANYWHERE)


def _extracted(label: str, path: str) -> Extraction:
    return Extraction(label=label, path=path, span=ANYWHERE)


def _assigned(label: str, source: str, *, is_template: bool) -> LabelAssignment:
    return LabelAssignment(label=label, source=source, is_template=is_template, span=ANYWHERE)


STAGES: list[tuple[str, str, Stage]] = [
    ("a text in the line", '|= "x"', _line("|=", "x")),
    ("no text in the line", '!= "x"', _line("!=", "x")),
    ("a regular expression", "|~ `x+`", _line("|~", "x+")),
    ("no regular expression", "!~ `x+`", _line("!~", "x+")),
    ("a pattern", '|> "<_> x"', _line("|>", "<_> x")),
    ("no pattern", '!> "<_> x"', _line("!>", "<_> x")),
    ("one of several texts", '|= "x" or "y" or "z"', _line("|=", "x", "y", "z")),
    ("an address in the line", '|= ip("10.0.0.0/8")', _line("|=", "10.0.0.0/8", is_ip=True)),
    ("JSON", "| json", JsonParser(span=ANYWHERE)),
    (
        "parts of JSON",
        '| json a="b.c[0]", d',
        JsonParser(extractions=(_extracted("a", "b.c[0]"), _extracted("d", "d")), span=ANYWHERE),
    ),
    ("logfmt", "| logfmt", LogfmtParser(span=ANYWHERE)),
    ("logfmt, strict", "| logfmt --strict", LogfmtParser(strict=True, span=ANYWHERE)),
    (
        "logfmt with both flags, and keys",
        '| logfmt --keep-empty --strict a="k", b',
        LogfmtParser(
            strict=True, keep_empty=True, extractions=(_extracted("a", "k"), _extracted("b", "b")), span=ANYWHERE
        ),
    ),
    ("named groups", '| regexp "(?P<x>.)"', RegexpParser(regex="(?P<x>.)", span=ANYWHERE)),
    ("a pattern's captures", '| pattern "<x> <_>"', PatternParser(pattern="<x> <_>", span=ANYWHERE)),
    ("packed lines", "| unpack", UnpackParser(span=ANYWHERE)),
    ("no colours", "| decolorize", Decolorize(span=ANYWHERE)),
    ("a template of the line", '| line_format "{{.a}}"', LineFormat(template="{{.a}}", span=ANYWHERE)),
    (
        "labels renamed and made",
        '| label_format a=b, c="{{.d}}"',
        LabelFormat(
            assignments=(_assigned("a", "b", is_template=False), _assigned("c", "{{.d}}", is_template=True)),
            span=ANYWHERE,
        ),
    ),
    ("labels dropped", '| drop a, b="x"', DropLabels(picks=(_pick("a"), _pick("b", "x")), span=ANYWHERE)),
    ("labels kept", "| keep a,b", KeepLabels(picks=(_pick("a"), _pick("b")), span=ANYWHERE)),
]


@pytest.mark.parametrize(("text", "stage"), [row[1:] for row in STAGES], ids=[row[0] for row in STAGES])
def test_stages(text: str, stage: Stage) -> None:
    """Each stage is read as what it says."""
    expr = parse(f'{{a="b"}} {text}')

    assert isinstance(expr, LogQuery)
    assert placeless(expr.stages) == (stage,)


X, Y, Z = _text("x", "=", "1"), _text("y", "=", "2"), _text("z", "=", "3")


def _and(left: LabelFilter, right: LabelFilter) -> AndFilter:
    return AndFilter(left=left, right=right, span=ANYWHERE)


def _or(left: LabelFilter, right: LabelFilter) -> OrFilter:
    return OrFilter(left=left, right=right, span=ANYWHERE)


GE = CompareOp.GREATER_EQUAL
FILTERS: list[tuple[str, str, LabelFilter]] = [
    ("a text", 'x="1"', X),
    ("a regular expression", "x!~`a.`", _text("x", "!~", "a.")),
    ("a number", "x>=1.5", _number("x", GE, 1.5)),
    ("a negative number", "x < -2", _number("x", CompareOp.LESS, -2)),
    ("one equals sign is two", "x=5", _number("x", CompareOp.EQUAL, 5)),
    ("a duration", "x>=1m30s", DurationFilter(label="x", op=GE, nanoseconds=90 * SECOND, span=ANYWHERE)),
    ("a fraction of a second", "x>=1.5ms", DurationFilter(label="x", op=GE, nanoseconds=1_500_000, span=ANYWHERE)),
    ("days", "x>=2d", DurationFilter(label="x", op=GE, nanoseconds=172_800 * SECOND, span=ANYWHERE)),
    ("a negative duration", "x>=-5s", DurationFilter(label="x", op=GE, nanoseconds=-5 * SECOND, span=ANYWHERE)),
    ("a size", "x>=1.5KB", BytesFilter(label="x", op=GE, size=1500, span=ANYWHERE)),
    ("a size in powers of two", "x>=2KiB", BytesFilter(label="x", op=GE, size=2048, span=ANYWHERE)),
    ("an address", 'x=ip("::1")', IpFilter(label="x", op=CompareOp.EQUAL, pattern="::1", span=ANYWHERE)),
    ("no address", 'x!=ip("1-2")', IpFilter(label="x", op=CompareOp.NOT_EQUAL, pattern="1-2", span=ANYWHERE)),
    ("and before or", 'x="1" or y="2" and z="3"', _or(X, _and(Y, Z))),
    ("and before or, the other way", 'x="1" and y="2" or z="3"', _or(_and(X, Y), Z)),
    ("or from the left", 'x="1" or y="2" or z="3"', _or(_or(X, Y), Z)),
    ("a comma takes what follows", 'x="1" , y="2" or z="3"', _and(X, _or(Y, Z))),
    ("a comma takes what follows an or", 'x="1" or y="2" , z="3"', _or(X, _and(Y, Z))),
    ("commas from the right", 'x="1" , y="2" , z="3"', _and(X, _and(Y, Z))),
    ("nothing between is and", 'x="1" y="2" or z="3"', _and(X, _or(Y, Z))),
    ("parentheses", '(x="1" or y="2") and z="3"', _and(_or(X, Y), Z)),
]


@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in FILTERS], ids=[row[0] for row in FILTERS])
def test_label_filters(text: str, wanted: LabelFilter) -> None:
    """Each label filter is read as what it says, and joined as Loki joins it."""
    expr = parse(f'{{a="b"}} | {text}')

    assert isinstance(expr, LogQuery)
    assert placeless(expr.stages) == (LabelFilterStage(filter=wanted, span=ANYWHERE),)
