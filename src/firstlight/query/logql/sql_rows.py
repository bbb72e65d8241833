"""Which rows of `log_records` a query is about, as a condition that the engine's primary key can use.

Rows are sorted by tenant, service and time. So the services of the streams are named beside the streams themselves, and
where it is one, by equality: rows then come out in the order of time without being sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from firstlight.query.logql.ast import Matcher
from firstlight.query.logql.sql_fields import any_field
from firstlight.query.logql.sql_terms import FALSE, TRUE, Bindings, both, compared, either
from firstlight.query.logql.streams import Found, matches

MOST_SERVICES: Final = 1_000
"""How many services are named; of more, the streams alone are."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A range of time in nanoseconds, of which `end` is no part."""

    start: int
    end: int


def of_rows(tenant: str, found: Found, bound: Bindings) -> str:
    """Return the condition that rows are lines of the streams found, whenever they were written."""
    terms = [f"tenant = {bound.text(tenant)}"]
    services = sorted({origin.service for origin in found.origins})
    if len(services) == 1:
        terms.append(f"service = {bound.text(services[0])}")
    elif len(services) <= MOST_SERVICES and not found.whole:
        terms.append(f"service IN {bound.texts(services)}")
    if not found.whole:
        terms.append(of_streams(found, bound))
    terms += [_other(each, found, bound) for each in found.others]
    return both(terms)


def of_streams(found: Found, bound: Bindings) -> str:
    """Return the condition that rows are of the streams found."""
    ids: list[int] = found.ids.tolist()
    if not ids:
        return FALSE
    if len(ids) == 1:
        return f"origin_id = {bound.bind(ids[0], 'UInt64')}"
    return f"origin_id IN {bound.bind(ids, 'Array(UInt64)')}"


def of_described(found: Found, bound: Bindings) -> str:
    """Return the condition that rows are of those of the streams found that are described by their senders."""
    places = found.described
    return TRUE if len(places) == len(found) else of_streams(found.take(places), bound)


def of_slice(slice_: Slice, bound: Bindings) -> str:
    """Return the condition that rows are of a range of time."""
    return f"ts >= {bound.time(slice_.start)} AND ts < {bound.time(slice_.end)}"


def _other(matcher: Matcher, found: Found, bound: Bindings) -> str:
    """Return the condition that something that is no label of a stream matches, wherever rows have it."""
    value = any_field(matcher.label, bound)
    own = compared(value, matcher.op, matcher.value, bound)
    rows = [
        row
        for row, origin in enumerate(found.origins)
        if matcher.label in origin.beside and matches(matcher, origin.beside[matcher.label])
    ]
    if not rows:
        return own if own != TRUE else f"{value} != ''"
    some = Found(found.ids[np.array(rows, np.int64)], [found.origins[row] for row in rows])
    return either([own, both([f"{value} = ''", of_streams(some, bound)])])
