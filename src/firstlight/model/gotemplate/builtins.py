"""The functions that every template has."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote_plus

from firstlight.model.gotemplate.comparing import equal, greater, greater_or_equal, less, less_or_equal, not_equal
from firstlight.model.gotemplate.printf import sprintf
from firstlight.model.gotemplate.printing import printed, text_of
from firstlight.model.gotemplate.values import ANY, Fault, Function, TextList, TextMap, Uint8, is_true, type_of

VALUE: Final = "reflect.Value"
"""The type of what takes every value, and nil, as it is."""

_HTML: Final = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SCRIPT: Final = {
    "\\": r"\\",
    "'": r"\'",
    '"': r"\"",
    "<": r"\u003C",
    ">": r"\u003E",
    "&": r"\u0026",
    "=": r"\u003D",
}


def _place(index: Any, length: int) -> int:
    """Return a place in something of `length`; raise Fault if it is none."""
    if index is None:
        raise Fault("cannot index slice/array with nil")
    if not isinstance(index, int) or isinstance(index, bool):
        raise Fault(f"cannot index slice/array with type {type_of(index)}")
    if index < 0 or index > length:
        raise Fault(f"index out of range: {int(index)}")
    return int(index)


def index_of(item: Any, *indexes: Any) -> Any:
    """Return `item[i][j]…`; raise Fault if there is no such thing."""
    if item is None:
        raise Fault("index of untyped nil")
    for index in indexes:
        if item is None:
            raise Fault("index of nil pointer")
        if isinstance(item, str):
            data = item.encode("utf-8", "surrogateescape")
            place = _place(index, len(data))
            if place == len(data):
                raise Fault("reflect: string index out of range")
            item = Uint8(data[place])
        elif isinstance(item, list):
            place = _place(index, len(item))
            if place == len(item):
                raise Fault("reflect: slice index out of range")
            item = item[place]
        elif isinstance(item, dict):
            if not isinstance(index, str):
                raise Fault(
                    "value is nil; should be of type string"
                    if index is None
                    else f"value has type {type_of(index)}; should be string"
                )
            item = item.get(index, "" if isinstance(item, TextMap) else None)
        else:
            raise Fault(f"can't index item of type {type_of(item)}")
    return item


def slice_of(item: Any, *indexes: Any) -> Any:
    """Return `item[i:j]`; raise Fault if there is no such thing."""
    if item is None:
        raise Fault("slice of untyped nil")
    if len(indexes) > 3:
        raise Fault(f"too many slice indexes: {len(indexes)}")
    if isinstance(item, str):
        if len(indexes) == 3:
            raise Fault("cannot 3-index slice a string")
        data: Any = item.encode("utf-8", "surrogateescape")
    elif isinstance(item, list):
        data = item
    else:
        raise Fault(f"can't slice item of type {type_of(item)}")
    places = [_place(index, len(data)) for index in indexes]
    start, *rest = places or [0]
    end = rest[0] if rest else len(data)
    if start > end:
        raise Fault(f"invalid slice index: {start} > {end}")
    if len(rest) > 1 and end > rest[1]:
        raise Fault(f"invalid slice index: {end} > {rest[1]}")
    part = data[start:end]
    if isinstance(item, str):
        return part.decode("utf-8", "surrogateescape")
    return TextList(part) if isinstance(item, TextList) else part


def length_of(item: Any) -> int:
    """Return how many bytes or elements `item` has; raise Fault if it has none."""
    if isinstance(item, str):
        return len(item.encode("utf-8", "surrogateescape")) if not item.isascii() else len(item)
    if isinstance(item, list | dict):
        return len(item)
    if item is None:
        raise Fault("reflect: call of reflect.Value.Type on zero Value")
    raise Fault(f"len of type {type_of(item)}")


def html_text(*values: Any) -> str:
    """Return the values with what means something in HTML escaped."""
    return _joined(values).translate(_HTML)


def script_text(*values: Any) -> str:
    """Return the values as the inside of a text in JavaScript."""
    return "".join([_script(character) for character in _joined(values)])


def query_text(*values: Any) -> str:
    """Return the values as a part of a URL's query."""
    return quote_plus(_joined(values), safe="", errors="surrogateescape")


def _joined(values: tuple[Any, ...]) -> str:
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return printed(["<no value>" if value is None else value for value in values])


def _script(character: str) -> str:
    if found := _SCRIPT.get(character):
        return found
    if character < " ":
        return f"\\u{ord(character):04X}"
    if character.isprintable() or character.isascii():
        return character
    return f"\\u{ord(character):04X}"


def _println(*values: Any) -> str:
    return " ".join(map(text_of, values)) + "\n"


def call_of(name: str, function: Any, *values: Any) -> Any:
    """Return what `function`, which the template calls `name`, gives; raise Fault if it is none."""
    if function is None:
        raise Fault("call of nil")
    if not isinstance(function, Function):
        raise Fault(f"non-function {name} of type {type_of(function)}")
    return function.call(*values)


def _unused(*_: Any) -> Any:
    """Stand for `and` and `or`, which are evaluated as far as is needed, and `call`, which is told a name."""


BUILTINS: Final[dict[str, Function]] = {
    "and": Function(_unused, (VALUE,), VALUE),
    "or": Function(_unused, (VALUE,), VALUE),
    "not": Function(lambda value: not is_true(value), (VALUE,)),
    "len": Function(length_of, (VALUE,)),
    "index": Function(index_of, (VALUE,), VALUE),
    "slice": Function(slice_of, (VALUE,), VALUE),
    "call": Function(_unused, (VALUE,), VALUE),
    "print": Function(lambda *values: printed(values), (), ANY),
    "printf": Function(lambda pattern, *values: sprintf(pattern, values), ("string",), ANY),
    "println": Function(_println, (), ANY),
    "html": Function(html_text, (), ANY),
    "js": Function(script_text, (), ANY),
    "urlquery": Function(query_text, (), ANY),
    "eq": Function(equal, (VALUE,), VALUE),
    "ne": Function(not_equal, (VALUE, VALUE)),
    "lt": Function(less, (VALUE, VALUE)),
    "le": Function(less_or_equal, (VALUE, VALUE)),
    "gt": Function(greater, (VALUE, VALUE)),
    "ge": Function(greater_or_equal, (VALUE, VALUE)),
}
"""By name, as Go's `text/template` has them."""
