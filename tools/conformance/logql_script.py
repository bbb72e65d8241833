"""Reads the format of Loki's own tests of LogQL: `load`, `eval` and `clear`, with what is expected of each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.lines import Labels
from firstlight.query.logql.parser import parse

SECOND: Final = 10**9

_UNITS: Final = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_PIECE: Final = re.compile(r'"[^"]*"|`[^`]*`|#.*|[^"`#]+')
_LOAD: Final = re.compile(
    r"(?P<selector>\{.*?\})\s+(?P<line>\"[^\"]*\"|`[^`]*`)\s+@\s+(?P<start>\S+?)"
    r"(?:\s+\[repeat\s+every\s+(?P<step>\S+)\s+for\s+(?P<count>\d+)\])?"
    r"(?:\s+\[metadata\s+(?P<metadata>.*)\])?\s*"
)
_EVAL: Final = re.compile(
    r"eval\s+(?:instant\s+at\s+(?P<at>\S+)|range\s+from\s+(?P<start>\S+)\s+to\s+(?P<end>\S+)\s+step\s+(?P<step>\S+))\s+(?P<query>.+)"
)
_PAIR: Final = re.compile(r'([A-Za-z_][\w.\-]*)\s*=\s*("[^"]*"|`[^`]*`)')
_RUN: Final = re.compile(r"(?P<first>[^x+]+|\+Inf|-Inf)(?:(?P<by>[+-][^x]+))?x(?P<count>\d+)")

Point: TypeAlias = float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a stream."""

    labels: Labels
    ts: int
    line: str
    metadata: Labels


@dataclass(frozen=True, slots=True)
class Clear:
    """Nothing is stored any more."""


@dataclass(frozen=True, slots=True)
class Load:
    """Lines that are stored besides those that are there."""

    entries: Sequence[Entry]


@dataclass(slots=True)
class Eval:
    """A query, and what it must answer. An instant query has no `step`."""

    line: int
    query: str
    start: int
    end: int
    step: int
    series: list[tuple[Labels, Sequence[Point]]] = field(default_factory=list)
    scalar: float | None = None
    fails: bool = False
    message: str = ""
    pattern: str = ""
    ordered: bool = False


Command: TypeAlias = Clear | Load | Eval


def commands(text: str) -> Iterator[Command]:
    """Yield what a file says, in order."""
    entries: list[Entry] | None = None
    asked: Eval | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _uncommented(raw).strip()
        if not line:
            continue
        if line in {"clear", "load"} or line.startswith("eval "):
            if entries is not None:
                yield Load(entries)
            if asked is not None:
                yield asked
            entries, asked = None, None
            if line == "clear":
                yield Clear()
            elif line == "load":
                entries = []
            else:
                asked = _eval(number, line)
        elif entries is not None:
            entries += _entries(line)
        elif asked is not None:
            _expect(asked, line)
        else:
            raise ValueError(f"line {number}: {line}")
    if entries is not None:
        yield Load(entries)
    if asked is not None:
        yield asked


def nanoseconds(text: str) -> int:
    """Return a duration as Go writes it.

    >>> nanoseconds("1m30s"), nanoseconds("0")
    (90000000000, 0)
    """
    return round(sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text)))


def _uncommented(line: str) -> str:
    return "".join(piece for piece in _PIECE.findall(line) if not piece.startswith("#"))


def _labels(text: str) -> Labels:
    query = parse(text, checked=False)
    assert isinstance(query, LogQuery)
    return tuple(sorted((each.label, each.value) for each in query.selector.matchers))


def _entries(text: str) -> Iterator[Entry]:
    found = _LOAD.fullmatch(text)
    if not found:
        raise ValueError(f"no line to load: {text}")
    labels = tuple(pair for pair in _labels(found["selector"]) if pair[1])
    pairs = _PAIR.findall(found["metadata"] or "")
    metadata = tuple(sorted((name, value[1:-1]) for name, value in pairs))
    start, step = nanoseconds(found["start"]), nanoseconds(found["step"] or "")
    for place in range(int(found["count"] or 1)):
        line = found["line"][1:-1].replace("{{.i}}", str(place))
        yield Entry(labels, start + place * step, line, metadata)


def _eval(number: int, text: str) -> Eval:
    found = _EVAL.fullmatch(text)
    if not found:
        raise ValueError(f"line {number}: no query: {text}")
    if found["at"]:
        at = nanoseconds(found["at"])
        return Eval(number, found["query"], at, at, 0)
    start, end, step = (nanoseconds(found[name]) for name in ("start", "end", "step"))
    return Eval(number, found["query"], start, end, step)


def _expect(asked: Eval, text: str) -> None:
    if text.startswith("skip "):
        return  # about stacks that compute in parts
    if text.startswith("expect fail"):
        asked.fails = True
        kind, _, words = text.removeprefix("expect fail").strip().partition(":")
        if kind == "msg":
            asked.message = words.strip()
        elif kind == "regex":
            asked.pattern = words.strip()
    elif text == "expect ordered":
        asked.ordered = True
    elif text == "expect empty":
        pass
    elif text.startswith("{"):
        end = _closing(text)
        asked.series.append((_labels(text[:end]), list(_points(text[end:].split()))))
    else:
        asked.scalar = _number(text)


def _closing(text: str) -> int:
    place = 0
    for piece in re.findall(r'"[^"]*"|`[^`]*`|[^"`]', text):
        place += len(piece)
        if piece == "}":
            return place
    raise ValueError(f"labels that do not end: {text}")


def _points(words: Sequence[str]) -> Iterator[Point]:
    for word in words:
        if word.startswith("_"):
            yield from [None] * int(word[2:] or 1)
        elif run := _RUN.fullmatch(word):
            first, by = _number(run["first"]), _number(run["by"] or "0")
            # As in Prometheus, x3 says that three more follow.
            yield from (first + place * by for place in range(int(run["count"]) + 1))
        else:
            yield _number(word)


def _number(text: str) -> float:
    return math.inf if text == "+Inf" else -math.inf if text == "-Inf" else float(text)
