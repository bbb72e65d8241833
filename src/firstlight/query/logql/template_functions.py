"""The functions of LogQL's templates: Go's own, those of texts, numbers and times, of regular expressions and JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
import re2

from firstlight.model.gotemplate import Fault, Function
from firstlight.model.gotemplate.times import GoTime
from firstlight.model.regex import BadRegex, check
from firstlight.query.logql import template_functions_numbers, template_functions_texts, template_functions_times

_VARIABLE: Final = re.compile(r"\$(?:(?P<dollar>\$)|(?P<name>\w+)|\{(?P<braced>\w+)\})", re.ASCII)


class Seen:
    """The line that a template is executed for: what `__line__` and `__timestamp__` give."""

    __slots__ = ("line", "now_ns", "ts")

    def __init__(self, now_ns: int) -> None:
        self.line = ""
        self.ts = 0
        self.now_ns = now_ns


def functions_for(seen: Seen) -> Mapping[str, Function]:
    """Return the functions, those of the line among them."""
    return {
        **template_functions_texts.FUNCTIONS,
        **template_functions_numbers.FUNCTIONS,
        **template_functions_times.functions(lambda: seen.now_ns),
        **_FUNCTIONS,
        "__line__": Function(lambda: seen.line),
        "__timestamp__": Function(lambda: GoTime(seen.ts)),
    }


@lru_cache(maxsize=256)
def _machine(regex: str) -> Any:
    """Return the compiled expression; raise Fault if it is none."""
    try:
        check(regex)
    except BadRegex as error:
        raise Fault(str(error)) from None
    options = re2.Options()
    options.log_errors = False
    return re2.compile(regex.encode(), options)


def _matches(regex: str, data: bytes) -> Iterator[Any]:
    """Yield the matches one after the other; an empty one is none where the one before ended."""
    end = -1
    for found in _machine(regex).finditer(data):
        start, stop = found.span()
        if start == stop == end:
            continue
        end = stop
        yield found


def _substituted(regex: str, text: str, expand: Callable[[Any], bytes]) -> str:
    data = text.encode("utf-8", "surrogateescape")
    parts: list[bytes] = []
    place = 0
    for found in _matches(regex, data):
        start, stop = found.span()
        parts.extend((data[place:start], expand(found)))
        place = stop
    parts.append(data[place:])
    return b"".join(parts).decode("utf-8", "surrogateescape")


def _replaced(regex: str, text: str, template: str) -> str:
    def group(found: Any, name: str) -> bytes:
        machine = found.re
        number = int(name) if name.isdigit() else machine.groupindex.get(name.encode(), -1)
        return found.group(number) or b"" if 0 <= number <= machine.groups else b""

    def expand(found: Any) -> bytes:
        def one(variable: re.Match[str]) -> str:
            name = variable["name"] or variable["braced"]
            return group(found, name).decode("utf-8", "surrogateescape") if name else "$"

        return _VARIABLE.sub(one, template).encode("utf-8", "surrogateescape")

    return _substituted(regex, text, expand)


def _replaced_literally(regex: str, text: str, replacement: str) -> str:
    return _substituted(regex, text, lambda found: replacement.encode("utf-8", "surrogateescape"))


def _counted(regex: str, text: str) -> int:
    return sum(1 for _ in _matches(regex, text.encode("utf-8", "surrogateescape")))


def _from_json(text: str) -> Any:
    """Return what a JSON text says, its numbers floating; nil if it is none."""
    try:
        return _floating(orjson.loads(text))
    except ValueError:
        return None


def _floating(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _floating(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_floating(one) for one in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


_S: Final = "string"

_FUNCTIONS: Final = {
    "regexReplaceAll": Function(_replaced, (_S, _S, _S)),
    "regexReplaceAllLiteral": Function(_replaced_literally, (_S, _S, _S)),
    "count": Function(_counted, (_S, _S)),
    "fromJson": Function(_from_json, (_S,)),
}
