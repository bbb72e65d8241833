"""Ids of traces and spans, as texts of any usual spelling, to bytes."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.ingest.process.found import Mask
from firstlight.ingest.process.texts import Bytes, lengths, matrix, windows

_BAD: Final = 256


def _pairs() -> npt.NDArray[np.uint16]:
    """Return the byte that each two characters mean in hexadecimal, by what they are as a number of 16 bits."""
    nibble = np.full(256, _BAD, np.uint16)
    nibble[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
    nibble[np.frombuffer(b"ABCDEF", np.uint8)] = np.arange(10, 16)
    both = np.arange(65_536).astype("<u2").view(np.uint8).reshape(-1, 2)
    high, low = nibble[both[:, 0]], nibble[both[:, 1]]
    return np.where((high | low) & _BAD, _BAD, (high << 4) | low).astype(np.uint16)


_PAIRS: Final = _pairs()

TRACE: Final = 16
SPAN: Final = 8
MAX_DECIMAL: Final = 39


def read_ids(column: pa.StringArray, size: int) -> tuple[Bytes, Mask]:
    """Return ids of `size` bytes as rows of a matrix, and which texts are such.

    An id is of hexadecimal digits, with or without dashes, a trace's short or whole; or it is a decimal number of more
    digits than a short one has, as Datadog's are. Zero is none. Whether sixteen digits are decimal cannot be seen.
    """
    wide = lengths(column)
    if len(wide) and (wide == 2 * size).all():
        found, right = _hex(matrix(column, 2 * size))
        if right.all():
            return found, filled(found)
    ids = np.zeros((len(column), size), np.uint8)
    good = np.zeros(len(column), np.bool_)
    for digits in {2 * size, 16}:
        rows = np.flatnonzero(wide == digits)
        if len(rows):
            texts = column if len(rows) == len(column) else column.take(pa.array(rows))
            found, right = _hex(matrix(texts, digits))
            ids[rows[right], size - digits // 2 :] = found[right]
            good[rows[right]] = True
    rest = np.flatnonzero(~good & (wide != 0) & (wide <= 2 * MAX_DECIMAL))
    for row, text in zip(rest.tolist(), column.take(pa.array(rest)).to_pylist() if len(rest) else (), strict=True):
        one = _other(text, size)
        if one:
            ids[row] = np.frombuffer(one, np.uint8)
            good[row] = True
    return ids, good & filled(ids)


def _hex(shown: Bytes) -> tuple[Bytes, Mask]:
    """Return the bytes that rows of hexadecimal digits mean, and which rows are such."""
    found = _PAIRS.take(np.ascontiguousarray(shown).view("<u2"))
    bad = found >= _BAD
    right: Mask = np.ones(len(found), np.bool_)
    if bad.any():
        right &= ~bad.any(axis=1)
    return found.astype(np.uint8), right


def filled(ids: Bytes) -> Mask:
    """Return which ids, rows of 8 or 16 bytes, are not zero."""
    words = np.ascontiguousarray(ids).view(np.uint64)
    found: Mask = words[:, 0] != 0
    return found if words.shape[1] == 1 else found | (words[:, 1] != 0)


def _other(text: str, size: int) -> bytes | None:
    text = text.rpartition("/")[2].strip()  # Google's are projects/…/traces/…
    if text.isascii() and text.isdecimal() and 16 < len(text) <= MAX_DECIMAL and len(text) != 2 * size:
        number = int(text)
        return number.to_bytes(size, "big") if number < 1 << (8 * size) else None
    digits = text.replace("-", "").removeprefix("0x")
    if len(digits) in (2 * size, 16) and len(digits) <= 2 * size:
        try:
            return bytes.fromhex(digits).rjust(size, b"\0")
        except ValueError:
            return None
    return None


def read_parents(column: pa.StringArray) -> tuple[Bytes, Bytes, Mask]:
    """Return trace ids and span ids of W3C's ``traceparent``, and which texts are such."""
    shown = windows(column, 55)
    dash = ord("-")
    good: Mask = (lengths(column) == 55) & (shown[:, 2] == dash) & (shown[:, 35] == dash) & (shown[:, 52] == dash)
    traces, right = _hex(shown[:, 3:35])
    spans, right_too = _hex(shown[:, 36:52])
    return traces, spans, good & right & right_too & filled(traces)
