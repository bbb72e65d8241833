"""How a time is written: the layout of a text, with every digit as 0, to where its parts stand in it.

A layout is understood once, by regular expressions, and then holds for every text that has it; programs write all
their times in a few.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

MAX_LENGTH: Final = 64
"""How long the text of a time may be."""

ZONES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "WEST": 60, "BST": 60, "IST": 330, "CET": 60, "CEST": 120,
        "MET": 60, "MEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "EST": -300, "EDT": -240, "CST": -360,
        "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600,
        "JST": 540, "KST": 540, "SGT": 480, "HKT": 480, "AEST": 600, "AEDT": 660, "ACST": 570, "AWST": 480,
        "NZST": 720, "NZDT": 780, "BRT": -180, "ART": -180, "SAST": 120,
    }
)  # fmt: skip
"""Minutes that the clocks of a zone are ahead of UTC, by its letters. Of letters with several meanings, the usual."""

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Part:
    """Where a number stands in a text: its first character, and how many; none if there are none."""

    start: int = 0
    length: int = 0


NO_PART: Final = Part()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a time stand. What the layout itself says is a number of its own, such as `month`."""

    year: Part = NO_PART
    month: Part = NO_PART
    day: Part = NO_PART
    hour: Part = NO_PART
    minute: Part = NO_PART
    second: Part = NO_PART
    fraction: Part = NO_PART
    zone_hour: Part = NO_PART
    zone_minute: Part = NO_PART
    zone_sign: int = 0
    zone: int | None = None
    """Minutes ahead of UTC, None if the text does not say."""
    month_number: int = 0
    half_day: int = -1
    """0 for AM, 12 for PM, -1 where hours count to 24."""
    epoch: Part = NO_PART
    epoch_digits: int = 0
    """Digits after the second that are in `epoch` itself: 3 for milliseconds."""


_FRACTION: Final = r"(?:[.,](?P<fraction>0{1,9})0*)?"
_CLOCK: Final = rf"(?P<hour>0{{1,2}}):(?P<minute>00)(?::(?P<second>00){_FRACTION})?"
_HALF: Final = r"(?:[ ]?(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE: Final = (
    r"(?:[ ]?(?P<zone>Z|[A-Z]{2,5}(?![a-z]))?[ ]?(?:(?P<sign>[+-])(?P<zone_hour>00)(?::?(?P<zone_minute>00))?)?"
    r"(?:[ ]?\(?[A-Z]{3,5}\)?)?)(?:[ ]?m=[+]?[0.]+|\[[A-Za-z_/]+\])?"
)
_MONTH: Final = r"(?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_WEEKDAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?[ ]+)?"

