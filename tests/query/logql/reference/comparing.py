"""Whether a line, or its labels, are what filters ask for."""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any, Final

from firstlight.query.logql.ast import (
    AndFilter,
    BytesFilter,
    CompareOp,
    DurationFilter,
    IpFilter,
    LabelFilter,
    LineFilter,
    LineOp,
    Matcher,
    MatchOp,
    NumberFilter,
    OrFilter,
    StringFilter,
)
from tests.query.logql.reference.labels import LineLabels
from tests.query.logql.reference.parsing import is_capture, pattern_parts

FILTER_ERROR: Final = "LabelFilterErr"

COMPARE: Final[dict[CompareOp, Callable[[Any, Any], bool]]] = {
    CompareOp.EQUAL: operator.eq,
    CompareOp.NOT_EQUAL: operator.ne,
    CompareOp.GREATER: operator.gt,
    CompareOp.GREATER_EQUAL: operator.ge,
    CompareOp.LESS: operator.lt,
    CompareOp.LESS_EQUAL: operator.le,
}
SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
SIZES: Final = {
    "": 1,
    **{p + u: b ** (n + 1) for b, i in ((1000, ""), (1024, "i")) for n, p in enumerate("kmgtp") for u in (f"{i}b", i)},
    "b": 1,
}


def number_of(text: str) -> float:
    """Return a number as Go reads it; raise ValueError if it is none."""
    if re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?[iI]nf|NaN", text) is None:
        raise ValueError(text)
    return float(text)


def seconds_of(text: str) -> float:
    """Return a duration in seconds; raise ValueError if it is none."""
    sign = -1.0 if text.startswith("-") else 1.0
    rest = text.lstrip("+-")
    if rest == "0":
        return 0.0
    if re.fullmatch(r"(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+", rest) is None:
        raise ValueError(text)
    return sign * sum(float(count) * SECONDS[unit] for count, unit in re.findall(r"([\d.]+)(ns|us|µs|ms|s|m|h)", rest))


def bytes_of(text: str) -> float:
    """Return a size in bytes; raise ValueError if it is none."""
    found = re.fullmatch(r"([\d.,]+)\s*([a-zA-Z]*)\s*", text)
    if found is None or found[2].lower() not in SIZES:
        raise ValueError(text)
    return float(int(float(found[1].replace(",", "")) * SIZES[found[2].lower()]))


def matches(matcher: Matcher, value: str, *, dot_all: bool) -> bool:
    """Return whether a text is what a matcher asks for; with `dot_all`, a dot is also the end of a line."""
    if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
        return (value == matcher.value) == (matcher.op is MatchOp.EQUAL)
    flags = re.ASCII | (re.DOTALL if dot_all else 0)
    return (re.fullmatch(matcher.value, value, flags) is not None) == (matcher.op is MatchOp.REGEX)


def passes(one: LabelFilter, labels: LineLabels) -> bool:
    """Return whether a line with these labels passes; what cannot be compared passes with an error."""
    match one:
        case AndFilter():
            left = passes(one.left, labels)
            return passes(one.right, labels) and left
        case OrFilter():
            return passes(one.left, labels) or passes(one.right, labels)
        case StringFilter():
            return matches(one.matcher, labels.text(one.matcher.label), dot_all=False)
        case NumberFilter():
            return _compared(one.label, one.op, number_of, one.value, labels)
        case DurationFilter():
            return _compared(one.label, one.op, lambda text: round(seconds_of(text) * 1e9), one.nanoseconds, labels)
        case BytesFilter():
            return _compared(one.label, one.op, bytes_of, one.size, labels)
        case IpFilter():
            if labels.error:
                return True
            value = labels.get(one.label)
            if value is None:
                return False
            return has_address(value, one.pattern) == (one.op is CompareOp.EQUAL)


def _compared(name: str, op: CompareOp, read: Callable[[str], float], wanted: float, labels: LineLabels) -> bool:
    text = labels.get(name)
    if text is None:
        return False
    try:
        value = read(text)
    except ValueError as error:
        if not labels.error:
            labels.fail(FILTER_ERROR, str(error))
        return True
    return COMPARE[op](value, wanted)


def line_passes(one: LineFilter, line: str) -> bool:
    """Return whether a line passes a filter."""
    found = any(
        has_address(line, match.text) if match.is_ip else _is_in(one.op, match.text, line) for match in one.matches
    )
    return found != one.op.negated


def _is_in(op: LineOp, text: str, line: str) -> bool:
    match op:
        case LineOp.CONTAINS | LineOp.NOT_CONTAINS:
            return text in line
        case LineOp.REGEX | LineOp.NOT_REGEX:
            return re.search(text, line, re.ASCII) is not None
        case LineOp.PATTERN | LineOp.NOT_PATTERN:
            return _is_like(pattern_parts(text), line)


def _is_like(parts: list[str], line: str) -> bool:
    """Return whether a line is like a pattern: its captures must catch something."""
    if not line or not parts:
        return not line and not parts
    place = 0
    for number, part in enumerate(parts):
        if is_capture(part):
            continue
        found = line.find(part, place)
        if found < 0 or (number > 0 and found == place):
            return False
        place = found + len(part)
    return is_capture(parts[-1]) == (place < len(line))


def has_address(line: str, pattern: str) -> bool:
    """Return whether a line has an address within an address, a range `a-b` or a network."""
    words = re.findall(r"[0-9.]+", line) + re.findall(r"[0-9a-fA-F:.]+", line)
    return any(_is_within(word, pattern) for word in words)


def _is_within(word: str, pattern: str) -> bool:
    try:
        address = ipaddress.ip_address(word)
    except ValueError:
        return False
    if "/" in pattern:
        return address in ipaddress.ip_network(pattern, strict=False)
    first, _, last = pattern.partition("-")
    low = ipaddress.ip_address(first.strip())
    high = ipaddress.ip_address(last.strip()) if last else low
    return low.version == address.version and int(low) <= int(address) <= int(high)
