"""One line through the stages of a query: what the tables of `test_*_stage.py` are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from firstlight.query.logql.ast import LogQuery, RangeAggregate, VectorAggregate
from firstlight.query.logql.lines import Lines
from firstlight.query.logql.parser import parse
from firstlight.query.logql.pipeline import compile_stages

TS = 1_700_000_000_123_456_789
"""When the line was written."""

STREAM = {"app": "a", "b": "base"}
METADATA = {"m": "v"}


def block(*lines: str) -> Lines:
    """Return lines of one stream, with metadata."""
    metadata = pa.array([list(METADATA.items())] * len(lines), pa.map_(pa.string(), pa.string()))
    return Lines(np.full(len(lines), TS), pa.array(lines), np.zeros(len(lines), np.int32), [STREAM], metadata)


def after(stages: str, line: str) -> dict[str, str] | None:
    """Return the labels that a line has after the stages and had not before; None if it was dropped.

    `line` is what it says, if that is something else; what it has no more is said to be gone.
    """
    query = parse(f'{{app="a"}} {stages}', checked=False)
    assert isinstance(query, LogQuery)
    processed = compile_stages(query.stages, now_ns=TS).run(block(line))
    if not len(processed.rows):
        return None
    labels = processed.labels[processed.labels_of[0]]
    said = processed.line[0].as_py()
    kept = {name: value for name, value in labels.all.items() if {**STREAM, **METADATA}.get(name) != value}
    gone = {name: "(gone)" for name in {**STREAM, **METADATA} if name not in labels.all}
    return {**({} if said == line else {"line": said}), **kept, **gone}


def sample(query: str, line: str) -> tuple[float, Mapping[str, str]] | None:
    """Return the sample that a line gives a metric query, and its labels; None if it gives none."""
    expr: Any = parse(query, checked=False)
    grouping = None
    if isinstance(expr, VectorAggregate):
        grouping, expr = expr.grouping, expr.expr
    assert isinstance(expr, RangeAggregate)
    pipeline = compile_stages(expr.range.query.stages, unwrap=expr.range.unwrap, grouping=expr.grouping or grouping)
    samples = pipeline.samples(block(line), measure="bytes" if "bytes" in expr.op else "count")
    if not len(samples.rows):
        return None
    place = int(samples.labels_of[0])
    assert (place in samples.failed) == ("__error__" in dict(samples.labels[place]))
    return float(samples.values[0]), dict(samples.labels[place])