_FORMS: Final = tuple(
    re.compile(form)
    for form in (
        # 2024-05-07T10:58:13.877Z, 2024/05/07 10:58:13, 2024-05-07 10:58:13,877 +02:00, 2024-05-07 10:58:13 CEST
        rf"(?P<year>0000)[-/.](?P<month>00)[-/.](?P<day>00)(?:[T _]|T[ ]?|, | - ){_CLOCK}{_HALF}{_ZONE}",
        rf"(?P<year>0000)(?P<month>00)(?P<day>00)[T -]?(?P<hour>00):?(?P<minute>00):?(?P<second>00){_FRACTION}{_ZONE}",
        r"(?P<year>0000)-(?P<month>00)-(?P<day>00)",
        # 07/May/2024:10:58:13 +0000, 07-May-2024 10:58:13.877, 7 May 2024 10:58:13.877 (Redis)
        rf"{_WEEKDAY}(?P<day>0{{1,2}})[/ -]{_MONTH}[/ -](?P<year>0000)(?::|,?[ ]+){_CLOCK}{_HALF}{_ZONE}",
        # Tue, 07-May-24 10:58:13 GMT (RFC 850), 07 May 24 10:58 UTC (RFC 822)
        rf"{_WEEKDAY}(?P<day>0{{1,2}})[ -]{_MONTH}[ -](?P<short_year>00)[ ]{_CLOCK}{_ZONE}",
        # Tue May  7 10:58:13.123456 2024, Tue May  7 10:58:13 UTC 2024, May  7, 2024 10:58:13 AM
        (
            rf"{_WEEKDAY}{_MONTH}[ ]+(?P<day>0{{1,2}})[ ]{_CLOCK}(?:[ ](?P<zone>[A-Z]{{2,5}}))?"
            r"(?:[ ](?P<sign>[+-])(?P<zone_hour>00)(?P<zone_minute>00))?[ ](?P<year>0000)"
        ),
        rf"{_WEEKDAY}{_MONTH}[ ]+(?P<day>0{{1,2}}),?[ ](?P<year>0000)(?:,|[ ]at)?[ ]{_CLOCK}{_HALF}{_ZONE}",
        # May  7 10:58:13 (syslog), 07 May 10:58:13.877 (Redis of old)
        rf"{_WEEKDAY}{_MONTH}[ ]+(?P<day>0{{1,2}})[ ]{_CLOCK}{_ZONE}",
        rf"(?P<day>0{{1,2}}) {_MONTH} {_CLOCK}{_ZONE}",
        # 05/07/2024 10:58:13 AM: the month first, unless it is told otherwise.
        rf"(?P<month>0{{1,2}})/(?P<day>0{{1,2}})/(?P<year>0000),?[ ]{_CLOCK}{_HALF}{_ZONE}",
        # 24/05/07 10:58:13 (Spark), 0507 10:58:13.877597 (klog), 240507 10:58:13 (MySQL of old)
        rf"(?P<short_year>00)/(?P<month>00)/(?P<day>00) {_CLOCK}{_ZONE}",
        rf"(?P<month>00)(?P<day>00) {_CLOCK}",
        rf"(?P<short_year>00)(?P<month>00)(?P<day>00)[ ]+{_CLOCK}",
    )
)
_EPOCH: Final = re.compile(r"(?P<epoch>0{9,19})(?:[.](?P<fraction>0{1,9})0*)?(?:[eE][+]0+)?")


@lru_cache(maxsize=4096)
def layout_of(shown: str) -> Layout | None:
    """Return where the parts of a time stand that looks like `shown`, None if it is none.

    >>> layout_of("0000-00-00T00:00:00.000Z").fraction
    Part(start=20, length=3)
    """
    if epoch := _EPOCH.fullmatch(shown):
        return _epoch(epoch)
    for form in _FORMS:
        if found := form.fullmatch(shown):
            return _layout(found)
    return None


def _epoch(found: re.Match[str]) -> Layout | None:
    count = len(found["epoch"])
    # A second of now has ten digits, and had nine until 2001.
    digits = 0 if count <= 11 else 3 if count <= 14 else 6 if count <= 17 else 9
    if "e" in found[0].lower():
        return None
    return Layout(epoch=_part(found, "epoch"), epoch_digits=digits, fraction=_part(found, "fraction"), zone=0)


def _layout(found: re.Match[str]) -> Layout | None:
    letters = _group(found, "zone")
    sign = _group(found, "sign")
    zone = None if sign or not letters else ZONES.get(letters)
    if letters and letters not in ZONES and not sign:
        return None
    half = _group(found, "half").lower()
    name = _group(found, "name").lower()
    return Layout(
        year=_part(found, "year") if _group(found, "year") else _part(found, "short_year"),
        month=_part(found, "month"),
        day=_part(found, "day"),
        hour=_part(found, "hour"),
        minute=_part(found, "minute"),
        second=_part(found, "second"),
        fraction=_part(found, "fraction"),
        zone_hour=_part(found, "zone_hour"),
        zone_minute=_part(found, "zone_minute"),
        zone_sign={"": 0, "+": 1, "-": -1}[sign],
        zone=zone,
        month_number=MONTHS.index(name) + 1 if name else 0,
        half_day={"": -1, "a": 0, "p": 12}[half],
    )


def _group(found: re.Match[str], name: str) -> str:
    return (found[name] or "") if name in found.re.groupindex else ""


def _part(found: re.Match[str], name: str) -> Part:
    if not _group(found, name):
        return NO_PART
    return Part(found.start(name), len(found[name]))
