"""Classic histograms: series that count the observations up to the bound in their label `le`.

`families` finds them in a vector, all steps at once; `quantiles` and `fractions` compute with the buckets of one family
at many steps, a column each. A bucket's count includes those of the buckets before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from firstlight.query.promql.labels import value_of, without
from firstlight.query.promql.values import Floats, Labels, Mask, Times, Vector

BUCKET: Final = "le"
"""The label that has a bucket's upper bound."""

TOLERANCE: Final = 1e-12
"""Up to which share of their sum two counts differ by what floats lose, and are the same."""

_SMALLEST_NORMAL: Final = float(np.finfo(np.float64).tiny)
_CELLS: Final = 1 << 21
"""How many counts are computed with at once."""

_DECIMAL: Final = re.compile(r"[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
_HEXADECIMAL: Final = re.compile(r"[-+]?0x[\da-f_]*\.?[\da-f_]*p[-+]?\d+", re.ASCII | re.IGNORECASE)
_WORDS: Final = re.compile(r"[-+]?inf(inity)?|nan", re.ASCII | re.IGNORECASE)


def parse_bound(text: str) -> float | None:
    """Return the bound that a label `le` gives, or None if that is no number that a float can hold."""
    if _WORDS.fullmatch(text):
        return float(text)
    try:
        if _HEXADECIMAL.fullmatch(text):
            return float.fromhex(text.replace("_", ""))
        bound = float(text) if _DECIMAL.fullmatch(text) else np.inf
    except (ValueError, OverflowError):
        return None
    return bound if np.isfinite(bound) else None


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The buckets of one histogram: `rows` of the vector that have `bounds`, in ascending order."""

    labels: Labels
    """Of the family: those of its buckets but for the bound."""
    rows: Times
    bounds: Floats


def families(vector: Vector, floats: Mask) -> tuple[list[Family], list[int]]:
    """Return the families of the series that have floats, and which of them have no bound that can be read."""
    members: dict[Labels, list[tuple[float, int]]] = {}
    bad: list[int] = []
    bounds_by_text: dict[str, float | None] = {}
    for row in np.flatnonzero(floats.any(axis=1)).tolist():
        labels = vector.labels[row]
        text = value_of(labels, BUCKET)
        if text not in bounds_by_text:
            bounds_by_text[text] = parse_bound(text)
        bound = bounds_by_text[text]
        if bound is None:
            bad.append(row)
        else:
            members.setdefault(without(labels, (BUCKET,)), []).append((bound, row))
    found = []
    for labels, buckets in members.items():
        buckets.sort()
        bounds, rows = zip(*buckets, strict=True)
        found.append(Family(labels, np.array(rows, dtype=np.int64), np.array(bounds)))
    return found, bad


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Steps of families that have the same buckets there: `counts[k, c]` is what bucket k of column c holds."""

    bounds: Floats
    counts: Floats
    families: Times
    """Which family each column is of."""
    steps: Times


def columns(vector: Vector, floats: Mask, found: list[Family]) -> Iterator[Columns]:
    """Yield all steps at which a family has buckets, those with the same buckets together."""
    alike: dict[bytes, list[int]] = {}
    for number, family in enumerate(found):
        alike.setdefault(family.bounds.tobytes(), []).append(number)
    steps = vector.floats.shape[1]
    for numbers in alike.values():
        bounds = found[numbers[0]].bounds
        at_once = max(1, _CELLS // max(1, steps * len(bounds)))
        for start in range(0, len(numbers), at_once):
            part = np.array(numbers[start : start + at_once])
            rows = np.array([found[number].rows for number in part]).T
            counts = vector.floats[rows].reshape(len(bounds), -1)
            present = floats[rows].reshape(len(bounds), -1)
            whole = Columns(bounds, counts, np.repeat(part, steps), np.tile(np.arange(steps), len(part)))
            yield from _by_presence(whole, present)


def _by_presence(whole: Columns, present: Mask) -> Iterator[Columns]:
    """Yield the columns apart that differ in which buckets are there."""
    patterns = np.packbits(present, axis=0)
    if (patterns == patterns[:, :1]).all():
        chosen = [np.arange(present.shape[1])]
    else:
        # The patterns as texts of one length: these are sorted at once.
        texts = np.ascontiguousarray(patterns.T).view(f"S{len(patterns)}").reshape(-1)
        order = np.argsort(texts, kind="stable")
        chosen = np.split(order, np.flatnonzero(texts[order][1:] != texts[order][:-1]) + 1)
    for columns_alike in chosen:
        there = present[:, columns_alike[0]]
        if there.any():
            all_of_them = there.all() and len(columns_alike) == present.shape[1]
            counts = whole.counts if all_of_them else whole.counts[there][:, columns_alike]
            bounds, counts = _without_twins(whole.bounds[there], counts)
            yield Columns(bounds, counts, whole.families[columns_alike], whole.steps[columns_alike])


def _without_twins(bounds: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Return buckets of the same bound added together: `le` may be spelled in more than one way."""
    first = np.flatnonzero(np.append(True, bounds[1:] != bounds[:-1]))
    if len(first) == len(bounds):
        return bounds, counts
    added: Floats = np.add.reduceat(counts, first, axis=0)
    return bounds[first], added


@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """Where counts had to be raised so that none is smaller than that of the bucket before."""

    forced: Mask
    lowest: Floats
    """The lowest bound of a bucket that was raised."""
    highest: Floats
    most: Floats
    """By how much at most."""


def monotonic(bounds: Floats, counts: Floats) -> tuple[Floats, Repair]:
    """Return counts that never fall; differences as small as what floats lose are taken out without a word."""
    width = counts.shape[1]
    repair = Repair(np.zeros(width, dtype=np.bool_), np.full(width, np.inf), np.full(width, -np.inf), np.zeros(width))
    grown = np.diff(counts, axis=0)
    fine = (grown == 0) | (grown > 4 * TOLERANCE * np.abs(counts[1:]))
    rest = np.flatnonzero(~fine.all(axis=0))
    if len(rest):
        counts = counts.copy()
        counts[:, rest], part = _repaired(bounds, counts[:, rest])
        repair.forced[rest], repair.lowest[rest] = part.forced, part.lowest
        repair.highest[rest], repair.most[rest] = part.highest, part.most
    return counts, repair


def _repaired(bounds: Floats, counts: Floats) -> tuple[Floats, Repair]:
    repaired = counts.copy()
    lower = np.zeros(counts.shape, dtype=np.bool_)
    for number in range(1, len(bounds)):
        before, now = repaired[number - 1], counts[number]
        close = _close(before, now)
        lower[number] = (now < before) & ~close
        repaired[number] = np.where(lower[number] | close, before, now)
    at = np.where(lower, bounds[:, None], np.nan)
    gaps = np.where(lower, repaired - counts, 0.0)
    forced: Mask = np.logical_or.reduce(lower, axis=0)
    lowest = np.fmin.reduce(at, axis=0, initial=np.inf)
    highest = np.fmax.reduce(at, axis=0, initial=-np.inf)
    return repaired, Repair(forced, lowest, highest, gaps.max(axis=0))


def _close(left: Floats, right: Floats) -> Mask:
    together = np.abs(left) + np.abs(right)
    apart = np.abs(left - right)
    tiny = (left == 0) | (right == 0) | (together < _SMALLEST_NORMAL)
    close = np.where(
        tiny, apart < TOLERANCE * _SMALLEST_NORMAL, apart / np.minimum(together, np.finfo(np.float64).max) < TOLERANCE
    )
    found: Mask = (left == right) | close
    return found


def quantiles(bounds: Floats, counts: Floats, q: Floats) -> tuple[Floats, Repair]:
    """Return the quantile `q[c]` of each column, by linear interpolation within its bucket.

    The lowest bucket begins at 0, unless it ends at or below that. What lies in the bucket to infinity is told to be
    where that begins. Without a bucket to infinity, or with that alone, there is no answer: NaN.
    """
    nowhere = np.zeros(len(q), dtype=np.bool_)
    silent = Repair(nowhere, q, q, q)
    outside = np.where(np.isnan(q), np.nan, np.where(q < 0, -np.inf, np.inf))
    inside = (q >= 0) & (q <= 1)
    if bounds[-1] != np.inf:
        return np.where(inside, np.nan, outside), silent
    with np.errstate(all="ignore"):
        counts, repair = monotonic(bounds, counts)
        repair = replace(repair, forced=np.logical_and(repair.forced, inside))
        if len(bounds) < 2:
            return np.where(inside, np.nan, outside), repair
        rank = q * counts[-1]
        reached = counts[:-1] >= rank
        at = np.where(reached.any(axis=0), reached.argmax(axis=0), len(bounds) - 1)
        each = np.arange(len(q))
        before = np.where(at > 0, counts[at - 1, each], 0.0)
        start = np.where(at > 0, bounds[at - 1], 0.0)
        found = start + (bounds[at] - start) * ((rank - before) / (counts[at, each] - before))
        found = np.where((at == 0) & (bounds[0] <= 0), bounds[0], found)
        found = np.where(at == len(bounds) - 1, bounds[-2], found)
    found = np.where(counts[-1] == 0, np.nan, found)
    return np.where(inside, found, outside), repair


def fractions(bounds: Floats, counts: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return which share of the observations of each column lies between `lower[c]` and `upper[c]`."""
    if bounds[-1] != np.inf:
        return np.full(counts.shape[1], np.nan)
    with np.errstate(all="ignore"):
        share: Floats = (_rank(bounds, counts, upper) - _rank(bounds, counts, lower)) / counts[-1]
    share = np.where(lower >= upper, 0.0, share)
    return np.where((counts[-1] == 0) | np.isnan(lower) | np.isnan(upper), np.nan, share)


def _rank(bounds: Floats, counts: Floats, values: Floats) -> Floats:
    """Return how many observations lie below a value; within a bucket that has no begin or end, none of it does."""
    starts = np.concatenate([[0.0 if bounds[0] > 0 else -np.inf], bounds[:-1]])
    hit = (starts[:, None] >= values) | (bounds[:, None] > values)
    at = hit.argmax(axis=0)
    each = np.arange(len(values))
    before, held = np.where(at > 0, counts[at - 1, each], 0.0), counts[at, each]
    start, end = starts[at], bounds[at]
    within = before + (held - before) * (values - start) / (end - start)
    rank = np.where(start >= values, before, np.where(start == -np.inf, held, within))
    most = counts[-1]
    return np.where(hit.any(axis=0) & ~(rank > most), rank, most)
