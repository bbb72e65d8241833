"""What a format of lines is, and the pieces that many are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

DIGIT, BRACKET, LETTER, OTHER = "0", "[", "a", "?"
"""The kinds of first characters by which formats are looked for."""

ISO: Final = r"\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z\b|[+-]\d\d:?\d\d))?"
"""A time with its date first."""

LEVEL: Final = (
    r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRITICAL|CRIT|FATAL|SEVERE|PANIC|ALERT|EMERG(?:ENCY)?"
    r"|FINE(?:R|ST)?|CONFIG|VERBOSE|[Tt]race|[Dd]ebug|[Ii]nfo(?:rmation)?|[Nn]otice|[Ww]arn(?:ing)?|[Ee]rr(?:or)?"
    r"|[Cc]rit(?:ical)?|[Ff]atal|[Pp]anic|TRC|DBG|INF|WRN|FTL)"
)
"""A level as most programs write it."""

REQUEST: Final = (
    r'"(?:(?P<method>[A-Z_-]{1,20}) (?P<path>[^ "]++)(?: (?P<protocol>[A-Z]+/[\d.]+))?'
    r'|(?P<request>(?:[^"\\]++|\\.)*+))"'
)
"""The first line of a request over HTTP, in quotes."""


@dataclass(frozen=True, slots=True)
class LineFormat:
    """A format: what its lines begin with, and a regular expression whose groups are the fields."""

    name: str
    begins: str
    pattern: re.Pattern[str]
    tail: str = ""
    """The group in which pairs such as ``key=value`` are fields as well."""
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What the level is called that the format has a sign for."""
    void: str = ""
    """What stands where there is nothing, such as a dash."""
    vague: bool = False
    """Whether lines of more telling formats may look like this one as well."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in the order of the groups."""
        return tuple(name.rstrip("2") for name in self.pattern.groupindex)


def line_format(name: str, begins: str, pattern: str, **more: object) -> LineFormat:
    """Return a format; its pattern stands for whole lines without blanks at the end, and every group has a name.

    A group may be there twice: the second is called as the first, with a 2.
    """
    found = LineFormat(name, begins, re.compile(rf"{pattern}\Z", re.DOTALL), **more)  # type: ignore[arg-type] # by name
    if found.pattern.groups != len(found.pattern.groupindex):
        raise ValueError(f"BUG: the format {name} has a group without a name")
    return found


def beginning(text: str) -> str:
    """Return the kind of first character that a line has."""
    first = text[:1]
    if first == "[":
        return BRACKET
    return DIGIT if first.isdigit() else LETTER if first.isalpha() else OTHER
