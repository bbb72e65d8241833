"""Reads the format of Prometheus' language tests: `load`, `eval` and `clear`, with what is expected of each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from firstlight.query.promql.ast import MatchOp
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_ops import add, sub
from firstlight.query.promql.histogram_text import parse_histogram
from firstlight.query.promql.parser import parse_selector
from firstlight.query.promql.values import Labels

Item: TypeAlias = float | Histogram | Literal["stale"] | None
"""A value, the mark of a series' end, or nothing."""

Kind: TypeAlias = Literal["fail", "warn", "info", "no_warn", "no_info"]

_UNITS: Final = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy])")
_NUMBER: Final = r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[iI]nf|[nN]a[nN])"
_FLOATS: Final = re.compile(rf"({_NUMBER})(?:([-+])({_NUMBER}))?(?:x(\d+))?")
_HISTOGRAMS: Final = re.compile(r"(\{\{.*?\}\})(?:([-+])(\{\{.*?\}\}))?(?:x(\d+))?")
_GAPS: Final = re.compile(r"_(?:x(\d+))?")
_STARTS: Final = re.compile(r"([-+]?[\d.a-z]+?)(?:([-+][\d.a-wyz]+?))?(?:x(\d+))?")
_WORD: Final = re.compile(r"(?:\{\{.*?\}\}|\S)+")
_EVAL: Final = re.compile(
    r"eval(?:_(?P<legacy>fail|warn|info|ordered))?\s+"
    r"(?:instant\s+at\s+(?P<at>\S+)|range\s+from\s+(?P<start>\S+)\s+to\s+(?P<end>\S+)\s+step\s+(?P<step>\S+))\s+(?P<query>.+)",
    re.IGNORECASE | re.DOTALL,
)
_EXPECT: Final = re.compile(r"expect\s+(fail|warn|info|no_warn|no_info)(?:\s+(msg|regex):(.*))?")


_KINDS: Final[dict[str, Kind]] = {
    "fail": "fail",
    "warn": "warn",
    "info": "info",
    "no_warn": "no_warn",
    "no_info": "no_info",
}


class BadTest(ValueError):
    """A file that is not in the format."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series with its values; `starts` are when their counters began, relative to each."""

    labels: Labels
    items: Sequence[Item]
    starts: Sequence[int | None] | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """Samples for some series, `step` milliseconds apart, from 1970 on."""

    step: int
    series: Sequence[Line]
    with_custom: bool = False
    """Whether classic histograms are to be there as native ones with custom buckets too."""


@dataclass(frozen=True, slots=True)
class Clear:
    """All samples go."""


@dataclass(frozen=True, slots=True)
class Told:
    """A failure or annotation that is expected; with neither text nor expression, any."""

    kind: Kind
    text: str | None = None
    pattern: str | None = None

    def is_met_by(self, found: str) -> bool:
        """Return whether this is what was meant."""
        if self.pattern is not None:
            return re.search(self.pattern, found) is not None
        return self.text is None or self.text == found


@dataclass(frozen=True, slots=True)
class Grid:
    """Times, in milliseconds: from `start` to `end`, `step` apart; a step of 0 is an instant."""

    start: int
    end: int
    step: int = 0


@dataclass(slots=True)
class Eval:
    """A query and what is expected of it."""

    line: int
    query: str
    grid: Grid
    told: list[Told] = field(default_factory=list)
    ordered: bool = False
    range_vector: Grid | None = None
    text: str | None = None
    number: float | None = None
    series: list[Line] = field(default_factory=list)

    def expected(self, kind: str) -> list[Told]:
        """Return what is expected of a kind."""
        return [told for told in self.told if told.kind == kind]


Command: TypeAlias = Load | Clear | Eval


def commands(text: str) -> Iterator[Command]:
    """Yield what a test file says to do, in order."""
    lines = [line.strip() for line in text.split("\n")]
    lines = ["" if line.startswith("#") else line for line in lines]
    at = 0
    while at < len(lines):
        line = lines[at]
        word = line.split(maxsplit=1)[0].lower() if line else ""
        if not word:
            at += 1
        elif word == "clear":
            yield Clear()
            at += 1
        elif word.startswith("load"):
            end = _blank(lines, at)
            yield _load(line, lines[at + 1 : end])
            at = end
        elif word.startswith("eval"):
            command, at = _eval(lines, at)
            yield command
        else:
            raise BadTest(f"line {at + 1}: {line!r} is no command")


def duration(text: str) -> int:
    """Return the milliseconds of a duration such as `1h30m`, or of a number of seconds."""
    sign, plain = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return sign * round(float(plain) * 1000)
    if not re.fullmatch(rf"(?:{_DURATION.pattern})+", plain):
        raise BadTest(f"{text!r} is no duration")
    return sign * round(sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(plain)))


def _blank(lines: Sequence[str], at: int) -> int:
    """Return the next line that is blank."""
    return next((place for place in range(at, len(lines)) if not lines[place]), len(lines))


def _load(first: str, body: Sequence[str]) -> Load:
    word, step = first.split()
    series: dict[Labels, Line] = {}
    starts: tuple[Labels, Sequence[int | None]] | None = None
    for line in body:
        labels, rest = _labelled(line)
        if rest.startswith("@st"):
            starts = labels, _starts(rest.removeprefix("@st"))
            continue
        series[labels] = Line(labels, items(rest), starts[1] if starts and starts[0] == labels else None)
        starts = None
    return Load(duration(step), list(series.values()), word.lower() == "load_with_nhcb")


