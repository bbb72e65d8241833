"""First looks at a whole column of texts: which rows may hold what a detector is for. They err on the side of yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.ingest.process.found import Indices, Mask
from firstlight.ingest.process.texts import Bytes, buffers

Look: TypeAlias = Callable[[pa.StringArray], Indices]
"""Returns the rows to be looked at closely."""


def holding(*needles: bytes) -> Look:
    """Return a look for texts that hold one of some bytes."""

    def look(column: pa.StringArray) -> Indices:
        starts, data = buffers(column)
        said = data[starts[0] : starts[-1]].tobytes()
        places: list[int] = []
        for needle in needles:
            place = said.find(needle)
            while place >= 0:
                places.append(place)
                place = said.find(needle, place + len(needle))
        return _rows(column, np.array(places, np.int64))

    return look


def matching(pattern: str) -> Look:
    """Return a look for texts in which RE2 finds a pattern."""

    def look(column: pa.StringArray) -> Indices:
        found: Mask = pc.match_substring_regex(column, pattern).to_numpy(zero_copy_only=False)
        return np.flatnonzero(found)

    return look


def many_digits(column: pa.StringArray) -> Indices:
    """Return the rows with three groups of four digits, next to each other or a character apart."""
    starts, data = buffers(column)
    digit = _digits(data[starts[0] : starts[-1]])
    if len(digit) < 13:
        return np.zeros(0, np.int64)
    two = digit[:-1] & digit[1:]
    four = two[:-2] & two[2:]
    length = len(four) - 8
    # Places beyond the last byte are as good as no digit.
    four = np.concatenate([four, np.zeros(12, np.bool_)])
    return _rows(column, np.flatnonzero(_three(four, length)))


def _three(four: Mask, length: int) -> Mask:
    first = four[:length]
    near = four[4 : 4 + length] | four[5 : 5 + length]
    far = four[8 : 8 + length] | four[9 : 9 + length] | four[10 : 10 + length] | four[12 : 12 + length]
    found: Mask = first & near & far
    return found


def dotted_digits(column: pa.StringArray) -> Indices:
    """Return the rows with three dots that have digits on both sides."""
    starts, data = buffers(column)
    data = data[starts[0] : starts[-1]]
    if len(data) < 7:
        return np.zeros(0, np.int64)
    dots = np.flatnonzero(data == ord("."))
    dots = dots[(dots > 0) & (dots < len(data) - 1)]
    digit = _digits(data)
    dots = dots[digit[dots - 1] & digit[dots + 1]]
    rows = np.searchsorted(starts - starts[0], dots, side="right") - 1
    counts = np.bincount(rows, minlength=len(column)) if len(rows) else np.zeros(len(column), np.int64)
    found: Indices = np.flatnonzero(counts >= 3)
    return found


def capitals_and_digits(column: pa.StringArray) -> Indices:
    """Return the rows with two capital letters and two digits in a row, as an IBAN begins."""
    starts, data = buffers(column)
    data = data[starts[0] : starts[-1]]
    if len(data) < 15:
        return np.zeros(0, np.int64)
    capital = (data - np.uint8(65)) < 26
    digit = _digits(data)
    hits = capital[:-3] & capital[1:-2] & digit[2:-1] & digit[3:]
    return _rows(column, np.flatnonzero(hits))


def _digits(data: Bytes) -> Mask:
    found: Mask = (data - np.uint8(48)) < 10
    return found


def _rows(column: pa.StringArray, places: Indices) -> Indices:
    """Return the rows in which places of the column's bytes are."""
    if not len(places):
        return places
    starts, _ = buffers(column)
    found: Indices = np.unique(np.searchsorted(starts - starts[0], places, side="right") - 1)
    return found
