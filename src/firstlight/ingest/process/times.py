"""Texts of times to nanoseconds since 1970, a column at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.ingest.process.found import Indices, Mask
from firstlight.ingest.process.texts import Bytes, buffers, lengths, matrix
from firstlight.ingest.process.time_layouts import MAX_LENGTH, NO_PART, Layout, Part, layout_of

SECOND: Final = 10**9
MINUTE: Final = 60 * SECOND
DAY: Final = 86_400 * SECOND
HOUR: Final = 3_600

_DIGITS_ALIKE: Final = bytes(48 if 48 <= byte <= 57 else byte for byte in range(256))
_TEN: Final = np.array([10**power for power in range(19)], np.int64)

DAYS_BEFORE: Final = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])
DAYS_IN: Final = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@dataclass(frozen=True, slots=True)
class Zone:
    """The zone in which times are that do not say theirs."""

    zone: tzinfo = UTC

    def offsets(self, seconds: Indices) -> Indices:
        """Return how many seconds local times, as if they were UTC's, are ahead of it."""
        if self.zone is UTC:
            return np.zeros(len(seconds), np.int64)
        hours, places = np.unique(seconds // HOUR, return_inverse=True)
        ahead = [
            datetime.fromtimestamp(hour * HOUR, UTC).replace(tzinfo=self.zone).utcoffset() for hour in hours.tolist()
        ]
        found: Indices = np.array([0 if one is None else int(one.total_seconds()) for one in ahead], np.int64)[places]
        return found


def read_times(column: pa.StringArray, near: Indices, zone: Zone = Zone()) -> tuple[Indices, Mask]:
    """Return nanoseconds since 1970, and which texts are times.

    A text without a year means the year in which it is nearest to `near`, which is nanoseconds, of each row.
    """
    times = np.zeros(len(column), np.int64)
    good = np.zeros(len(column), np.bool_)
    for layout, rows in _layouts(column):
        texts = column if len(rows) == len(column) else column.take(pa.array(rows))
        found, right = _read(matrix(texts, lengths(texts)[0]), layout, near[rows], zone)
        times[rows], good[rows] = found, right
    return times, good


def _layouts(column: pa.StringArray) -> list[tuple[Layout, Indices]]:
    """Return the layouts there are, each with its rows."""
    starts, data = buffers(column)
    alike = data[starts[0] : starts[-1]].tobytes().translate(_DIGITS_ALIKE)
    bounds = pa.py_buffer((starts - starts[0]).astype(np.int32))
    shown = pa.StringArray.from_buffers(len(column), bounds, pa.py_buffer(alike))
    short = lengths(column) <= MAX_LENGTH
    if not short.all():
        shown = pa.array([text if fits else "" for text, fits in zip(shown.to_pylist(), short, strict=True)])
    encoded = shown.dictionary_encode()
    codes = encoded.indices.to_numpy()
    known: Mapping[int, Layout | None] = {
        code: layout_of(text) for code, text in enumerate(encoded.dictionary.to_pylist())
    }
    return [(layout, np.flatnonzero(codes == code)) for code, layout in known.items() if layout is not None]


def _read(shown: Bytes, layout: Layout, near: Indices, zone: Zone) -> tuple[Indices, Mask]:
    fraction = _number(shown, layout.fraction) * _TEN[9 - layout.fraction.length]
    if layout.epoch != NO_PART:
        digits = layout.epoch_digits
        whole = _number(shown, layout.epoch)
        fits = whole < (2**63 - 1) // _TEN[9 - digits]
        times: Indices = np.where(fits, whole, 0) * _TEN[9 - digits] + fraction // _TEN[digits]
        return times, fits
    month = np.full(len(shown), layout.month_number) if layout.month_number else _number(shown, layout.month)
    day, hour = _number(shown, layout.day), _number(shown, layout.hour)
    minute, second = _number(shown, layout.minute), _number(shown, layout.second)
    right = (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second <= 60)
    if layout.half_day >= 0:
        right &= (hour >= 1) & (hour <= 12)
        hour = hour % 12 + layout.half_day
    month = np.where(right, month, 1)
    right &= day <= DAYS_IN[month]
    within = (hour * 60 + minute) * 60 + second
    if layout.year.length == 4:
        year = _number(shown, layout.year)
    elif layout.year.length == 2:
        year = _number(shown, layout.year) + 2000
    else:
        year = _nearest_year(month, day, within, near)
    right &= (year >= 1970) & (year < 2262) & ~((month == 2) & (day == 29) & ~_is_leap(year))
    seconds = days_since_1970(np.where(right, year, 1970), month, np.where(right, day, 1)) * 86_400 + within
    if layout.zone_sign:
        ahead = (_number(shown, layout.zone_hour) * 60 + _number(shown, layout.zone_minute)) * layout.zone_sign
        right &= np.abs(ahead) <= 18 * 60
        seconds -= ahead * 60
    elif layout.zone is not None:
        seconds -= layout.zone * 60
    else:
        seconds -= zone.offsets(seconds)
    return seconds * SECOND + fraction, right


def _number(shown: Bytes, part: Part) -> Indices:
    found = np.zeros(len(shown), np.int64)
    for place in range(part.start, part.start + part.length):
        found = found * 10 + (shown[:, place].astype(np.int64) - 48)
    return found


def _nearest_year(month: Indices, day: Indices, within: Indices, near: Indices) -> Indices:
    this = near.astype("datetime64[ns]").astype("datetime64[Y]").astype(np.int64) + 1970
    choices = np.stack([this - 1, this, this + 1])
    off = [np.abs((days_since_1970(year, month, day) * 86_400 + within) - near // SECOND) for year in choices]
    found: Indices = choices[np.argmin(np.stack(off), axis=0), np.arange(len(month))]
    return found


def days_since_1970(year: Indices, month: Indices, day: Indices) -> Indices:
    """Return the number of days, of the Gregorian calendar, from 1970-01-01 to each date."""
    before = year - 1
    leaps = before // 4 - before // 100 + before // 400 - 477
    leap = _is_leap(year) & (month > 2)
    found: Indices = (year - 1970) * 365 + leaps + DAYS_BEFORE[month - 1] + leap + day - 1
    return found


def _is_leap(year: Indices) -> Mask:
    found: Mask = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return found
