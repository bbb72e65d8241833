"""Aggregations as a search names them, checked; what firstlight has not is refused by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from firstlight.query.elastic.ast import Query
from firstlight.query.elastic.dsl import read_query
from firstlight.query.elastic.faults import SearchFault, illegal, parsing, unsupported
from firstlight.query.elastic.scope import Scope, as_mapping

BUCKETS: Final = frozenset(
    {"terms", "date_histogram", "histogram", "range", "date_range", "filter", "filters", "missing", "global"}
    | {"composite", "auto_date_histogram"}
)
METRICS: Final = frozenset(
    {"avg", "sum", "min", "max", "value_count", "stats", "extended_stats", "cardinality", "percentiles"}
    | {"percentile_ranks", "top_metrics", "top_hits", "median_absolute_deviation", "weighted_avg"}
)
PIPELINES: Final = frozenset(
    {"derivative", "cumulative_sum", "moving_avg", "moving_fn", "serial_diff", "bucket_script", "bucket_selector"}
    | {"bucket_sort"}
)
SIBLINGS: Final = frozenset({"avg_bucket", "sum_bucket", "min_bucket", "max_bucket", "stats_bucket"})
REFUSED: Final = frozenset(
    {"nested", "reverse_nested", "children", "parent", "geohash_grid", "geotile_grid", "geohex_grid", "geo_bounds"}
    | {"geo_centroid", "geo_line", "geo_distance", "cartesian_bounds", "significant_terms", "significant_text"}
    | {"sampler", "diversified_sampler", "random_sampler", "rare_terms", "multi_terms", "variable_width_histogram"}
    | {"adjacency_matrix", "ip_range", "ip_prefix", "categorize_text", "frequent_item_sets", "scripted_metric"}
    | {"string_stats", "boxplot", "matrix_stats", "rate", "t_test", "time_series", "inference", "normalize"}
    | {"extended_stats_bucket", "percentiles_bucket", "moving_percentiles", "change_point", "bucket_correlation"}
    | {"bucket_count_ks_test", "cumulative_cardinality"}
)
MAX_AGGREGATIONS: Final = 200
MAX_DEPTH: Final = 8


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One aggregation: what it is called, its kind, what is said of it, and those inside of it."""

    name: str
    kind: str
    said: Mapping[str, Any]
    inner: Sequence[Aggregation] = ()
    queries: Mapping[str, Query] = field(default_factory=dict)
    """The filters that it names, by their keys."""
    meta: Any = None

    @property
    def field(self) -> str:
        """The field it is about."""
        found = self.said.get("field")
        if not isinstance(found, str):
            if "script" in self.said:
                raise unsupported("script", self.kind, "a field that documents have")
            raise illegal(f"Required one of fields [field, script], but none were specified in [{self.name}].")
        return found


def read_aggregations(scope: Scope, found: Any, depth: int = 1) -> list[Aggregation]:
    """Return the aggregations of an object. Raise SearchFault."""
    if not isinstance(found, Mapping):
        raise parsing("Expected [START_OBJECT] under [aggs]")
    if depth > MAX_DEPTH:
        raise illegal(f"cannot answer: aggregations are nested deeper than {MAX_DEPTH}")
    if len(found) > MAX_AGGREGATIONS:
        raise illegal(f"cannot answer: more than {MAX_AGGREGATIONS} aggregations beside each other")
    return [_one(scope, str(name), said, depth) for name, said in found.items()]


def _one(scope: Scope, name: str, said: Any, depth: int) -> Aggregation:
    if not isinstance(said, Mapping):
        raise parsing(f"Expected [START_OBJECT] under [{name}], but got something else")
    kinds = [key for key in said if key not in ("aggs", "aggregations", "meta")]
    if len(kinds) != 1:
        words = "Missing definition for aggregation" if not kinds else "Found two aggregation type definitions in"
        raise parsing(f"{words} [{name}]")
    kind = str(kinds[0])
    if kind in REFUSED:
        raise unsupported("aggregation", kind, ", ".join(sorted(BUCKETS | METRICS | PIPELINES | SIBLINGS)))
    if kind not in BUCKETS | METRICS | PIPELINES | SIBLINGS:
        raise SearchFault("parsing_exception", f"Unknown aggregation type [{kind[:100]}]")
    inner = read_aggregations(scope, said.get("aggs") or said.get("aggregations") or {}, depth + 1)
    if inner and kind not in BUCKETS:
        raise illegal(f"Aggregator [{name}] of type [{kind}] cannot accept sub-aggregations")
    body = said[kind]
    return Aggregation(name, kind, as_mapping(body), inner, _queries(scope, kind, body), said.get("meta"))


def _queries(scope: Scope, kind: str, body: Any) -> Mapping[str, Query]:
    if kind == "filter":
        return {"": read_query(scope, body)}
    if kind != "filters":
        return {}
    listed = as_mapping(body).get("filters")
    if isinstance(listed, Mapping):
        return {str(key): read_query(scope, one) for key, one in listed.items()}
    if isinstance(listed, list):
        return {str(number): read_query(scope, one) for number, one in enumerate(listed)}
    raise parsing("[filters] must have a [filters] object or array")
