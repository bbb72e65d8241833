"""Queries for words of texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from firstlight.query.elastic.ast import (
    Match,
    Phrase,
    Query,
    any_of,
)
from firstlight.query.elastic.dsl_asked import Asked, fields_of, fuzziness_of, text_of
from firstlight.query.elastic.faults import parsing
from firstlight.query.elastic.lucene import Manner, parse
from firstlight.query.elastic.simple_query import parse_simple


def _match(asked: Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "query")
    asked.checked(
        said, "query", "operator", "minimum_should_match", "fuzziness", "zero_terms_query", "lenient",
        "prefix_length", "max_expansions", "fuzzy_transpositions", "fuzzy_rewrite", "cutoff_frequency",
    )  # fmt: skip
    return Match(
        name,
        text_of(asked, said),
        all=str(said.get("operator", "or")).lower() == "and",
        minimum=str(said.get("minimum_should_match") or ""),
        empty_matches=str(said.get("zero_terms_query", "none")).lower() == "all",
        prefix=asked.kind == "match_bool_prefix",
        fuzzy=fuzziness_of(said.get("fuzziness")),
        lenient=bool(said.get("lenient")),
    )


def _phrase(asked: Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "query")
    asked.checked(said, "query", "slop", "max_expansions", "zero_terms_query")
    expansions = said.get("max_expansions")
    return Phrase(
        name,
        text_of(asked, said),
        int(said.get("slop") or 0),
        prefix=asked.kind == "match_phrase_prefix",
        expansions=None if expansions is None else int(expansions),
    )


def _multi_match(asked: Asked, body: Any) -> Query:
    said = asked.object(body)
    names = fields_of(asked.scope, said.get("fields"))
    text, kind = text_of(asked, said), str(said.get("type", "best_fields"))
    if "fields" in said and not names:
        raise parsing("[multi_match] no fields specified for multi_match query")
    slop, all_words = int(said.get("slop") or 0), str(said.get("operator", "or")).lower() == "and"
    minimum, fuzzy = str(said.get("minimum_should_match") or ""), fuzziness_of(said.get("fuzziness"))
    if kind in ("phrase", "phrase_prefix"):
        return any_of([Phrase(name, text, slop, prefix=kind == "phrase_prefix") for name in names or ["*"]])
    if kind not in ("best_fields", "most_fields", "cross_fields", "bool_prefix"):
        raise parsing(f"[multi_match] failed to parse type [{kind[:50]}]")
    prefix, lenient = kind == "bool_prefix", bool(said.get("lenient")) or "*" in str(said.get("fields"))
    return any_of(
        [Match(name, text, all_words, minimum, prefix=prefix, fuzzy=fuzzy, lenient=lenient) for name in names or ["*"]]
    )


def _fuzzy(asked: Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "value")
    return Match(name, text_of(asked, {"query": said.get("value")}), fuzzy=fuzziness_of(said.get("fuzziness", "AUTO")))


def _query_string(asked: Asked, body: Any) -> Query:
    said = {"query": body} if isinstance(body, str) else asked.object(body)
    default = said.get("default_field")
    names = fields_of(asked.scope, said.get("fields") or ([default] if default else None))
    if not isinstance(said.get("query"), str):
        raise parsing("[query_string] must be provided with a [query]")
    manner = Manner(
        names or ["*"],
        and_by_default=str(said.get("default_operator", "or")).lower() == "and",
        minimum=str(said.get("minimum_should_match") or ""),
        phrase_slop=int(said.get("phrase_slop") or 0),
        time_zone=str(said.get("time_zone") or ""),
        leading_wildcard=said.get("allow_leading_wildcard", True) is not False,
        lenient=bool(said.get("lenient")),
        expand=asked.scope.names,
    )
    return parse(said["query"], manner)


def _simple(asked: Asked, body: Any) -> Query:
    said = asked.object(body)
    if not isinstance(said.get("query"), str):
        raise parsing("[simple_query_string] query text missing")
    names = fields_of(asked.scope, said.get("fields")) or ["*"]
    both = str(said.get("default_operator", "or")).lower() == "and"
    return parse_simple(said["query"], names, and_by_default=both)


READERS: Final[Mapping[str, Callable[[Asked, Any], Query]]] = {
    "match": _match,
    "match_bool_prefix": _match,
    "match_phrase": _phrase,
    "match_phrase_prefix": _phrase,
    "multi_match": _multi_match,
    "fuzzy": _fuzzy,
    "query_string": _query_string,
    "simple_query_string": _simple,
}
