"""Pieces of SQL: words of ours, in which everything that is a user's is bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from firstlight.model.regex import check, choices
from firstlight.query.logql.ast import MatchOp

TRUE: Final = "true"
FALSE: Final = "false"

FIRST_NS: Final = -2_208_988_800 * 10**9
LAST_NS: Final = 9_223_372_036 * 10**9
"""The times that the engine can hold with nanoseconds: from 1900 to 2262."""


class Bindings:
    """The parameters of one statement. Each is given a name when it is bound."""

    def __init__(self, taken: Mapping[str, object] | None = None) -> None:
        self.parameters: dict[str, object] = dict(taken or {})

    def bind(self, value: object, kind: str) -> str:
        """Return what stands in the statement for `value`, which is of the engine's type `kind`."""
        name = f"b{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    def text(self, value: str) -> str:
        """Return what stands for a text."""
        return self.bind(value, "String")

    def texts(self, values: Iterable[str]) -> str:
        """Return what stands for a list of texts."""
        return self.bind(sorted(values), "Array(String)")

    def time(self, nanoseconds: int) -> str:
        """Return what stands for a time, or for the nearest that the engine can hold."""
        held = min(max(nanoseconds, FIRST_NS), LAST_NS)
        return f"fromUnixTimestamp64Nano({self.bind(held, 'Int64')})"


def both(terms: Iterable[str]) -> str:
    """Return what is true if all of `terms` are."""
    kept = [term for term in terms if term != TRUE]
    return FALSE if FALSE in kept else " AND ".join(kept) or TRUE


def either(terms: Iterable[str]) -> str:
    """Return what is true if one of `terms` is."""
    kept = [term for term in terms if term != FALSE]
    return TRUE if TRUE in kept else f"({' OR '.join(kept)})" if kept else FALSE


def negated(term: str) -> str:
    """Return what is true if `term` is not."""
    return {TRUE: FALSE, FALSE: TRUE}.get(term, f"NOT ({term})")


def compared(found: str, op: MatchOp, value: str, bound: Bindings) -> str:
    """Return whether the text that the expression `found` gives matches, as Loki matches labels. Raise BadRegex."""
    match op:
        case MatchOp.EQUAL:
            return f"{found} = {bound.text(value)}"
        case MatchOp.NOT_EQUAL:
            return f"{found} != {bound.text(value)}"
    check(value)
    is_negated = op is MatchOp.NOT_REGEX
    if (texts := choices(value)) is not None:
        return f"{found} {'NOT IN' if is_negated else 'IN'} {bound.texts(texts)}"
    if value == ".*":
        return FALSE if is_negated else TRUE
    if value == ".+":
        return f"{found} {'=' if is_negated else '!='} ''"
    matched = f"match({found}, {bound.text(f'^(?s:{value})$')})"
    return negated(matched) if is_negated else matched
