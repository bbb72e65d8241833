"""How the columns of a log record and its attributes were spelled in the document that it came as.

Documents of one sender are alike, so this is kept once, with their origin, and not with each record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from firstlight.model.elastic.names import LAYOUT_PREFIX, Column

MILLIS: Final = "i"
"""The form of a time that is a number of milliseconds since 1970."""

_FORM: Final = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d|)", re.ASCII)
_ZONE: Final = re.compile(r"([+-])(\d\d):?(\d\d)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Layout:
    """The spelling of each column that the document had, the form of its time, and which names had dots."""

    columns: Mapping[Column, str] = field(default_factory=dict)
    time_form: str = ""
    dotted: Mapping[str, int] = field(default_factory=dict)
    """Names whose last part has dots in it, with where that part begins."""

    def dump(self) -> str:
        """Return it as the schema URL of a scope."""
        columns = {str(column): name for column, name in self.columns.items()}
        found = {"c": columns, "t": self.time_form, "d": dict(sorted(self.dotted.items()))}
        return LAYOUT_PREFIX + orjson.dumps({key: value for key, value in found.items() if value}).decode()

    @classmethod
    def load(cls, text: str) -> Layout | None:
        """Return what `dump` wrote, or None if the text is none of it."""
        if not text.startswith(LAYOUT_PREFIX):
            return None
        found = orjson.loads(text.removeprefix(LAYOUT_PREFIX))
        columns = {Column(name): spelled for name, spelled in found.get("c", {}).items()}
        return cls(columns, found.get("t", ""), found.get("d", {}))


def form_of(text: str) -> str:
    """Return how a time is written, so that `written` can write it again; nothing if it is written otherwise.

    >>> form_of("2026-11-21T05:54:15.123Z"), form_of("yesterday")
    ('T3Z', '')
    """
    found = _FORM.fullmatch(text)
    return f"{found[1]}{len(found[2] or '')}{found[3]}" if found else ""


def written(time_ns: int, form: str) -> str | int:
    """Return a time as it was written.

    >>> written(1_500_000_000, "T3Z"), written(1_500_000_000, "i")
    ('1970-01-01T00:00:01.500Z', 1500)
    """
    if form == MILLIS:
        return time_ns // 1_000_000
    separator, digits, zone = form[0], int(form[1]), form[2:]
    found = _ZONE.fullmatch(zone)
    sign = (1 if found[1] == "+" else -1) if found else 0
    local_ns = time_ns + (sign * (int(found[2]) * 60 + int(found[3])) * 60 * 10**9 if found else 0)
    seconds, rest = divmod(local_ns, 10**9)
    whole = (_EPOCH + timedelta(seconds=seconds)).strftime(f"%Y-%m-%d{separator}%H:%M:%S")
    return f"{whole.zfill(19)}{f'.{rest:09}'[: digits + 1] if digits else ''}{zone}"
