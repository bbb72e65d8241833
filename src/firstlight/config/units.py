"""Types of settings that are written with a unit: ``15s``, ``64MiB``, ``10%``, ``127.0.0.1:1610``.

Text comes from users and must name its unit, because a bare 15 has been read as seconds by one and as minutes by the
other. Numbers come from code, where the type says what they mean: seconds, bytes, a fraction. Whatever is read can be
shown, and read again to the same value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from firstlight.errors import brief

MILLISECONDS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
MAX_DURATION = 290 * 31_536_000  # what fits in 64 bits as nanoseconds

BYTES = {f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGTP", 1)}
BYTES |= {f"{prefix}B": 1000**power for power, prefix in enumerate("KMGTP", 1)} | {"B": 1}
MAX_BYTES = 2**63 - 1

PORTS = range(65_536)

_NUMBER = r"[0-9]{1,20}(?:\.[0-9]{1,20})?"
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>{_NUMBER}){unit}(?![a-z]))?" for unit in MILLISECONDS))
_BYTE_SIZE = re.compile(rf"({_NUMBER}) ?([a-z]*)", re.IGNORECASE)
_PERCENTAGE = re.compile(rf"({_NUMBER})( ?%)?")
_ADDRESS = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:\[\]]*)):(?P<port>[0-9]{1,5})")
_HOST_NAME = re.compile(r"(?=.*[a-z_])[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unit:
    """Marks a number that is written with a unit: what to call it, how to read it, how to show it."""

    words: str
    read: Callable[[Any], Any]
    show: Callable[[Any], str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read before the number's own checks; show in JSON, and so in all that is dumped."""
        return core_schema.no_info_before_validator_function(
            self.read, handler(source), serialization=_shown_by(self.show)
        )


def _shown_by(show: Callable[[Any], str]) -> core_schema.SerSchema:
    # In a union of a number and a word, pydantic brings the word here as well.
    return core_schema.plain_serializer_function_ser_schema(
        lambda value: value if isinstance(value, str) else show(value), when_used="json"
    )


def duration(value: object) -> float:
    """Return the seconds in ``1h30m``; a number is seconds already.

    >>> duration("1h30m"), duration("250ms")
    (5400.0, 0.25)
    """
    cannot = f"cannot read {brief(value)} as a duration"
    if isinstance(value, str):
        if re.fullmatch(_NUMBER, value):
            raise ValueError(f"{cannot}: it has no unit; write {value}s for seconds")
        found = _DURATION.fullmatch(value)
        if not value or not found:
            raise ValueError(f"{cannot}; want numbers with units, largest first, such as 250ms, 15s, 1h30m, 7d or 2w")
        seconds = float(
            sum(Fraction(count) * MILLISECONDS[unit] for unit, count in found.groupdict("0").items()) / 1000
        )
    else:
        seconds = float(_number(value, cannot))
    if not 0 <= seconds <= MAX_DURATION:
        raise ValueError(f"{cannot}; want no less than 0s and no more than {show_duration(float(MAX_DURATION))}")
    return seconds


def show_duration(seconds: float) -> str:
    """Return the seconds as ``1h30m``.

    >>> show_duration(5400.0), show_duration(0.25), show_duration(14 * 86400)
    ('1h30m', '250ms', '14d')
    """
    left, shown = Decimal(repr(float(seconds))), ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, length)
        shown += f"{count:f}{unit}" if count else ""
    return shown + (f"{_short(left * 1000)}ms" if left else "") or "0s"


def byte_size(value: object) -> int:
    """Return the bytes in ``64MiB`` (1024 based), ``1GB`` (1000 based) or ``4096``.

    >>> byte_size("64MiB"), byte_size("1.5KB"), byte_size("4096")
    (67108864, 1500, 4096)
    """
    cannot = f"cannot read {brief(value)} as a size in bytes"
    if isinstance(value, str):
        found = _BYTE_SIZE.fullmatch(value)
        factors = {unit.lower(): factor for unit, factor in BYTES.items()}
        if found and f"{found[2]}ib".lower() in factors:
            raise ValueError(f"{cannot}; write {value}iB for 1024 based or {value}B for 1000 based")
        if not found or (found[2] or "B").lower() not in factors:
            raise ValueError(f"{cannot}; want a number and a unit, such as 512KB, 64MiB, 1GB or 4096")
        size = Fraction(found[1]) * factors[(found[2] or "B").lower()]
    else:
        size = _number(value, cannot)
    if not 0 <= size <= MAX_BYTES or size % 1:
        raise ValueError(f"{cannot}; want a whole number of bytes, no less than 0 and no more than {MAX_BYTES}")
    return int(size)


