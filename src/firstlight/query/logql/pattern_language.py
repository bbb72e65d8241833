"""Patterns such as `<ip> - <_> "<method> <path>"`: literals and captures in turn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from firstlight.errors import UserError

_CAPTURE: Final = re.compile(r"<([A-Za-z_][A-Za-z0-9_]*)>")


class BadPattern(UserError):
    """A text that is no pattern, in Loki's words."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What is between two literals; `_` is not taken."""

    name: str

    @property
    def is_named(self) -> bool:
        """Whether it becomes a label."""
        return self.name != "_"


Part = str | Capture


def parts_of(text: str) -> tuple[Part, ...]:
    """Return the literals and captures of `text`; raise BadPattern if captures follow each other."""
    if not text:
        raise BadPattern("parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL")
    parts: list[Part] = []
    place = 0
    for found in _CAPTURE.finditer(text):
        if literal := text[place : found.start()]:
            parts.append(literal)
        if parts and isinstance(parts[-1], Capture):
            raise BadPattern(f"found consecutive capture '<{parts[-1].name}>{found.group()}': invalid expression")
        parts.append(Capture(found[1]))
        place = found.end()
    if place < len(text):
        parts.append(text[place:])
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class LinePattern:
    """The pattern of a line filter: its captures have no names, and each catches at least a character."""

    parts: tuple[Part, ...]

    @property
    def longest_literal(self) -> str:
        """The longest text that a line must have."""
        return max((part for part in self.parts if isinstance(part, str)), key=len, default="")

    def test(self, line: str) -> bool:
        """Return whether the whole line is as the pattern says; before a literal that is first, anything may stand."""
        if not line or not self.parts:
            return not line and not self.parts
        place = 0
        for number, part in enumerate(self.parts):
            if not isinstance(part, str):
                continue
            found = line.find(part, place)
            if found < 0 or (number and found == place):
                return False
            place = found + len(part)
        return isinstance(self.parts[-1], Capture) == (place != len(line))


def line_pattern(text: str) -> LinePattern:
    """Return the pattern of a line filter; raise BadPattern if `text` is none."""
    if not text:
        return LinePattern(())
    parts = parts_of(text)
    for part in parts:
        if isinstance(part, Capture) and part.is_named:
            raise BadPattern(f"named captures are not allowed: found '<{part.name}>'")
    return LinePattern(parts)


@dataclass(frozen=True, slots=True)
class Extractor:
    """The pattern of a parser."""

    parts: tuple[Part, ...]
    names: tuple[str, ...]
    """Of the captures that have one."""

    def captures(self, line: str) -> list[str]:
        """Return what the named captures caught, as far as the line is as the pattern says."""
        parts = self.parts
        if not line:
            return []
        first = 0
        place = 0
        if isinstance(parts[0], str):
            if not line.startswith(parts[0]):
                return []
            place, first = len(parts[0]), 1
        caught: list[str] = []
        for number in range(first, len(parts), 2):
            capture = parts[number]
            named = isinstance(capture, Capture) and capture.is_named
            literal = parts[number + 1] if number + 1 < len(parts) else ""
            found = line.find(literal, place) if isinstance(literal, str) and literal else -1
            if found < 0:
                return [*caught, line[place:]] if named else caught
            if named:
                caught.append(line[place:found])
            place = found + len(str(literal))
        return caught


def extractor(text: str) -> Extractor:
    """Return the pattern of a parser; raise BadPattern if `text` is none."""
    parts = parts_of(text)
    names = tuple(part.name for part in parts if isinstance(part, Capture) and part.is_named)
    if not names:
        raise BadPattern("at least one capture is required")
    for number, name in enumerate(names):
        if name in names[:number]:
            raise BadPattern(f"duplicate capture name ({name}): invalid expression")
    return Extractor(parts, names)
