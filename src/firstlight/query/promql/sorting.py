"""`sort`, `sort_desc`, `sort_by_label` and `sort_by_label_desc`: the order in which an instant query answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cmp_to_key
from itertools import zip_longest
from types import MappingProxyType
from typing import Final

import numpy as np

from firstlight.query.promql.arguments import text_at, vector_at
from firstlight.query.promql.context import Context
from firstlight.query.promql.labels import value_of
from firstlight.query.promql.math import Function
from firstlight.query.promql.values import Floats, Labels, Value
from firstlight.query.promql.vectors import floats_only, taken

_CHUNK: Final = re.compile(r"[0-9]+|[^0-9]+")
_LARGEST: Final = 2**63 - 1


def precedes(a: str, b: str) -> bool:
    """Return whether `a` stands before `b` where digits count as numbers, as Prometheus orders labels.

    >>> precedes("node2", "node10"), precedes("1.11", "1.2")
    (True, False)
    """
    if not a:
        return False
    for ours, theirs in zip_longest(_CHUNK.findall(a), _CHUNK.findall(b)):
        if ours is None:
            return True
        if theirs is None:
            return False
        our_number, their_number = _number(ours), _number(theirs)
        if our_number is None or their_number is None:
            if ours != theirs:
                return bool(ours < theirs)
        elif our_number != their_number:
            return our_number < their_number
    return True


def _number(chunk: str) -> int | None:
    return int(chunk) if chunk.isdecimal() and len(chunk) < 40 and int(chunk) <= _LARGEST else None


def _warn(context: Context) -> None:
    if context.steps.count > 1:
        context.annotations.warn(
            "sort is ineffective for range queries since results are always ordered by labels", context.span
        )


def _by_value(key: Callable[[Floats], Floats]) -> Function:
    def apply(args: Sequence[Value], context: Context) -> Value:
        vector = floats_only(vector_at(args, 0))
        _warn(context)
        if context.steps.count != 1:
            return vector
        rows = np.flatnonzero(vector.present[:, 0])
        # NaN is the last in either direction.
        return taken(vector, rows[np.argsort(key(vector.floats[rows, 0]), kind="stable")])

    return apply


def _by_label(sign: int) -> Function:
    def apply(args: Sequence[Value], context: Context) -> Value:
        vector = vector_at(args, 0)
        names = [text_at(args, place) for place in range(1, len(args))]
        _warn(context)
        if context.steps.count != 1:
            return vector

        def compared(a: int, b: int) -> int:
            return sign * _compared(vector.labels[a], vector.labels[b], names)

        rows = np.flatnonzero(vector.present[:, 0]).tolist()
        return taken(vector, np.array(sorted(rows, key=cmp_to_key(compared)), dtype=np.int64))

    return apply


def _compared(a: Labels, b: Labels, names: Sequence[str]) -> int:
    for name in names:
        ours, theirs = value_of(a, name), value_of(b, name)
        if ours != theirs:
            return -1 if precedes(ours, theirs) else 1
    return (a > b) - (a < b)


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "sort": _by_value(lambda values: values),
        "sort_desc": _by_value(lambda values: -values),
        "sort_by_label": _by_label(1),
        "sort_by_label_desc": _by_label(-1),
    }
)
"""By name."""
