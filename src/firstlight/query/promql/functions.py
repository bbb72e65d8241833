"""The instant functions: those whose arguments are instant vectors, scalars and strings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from firstlight.query.promql import (
    histogram_functions,
    labels_functions,
    math,
    presence,
    sorting,
    time_functions,
)
from firstlight.query.promql.math import Function

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        **math.FUNCTIONS,
        **labels_functions.FUNCTIONS,
        **time_functions.FUNCTIONS,
        **sorting.FUNCTIONS,
        **presence.FUNCTIONS,
        **histogram_functions.FUNCTIONS,
    }
)
"""By name. What needs more than the values of its arguments is in `evaluate`: `absent`, `info`, and `timestamp` and its
like of a selector.
"""
