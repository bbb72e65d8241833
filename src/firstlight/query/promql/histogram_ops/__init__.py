"""What can be done with native histograms: arithmetic, comparison, sums of many, trimming, statistics.

Nothing changes its arguments. What an operation has to tell beside its result is a `Note`; the caller words it.
"""

from firstlight.query.promql.histogram_ops.arithmetic import (
    Incompatible,
    Note,
    add,
    compact,
    div,
    mul,
    neg,
    sub,
    with_hint,
)
from firstlight.query.promql.histogram_ops.bounds import bounds
from firstlight.query.promql.histogram_ops.comparison import detect_reset, equals
from firstlight.query.promql.histogram_ops.hints import added_hint, stats_hints, stored_hints
from firstlight.query.promql.histogram_ops.layout import populated, to_schema, to_zero_threshold
from firstlight.query.promql.histogram_ops.statistics import fraction, quantile, variance
from firstlight.query.promql.histogram_ops.sums import mean, total
from firstlight.query.promql.histogram_ops.trimming import trim_lower, trim_upper

__all__ = [
    "Incompatible",
    "Note",
    "add",
    "added_hint",
    "bounds",
    "compact",
    "detect_reset",
    "div",
    "equals",
    "fraction",
    "mean",
    "mul",
    "neg",
    "populated",
    "quantile",
    "stats_hints",
    "stored_hints",
    "sub",
    "to_schema",
    "to_zero_threshold",
    "total",
    "trim_lower",
    "trim_upper",
    "variance",
    "with_hint",
]