def _labelled(line: str) -> tuple[Labels, str]:
    """Return the labels with which a line starts, and the rest of it."""
    end = _selector_end(line)
    matchers = parse_selector(line[:end])
    if any(matcher.op is not MatchOp.EQUAL for matcher in matchers):
        raise BadTest(f"{line!r} does not start with a series")
    return tuple(sorted((each.label, each.value) for each in matchers if each.value)), line[end:].strip()


def _selector_end(line: str) -> int:
    start = re.match(r"[^\s{@]*\s*", line)
    end = len(start.group().rstrip()) if start else 0
    opening = len(start.group()) if start else 0
    if opening < len(line) and line[opening] == "{" and not line.startswith("{{", opening):
        quoted = re.compile(r"\{(?:[^}\"'`]|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`)*\}").match(line, opening)
        if quoted is None:
            raise BadTest(f"{line!r} has a brace that is not closed")
        return quoted.end()
    return end


def items(text: str) -> list[Item]:
    """Return the values that a line lists."""
    found: list[Item] = []
    for word in _WORD.findall(text):
        if word == "stale":
            found.append("stale")
        elif gaps := _GAPS.fullmatch(word):
            found += [None] * int(gaps[1] or 1)
        elif several := _HISTOGRAMS.fullmatch(word):
            found += _histograms(several)
        elif several := _FLOATS.fullmatch(word):
            found += _floats(several)
        else:
            raise BadTest(f"{word!r} is no value")
    return found


def _floats(word: re.Match[str]) -> list[Item]:
    first, sign, by, times = word.groups()
    growth = float(by) * (-1 if sign == "-" else 1) if by else 0.0
    values: list[Item] = []
    value = float(first)
    for _ in range(int(times) + 1 if times else 1):
        values.append(value)
        value += growth
    return values


def _histograms(word: re.Match[str]) -> list[Item]:
    first, sign, by, times = word.groups()
    value = parse_histogram(first)
    values: list[Item] = [value]
    for _ in range(int(times or 0)):
        if by:
            value, _ = (sub if sign == "-" else add)(value, parse_histogram(by))
        values.append(value)
    return values


def _starts(text: str) -> list[int | None]:
    found: list[int | None] = []
    for word in text.split():
        if gaps := _GAPS.fullmatch(word):
            found += [None] * int(gaps[1] or 1)
        elif several := _STARTS.fullmatch(word):
            first, by, times = several.groups()
            growth = duration(by) if by else 0
            found += [duration(first) + k * growth for k in range(int(times) + 1 if times else 1)]
        else:
            raise BadTest(f"{word!r} is no start of a counter")
    return found


def _eval(lines: Sequence[str], at: int) -> tuple[Eval, int]:
    found = _EVAL.fullmatch(lines[at])
    if found is None:
        raise BadTest(f"line {at + 1}: cannot read {lines[at]!r}")
    if found["at"] is not None:
        grid = Grid(duration(found["at"]), duration(found["at"]))
    else:
        grid = Grid(duration(found["start"]), duration(found["end"]), duration(found["step"]))
    command = Eval(at + 1, found["query"], grid)
    match (found["legacy"] or "").lower():
        case "ordered":
            command.ordered = True
        case "fail" | "warn" | "info" as kind:
            command.told.append(Told(kind))
        case _:
            pass
    at += 1
    while at < len(lines) and lines[at]:
        _body(command, lines[at])
        at += 1
        if command.number is not None:
            break
    return command, at


def _body(command: Eval, line: str) -> None:
    if line.startswith("expect "):
        _expect(command, line)
    elif line.startswith("expected_fail_message "):
        command.told = [Told("fail", line.removeprefix("expected_fail_message ").strip())]
    elif line.startswith("expected_fail_regexp "):
        command.told = [Told("fail", pattern=line.removeprefix("expected_fail_regexp ").strip())]
    elif (number := _number(line)) is not None:
        command.number = number
    else:
        labels, rest = _labelled(line)
        command.series.append(Line(labels, items(rest)))


def _number(line: str) -> float | None:
    if re.fullmatch(_NUMBER, line):
        return float(line)
    return float(int(line, 16)) if re.fullmatch(r"0[xX][0-9a-fA-F]+", line) else None


def _expect(command: Eval, line: str) -> None:
    rest = line.removeprefix("expect").strip()
    if rest == "ordered":
        command.ordered = True
    elif rest.startswith("string"):
        command.text = _unquoted(rest.removeprefix("string").strip())
    elif rest.startswith("range vector"):
        words = rest.split()
        command.range_vector = Grid(duration(words[3]), duration(words[5]), duration(words[7]))
    elif told := _EXPECT.fullmatch(line):
        how, text = told[2], told[3]
        given = text.strip() if text is not None else None
        is_message = how == "msg"
        command.told.append(Told(_KINDS[told[1]], given if is_message else None, None if is_message else given))
    else:
        raise BadTest(f"cannot read {line!r}")


def _unquoted(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    return text[1:-1].encode().decode("unicode_escape").encode("latin-1", "surrogatepass").decode()


def close(found: float, wanted: float) -> bool:
    """Return whether two numbers are equal but for a millionth."""
    if math.isnan(wanted) or math.isnan(found):
        return math.isnan(wanted) and math.isnan(found)
    if found == wanted:
        return True
    if math.isinf(found) or math.isinf(wanted):
        return False
    size = abs(found) + abs(wanted)
    return 0 not in (found, wanted) and abs(found - wanted) / size < 1e-6
