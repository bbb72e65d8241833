"""The statements that ask for buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from firstlight.query.elastic.aggs_read import Aggregation
from firstlight.query.elastic.faults import SearchFault, illegal
from firstlight.query.elastic.keys import MAX_BUCKETS, Keys, order_of
from firstlight.query.elastic.metrics import Metric
from firstlight.query.elastic.scope import Scope

TERMS_SIZE: Final = 10


def statement(
    scope: Scope, one: Aggregation, keys: Keys, metrics: Sequence[Metric], outer: Sequence[str], where: str
) -> str:
    """Return the statement that asks for buckets, in each group of the columns `outer`."""
    groups = [f"o{number}" for number in range(len(outer))]
    columns = [f"{sql} AS o{number}" for number, sql in enumerate(outer)]
    columns += [f"{keys.column()} AS k", "count() AS n", *named(metrics)]
    having = " AND ".join(f"{name} IS NOT NULL" for name in [*groups, "k"])
    inner = f"SELECT {', '.join(columns)} FROM log_records WHERE {where}{grouped([*groups, 'k'])} HAVING {having}"
    if one.kind != "terms":
        if one.kind == "date_histogram" and (hard := one.said.get("hard_bounds")):
            inner += _within(scope, hard)
        return f"SELECT *, 0 AS total FROM ({inner}) ORDER BY {', '.join([*groups, 'k'])} LIMIT {MAX_BUCKETS + 1}"
    inner += _chosen(scope, one)
    size = int(one.said.get("size") or TERMS_SIZE)
    if size <= 0:
        raise illegal(f"[size] must be greater than 0. Found [{size}] in [{one.name}]")
    least = int(one.said.get("min_doc_count", 1) or 1)
    over = f"PARTITION BY {', '.join(groups)}" if groups else ""
    order = ", ".join([*groups, *_order(one, metrics)])
    by = f" BY {', '.join(groups)}" if groups else ""
    return (
        f"SELECT * FROM (SELECT *, sum(n) OVER ({over}) AS total FROM ({inner})) WHERE n >= {least}"
        f" ORDER BY {order} LIMIT {min(size, MAX_BUCKETS)}{by}"
    )


def _chosen(scope: Scope, one: Aggregation) -> str:
    found = ""
    for name, sign in (("include", ""), ("exclude", "NOT ")):
        said = one.said.get(name)
        if isinstance(said, str) and said:
            found += f" AND {sign}match(toString(k), {scope.binder(f'^(?:{said})$')})"
        elif isinstance(said, list):
            listed = scope.binder([str(value) for value in said], "Array(String)")
            found += f" AND {sign}(toString(k) IN {listed})"
        elif said is not None:
            raise illegal(f"cannot take [{name}] of [{one.name}]: want a regular expression or an array of values")
    return found


def _order(one: Aggregation, metrics: Sequence[Metric]) -> list[str]:
    found = []
    for path, descending in order_of(one.said) or [("_count", True)]:
        direction = "DESC" if descending else "ASC"
        if path in ("_count", "_key", "_term"):
            found.append(f"{'n' if path == '_count' else 'k'} {direction}")
            continue
        name, _, part = path.replace("[", ".").rstrip("]").partition(".")
        place = next((number for number, metric in enumerate(metrics) if metric.name == name), None)
        if place is None:
            raise SearchFault(
                "aggregation_execution_exception",
                f"Invalid aggregation order path [{path[:100]}]. The provided aggregation [{name[:100]}] either"
                " does not exist, or is a pipeline aggregation and cannot be used to sort the buckets.",
            )
        columns = [f"m{place}_{number}" for number in range(len(metrics[place].columns))]
        found.append(f"{metrics[place].order_sql(part, columns)} {direction} NULLS LAST")
    return [*found, "k ASC"]


def named(metrics: Sequence[Metric]) -> list[str]:
    """Return the columns of metrics, each with a name of its own."""
    return [
        f"{sql} AS m{place}_{number}"
        for place, metric in enumerate(metrics)
        for number, sql in enumerate(metric.columns)
    ]


def _within(scope: Scope, hard: Any) -> str:
    from_, to = (hard.get("min"), hard.get("max")) if isinstance(hard, Mapping) else (None, None)
    found = "" if from_ is None else f" AND k >= {scope.binder(int(from_), 'Int64')}"
    return found if to is None else f"{found} AND k <= {scope.binder(int(to), 'Int64')}"


def grouped(names: Sequence[str]) -> str:
    """Return the clause that groups by columns, if there are any."""
    return f" GROUP BY {', '.join(names)}" if names else ""
