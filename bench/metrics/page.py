"""Pages as targets expose them: thousands of counters and gauges as text, whose values have moved on with each page."""

from __future__ import annotations

from typing import Final

import numpy as np

FAMILIES: Final = 50
"""How many names there are; all series of a page have the same few labels besides."""


def pages(samples: int, count: int) -> list[bytes]:
    """Return so many pages that follow each other, with so many samples each."""
    random = np.random.default_rng(samples)
    heads = [_head(place, samples) for place in range(samples)]
    values, pace = np.floor(random.uniform(0, 1e6, samples)), random.lognormal(2, 2, samples)
    made = []
    for _ in range(count):
        values = values + random.poisson(pace)
        made.append("".join(f"{head}{value:.0f}\n" for head, value in zip(heads, values, strict=True)).encode())
    return made


def _head(place: int, samples: int) -> str:
    each = -(-samples // FAMILIES)
    family, number = divmod(place, each)
    name = f"component_{family:02}_operations_total"
    about = f"# HELP {name} Operations that the component has done.\n# TYPE {name} counter\n" if number == 0 else ""
    return f'{about}{name}{{shard="{number:03}",pool="{"blue" if number % 2 else "green"}",zone="z{number % 3}"}} '
