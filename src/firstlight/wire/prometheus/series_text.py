"""The series part of a line: ``name{label="value"}``, or ``{"name",label="value"}`` with names in UTF-8.

Each text format has its grammar: 0.0.4 lets blanks be anywhere and values go over lines, OpenMetrics does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from firstlight.wire.prometheus.labels import METRIC_NAME

Pair = tuple[bytes, bytes]


class Fault(Exception):
    """What is wrong with an entry, as the reason that is shown."""


class SeriesText(NamedTuple):
    """A series as it is written: its name and labels still with their backslashes, and where its part ends."""

    name: bytes
    pairs: list[Pair]
    end: int


_METRIC: Final = re.compile(rb"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL: Final = re.compile(rb"[a-zA-Z_][a-zA-Z0-9_]*")
_PAIR: Final = rb'[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*"'
_PAIRS: Final = re.compile(rb'([a-zA-Z_][a-zA-Z0-9_]*)="([^"\\\n]*)"')
_USUAL: Final = re.compile(rb"([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:" + _PAIR + rb"(?:," + _PAIR + rb")*,?)?)\}")
"""What nearly all series look like, in every grammar."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a format writes series: what may stand between their parts, and quoted texts."""

    blank: re.Pattern[bytes]
    name: re.Pattern[bytes]
    value: re.Pattern[bytes]
    commas: bool
    """Whether there must be a comma between labels."""

    def skip(self, text: bytes, at: int) -> int:
        """Return where the blanks end that stand at `at`."""
        found = self.blank.match(text, at)
        return found.end() if found else at

    def series(self, text: bytes, at: int = 0) -> SeriesText:
        """Return the series that starts at `at`. Raise Fault if there is none."""
        if usual := _USUAL.match(text, at):
            return SeriesText(usual[1], _PAIRS.findall(usual[2]), usual.end())
        at = self.skip(text, at)
        found = _METRIC.match(text, at)
        name, end = (found[0], found.end()) if found else (b"", at)
        brace = self.skip(text, end)
        if text[brace : brace + 1] != b"{":
            if not found:
                raise Fault("want a metric's name or a comment")
            return SeriesText(name, [], end)
        named, pairs, end = self.labels(text, brace + 1, name)
        if not named:
            raise Fault("no metric name in braces")
        return SeriesText(named, pairs, end)

    def labels(self, text: bytes, at: int, name: bytes, *, nameless: bool = False) -> SeriesText:
        """Return the labels up to the closing brace; `nameless` ones cannot have a metric's name among them."""
        pairs: list[Pair] = []
        while True:
            at = self.skip(text, at)
            if text[at : at + 1] == b"}":
                return SeriesText(name, pairs, at + 1)
            found = _LABEL.match(text, at) or self.name.match(text, at)
            if not found:
                raise Fault("want a label's name")
            label, quoted = found[0], found[0][:1] == b'"'
            at = self.skip(text, found.end())
            mark = text[at : at + 1]
            if quoted and mark in (b",", b"}") and not nameless:
                if name:
                    raise Fault("a second metric name")
                name = label[1:-1]
                at += mark == b","
                continue
            if mark != b"=":
                raise Fault("want = after a label's name")
            value = self.value.match(text, self.skip(text, at + 1))
            if not value:
                raise Fault("want a label's value in double quotes")
            pairs.append((label[1:-1] if quoted else label, value[0][1:-1]))
            at = self.skip(text, value.end())
            mark = text[at : at + 1]
            if mark == b",":
                at += 1
            elif mark != b"}" and self.commas:
                raise Fault("want a comma or } after a label's value")


TEXT: Final = Grammar(
    re.compile(rb"[ \t]+"), re.compile(rb'"(?:\\.|[^\\"])*"'), re.compile(rb'"(?:\\.|[^\\"])*"'), commas=False
)
"""The grammar of the text format 0.0.4, and 1.0.0."""

OPENMETRICS: Final = Grammar(
    re.compile(rb"(?!)"), re.compile(rb'"(?:\\.|[^\\"])*"'), re.compile(rb'"(?:\\.|[^\\"\n])*"'), commas=True
)
"""The grammar of OpenMetrics."""

_ESCAPED: Final = re.compile(r'\\([\\n"])')
_UNESCAPED: Final = {"\\": "\\", "n": "\n", '"': '"'}


def unescaped(text: bytes) -> str:
    """Return a quoted text without its backslashes. Raise Fault if it is not UTF-8."""
    try:
        found = text.decode()
    except UnicodeDecodeError:
        raise Fault("a text that is not UTF-8") from None
    return _ESCAPED.sub(lambda match: _UNESCAPED[match[1]], found) if "\\" in found else found


def escaped(text: str) -> str:
    """Return a text with the backslashes it needs in quotes."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def labels_of(series: SeriesText) -> dict[str, str]:
    """Return the labels of a series, its name among them. Raise Fault if one comes twice or is not UTF-8."""
    found = {METRIC_NAME: unescaped(series.name)}
    for name, value in series.pairs:
        label = unescaped(name)
        if label in found:
            raise Fault(f"the label {label!r} twice")
        found[label] = unescaped(value)
    return found
