"""Native histograms as the HTTP API of Prometheus answers them."""

from __future__ import annotations

from typing import TypeAlias

from firstlight.query.promql.go_numbers import answer_text
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_ops.layout import populated
from firstlight.query.promql.histogram_text import inclusive

Json: TypeAlias = dict[str, str | list[list[int | str]]]

OPEN_LEFT, OPEN_RIGHT, CLOSED = 0, 1, 3
"""What the first number of a bucket says of its bounds: which of them it does not include."""


def histogram_json(h: Histogram) -> Json:
    """Return what stands for `h` in an answer: count, sum, and the buckets that are not empty, from the lowest on."""
    answer: Json = {"count": answer_text(h.count), "sum": answer_text(h.sum)}
    seen = populated(h)
    rows = zip(seen.lower.tolist(), seen.upper.tolist(), seen.counts.tolist(), seen.zero.tolist(), strict=True)
    buckets: list[list[int | str]] = []
    for lower, upper, count, is_zero in rows:
        with_lower, with_upper = inclusive(h, lower, is_zero=is_zero)
        rule = CLOSED if with_lower and with_upper else OPEN_RIGHT if with_lower else OPEN_LEFT
        buckets.append([rule, answer_text(lower), answer_text(upper), answer_text(count)])
    if buckets:
        answer["buckets"] = buckets
    return answer
