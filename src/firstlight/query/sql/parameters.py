"""Values for the ``{name:Type}`` of a statement. They are bound by the engine and never become text of it."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import TypeAlias

from firstlight.errors import QueryError, UserError, brief
from firstlight.query.complaints import pointed

Value: TypeAlias = "str | int | float | bool | list[Value] | None"

# The client finds out by this whether there is anything to bind; with a space before the colon it would not.
PLACEHOLDER = re.compile(r"\{\w+:[^}]+\}")


class ParameterError(UserError):
    """Values that do not fit the statement, whatever its text."""


def check(parameters: Mapping[str, object], wanted: Collection[str], text: str) -> dict[str, Value]:
    """Return `parameters` if they are what the statement `text` wants. Raise QueryError or ParameterError if not."""
    for name in sorted(wanted):
        if name not in parameters:
            raise pointed(f"the parameter {name} has no value; give it one in params", text, name)
    for name in parameters:
        if name not in wanted:
            raise ParameterError(f"cannot use the parameter {brief(name)}: the statement has no {{{name}:Type}}")
    if wanted and not PLACEHOLDER.search(text):
        name = min(wanted)
        raise _spaced(name, text)
    return {name: _checked(name, value) for name, value in parameters.items()}


def _spaced(name: str, text: str) -> QueryError:
    return pointed(f"cannot bind {name}: want {{{name}:Type}} without spaces before the colon", text, name)


def _checked(name: str, value: object) -> Value:
    if isinstance(value, list):
        return [_checked(name, one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ParameterError(f"cannot bind {name}: {value} is no number of JSON; want it as a string")
    if value is None or isinstance(value, str | int | float):
        return value
    wanted = "want a string, a number, true, false, null or an array"
    raise ParameterError(f"cannot bind {name} to {brief(value)}; {wanted}")
