"""What fills slots: random ids, times, and digits of texts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.sent.template import Words


def random_ids(random: np.random.Generator, count: int) -> Words:
    """Return ids that were never seen before; none is zero, which would be no id."""
    return random.integers(1, 2**64, count, np.uint64, endpoint=False)


def times(now_ns: int, offsets: npt.NDArray[np.int64]) -> Words:
    """Return the times that are `offsets` from now, in nanoseconds since 1970."""
    return (now_ns + offsets).view(np.uint64)


def decimal_digits(random: np.random.Generator, count: int) -> Words:
    """Return texts of eight random decimal digits."""
    digits = random.integers(ord("0"), ord("9"), (count, 8), np.uint8, endpoint=True)
    return digits.reshape(-1).view(np.uint64)
