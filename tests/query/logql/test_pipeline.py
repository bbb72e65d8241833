"""Pipelines over blocks of lines: which rows are kept, and that equal label sets are one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from firstlight.query.logql.ast import Grouping, LogQuery
from firstlight.query.logql.lines import Lines
from firstlight.query.logql.parser import parse
from firstlight.query.logql.pipeline import Pipeline, compile_stages
from tests.query.logql.stage_runs import block


def pipeline(stages: str, *by: str, without: bool = False) -> Pipeline:
    """Return the pipeline of the stages, grouped if there are names."""
    query = parse(f'{{app="a"}} {stages}')
    assert isinstance(query, LogQuery)
    grouping = Grouping(span=query.span, without=without, labels=by) if by else None
    return compile_stages(query.stages, grouping=grouping)


MANY = [f'{{"level":"{"error" if n % 3 else "info"}","n":{n % 5},"f":{n / 7}}}' for n in range(600)]

KEPT = [
    ("line filters", '|= "error" != "x"', [n for n in range(600) if n % 3]),
    ("a parser and a filter", '| json | level="error" | n > 2', [n for n in range(600) if n % 3 and n % 5 > 2]),
    ("a line filter behind a parser", '| json | n > 2 |= "info"', [n for n in range(600) if not n % 3 and n % 5 > 2]),
    ("a filter before a parser", '| app="a" | json | n = 1', [n for n in range(600) if n % 5 == 1]),
    ("nothing is left", "| json | n > 9 | logfmt", []),
    ("a new line, and a filter", '| json | line_format "{{.level}}" |= "info"', [n for n in range(600) if not n % 3]),
]


@pytest.mark.parametrize(("stages", "rows"), [row[1:] for row in KEPT], ids=[row[0] for row in KEPT])
def test_kept(stages: str, rows: list[int]) -> None:
    """The places of the lines that are kept are theirs in the input, and lines and labels go with them."""
    processed = pipeline(stages).run(block(*MANY))

    assert processed.rows.tolist() == rows
    assert len(processed.line) == len(processed.labels_of) == len(rows)


def test_labels_are_those_of_the_row() -> None:
    """Each line has its own labels, whether or not lines repeat."""
    for lines in (MANY, ["level=info n=1", "level=error n=2"] * 300):
        parser = "json" if lines is MANY else "logfmt"
        processed = pipeline(f"| {parser} | n > 1").run(block(*lines))
        for row, place in zip(processed.rows.tolist(), processed.labels_of.tolist(), strict=True):
            assert f'"n":{processed.labels[place].all["n"]}' in lines[row].replace("n=", '"n":')


def test_equal_sets_are_one_also_across_blocks() -> None:
    """A set of labels has one place, in whichever order its labels came, and keeps it."""
    both = pipeline("| logfmt")
    first = both.run(block("x=1 y=2", "y=2 x=1", "x=1"))
    second = both.run(block("x=1", "x=3"))

    assert first.labels_of.tolist() == [0, 0, 1]
    assert second.labels_of.tolist() == [1, 2]
    assert second.labels[2].parsed == {"x": "3"}


def test_samples_are_grouped() -> None:
    """A parser gives what the grouping needs, and lines of one group have one set."""
    samples = pipeline("| json", "level").samples(block(*MANY))

    assert sorted(samples.labels) == [(("level", "error"),), (("level", "info"),)]
    assert len(samples.rows) == samples.values.sum() == 600
    assert not samples.failed


def test_failed_samples_are_told() -> None:
    """The sets with an error are named, for the query to fail."""
    samples = pipeline("| json", "level").samples(block('{"level":"a"}', "no json"))

    assert samples.failed == {1}
    assert dict(samples.labels[1])["__error__"] == "JSONParserErr"


def test_streams_and_metadata() -> None:
    """Lines have the labels of their stream and their own metadata; a name that both have gets its ending."""
    metadata = pa.array([[("k", "1")], [], [("app", "m"), ("k", "2")]], pa.map_(pa.string(), pa.string()))
    lines = Lines(
        np.arange(3), pa.array(["a", "b", "c"]), np.array([0, 1, 1], np.int32), [{"app": "x"}, {"app": "y"}], metadata
    )
    processed = pipeline("").run(lines)

    assert [processed.labels[place].all for place in processed.labels_of.tolist()] == [
        {"app": "x", "k": "1"},
        {"app": "y"},
        {"app": "y", "app_extracted": "m", "k": "2"},
    ]
    assert [processed.labels[place].metadata for place in processed.labels_of.tolist()][2] == {
        "app_extracted": "m",
        "k": "2",
    }


def test_no_lines() -> None:
    """A block without lines gives none."""
    processed = pipeline('| json | x > 1 | line_format "{{.x}}"').run(
        block("x").__class__(np.zeros(0, np.int64), pa.array([], pa.string()), np.zeros(0, np.int32), [], None)
    )

    assert len(processed.rows) == 0
