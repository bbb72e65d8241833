"""Numbers as Prometheus writes them, which differ from ours: whole numbers in durations, and KB that are 1024 bytes."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, TypeAlias

from firstlight.config.units import MILLISECONDS, Unit
from firstlight.errors import brief

MAX_MILLISECONDS = (2**63 - 1) // 1_000_000
"""What fits into 64 bits as nanoseconds."""

_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]+){unit})?" for unit in MILLISECONDS), re.ASCII)
_SIZE = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i?)?B", re.ASCII)
_FACTORS: dict[str, int] = {letter: 1024**power for power, letter in enumerate("KMGTPE", 1)}


def parse_duration(text: object) -> float:
    """Return the seconds in ``1h30m``; a number is seconds already.

    >>> parse_duration("1m30s"), parse_duration("0")
    (90.0, 0.0)
    """
    if isinstance(text, int | float) and not isinstance(text, bool) and text >= 0:
        return float(text)  # From code: what a file says comes as text.
    found = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if text == "0":
        return 0.0
    if not found:
        raise ValueError(f"cannot read {brief(text)} as a duration; want whole numbers, such as 15s, 1h30m or 500ms")
    milliseconds = sum(int(count) * MILLISECONDS[unit] for unit, count in found.groupdict("0").items())
    if milliseconds > MAX_MILLISECONDS:
        raise ValueError(f"cannot use {brief(text)} as a duration; want no more than 292 years")
    return milliseconds / 1000


def show_duration(seconds: float) -> str:
    """Return the seconds as Prometheus shows them, in a target's labels too.

    >>> show_duration(90.0), show_duration(0.0), show_duration(8 * 86400)
    ('1m30s', '0s', '8d')
    """
    left, shown = round(seconds * 1000), ""
    for unit, length in MILLISECONDS.items():
        if unit in ("y", "w") and left % length:
            continue
        count, left = divmod(left, length)
        shown += f"{count}{unit}" if count else ""
    return shown or "0s"


def parse_size(text: object) -> int:
    """Return the bytes in ``10MB``; every unit is 1024 based.

    >>> parse_size("10MB"), parse_size("1.5KiB")
    (10485760, 1536)
    """
    if isinstance(text, int) and not isinstance(text, bool) and text >= 0:
        return text  # From code: what a file says comes as text.
    if text == "0":
        return 0
    parts = _SIZE.findall(text) if isinstance(text, str) else []
    if not isinstance(text, str) or not parts or "".join(parts) != text:
        raise ValueError(
            f"cannot read {brief(text)} as a size; want a number with its unit, such as 512KB, 10MB or 1GiB"
        )
    size = sum((Decimal(re.sub("[A-Zi]", "", part)) * _factor(part) for part in parts), start=Decimal(0))
    if size >= 2**63:
        raise ValueError(f"cannot use {brief(text)} as a size; want less than 8EiB")
    return int(size)


def _factor(part: str) -> int:
    return _FACTORS.get(part.removesuffix("B").removesuffix("i")[-1], 1)


def show_size(size: int) -> str:
    """Return the bytes in the largest unit that divides them.

    >>> show_size(10485760), show_size(0)
    ('10MiB', '0B')
    """
    for letter, factor in reversed(_FACTORS.items()):
        if size and size % factor == 0:
            return f"{size // factor}{letter}iB"
    return f"{size}B"


Interval: TypeAlias = Annotated[float, Unit("a duration such as 15s or 1h30m", parse_duration, show_duration)]
"""Seconds, written as Prometheus writes them."""

Size: TypeAlias = Annotated[int, Unit("a size such as 512KB or 10MB", parse_size, show_size)]
"""Bytes, written as Prometheus writes them."""
