"""Queries that are made of others, or of nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from firstlight.query.elastic.ast import (
    Bool,
    Everything,
    Nothing,
    Query,
    any_of,
)
from firstlight.query.elastic.dsl_asked import IGNORED, Asked
from firstlight.query.elastic.faults import malformed, parsing


def _all(asked: Asked, body: Any) -> Query:
    asked.checked(asked.object(body))
    return Everything()


def _none(asked: Asked, body: Any) -> Query:
    asked.checked(asked.object(body))
    return Nothing()


def _bool(asked: Asked, body: Any) -> Query:
    said = asked.object(body)
    for name in said:
        if name not in (
            "must",
            "filter",
            "should",
            "must_not",
            "minimum_should_match",
            "adjust_pure_negative",
            *IGNORED,
        ):
            raise malformed(f"[bool] unknown field [{name}]")
    must = (*asked.queries(said.get("must")), *asked.queries(said.get("filter")))
    minimum = said.get("minimum_should_match")
    return Bool(
        must,
        asked.queries(said.get("should")),
        asked.queries(said.get("must_not")),
        "" if minimum is None else str(minimum),
    )


def _constant(asked: Asked, body: Any) -> Query:
    said = asked.object(body)
    if "filter" not in said:
        raise parsing("[constant_score] requires a 'filter' element")
    return asked.query(said["filter"])


def _dis_max(asked: Asked, body: Any) -> Query:
    return any_of(asked.queries(asked.object(body).get("queries")))


def _boosting(asked: Asked, body: Any) -> Query:
    return asked.query(asked.object(body).get("positive"))


def _function_score(asked: Asked, body: Any) -> Query:
    said = asked.object(body)
    return asked.query(said["query"]) if "query" in said else Everything()


READERS: Final[Mapping[str, Callable[[Asked, Any], Query]]] = {
    "match_all": _all,
    "match_none": _none,
    "bool": _bool,
    "constant_score": _constant,
    "dis_max": _dis_max,
    "boosting": _boosting,
    "function_score": _function_score,
}
