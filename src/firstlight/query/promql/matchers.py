"""Whether labels are what matchers ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from firstlight.model.regex import compiled
from firstlight.query.promql.ast import Matcher, MatchOp


def matches(matcher: Matcher, value: str) -> bool:
    """Return whether the value of the matcher's label is what it asks for; the empty text stands for no label."""
    match matcher.op:
        case MatchOp.EQUAL:
            return value == matcher.value
        case MatchOp.NOT_EQUAL:
            return value != matcher.value
        case MatchOp.REGEX:
            return compiled(matcher.value).matches(value)
        case MatchOp.NOT_REGEX:
            return not compiled(matcher.value).matches(value)


def matches_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether labels are what all matchers ask for."""
    return all(matches(matcher, labels.get(matcher.label, "")) for matcher in matchers)
