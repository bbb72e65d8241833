"""Arguments of a function, as the types that the parser has checked them to be."""

from __future__ import annotations

from collections.abc import Sequence

from firstlight.query.promql.values import Floats, Scalar, Text, Value, Vector


def vector_at(args: Sequence[Value], place: int) -> Vector:
    """Return the instant vector at `place`."""
    value = args[place]
    assert isinstance(value, Vector)
    return value


def scalar_at(args: Sequence[Value], place: int) -> Floats:
    """Return the numbers of the scalar at `place`, one for each step."""
    value = args[place]
    assert isinstance(value, Scalar)
    return value.values


def text_at(args: Sequence[Value], place: int) -> str:
    """Return the string at `place`."""
    value = args[place]
    assert isinstance(value, Text)
    return value.value
