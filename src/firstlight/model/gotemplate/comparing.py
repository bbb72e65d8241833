"""Comparison of values: `eq ne lt le gt ge`. Numbers of different types of Go cannot be compared."""

from __future__ import annotations

from typing import Any

from firstlight.model.gotemplate.printing import text_of
from firstlight.model.gotemplate.values import Fault, Struct, type_of


def _kind(value: Any) -> str:
    """Return what sort of value it is; empty if it is no simple one."""
    match value:
        case bool():
            return "bool"
        case int():
            return "uint" if type_of(value) == "uint8" else "int"
        case float():
            return "float"
        case str():
            return "string"
        case complex():
            return "complex"
        case _:
            return ""


def equal(first: Any, *others: Any) -> bool:
    """Return whether `first` is equal to one of the others; raise Fault if it cannot be compared with one."""
    if not others:
        raise Fault("missing argument for comparison")
    kind = _kind(first)
    for other in others:
        theirs = _kind(other)
        if kind != theirs:
            if {kind, theirs} == {"int", "uint"}:
                if first == other:
                    return True
                continue
            if first is not None and other is not None:
                raise Fault(f"incompatible types for comparison: {type_of(first)} and {type_of(other)}")
            continue
        if not kind and first is not None and other is not None and not isinstance(other, Struct):
            raise Fault(f"non-comparable type {text_of(other)}: {type_of(other)}")
        if first == other:
            return True
    return False


def not_equal(first: Any, second: Any) -> bool:
    """Return whether two values differ; raise Fault if they cannot be compared."""
    return not equal(first, second)


def less(first: Any, second: Any) -> bool:
    """Return whether `first` comes before `second`; raise Fault if they have no order."""
    kind, theirs = _kind(first), _kind(second)
    if not kind or not theirs:
        raise Fault("invalid type for comparison")
    if kind != theirs and {kind, theirs} != {"int", "uint"}:
        raise Fault(f"incompatible types for comparison: {type_of(first)} and {type_of(second)}")
    if kind in ("bool", "complex"):
        raise Fault("invalid type for comparison")
    if kind == "string":
        return bool(first.encode("utf-8", "surrogateescape") < second.encode("utf-8", "surrogateescape"))
    return bool(first < second)


def less_or_equal(first: Any, second: Any) -> bool:
    """Return whether `first` comes before `second` or is equal to it."""
    return less(first, second) or equal(first, second)


def greater(first: Any, second: Any) -> bool:
    """Return whether `first` comes after `second`."""
    return not less_or_equal(first, second)


def greater_or_equal(first: Any, second: Any) -> bool:
    """Return whether `first` comes after `second` or is equal to it."""
    return not less(first, second)
