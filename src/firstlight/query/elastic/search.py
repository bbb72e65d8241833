"""The body of a search, read whole before anything is asked of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from firstlight.query.elastic.aggs_read import Aggregation, read_aggregations
from firstlight.query.elastic.ast import Bool, Everything, Query
from firstlight.query.elastic.dsl import read_query
from firstlight.query.elastic.faults import SearchFault, illegal, unsupported
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.sort import SortKey, read_sort

MAX_WINDOW: Final = 10_000
DEFAULT_SIZE: Final = 10
COUNTED: Final = 10_000
"""Up to how many hits are told exactly, unless a search says otherwise."""

KNOWN: Final = frozenset(
    {"query", "size", "from", "sort", "search_after", "_source", "fields", "docvalue_fields", "stored_fields"}
    | {"track_total_hits", "aggs", "aggregations", "highlight", "post_filter", "timeout", "terminate_after"}
    | {"version", "seq_no_primary_term", "explain", "track_scores", "min_score", "indices_boost", "profile"}
    | {"script_fields", "runtime_mappings", "ext", "pit", "stats", "slice", "batched_reduce_size"}
    | {"ignore_unavailable", "preference"}
)
REFUSED: Final = frozenset({"collapse", "rescore", "suggest", "knn", "retriever", "rank"})


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """What of a document a hit shows."""

    shown: bool = True
    includes: Sequence[str] = ()
    excludes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for."""

    query: Query = field(default_factory=Everything)
    aggregations: Sequence[Aggregation] = ()
    size: int = DEFAULT_SIZE
    start: int = 0
    sort: Sequence[SortKey] = ()
    after: Any = None
    source: SourceFilter = SourceFilter()
    fields: Sequence[tuple[str, str]] = ()
    """Names or patterns of fields to show beside the document, each with a format."""
    count_up_to: int | None = COUNTED
    """Up to how many hits are counted exactly, 0 for not at all, None for all."""
    post: Query | None = None
    highlight: Mapping[str, Any] | None = None
    versions: bool = False


def read_search(scope: Scope, body: Mapping[str, Any], *, window: int = MAX_WINDOW) -> Search:
    """Return the search that a body asks for. Raise SearchFault."""
    for name in body:
        if name in REFUSED and body[name]:
            raise unsupported("search", str(name), "query, aggs and sort")
        if name not in KNOWN and name not in REFUSED:
            raise SearchFault("parsing_exception", f"Unknown key for a VALUE in [{str(name)[:100]}].")
    for name in ("runtime_mappings", "script_fields"):
        if body.get(name):
            raise unsupported("script", name, "fields that documents have")
    size, start = _whole(body, "size", DEFAULT_SIZE), _whole(body, "from", 0)
    if size + start > window:
        raise illegal(
            f"Result window is too large, from + size must be less than or equal to: [{window}] but was"
            f" [{size + start}]. See the scroll api for a more efficient way to request large data sets."
        )
    query = read_query(scope, body["query"]) if body.get("query") is not None else Everything()
    post = read_query(scope, body["post_filter"]) if body.get("post_filter") is not None else None
    sort = read_sort(scope, body["sort"]) if body.get("sort") else ()
    if body.get("search_after") is not None and start > 0:
        raise illegal("`from` parameter must be set to 0 when `search_after` is used")
    if body.get("search_after") is not None and not sort:
        raise illegal("Sort must contain at least one field.")
    return Search(
        query=query,
        aggregations=read_aggregations(scope, body.get("aggs") or body.get("aggregations") or {}),
        size=size,
        start=start,
        sort=sort,
        after=body.get("search_after"),
        source=read_source(body.get("_source", True)),
        fields=[*_fields(body.get("fields")), *_fields(body.get("docvalue_fields"))],
        count_up_to=_counted(body.get("track_total_hits")),
        post=post,
        highlight=body.get("highlight") or None,
        versions=bool(body.get("version")),
    )


def with_filter(search_query: Query, more: Query) -> Query:
    """Return a query that holds where both do."""
    return Bool(must=(search_query, more))


def read_source(found: Any) -> SourceFilter:
    """Return what `_source` means."""
    if isinstance(found, Mapping):
        return SourceFilter(
            includes=_names(found.get("includes", found.get("include"))),
            excludes=_names(found.get("excludes", found.get("exclude"))),
        )
    if isinstance(found, str | list):
        if found in ("true", "false"):
            return SourceFilter(shown=found == "true")
        return SourceFilter(includes=_names(found))
    return SourceFilter(shown=found is not False)


def _names(found: Any) -> list[str]:
    if isinstance(found, str):
        return [part.strip() for part in found.split(",")]
    return [str(one) for one in found] if isinstance(found, list) else []


def _fields(found: Any) -> list[tuple[str, str]]:
    listed = found if isinstance(found, list) else [found] if found else []
    pairs = [
        (str(one.get("field", "")), str(one.get("format") or "")) if isinstance(one, Mapping) else (str(one), "")
        for one in listed
    ]
    return [(name, "" if form == "use_field_mapping" else form) for name, form in pairs if name]


def _counted(found: Any) -> int | None:
    if found is None:
        return COUNTED
    if isinstance(found, bool) or str(found).lower() in ("true", "false"):
        return None if str(found).lower() == "true" else 0
    try:
        return max(0, int(found))
    except (TypeError, ValueError):
        raise illegal(f"[track_total_hits] parameter must be true, false or a number, but was [{found}]") from None


def _whole(body: Mapping[str, Any], name: str, default: int) -> int:
    value = body.get(name, default)
    try:
        found = int(default if value is None else value)
    except (TypeError, ValueError):
        raise illegal(f"Failed to parse int parameter [{name}] with value [{str(value)[:50]}]") from None
    if found < 0:
        raise illegal(f"[{name}] parameter cannot be negative, found [{found}]")
    return found
