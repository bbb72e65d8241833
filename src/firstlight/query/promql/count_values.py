"""`count_values`: how often each value occurs in a group, with the value as a label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.gotext import number, quote
from firstlight.query.promql.histogram_text import label_text
from firstlight.query.promql.labels import NAME, is_label_name, joined, numbered, only, with_label, without
from firstlight.query.promql.values import Times, Vector
from firstlight.query.promql.vectors import has_histogram


def count_values(vector: Vector, label: str, grouping: Sequence[str], is_without: bool) -> Vector:
    """Return a series for each value found in a group, which says how many series have it at a step."""
    if not is_label_name(label):
        raise EvaluationFailed(f"invalid label name {quote(label)}")
    bases = [
        without(each, (*grouping, NAME, label)) if is_without else without(only(each, grouping), (label,))
        for each in vector.labels
    ]
    # A label that `without` takes away is not there afterwards, whatever its value was.
    shown = not (is_without and label in grouping)
    groups, labels = numbered(bases)
    rows, steps = np.nonzero(vector.present)
    values, texts = _values(vector, rows, steps)
    series = groups[rows] * len(texts) + values if shown else groups[rows]
    chosen, places = np.unique(series, return_inverse=True)
    floats = np.zeros((len(chosen), vector.present.shape[1]))
    np.add.at(floats, (places, steps), 1.0)
    result = [
        with_label(labels[code // len(texts)], label, texts[code % len(texts)]) if shown else labels[code]
        for code in chosen.tolist()
    ]
    return joined(Vector(result, floats, floats > 0))


def _values(vector: Vector, rows: Times, steps: Times) -> tuple[Times, list[str]]:
    """Return for each sample the number of the text of its value, and the texts."""
    # As bits, since 0 and -0 have different texts.
    bits = np.where(np.isnan(vector.floats), np.nan, vector.floats)[rows, steps].view(np.int64)
    unique, values = np.unique(bits, return_inverse=True)
    texts = [number(value) for value in unique.view(np.float64).tolist()]
    odd = has_histogram(vector)
    if odd is not None and vector.histograms is not None:
        chosen = odd[rows, steps]
        found = [label_text(each) for each in vector.histograms[rows[chosen], steps[chosen]].tolist()]
        numbers, names = numbered(found)
        values = values.copy()
        values[chosen] = len(texts) + numbers
        texts += names
    return values.astype(np.int64), texts
