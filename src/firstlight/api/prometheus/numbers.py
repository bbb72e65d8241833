"""Numbers as Prometheus writes them into JSON: the shortest text that reads back the same, in quotes.

Millions of them may be in one answer, so they are written by a library in one go, and only what that writes in another
way than Go does is written one by one.
"""

from __future__ import annotations

import numpy as np
import orjson

from firstlight.query.promql.go_numbers import answer_text
from firstlight.query.promql.values import Floats


def texts(values: Floats) -> list[bytes]:
    """Return `values` as texts without their quotes."""
    if not len(values):
        return []
    written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    found = written[1:-1].replace(b".0,", b",").removesuffix(b".0").split(b",")
    magnitude = np.abs(values)
    # The library writes an exponent from 1e16 on and below 1e-5, and has no words for what is no number.
    odd = ~((magnitude >= 1e-5) & (magnitude < 1e16) | (magnitude == 0))
    for place in np.flatnonzero(odd).tolist():
        found[place] = answer_text(float(values[place])).encode()
    return found


def second(time: int) -> bytes:
    """Return a time in milliseconds as seconds: `1700000000`, `1700000000.123`."""
    whole, rest = divmod(abs(time), 1000)
    sign = "-" if time < 0 else ""
    return f"{sign}{whole}.{rest:03d}".rstrip("0").encode() if rest else f"{sign}{whole}".encode()
