"""Values of templates: which type of Go each is, whether it is true, and its members.

`None` is nil. A `dict` is Go's `map[string]interface {}`, a `list` its `[]interface {}`. What is of another type says
so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

ANY: Final = "interface {}"
"""The type of whatever value."""

Missing = Literal["default", "zero", "error"]
"""What a member that is not there gives: nothing, the zero of its type, or an error."""


class Int64(int):
    """An `int64`: another type than `int`, though it looks the same."""

    go_type: ClassVar = "int64"


class Uint8(int):
    """A byte."""

    go_type: ClassVar = "uint8"


class TextMap(dict[str, str]):
    """A `map[string]string`, of which a member that is not there may be the empty text."""

    go_type: ClassVar = "map[string]string"


class TextList(list[str]):
    """A `[]string`."""

    go_type: ClassVar = "[]string"


@dataclass(frozen=True, slots=True)
class Function:
    """What templates can call. `parameters` and `rest` (what follows them, any number of it) are types of Go."""

    call: Callable[..., Any]
    parameters: tuple[str, ...] = ()
    rest: str = ""


class Struct:
    """A value with members and methods; what is printed of it is its `str`."""

    __slots__ = ()
    go_type: ClassVar[str] = "struct {}"

    def members(self) -> Mapping[str, Any]:
        """Return the members by name."""
        return {}

    def methods(self) -> Mapping[str, Function]:
        """Return the methods by name."""
        return {}


class Fault(Exception):
    """What is wrong with a value, in Go's words."""


def type_of(value: Any) -> str:
    """Return the type of a value, as Go names it.

    >>> type_of(1), type_of({}), type_of([])
    ('int', 'map[string]interface {}', '[]interface {}')
    """
    named = getattr(value, "go_type", None)
    if named is not None:
        return str(named)
    match value:
        case None:
            return "<nil>"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float64"
        case complex():
            return "complex128"
        case str():
            return "string"
        case dict():
            return "map[string]interface {}"
        case list():
            return "[]interface {}"
        case _:
            return "func()"


def fits(value: Any, wanted: str) -> bool:
    """Return whether a value can be given where the type `wanted` is asked for."""
    return wanted == ANY or (wanted == "string" and value.__class__ is str) or type_of(value) == wanted


def is_true(value: Any) -> bool:
    """Return whether a value is not the zero of its type; a structure always is."""
    return True if isinstance(value, Struct) else bool(value)


def member(value: Any, name: str, missing: Missing, *, held: bool) -> Any:
    """Return the member `name` of a value; raise Fault if it cannot have any.

    `held`: the value came out of a map or list of values of any type, by which Go calls it then.
    """
    if value.__class__ is TextMap:
        found = value.get(name)
        if found is None:
            return _missing(name, missing, "")
        return found
    if value is None:
        if held:
            raise Fault(f"nil pointer evaluating {ANY}.{name}")
        if missing == "error":
            raise Fault(f'nil data; no entry for key "{name}"')
        return None
    if isinstance(value, dict):
        if name in value:
            return value[name]
        return _missing(name, missing, "" if isinstance(value, TextMap) else None)
    if isinstance(value, Struct) and name in (members := value.members()):
        return members[name]
    raise Fault(f"can't evaluate field {name} in type {ANY if held else type_of(value)}")


def _missing(name: str, missing: Missing, zero: Any) -> Any:
    if missing == "error":
        raise Fault(f'map has no entry for key "{name}"')
    return zero if missing == "zero" else None
