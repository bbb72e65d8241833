"""What functions and aggregations PromQL has, and what arguments they take: those of Prometheus 3.14."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from firstlight.query.promql.ast import ValueType

SCALAR: Final = ValueType.SCALAR
STRING: Final = ValueType.STRING
VECTOR: Final = ValueType.VECTOR
MATRIX: Final = ValueType.MATRIX

UNLIMITED: Final = -1


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives.

    With `variadic` other than 0, the last of `args` may be left out; there may be up to `variadic` of it, or any number
    if it is UNLIMITED.
    """

    name: str
    args: tuple[ValueType, ...]
    returns: ValueType = VECTOR
    variadic: int = 0
    experimental: bool = False

    @property
    def fewest(self) -> int:
        """How many arguments there must be."""
        return len(self.args) - 1 if self.variadic else len(self.args)

    @property
    def most(self) -> int | None:
        """How many arguments there may be; None if any number."""
        if self.variadic == UNLIMITED:
            return None
        return self.fewest + self.variadic

    def type_of(self, place: int) -> ValueType:
        """Return the type of the argument at `place`, counted from 0."""
        return self.args[min(place, len(self.args) - 1)]


def _each(names: str, *args: ValueType, variadic: int = 0, experimental: bool = False) -> Sequence[Signature]:
    return [Signature(name, args, variadic=variadic, experimental=experimental) for name in names.split()]


_ALL: Final = (
    # A vector, point by point.
    *_each("abs ceil exp floor ln log10 log2 sgn sqrt timestamp absent sort sort_desc", VECTOR),
    *_each("acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh deg rad", VECTOR),
    *_each("histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar", VECTOR),
    *_each("clamp_max clamp_min", VECTOR, SCALAR),
    *_each("clamp", VECTOR, SCALAR, SCALAR),
    *_each("round", VECTOR, SCALAR, variadic=1),
    *_each("day_of_month day_of_week day_of_year days_in_month hour minute month year", VECTOR, variadic=1),
    *_each("start_timestamp", VECTOR, experimental=True),
    *_each("histogram_fraction", SCALAR, SCALAR, VECTOR),
    *_each("histogram_quantile", SCALAR, VECTOR),
    *_each("histogram_quantiles", VECTOR, STRING, SCALAR, SCALAR, variadic=9, experimental=True),
    # Labels.
    *_each("label_replace", VECTOR, STRING, STRING, STRING, STRING),
    *_each("label_join", VECTOR, STRING, STRING, STRING, variadic=UNLIMITED),
    *_each("sort_by_label sort_by_label_desc", VECTOR, STRING, variadic=UNLIMITED, experimental=True),
    *_each("info", VECTOR, VECTOR, variadic=1, experimental=True),
    # Samples over a range.
    *_each("changes delta deriv idelta increase irate rate resets absent_over_time present_over_time", MATRIX),
    *_each(
        "avg_over_time count_over_time first_over_time last_over_time max_over_time min_over_time sum_over_time", MATRIX
    ),
    *_each("stddev_over_time stdvar_over_time", MATRIX),
    *_each("predict_linear", MATRIX, SCALAR),
    *_each("quantile_over_time", SCALAR, MATRIX),
    *_each("mad_over_time", MATRIX, experimental=True),
    *_each("ts_of_first_over_time ts_of_last_over_time", MATRIX, experimental=True),
    *_each("ts_of_max_over_time ts_of_min_over_time", MATRIX, experimental=True),
    *_each("double_exponential_smoothing", MATRIX, SCALAR, SCALAR, experimental=True),
    # Scalars.
    *_each("vector", SCALAR),
    Signature("scalar", (VECTOR,), SCALAR),
    Signature("pi", (), SCALAR),
    Signature("time", (), SCALAR),
    *(Signature(name, (), SCALAR, experimental=True) for name in ("start", "end", "range", "step")),
    *(Signature(name, (SCALAR, SCALAR), SCALAR, experimental=True) for name in ("max_of", "min_of")),
)

FUNCTIONS: Final[Mapping[str, Signature]] = MappingProxyType({each.name: each for each in _ALL})
"""All functions, by name. Names are exact: `Rate` is none."""

AGGREGATIONS: Final[Mapping[str, ValueType | None]] = MappingProxyType(
    {
        **dict.fromkeys(("avg", "count", "group", "max", "min", "stddev", "stdvar", "sum")),
        **dict.fromkeys(("bottomk", "limitk", "limit_ratio", "quantile", "topk"), SCALAR),
        "count_values": STRING,
    }
)
"""All aggregations, with the type of their parameter, None if they have none. Their names have no case."""

EXPERIMENTAL_AGGREGATIONS: Final = frozenset({"limitk", "limit_ratio"})
