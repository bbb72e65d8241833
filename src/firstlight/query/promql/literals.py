"""What the literals of PromQL mean: strings with Go's escapes, Go's numbers, Prometheus' durations."""

from __future__ import annotations

import re
from typing import Final

from firstlight.query.promql.gotext import quote

_NUMBER_PREFIX: Final = re.compile(r"0(?:[xX]|[bB]|[oO]|(?=[0-9_]))")
_BASES: Final = {"x": 16, "b": 2, "o": 8}
_INT64: Final = 2**63

_ESCAPE: Final = re.compile(
    rb"""\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))"""
)
_SIMPLE: Final = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}

_DURATION: Final = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?\Z", re.ASCII
)
_LENGTHS: Final = (365 * 86_400_000, 7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000, 1)
_LONGEST_DURATION: Final = (_INT64 - 1) // 1_000_000


def string(token: str) -> str:
    """Return what a string token, with its quotation marks, says.

    Bytes that are no UTF-8 become surrogates, as `surrogateescape` has them: no label stored anywhere contains them.
    """
    inner = token[1:-1]
    if token[0] == "`" or "\\" not in inner:
        return inner
    return _ESCAPE.sub(_unescaped, inner.encode()).decode(errors="surrogateescape")


def _unescaped(escape: re.Match[bytes]) -> bytes:
    simple, byte, octal, short, long = escape.groups()
    if simple:
        return _SIMPLE.get(simple, simple)
    if byte or octal:
        return bytes([int(byte, 16) if byte else int(octal, 8)])
    return chr(int(short or long, 16)).encode()


def number(token: str) -> float:
    """Return what a number token says; raise ValueError, in Go's words, if it is none."""
    prefix = _NUMBER_PREFIX.match(token)
    try:
        if not _underscores_fit(token):
            raise ValueError(token)
        if prefix:
            base = _BASES.get(prefix.group()[1:].lower(), 8)
            integer = int(token[prefix.end() :].replace("_", ""), base)
        else:
            integer = int(token)
        if integer < _INT64:
            return float(integer)
    except ValueError:
        pass
    return _float(token)


def _float(token: str) -> float:
    if token[:2].lower() in ("0x", "0b", "0o") or not _underscores_fit(token):
        raise ValueError(f"strconv.ParseFloat: parsing {quote(token)}: invalid syntax")
    try:
        value = float(token.replace("_", ""))
    except ValueError:
        raise ValueError(f"strconv.ParseFloat: parsing {quote(token)}: invalid syntax") from None
    if value == float("inf") and "i" not in token.lower():
        raise ValueError(f"strconv.ParseFloat: parsing {quote(token)}: value out of range")
    return value


def _underscores_fit(token: str) -> bool:
    """Return whether each underscore stands between digits, or between a prefix and a digit."""
    return "_" not in token or re.search(r"_(?![0-9a-fA-F])|(?<![0-9a-fA-FxXbBoO])_", token) is None


def duration(text: str) -> int:
    """Return the milliseconds that a duration says; raise ValueError, in Prometheus' words, if it is none."""
    if text == "0":
        return 0
    found = _DURATION.match(text)
    if not text or found is None:
        raise ValueError(f"not a valid duration string: {quote(text)}" if text else "empty duration string")
    total = sum(int(count) * length for count, length in zip(found.groups(), _LENGTHS, strict=True) if count)
    if total > _LONGEST_DURATION:
        raise ValueError("duration out of range")
    return total
