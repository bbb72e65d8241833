"""`quantile`: the value below which a share of a group's values lies."""

from __future__ import annotations

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql.context import Context
from firstlight.query.promql.go_numbers import brief_text
from firstlight.query.promql.group_sums import Groups
from firstlight.query.promql.values import Floats, Mask, Vector


def group_quantiles(value: Vector, shares: Floats, groups: Groups, span: Span, context: Context) -> Floats:
    """Return the quantile of each group at each step, at which `shares` may differ."""
    for bad in _bad_shares(shares):
        context.annotations.warn(f"quantile value should be between 0 and 1, got {brief_text(bad)}", span)
    result = np.full((groups.count, len(shares)), np.nan)
    for group, rows in enumerate(groups.rows()):
        result[group] = column_quantiles(value.floats[rows], value.present[rows], shares)
    return result


def column_quantiles(values: Floats, present: Mask, shares: Floats) -> Floats:
    """Return for each column of `values` the quantile of what is present in it; NaN counts as the least value."""
    counts, nans = present.sum(axis=0), (present & np.isnan(values)).sum(axis=0)
    # What is not there is sorted to the end; NaN first, where it is put back after the sort.
    lowered = np.where(np.isnan(values), -np.inf, values)
    ordered = np.sort(np.where(present, lowered, np.inf), axis=0)
    ordered[np.arange(len(ordered))[:, np.newaxis] < nans] = np.nan
    with np.errstate(all="ignore"):
        rank = np.clip(shares, 0, 1) * (counts - 1)
        rank = np.where((counts > 0) & ~np.isnan(rank), rank, 0.0)
        lower = np.floor(rank).astype(np.int64)
        upper = np.minimum(np.maximum(counts - 1, 0), lower + 1)
        weight = rank - lower
        low = np.take_along_axis(ordered, lower[np.newaxis], axis=0)[0]
        high = np.take_along_axis(ordered, upper[np.newaxis], axis=0)[0]
        between = low * (1 - weight) + high * weight
    beyond = np.where(shares < 0, -np.inf, np.where(shares > 1, np.inf, between))
    return np.where((counts == 0) | np.isnan(shares), np.nan, beyond)


def _bad_shares(shares: Floats) -> list[float]:
    bad = [np.nan] if bool(np.isnan(shares).any()) else []
    known = shares[~np.isnan(shares)]
    if len(known):
        bad += [float(each) for each in (known.max(),) if each > 1]
        bad += [float(each) for each in (known.min(),) if each < 0]
    return bad
