"""Chunks of samples as Prometheus keeps them: XOR chunks of numbers.

Format: <https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/chunks.md>, the data of one chunk. Times
are coded as deltas of deltas, values by what they have in common with the one before.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from firstlight.wire.otlp.columns import Indices
from firstlight.wire.remote.bits import Bits
from firstlight.wire.remote.spans import Floats

XOR: Final = 1
"""The number of this encoding."""

SAMPLES_PER_CHUNK: Final = 120

_MASK: Final = 2**64 - 1


def xor_chunk(time: Indices, value: Floats) -> bytes:
    """Return samples, at most 65535 in the order of their times, as the data of one chunk."""
    bits = Bits()
    bits.write(len(time), 16)
    raw: list[int] = value.view(np.uint64).tolist()
    times: list[int] = time.tolist()
    window = (64, 64)  # leading and trailing zeros of the last window; none yet
    delta = 0
    for place, (now, word) in enumerate(zip(times, raw, strict=True)):
        if place == 0:
            bits.varint(now)
            bits.write(word, 64)
            continue
        before, delta = delta, now - times[place - 1]
        if place == 1:
            bits.uvarint(delta & _MASK)
        else:
            _write_delta(bits, delta - before)
        window = _write_value(bits, word ^ raw[place - 1], window)
    return bits.bytes()


def _write_delta(bits: Bits, change: int) -> None:
    if change == 0:
        bits.write(0, 1)
    elif _fits(change, 14):
        bits.write(0b10, 2)
        bits.write(change, 14)
    elif _fits(change, 17):
        bits.write(0b110, 3)
        bits.write(change, 17)
    elif _fits(change, 20):
        bits.write(0b1110, 4)
        bits.write(change, 20)
    else:
        bits.write(0b1111, 4)
        bits.write(change, 64)


def _fits(value: int, bits: int) -> bool:
    """Return whether a number fits so many bits, as Prometheus counts: one more above zero than below."""
    return -((1 << (bits - 1)) - 1) <= value <= 1 << (bits - 1)


def _write_value(bits: Bits, change: int, window: tuple[int, int]) -> tuple[int, int]:
    """Write what is other than in the value before; return the window of bits that is written from now on."""
    if change == 0:
        bits.write(0, 1)
        return window
    leading = min(64 - change.bit_length(), 31)
    trailing = (change & -change).bit_length() - 1
    if window[0] + window[1] < 64 and leading >= window[0] and trailing >= window[1]:
        bits.write(0b10, 2)
        bits.write(change >> window[1], 64 - window[0] - window[1])
        return window
    significant = 64 - leading - trailing
    bits.write(0b11, 2)
    bits.write(leading, 5)
    bits.write(significant & 0x3F, 6)  # 64 is written as 0
    bits.write(change >> trailing, significant)
    return leading, trailing


def parts(count: int) -> npt.NDArray[np.int64]:
    """Return where the chunks of so many samples start, and where the last ends."""
    return np.array([*range(0, count, SAMPLES_PER_CHUNK), count], np.int64)
