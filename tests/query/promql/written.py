"""Vectors as text, for tables: a series a line (or parted by `;`), its value at each step, `_` where there is none.

`up{job=a} 1 _ NaN`; histograms in the notation of Prometheus' tests, without spaces: `{{count:4,sum:5,buckets:[1,2,1]}}`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql.annotations import Annotations
from firstlight.query.promql.context import Context, Switches
from firstlight.query.promql.go_numbers import brief_text
from firstlight.query.promql.histogram_text import notation, parse_histogram
from firstlight.query.promql.values import Labels, Scalar, Steps, Text, Value, Vector

_SERIES = re.compile(r"([\w:]*)(?:\{([^{}]*)\})?")


def context(steps: int = 1, *, delayed: bool = False) -> Context:
    """Return the context of a query over some steps, a minute apart from 0 on."""
    return Context(
        Steps(0, 60_000 if steps > 1 else 0, steps),
        Annotations(),
        Switches(delayed_name_removal=delayed),
        Span(0, 1),
        (),
    )


def labels(text: str) -> Labels:
    """Return the labels of `name{a=b,c=d}`."""
    found = _SERIES.fullmatch(text)
    assert found, text
    pairs = [tuple(pair.split("=", 1)) for pair in (found[2] or "").split(",") if pair]
    named = [("__name__", found[1])] if found[1] else []
    return tuple(sorted((name, value) for name, value in [*named, *pairs]))


def vector(text: str, steps: int = 1) -> Vector:
    """Return the vector that `text` describes; one without series has `steps` steps."""
    lines = [line.split() for line in re.split(r"[;\n]", text) if line.strip()]
    series = [labels(line[0]) for line in lines]
    shape = (len(lines), len(lines[0]) - 1 if lines else steps)
    floats, present = np.zeros(shape), np.zeros(shape, dtype=bool)
    histograms = np.full(shape, None, dtype=object)
    for row, line in enumerate(lines):
        for step, item in enumerate(line[1:]):
            present[row, step] = item != "_"
            if item.startswith("{{"):
                histograms[row, step] = parse_histogram(item.replace(",", " "))
            elif item != "_":
                floats[row, step] = float(item)
    return Vector(series, floats, present, histograms if histograms.any() else None)


def scalar(*values: float) -> Scalar:
    """Return a scalar."""
    return Scalar(np.array(values, dtype=np.float64))


def shown(value: Value) -> list[str]:
    """Return what `vector` would read, a text for each series that has something, or the numbers of a scalar."""
    match value:
        case Scalar():
            return [" ".join(map(brief_text, value.values.tolist()))]
        case Text():
            return [value.value]
        case Vector():
            rows = [(_series(each), _items(value, row)) for row, each in enumerate(value.labels)]
            return [f"{series} {items}" for series, items in rows if set(items.split()) - {"_"}]
    raise AssertionError(value)


def _series(series: Labels) -> str:
    name = "".join(value for label, value in series if label == "__name__")
    rest = ",".join(f"{label}={value}" for label, value in series if label != "__name__")
    return name + (f"{{{rest}}}" if rest or not name else "")


def _items(value: Vector, row: int) -> str:
    items: list[str] = []
    for step in range(value.present.shape[1]):
        histogram = None if value.histograms is None else value.histograms[row, step]
        if not value.present[row, step]:
            items.append("_")
        elif histogram is not None:
            items.append(notation(histogram).replace(" ", ","))
        else:
            items.append(brief_text(float(value.floats[row, step])))
    return " ".join(items)


def lines(text: str) -> Sequence[str]:
    """Return the series of a table's cell, each on its own."""
    return [" ".join(line.split()) for line in re.split(r"[;\n]", text) if line.strip()]
