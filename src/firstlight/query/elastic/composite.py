"""Composite aggregations: buckets of several keys at once, a page at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from firstlight.query.elastic.aggs_read import METRICS, PIPELINES, Aggregation
from firstlight.query.elastic.calendar import Calendar, calendar_of
from firstlight.query.elastic.date_keys import date_keys
from firstlight.query.elastic.faults import illegal, unsupported
from firstlight.query.elastic.keys import Keys
from firstlight.query.elastic.metrics import Metric
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.value_keys import number_keys, terms_keys

DEFAULT_SIZE: Final = 10
MAX_SIZE: Final = 65_535

Level = Callable[[Sequence[Aggregation], Sequence[str], str], Awaitable[Mapping[tuple[Any, ...], dict[str, Any]]]]
"""Returns the answers of aggregations for each group of some columns."""


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    keys: Keys
    descending: bool
    missing: bool
    steps: Calendar | None
    format: str

    def shown(self, key: Any) -> Any:
        """Return a key as it is told."""
        if key is None:
            return None
        if self.steps is not None:
            return self.keys.show(key)["key_as_string"] if self.format else key
        return bool(key) if "key_as_string" in self.keys.show(key) and key in (0, 1) else key


async def composite_answer(
    scope: Scope, ask: Callable[[str], Awaitable[pa.Table]], one: Aggregation, where: str, level: Level
) -> dict[str, Any]:
    """Return a page of buckets, and the key to ask for the next with."""
    sources = [_source(scope, said) for said in one.said.get("sources") or ()]
    if not sources:
        raise illegal("Composite [sources] cannot be null or empty")
    size = int(one.said.get("size") or DEFAULT_SIZE)
    if not 0 < size <= MAX_SIZE:
        raise illegal(f"[size] must be between 1 and {MAX_SIZE}, found [{size}]")
    metrics = [Metric(scope, inner) for inner in one.inner if inner.kind in METRICS and inner.kind != "top_hits"]
    rest = [
        inner
        for inner in one.inner
        if (inner.kind not in METRICS and inner.kind not in PIPELINES) or inner.kind == "top_hits"
    ]
    columns = [f"{source.keys.column()} AS k{number}" for number, source in enumerate(sources)]
    columns += ["count() AS n"]
    columns += [f"{sql} AS m{at}_{nr}" for at, metric in enumerate(metrics) for nr, sql in enumerate(metric.columns)]
    names = [f"k{number}" for number in range(len(sources))]
    having = [f"{name} IS NOT NULL" for name, source in zip(names, sources, strict=True) if not source.missing]
    if one.said.get("after"):
        having.append(f"({_after(scope, sources, one.said['after'])})")
    orders = [
        f"{name} {'DESC NULLS LAST' if source.descending else 'ASC NULLS FIRST'}"
        for name, source in zip(names, sources, strict=True)
    ]
    table = await ask(
        f"SELECT {', '.join(columns)} FROM log_records WHERE {where} GROUP BY {', '.join(names)}"
        f" HAVING {' AND '.join(having) or '1'} ORDER BY {', '.join(orders)} LIMIT {size}"
    )
    below = await level(rest, [source.keys.column() for source in sources], where) if rest else {}
    buckets = []
    for row in table.to_pylist():
        raw = tuple(row[name] for name in names)
        key = {source.name: source.shown(part) for source, part in zip(sources, raw, strict=True)}
        inside = {
            metric.name: metric.answer([row[f"m{at}_{nr}"] for nr in range(len(metric.columns))])
            for at, metric in enumerate(metrics)
        }
        buckets.append({"key": key, "doc_count": row["n"], **inside, **below.get(raw, {})})
    return {**({"after_key": buckets[-1]["key"]} if buckets else {}), "buckets": buckets}


def _source(scope: Scope, said: Any) -> _Source:
    if not isinstance(said, Mapping) or len(said) != 1:
        raise illegal("a source of [composite] must have one name")
    ((name, kinds),) = said.items()
    if not isinstance(kinds, Mapping) or len(kinds) != 1:
        raise illegal(f"the source [{name}] of [composite] must have one kind")
    ((kind, body),) = kinds.items()
    inner = Aggregation(str(name), str(kind), body)
    steps = None
    match kind:
        case "terms":
            keys = terms_keys(scope, inner)
        case "histogram":
            keys = number_keys(scope, inner)
        case "date_histogram":
            steps = calendar_of(inner)
            keys = date_keys(scope, inner, steps)
        case _:
            raise unsupported("source of composite", str(kind), "terms, histogram or date_histogram")
    descending = str(body.get("order", "asc")).lower() == "desc"
    return _Source(str(name), keys, descending, bool(body.get("missing_bucket")), steps, str(body.get("format") or ""))


def _after(scope: Scope, sources: Sequence[_Source], after: Any) -> str:
    if not isinstance(after, Mapping) or {source.name for source in sources} != after.keys():
        raise illegal("[after] must have a value for each source of [composite]")
    whole: list[str] = []
    same: list[str] = []
    for number, source in enumerate(sources):
        name, value = f"k{number}", after[source.name]
        if value is None:
            beyond, equal = ("0" if source.descending else f"{name} IS NOT NULL"), f"{name} IS NULL"
        else:
            bound = scope.binder(_typed(value, source.keys.kind), source.keys.kind)
            sign = "<" if source.descending else ">"
            beyond = f"ifNull({name} {sign} {bound}, {int(source.descending)})"
            equal = f"ifNull({name} = {bound}, 0)"
        whole.append(" AND ".join([*same, beyond]))
        same.append(equal)
    return " OR ".join(f"({one})" for one in whole)


def _typed(value: Any, kind: str) -> Any:
    try:
        return str(value) if kind == "String" else int(value) if kind == "Int64" else float(value)
    except (TypeError, ValueError):
        raise illegal(f"invalid value for [after]: [{str(value)[:50]}]") from None
