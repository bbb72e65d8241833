"""Where exponential buckets end, to the last digit as Prometheus has it: the API answers bounds as texts."""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from firstlight.query.promql.histogram import MAX_SCHEMA
from firstlight.query.promql.values import Floats

_LARGEST: Final = float(np.finfo(np.float64).max)

# Prometheus takes the bounds within a power of two from a table whose last digits are not those of the nearest float.
# A letter says by how many floats its bound 2**(i/256 - 1) is off: "e" is none, "d" one below, "f" one above.
_OFF: Final = (
    "eeeeeedeeedeeeeeeedceeddddddddddeedeeedeedddeeddeeddefddeeddeeddeeeeeeddddccdecdeedeeedeeeedeeeeeeedefeedecceedd"
    "edddeededeccdddddededdccddcddeddddddddcdcdcccdcceeddeededdccdeccddccdeddcdccddcdddbcddcdccbcccbcccccccbbbbaabcab"
    "ddcddccccdbbddcccdbcddccccabccbb"
)


@lru_cache(maxsize=1)
def _within_two() -> Floats:
    """Return the bounds in [0.5, 1) at the finest resolution."""
    with localcontext() as context:
        context.prec = 40
        nearest = np.array([float(Decimal(2) ** (Decimal(i) / len(_OFF) - 1)) for i in range(len(_OFF))])
    off = np.array([ord(letter) - ord("e") for letter in _OFF])
    bounds: Floats = nearest + off * np.spacing(nearest)
    bounds.flags.writeable = False
    return bounds


def bounds(schema: int, indices: npt.NDArray[np.int64]) -> Floats:
    """Return the upper bounds of exponential buckets of a schema up to `MAX_SCHEMA`.

    The bucket that ends at 2**1024 ends at the largest number instead: the one after it is for infinity alone.
    """
    with np.errstate(over="ignore", under="ignore"):
        if schema < 0:
            exponents = indices << -schema
            ends: Floats = np.ldexp(1.0, np.clip(exponents, -2000, 2000))
            last = exponents == 1024
        else:
            within = indices & ((1 << schema) - 1)
            exponents = (indices >> schema) + 1
            ends = np.ldexp(_within_two()[within << (MAX_SCHEMA - schema)], np.clip(exponents, -2000, 2000))
            last = (within == 0) & (exponents == 1025)
    ends[last] = _LARGEST
    return ends


@lru_cache(maxsize=256)
def bounds_between(schema: int, start: int, end: int) -> Floats:
    """Return the bounds of the buckets from `start` to before `end`; histograms of one series have the same ones."""
    found = bounds(schema, np.arange(start, end, dtype=np.int64))
    found.flags.writeable = False
    return found
