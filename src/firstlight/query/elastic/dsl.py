"""Elasticsearch's query language in JSON, to queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from firstlight.query.elastic.ast import (
    Bool,
    Everything,
    Exists,
    Ids,
    Match,
    Nothing,
    Pattern,
    Phrase,
    Query,
    Range,
    Terms,
    any_of,
)
from firstlight.query.elastic.faults import illegal, malformed, parsing, unknown_query, unsupported
from firstlight.query.elastic.lucene import Manner, parse
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.simple_query import parse_simple

MAX_DEPTH: Final = 30
MAX_TERMS: Final = 65_536
IGNORED: Final = frozenset({"boost", "_name", "rewrite", "relation", "analyzer", "auto_generate_synonyms_phrase_query"})
ANALYZERS: Final = frozenset({"standard", "default"})


def read_query(scope: Scope, found: Any, depth: int = 0) -> Query:
    """Return the query of an object with one member, its kind. Raise SearchFault."""
    if depth > MAX_DEPTH:
        raise illegal(f"cannot answer: queries are nested deeper than {MAX_DEPTH}")
    if not isinstance(found, Mapping):
        raise parsing("[_na] query malformed, must start with start_object")
    if not found:
        raise illegal("query malformed, empty clause found")
    if len(found) > 1:
        second = list(found)[1]
        raise parsing(f"[{next(iter(found))}] malformed query, expected [END_OBJECT] but found [FIELD_NAME] [{second}]")
    ((kind, body),) = found.items()
    reader = READERS.get(kind)
    if reader is None:
        if kind in REFUSED:
            raise unsupported("query", kind, ", ".join(sorted(READERS)))
        raise unknown_query(str(kind))
    return reader(_Asked(scope, kind, depth), body)


@dataclass(frozen=True, slots=True)
class _Asked:
    scope: Scope
    kind: str
    depth: int

    def query(self, found: Any) -> Query:
        return read_query(self.scope, found, self.depth + 1)

    def queries(self, found: Any) -> tuple[Query, ...]:
        listed = found if isinstance(found, Sequence) and not isinstance(found, str) else [found]
        return tuple(self.query(one) for one in listed if one is not None)

    def object(self, body: Any) -> Mapping[str, Any]:
        if not isinstance(body, Mapping):
            raise parsing(f"[{self.kind}] query malformed, no start_object after query name")
        return body

    def one_field(self, body: Any, own: str) -> tuple[str, Mapping[str, Any]]:
        """Return the one field of a query and what is said of it, of which `own` may stand alone."""
        named = {name: value for name, value in self.object(body).items() if name not in ("boost", "_name")}
        if len(named) != 1:
            found = list(named)[:2]
            raise parsing(
                f"[{self.kind}] query doesn't support multiple fields, found {found}"
                if named
                else f"[{self.kind}] query malformed, no field found"
            )
        ((name, said),) = named.items()
        if isinstance(said, Mapping):
            return name, said
        if isinstance(said, list):
            raise parsing(f"[{self.kind}] unknown token [START_ARRAY] after [{name}]")
        return name, {own: said}

    def checked(self, said: Mapping[str, Any], *known: str) -> Mapping[str, Any]:
        for name in said:
            if name not in known and name not in IGNORED:
                raise parsing(f"[{self.kind}] query does not support [{name}]")
        analyzer = said.get("analyzer")
        if analyzer is not None and analyzer not in ANALYZERS:
            raise parsing(f"[{self.kind}] analyzer [{str(analyzer)[:100]}] not found; firstlight has standard")
        return said


def _all(asked: _Asked, body: Any) -> Query:
    asked.checked(asked.object(body))
    return Everything()


def _none(asked: _Asked, body: Any) -> Query:
    asked.checked(asked.object(body))
    return Nothing()


def _bool(asked: _Asked, body: Any) -> Query:
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


def _match(asked: _Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "query")
    asked.checked(
        said, "query", "operator", "minimum_should_match", "fuzziness", "zero_terms_query", "lenient",
        "prefix_length", "max_expansions", "fuzzy_transpositions", "fuzzy_rewrite", "cutoff_frequency",
    )  # fmt: skip
    return Match(
        name,
        _text(asked, said),
        all=str(said.get("operator", "or")).lower() == "and",
        minimum=str(said.get("minimum_should_match") or ""),
        empty_matches=str(said.get("zero_terms_query", "none")).lower() == "all",
        prefix=asked.kind == "match_bool_prefix",
        fuzzy=_fuzziness(said.get("fuzziness")),
        lenient=bool(said.get("lenient")),
    )


def _fuzziness(found: Any) -> int | None:
    if found is None:
        return None
    if str(found).upper().startswith("AUTO"):
        return -1
    if str(found) not in ("0", "1", "2"):
        raise illegal(f"Invalid fuzziness value: {str(found)[:50]}")
    return int(found)


def _phrase(asked: _Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "query")
    asked.checked(said, "query", "slop", "max_expansions", "zero_terms_query")
    expansions = said.get("max_expansions")
    return Phrase(
        name,
        _text(asked, said),
        int(said.get("slop") or 0),
        prefix=asked.kind == "match_phrase_prefix",
        expansions=None if expansions is None else int(expansions),
    )


def _multi_match(asked: _Asked, body: Any) -> Query:
    said = asked.object(body)
    names = _fields(asked.scope, said.get("fields"))
    text, kind = _text(asked, said), str(said.get("type", "best_fields"))
    if "fields" in said and not names:
        raise parsing("[multi_match] no fields specified for multi_match query")
    slop, all_words = int(said.get("slop") or 0), str(said.get("operator", "or")).lower() == "and"
    minimum, fuzzy = str(said.get("minimum_should_match") or ""), _fuzziness(said.get("fuzziness"))
    if kind in ("phrase", "phrase_prefix"):
        return any_of([Phrase(name, text, slop, prefix=kind == "phrase_prefix") for name in names or ["*"]])
    if kind not in ("best_fields", "most_fields", "cross_fields", "bool_prefix"):
        raise parsing(f"[multi_match] failed to parse type [{kind[:50]}]")
    prefix, lenient = kind == "bool_prefix", bool(said.get("lenient")) or "*" in str(said.get("fields"))
    return any_of(
        [Match(name, text, all_words, minimum, prefix=prefix, fuzzy=fuzzy, lenient=lenient) for name in names or ["*"]]
    )


def _term(asked: _Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "value")
    asked.checked(said, "value", "case_insensitive")
    if "value" not in said:
        raise illegal("value cannot be null")
    return Terms(name, (said["value"],), ignore_case=bool(said.get("case_insensitive")))


def _terms(asked: _Asked, body: Any) -> Query:
    named = {name: value for name, value in asked.object(body).items() if name not in ("boost", "_name")}
    if len(named) != 1:
        raise parsing("[terms] query does not support multiple fields")
    ((name, values),) = named.items()
    if isinstance(values, Mapping):
        raise unsupported("way to look terms up in documents", "terms lookup", "the values themselves")
    if not isinstance(values, list):
        raise parsing(f"[terms] query does not support [{name}]")
    if len(values) > MAX_TERMS:
        raise illegal(f"The number of terms [{len(values)}] used in the Terms Query request is over {MAX_TERMS}")
    return Terms(name, tuple(values))


def _range(asked: _Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "gte")
    asked.checked(said, "gt", "gte", "lt", "lte", "from", "to", "include_lower", "include_upper", "format", "time_zone")
    low = next((said[key] for key in ("gt", "gte", "from") if said.get(key) is not None), None)
    high = next((said[key] for key in ("lt", "lte", "to") if said.get(key) is not None), None)
    return Range(
        name,
        low,
        high,
        low_open=said.get("gt") is not None or said.get("include_lower") is False,
        high_open=said.get("lt") is not None or said.get("include_upper") is False,
        format=str(said.get("format") or ""),
        time_zone=str(said.get("time_zone") or ""),
    )


def _exists(asked: _Asked, body: Any) -> Query:
    said = asked.object(body)
    asked.checked(said, "field")
    if not isinstance(said.get("field"), str):
        raise parsing("[exists] must be provided with a [field]")
    return Exists(said["field"])


def _pattern(asked: _Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "value")
    asked.checked(said, "value", "wildcard", "case_insensitive", "flags", "max_determinized_states", "prefix")
    value = said.get("value", said.get("wildcard", said.get("prefix")))
    if value is None:
        raise illegal("value cannot be null")
    return Pattern(name, asked.kind, str(value), ignore_case=bool(said.get("case_insensitive")))


def _fuzzy(asked: _Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "value")
    return Match(name, _text(asked, {"query": said.get("value")}), fuzzy=_fuzziness(said.get("fuzziness", "AUTO")))


def _ids(asked: _Asked, body: Any) -> Query:
    values = asked.object(body).get("values")
    return Ids(tuple(str(value) for value in (values if isinstance(values, list) else [values])))


def _constant(asked: _Asked, body: Any) -> Query:
    said = asked.object(body)
    if "filter" not in said:
        raise parsing("[constant_score] requires a 'filter' element")
    return asked.query(said["filter"])


def _dis_max(asked: _Asked, body: Any) -> Query:
    return any_of(asked.queries(asked.object(body).get("queries")))


def _boosting(asked: _Asked, body: Any) -> Query:
    return asked.query(asked.object(body).get("positive"))


def _function_score(asked: _Asked, body: Any) -> Query:
    said = asked.object(body)
    return asked.query(said["query"]) if "query" in said else Everything()


def _query_string(asked: _Asked, body: Any) -> Query:
    said = {"query": body} if isinstance(body, str) else asked.object(body)
    default = said.get("default_field")
    names = _fields(asked.scope, said.get("fields") or ([default] if default else None))
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


def _simple(asked: _Asked, body: Any) -> Query:
    said = asked.object(body)
    if not isinstance(said.get("query"), str):
        raise parsing("[simple_query_string] query text missing")
    names = _fields(asked.scope, said.get("fields")) or ["*"]
    both = str(said.get("default_operator", "or")).lower() == "and"
    return parse_simple(said["query"], names, and_by_default=both)


def _fields(scope: Scope, found: Any) -> list[str]:
    listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    plain = [str(one).partition("^")[0] for one in listed]
    return ["*"] if "*" in plain else [name for one in plain for name in scope.names(one)]


def _text(asked: _Asked, said: Mapping[str, Any]) -> str:
    value = said.get("query")
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, list | Mapping):
        raise illegal(f"[{asked.kind}] requires query value" if value is None else f"[{asked.kind}] unknown token")
    return str(value)


READERS: Final[Mapping[str, Callable[[_Asked, Any], Query]]] = {
    "match_all": _all,
    "match_none": _none,
    "bool": _bool,
    "match": _match,
    "match_bool_prefix": _match,
    "match_phrase": _phrase,
    "match_phrase_prefix": _phrase,
    "multi_match": _multi_match,
    "term": _term,
    "terms": _terms,
    "range": _range,
    "exists": _exists,
    "prefix": _pattern,
    "wildcard": _pattern,
    "regexp": _pattern,
    "fuzzy": _fuzzy,
    "ids": _ids,
    "constant_score": _constant,
    "dis_max": _dis_max,
    "boosting": _boosting,
    "function_score": _function_score,
    "query_string": _query_string,
    "simple_query_string": _simple,
}

REFUSED: Final = frozenset(
    {"nested", "has_child", "has_parent", "parent_id", "more_like_this", "percolate", "script", "script_score"}
    | {"intervals", "combined_fields", "geo_bounding_box", "geo_distance", "geo_grid", "geo_polygon", "geo_shape"}
    | {"shape", "knn", "semantic", "sparse_vector", "text_expansion", "weighted_tokens", "pinned", "rule", "wrapper"}
    | {"distance_feature", "rank_feature", "terms_set", "span_containing", "span_near", "span_or", "span_term"}
    | {"span_first", "span_multi", "span_not", "span_within", "field_masking_span", "kql"}
)
"""Queries that Elasticsearch has and firstlight has not."""
