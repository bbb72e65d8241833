"""What the plain evaluator, to which the engine's path is compared, makes of a few lines: facts of LogQL, one a row."""

from __future__ import annotations

from typing import Final

import pytest

from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.parser import parse
from tests.query.logql.reference.evaluate import lines_of, points_of
from tests.query.logql.reference.labels import Labels
from tests.query.logql.reference.samples import Failed
from tools.conformance.logql_script import Entry

SECOND: Final = 10**9


def _entry(at: int, line: str, *, labels: Labels = (("app", "a"),), metadata: Labels = ()) -> Entry:
    return Entry(labels=labels, ts=at * SECOND, line=line, metadata=metadata)


ENTRIES: Final = [
    _entry(10, '{"level":"info","app":"told","user":{"id":"u1"},"n":1.50}'),
    _entry(20, 'level=warn n=2 dur=1m30s msg="a b"'),
    _entry(30, "10.0.0.7 - [error] none", metadata=(("app", "meta"), ("trace", "t1"))),
    _entry(40, "\x1b[31mlevel=error\x1b[0m n=5", labels=(("app", "b"),)),
]

LINES: list[tuple[str, str, list[dict[str, str]]]] = [
    ("a text in the line", '{app="a"} |= "error"', [{"app": "a", "app_extracted": "meta", "trace": "t1"}]),
    (
        "fields, and those with a stream's name",
        '{app="a"} |= "told" | json',
        [{"app": "a", "app_extracted": "told", "level": "info", "user_id": "u1", "n": "1.50"}],
    ),
    ("a path", '{app="a"} |= "told" | json id="user.id"', [{"app": "a", "id": "u1"}]),
    ("a path to nowhere", '{app="a"} |= "told" | json id="user.name"', [{"app": "a", "id": ""}]),
    (
        "no JSON",
        '{app="b"} | json | drop __error_details__',
        [{"app": "b", "__error__": "JSONParserErr"}],
    ),
    (
        "keys, and a duration",
        '{app="a"} | logfmt | dur > 1m',
        [{"app": "a", "level": "warn", "n": "2", "dur": "1m30s", "msg": "a b"}],
    ),
    ("colours", '{app="b"} | decolorize | logfmt | n >= 5', [{"app": "b", "level": "error", "n": "5"}]),
    ("an address", '{app="a"} |= ip("10.0.0.0/8") | keep trace', [{"trace": "t1"}]),
    ("captures", '{app="a"} | pattern "<ip> - [<level>] <_>" | level="error" | keep ip', [{"ip": "10.0.0.7"}]),
    ("groups", '{app="a"} | regexp "level=(?P<level>\\\\w+)" | level=~"w.*" | keep level', [{"level": "warn"}]),
    (
        "what a filter cannot compare passes",
        '{app="b"} | app > 1 | drop __error_details__',
        [{"app": "b", "__error__": "LabelFilterErr"}],
    ),
    ("labels made", '{app="b"} | label_format x="{{.app}}!", y=app', [{"x": "b!", "y": "b"}]),
]


@pytest.mark.parametrize(("query", "labels"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_lines(query: str, labels: list[dict[str, str]]) -> None:
    """Which lines come out, with which labels."""
    expr = parse(query)

    assert isinstance(expr, LogQuery)
    assert [dict(shown[1]) for shown in lines_of(expr, ENTRIES, 0, 60 * SECOND)] == labels


APP_A: Final = (("app", "a"),)
SAMPLES: list[tuple[str, str, dict[Labels, float]]] = [
    ("a window without its beginning", 'sum(count_over_time({app=~".+"}[30s]))', {(): 3.0}),
    ("an offset", 'sum(count_over_time({app=~".+"}[30s] offset 10s))', {(): 3.0}),
    ("per second", 'sum by (app) (rate({app="a"}[1m]))', {APP_A: 0.05}),
    ("bytes", 'bytes_over_time({app="b"}[1m])', {(("app", "b"),): 24.0}),
    ("what is unwrapped", 'sum_over_time({app="a"} | logfmt | unwrap n [1m]) / 1', {
        (("app", "a"), ("dur", "1m30s"), ("level", "warn"), ("msg", "a b")): 2.0,
    }),
    ("a duration unwrapped", 'max_over_time({app="a"} | logfmt | unwrap duration(dur) [1m]) by (app)', {APP_A: 90.0}),
    ("nothing there", 'absent_over_time({app="c"}[1m])', {(("app", "c"),): 1.0}),
    ("something there", 'absent_over_time({app="b"}[1m])', {}),
    ("by what is not asked for, nothing is parsed", 'sum(count_over_time({app="b"} | json [1m]))', {(): 1.0}),
    ("a comparison", 'sum by (app) (count_over_time({app=~".+"}[1m])) > 1', {APP_A: 3.0}),
    ("both sides", 'sum by (app) (count_over_time({app=~".+"}[1m])) and vector(1)', {}),
    ("a default", 'sum(count_over_time({app="c"}[1m])) or vector(0)', {(): 0.0}),
    ("division by zero", "vector(1) / 0 == 1", {}),
    ("the topmost", 'topk(1, sum by (app) (count_over_time({app=~".+"}[1m])))', {APP_A: 3.0}),
    ("a label copied", 'label_replace(sum by (app) (rate({app="b"}[40s])), "x", "$1$1", "app", "(.)")', {
        (("app", "b"), ("x", "bb")): 0.025,
    }),
]  # fmt: skip


@pytest.mark.parametrize(("query", "wanted"), [row[1:] for row in SAMPLES], ids=[row[0] for row in SAMPLES])
def test_samples(query: str, wanted: dict[Labels, float]) -> None:
    """What is counted and measured, at the end of a minute or when the last line came."""
    at = 40 * SECOND
    found = {labels: values[at] for labels, values in points_of(parse(query), ENTRIES, [at]).items()}

    assert found == pytest.approx(wanted)


def test_errors_fail() -> None:
    """A sample with an error fails the query, unless it is filtered out."""
    with pytest.raises(Failed, match="JSONParserErr"):
        points_of(parse('count_over_time({app="b"} | json [1m])'), ENTRIES, [40 * SECOND])

    assert not points_of(parse('count_over_time({app="b"} | json | __error__="" [1m])'), ENTRIES, [40 * SECOND])
