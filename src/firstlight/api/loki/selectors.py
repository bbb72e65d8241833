"""Selectors of streams as parameters: `query` and `match[]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from firstlight.api.loki.asked import Asked
from firstlight.http.errors import RequestError
from firstlight.query.logql.ast import LogQuery, Matcher
from firstlight.query.logql.parser import parse

EVERYTHING: Final[tuple[str, ...]] = ("", "{}")

Matchers = tuple[Matcher, ...]


def matchers_of(text: str) -> Matchers:
    """Return the matchers of a selector; of none, and of `{}`, there are none. Raise QueryError or RequestError."""
    if text.strip() in EVERYTHING:
        return ()
    found = parse(text, checked=False)
    if not isinstance(found, LogQuery) or found.stages:
        raise RequestError("only label matchers are supported")
    return found.selector.matchers


def selector(asked: Asked) -> Matchers:
    """Return the selector that is given as `query`."""
    return matchers_of(asked.query())


def selectors(asked: Asked) -> Sequence[Matchers]:
    """Return the selectors that are given as `match[]`; one of everything, if there is none."""
    return [matchers_of(text) for text in asked.texts("match[]", "match")] or [()]


def log_query(text: str) -> LogQuery:
    """Return a query of lines. Raise QueryError, or RequestError if it is one of metrics."""
    found = parse(text)
    if not isinstance(found, LogQuery):
        raise RequestError("only log selector is supported")
    return found
