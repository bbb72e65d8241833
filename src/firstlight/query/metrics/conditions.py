"""Which rows of `series` selectors mean, as a condition in SQL: words of ours, everything of the user's bound.

A label that a series has not is the empty text, to Prometheus and to the engine's maps alike. The name is the first
thing that rows are sorted by, so whatever is known of it is said in a way that the engine's index can use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from firstlight.model.regex import check, choices
from firstlight.query.promql.ast import Matcher, MatchOp
from firstlight.query.promql.labels import NAME

DAY_MS: Final = 86_400_000

_PREFIX: Final = re.compile(r"[A-Za-z0-9_:]+")
_QUANTIFIERS: Final = "*?{+"


FIRST_MS: Final = -25_567 * DAY_MS
LAST_MS: Final = 120_529 * DAY_MS
"""The years 1900 to 2299, outside of which the engine has no times."""


def storable(ms: int) -> int:
    """Return a time, or the nearest that can be stored: a query may ask for any."""
    return min(max(ms, FIRST_MS), LAST_MS)


@dataclass(frozen=True, slots=True)
class Days:
    """The days, counted from 1970, from `first` to `last`, which is one of them."""

    first: int
    last: int

    @classmethod
    def of(cls, start_ms: int, end_ms: int) -> Days:
        """Return the days of a range of times."""
        return cls(storable(start_ms) // DAY_MS, storable(end_ms) // DAY_MS)


@dataclass(frozen=True, slots=True)
class Condition:
    """What stands behind WHERE, and what its parameters are bound to."""

    sql: str
    parameters: Mapping[str, object]


def of_days(tenant: str, days: Days) -> Condition:
    """Return the condition that rows are of a tenant and of some days."""
    return Condition(
        "tenant = {tenant:String} AND day BETWEEN toDate32({first_day:Int32}) AND toDate32({last_day:Int32})",
        {"tenant": tenant, "first_day": days.first, "last_day": days.last},
    )


def of_selectors(tenant: str, selectors: Sequence[Sequence[Matcher]], days: Days) -> Condition:
    """Return the condition that series match one of `selectors`, or any if there are none. Raise BadRegex."""
    base = of_days(tenant, days)
    parameters = dict(base.parameters)
    choices_of_rows = []
    for number, matchers in enumerate(selectors):
        terms: list[str] = []
        for place, matcher in enumerate(matchers):
            terms += _terms(matcher, f"{number}_{place}", parameters)
        choices_of_rows.append(" AND ".join(terms) or "true")
    if not choices_of_rows:
        return base
    return Condition(f"{base.sql} AND ({' OR '.join(f'({terms})' for terms in choices_of_rows)})", parameters)


def _terms(matcher: Matcher, mark: str, parameters: dict[str, object]) -> Iterator[str]:
    """Yield what `matcher` asks of a row; what is bound is added to `parameters`, by names that end in `mark`."""
    if matcher.label == NAME:
        found = "metric"
    else:
        parameters[f"label_{mark}"] = matcher.label
        found = f"labels[{{label_{mark}:String}}]"
    value = f"value_{mark}"
    if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
        parameters[value] = matcher.value
        yield f"{found} {'=' if matcher.op is MatchOp.EQUAL else '!='} {{{value}:String}}"
        return
    check(matcher.value)
    negated = matcher.op is MatchOp.NOT_REGEX
    if (texts := choices(matcher.value)) is not None:
        parameters[value] = sorted(texts)
        yield f"{found} {'NOT IN' if negated else 'IN'} {{{value}:Array(String)}}"
        return
    if matcher.value in (".*", ".+"):  # of which Grafana's variables are full
        yield f"{found} {'=' if negated else '!='} ''" if matcher.value == ".+" else str(not negated).lower()
        return
    if matcher.label == NAME and not negated and (prefix := _prefix(matcher.value)):
        parameters[f"prefix_{mark}"] = prefix
        yield f"startsWith(metric, {{prefix_{mark}:String}})"
    parameters[value] = f"^(?s:{matcher.value})$"
    yield f"{'NOT ' if negated else ''}match({found}, {{{value}:String}})"


def _prefix(text: str) -> str:
    """Return what everything that a regular expression matches begins with, as far as that is plain to see.

    >>> _prefix("node_cpu.*"), _prefix("ab*"), _prefix("a|b")
    ('node_cpu', 'a', '')
    """
    found = _PREFIX.match(text)
    if found is None or "|" in text:
        return ""
    return found.group()[:-1] if text[found.end() : found.end() + 1] in tuple(_QUANTIFIERS) else found.group()
