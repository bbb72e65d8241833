"""Elasticsearch's query language in JSON, to queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from firstlight.query.elastic import dsl_compound, dsl_values, dsl_words
from firstlight.query.elastic.ast import (
    Query,
)
from firstlight.query.elastic.dsl_asked import Asked
from firstlight.query.elastic.faults import illegal, parsing, unknown_query, unsupported
from firstlight.query.elastic.scope import Scope

MAX_DEPTH: Final = 30


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
    return reader(Asked(scope, kind, depth, read_query), body)


READERS: Final[Mapping[str, Callable[[Asked, Any], Query]]] = {
    **dsl_compound.READERS,
    **dsl_words.READERS,
    **dsl_values.READERS,
}


REFUSED: Final = frozenset(
    {"nested", "has_child", "has_parent", "parent_id", "more_like_this", "percolate", "script", "script_score"}
    | {"intervals", "combined_fields", "geo_bounding_box", "geo_distance", "geo_grid", "geo_polygon", "geo_shape"}
    | {"shape", "knn", "semantic", "sparse_vector", "text_expansion", "weighted_tokens", "pinned", "rule", "wrapper"}
    | {"distance_feature", "rank_feature", "terms_set", "span_containing", "span_near", "span_or", "span_term"}
    | {"span_first", "span_multi", "span_not", "span_within", "field_masking_span", "kql"}
)
"""Queries that Elasticsearch has and firstlight has not."""