def show_byte_size(size: int) -> str:
    """Return the bytes in the largest unit that divides them.

    >>> show_byte_size(67108864), show_byte_size(1500000), show_byte_size(4097)
    ('64MiB', '1500KB', '4097B')
    """
    for unit, factor in sorted(BYTES.items(), key=lambda row: -row[1]):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return "0B"


def percentage(value: object) -> float:
    """Return the fraction in ``10%`` or ``0.1``.

    >>> percentage("10%"), percentage("0.1")
    (0.1, 0.1)
    """
    cannot = f"cannot read {brief(value)} as a percentage"
    if isinstance(value, str):
        found = _PERCENTAGE.fullmatch(value)
        if not found:
            raise ValueError(f"{cannot}; want such as 10% or 0.1")
        fraction = float(Fraction(found[1]) / (100 if found[2] else 1))
        if fraction > 1 and not found[2]:
            raise ValueError(f"{cannot}: it is more than 1; write {value}% if percent is meant")
    else:
        fraction = float(_number(value, cannot))
    if not 0 <= fraction <= 1:
        raise ValueError(f"{cannot}; want no less than 0% and no more than 100%")
    return fraction


def show_percentage(fraction: float) -> str:
    """Return the fraction in percent.

    >>> show_percentage(0.1), show_percentage(0.125)
    ('10%', '12.5%')
    """
    return f"{_short(Decimal(repr(float(fraction))) * 100)}%"


def _number(value: object, cannot: str) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{cannot}; want a number")
    return Fraction(value)


def _short(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


Duration: TypeAlias = Annotated[float, Unit("a duration such as 15s, 1h30m or 7d", duration, show_duration)]
"""Seconds, written with units."""

ByteSize: TypeAlias = Annotated[int, Unit("a size such as 64MiB or 1GB", byte_size, show_byte_size)]
"""Bytes, written with a unit."""

Percentage: TypeAlias = Annotated[float, Unit("a percentage such as 10% or 0.1", percentage, show_percentage)]
"""A fraction from 0 to 1, written in percent."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where a server listens. An empty host is every interface; port 0 is any that is free."""

    host: str
    port: int

    words: ClassVar[str] = "an address such as 127.0.0.1:4317, [::1]:4317 or :4317"

    @classmethod
    def parse(cls, value: object) -> ListenAddress:
        """Return the address in ``host:port``, ``[::1]:port`` or ``:port``.

        >>> ListenAddress.parse("[::1]:4317")
        ListenAddress(host='::1', port=4317)
        """
        if isinstance(value, ListenAddress):
            return value
        cannot = f"cannot read {brief(value)} as an address to listen on"
        text = value if isinstance(value, str) else ""
        if text.isascii() and text.isdecimal():
            raise ValueError(f"{cannot}: it has no host; write 127.0.0.1:{text}, or :{text} for every interface")
        found = _ADDRESS.fullmatch(text)
        if not found:
            raise ValueError(f"{cannot}; want host:port, [IPv6]:port or :port, such as 127.0.0.1:4317 or [::1]:4317")
        host = found["host"] if found["six"] is None else found["six"]
        if not _is_host(host, six=found["six"] is not None):
            raise ValueError(f"{cannot}: {brief(host)} is no host; want a name, an IPv4 address or an IPv6 one in []")
        if int(found["port"]) not in PORTS:
            raise ValueError(f"{cannot}: there is no port {found['port']}; want one from 0 to {PORTS[-1]}")
        return cls(host, int(found["port"]))

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine can connect."""
        if self.host.lower() in ("localhost", ""):
            return self.host != ""
        try:
            ip = ip_address(self.host)
        except ValueError:
            return False
        mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
        return (mapped or ip).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read text; take an address as it is; show as text in JSON."""
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=_shown_by(str))


def _is_host(host: str, *, six: bool) -> bool:
    try:
        return (ip_address(host).version == 6) is six
    except ValueError:
        return not six and (not host or _HOST_NAME.fullmatch(host) is not None)
