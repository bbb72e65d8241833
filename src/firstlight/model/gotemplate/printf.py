"""`fmt.Sprintf`: a format with its verbs, and what is said where arguments are wrong, missing or too many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from firstlight.model.gotemplate.printing import Spec, formatted, text_of
from firstlight.model.gotemplate.values import type_of

WIDEST: Final = 10_000
"""The widest that a value is padded to, and the most digits that a number has."""

_FLAGS: Final = re.compile(r"[-+# 0]*")
_NUMBER: Final = re.compile(r"[0-9]+")
_INDEX: Final = re.compile(r"\[([0-9]+)\]")


def sprintf(pattern: str, values: Sequence[Any]) -> str:
    """Return `pattern` with its verbs replaced by the values.

    >>> sprintf("%s is %05.1f%%", ["it", 3.14159])
    'it is 003.1%'
    """
    return _Printer(pattern, values).text()


class _Printer:
    def __init__(self, pattern: str, values: Sequence[Any]) -> None:
        self.pattern = pattern
        self.values = values
        self.place = 0
        self.number = 0
        self.reordered = False
        self.good_index = True
        self.parts: list[str] = []

    def text(self) -> str:
        pattern = self.pattern
        while (percent := pattern.find("%", self.place)) >= 0:
            self.parts.append(pattern[self.place : percent])
            self.place = percent + 1
            self.verb()
        self.parts.append(pattern[self.place :])
        if not self.reordered and self.number < len(self.values):
            extra = ", ".join(
                "<nil>" if value is None else f"{type_of(value)}={text_of(value)}"
                for value in self.values[self.number :]
            )
            self.parts.append(f"%!(EXTRA {extra})")
        return "".join(self.parts)

    def match(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self.pattern, self.place)
        if found:
            self.place = found.end()
        return found

    def index(self) -> bool:
        """Read `[n]` if it is there."""
        if not self.pattern.startswith("[", self.place):
            return False
        self.reordered = True
        found = self.match(_INDEX)
        if found and 1 <= int(found[1]) <= len(self.values):
            self.number = int(found[1]) - 1
            return True
        if not found:
            closing = self.pattern.find("]", self.place)
            self.place = closing + 1 if closing >= 0 else self.place + 1
        self.good_index = False
        return False

    def measure(self, word: str) -> int | None:
        """Read a width or a precision; a `*` takes it from the values."""
        if self.pattern.startswith("*", self.place):
            self.place += 1
            value = self.values[self.number] if self.number < len(self.values) else None
            self.number += 1
            if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= WIDEST:
                return int(value)
            self.parts.append(f"%!(BAD{word})")
            return None
        found = self.match(_NUMBER)
        if not found:
            return None
        if len(found.group()) > 6 or int(found.group()) > WIDEST:
            self.parts.append(f"%!(BAD{word})")
            return None
        return int(found.group())

    def verb(self) -> None:
        self.good_index = True
        flags = self.match(_FLAGS)
        marks = flags.group() if flags else ""
        indexed = self.index()
        width = self.measure("WIDTH")
        minus = "-" in marks
        if width is not None and width < 0:
            width, minus = -width, True
        precision = None
        if self.pattern.startswith(".", self.place):
            self.place += 1
            if indexed:
                self.good_index = False
            indexed = self.index()
            precision = self.measure("PREC")
            if precision is None:
                precision = 0
            elif precision < 0:
                precision = None
                self.parts.append("%!(BADPREC)")
        self.index()
        if self.place >= len(self.pattern):
            self.parts.append("%!(NOVERB)")
            return
        verb = self.pattern[self.place]
        self.place += 1
        if verb == "%":
            self.parts.append("%")
            return
        if not self.good_index:
            self.parts.append(f"%!{verb}(BADINDEX)")
            return
        if self.number >= len(self.values):
            self.parts.append(f"%!{verb}(MISSING)")
            return
        value = self.values[self.number]
        self.number += 1
        spec = Spec(verb, minus, "+" in marks, "#" in marks, " " in marks, "0" in marks and not minus, width, precision)
        self.parts.append(formatted(value, spec))
