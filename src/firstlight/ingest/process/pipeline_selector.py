"""Which lines a pipeline is for: LogQL's selector of streams, and filters of lines after it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import re2

from firstlight.errors import brief
from firstlight.model.regex import BadRegex, check, compiled

_SPACE: Final = re.compile(r"\s*")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_OPERATOR: Final = re.compile(r"=~|!~|!=|=")
_FILTER: Final = re.compile(r"\|=|\|~|!=|!~")
_TEXT: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`')


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a label is to be. A label that is not there is empty."""

    name: str
    operator: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the label is so."""
        found = labels.get(self.name, "")
        match self.operator:
            case "=":
                return found == self.value
            case "!=":
                return found != self.value
            case "=~":
                return compiled(self.value).matches(found)
            case _:
                return not compiled(self.value).matches(found)


@dataclass(frozen=True, slots=True)
class Selector:
    """Matchers of labels, and filters that lines have to pass."""

    matchers: tuple[Matcher, ...] = ()
    filters: tuple[Callable[[str], bool], ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Return whether lines of a stream are meant."""
        return all(matcher.matches(labels) for matcher in self.matchers)

    def passes(self, line: str) -> bool:
        """Return whether a line is meant, of a stream that is."""
        return all(passes(line) for passes in self.filters)


@lru_cache(maxsize=1024)
def parse_selector(text: str) -> Selector:
    """Return what a selector means; raise ValueError, with the character, if it cannot be read."""
    reader = _Reader(text)
    matchers = []
    reader.expect("{")
    while not reader.found("}"):
        name = reader.take(_NAME, "the name of a label")
        operator = reader.take(_OPERATOR, "one of = != =~ !~")
        place = reader.place
        value = reader.text()
        if operator.endswith("~"):
            reader.check_regex(value, place)
        matchers.append(Matcher(name, operator, value))
        if not reader.found(","):
            reader.expect("}")
            break
    filters = []
    while not reader.at_end():
        operator = reader.take(_FILTER, "one of |= != |~ !~ before a text")
        place = reader.place
        value = reader.text()
        if operator.endswith("~"):
            reader.check_regex(value, place)
        filters.append(_filter(operator, value))
    return Selector(tuple(matchers), tuple(filters))


def searcher(pattern: str) -> Callable[[str], Any]:
    """Return what finds an expression of RE2 anywhere in a text; it has been checked."""
    options = re2.Options()
    options.log_errors = False
    search: Callable[[str], Any] = re2.compile(pattern, options).search
    return search


def _filter(operator: str, value: str) -> Callable[[str], bool]:
    if operator == "|=":
        return lambda line: value in line
    if operator == "!=":
        return lambda line: value not in line
    search = searcher(value)
    if operator == "|~":
        return lambda line: search(line) is not None
    return lambda line: search(line) is None


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.place = 0
        self._skip()

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self.place)
        self.place = found.end() if found else self.place

    def at_end(self) -> bool:
        return self.place >= len(self._text)

    def found(self, sign: str) -> bool:
        if self._text.startswith(sign, self.place):
            self.place += len(sign)
            self._skip()
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.found(sign):
            self._complain(f'"{sign}"')

    def take(self, pattern: re.Pattern[str], wanted: str) -> str:
        found = pattern.match(self._text, self.place)
        if not found:
            self._complain(wanted)
            return ""
        self.place = found.end()
        self._skip()
        return found[0]

    def text(self) -> str:
        found = self.take(_TEXT, "a text in double quotes or backticks")
        if found.startswith("`"):
            return found[1:-1]
        try:
            return str(json.loads(found, strict=False))
        except ValueError:
            # Escapes that Go has and JSON has not, such as \d, are most likely a regex's.
            return found[1:-1].replace('\\"', '"').replace("\\\\", "\\")

    def check_regex(self, value: str, place: int) -> None:
        try:
            check(value)
        except BadRegex as error:
            self.place = place
            raise ValueError(f"{self._cannot()}: {str(error).removeprefix('error parsing regexp: ')}") from None

    def _complain(self, wanted: str) -> None:
        rest = self._text[self.place : self.place + 20]
        raise ValueError(f"{self._cannot()}: found {brief(rest) if rest else 'its end'}; want {wanted}")

    def _cannot(self) -> str:
        return f"cannot read the selector {brief(self._text)} at character {self.place + 1}"
