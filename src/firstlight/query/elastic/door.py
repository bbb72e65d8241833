"""The door for searches: a body comes in, hits and aggregations go out, within the bounds of all queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa

from firstlight.model.elastic.patterns import matches
from firstlight.query.elastic.aggregate import Aggregator
from firstlight.query.elastic.aggs_read import Aggregation
from firstlight.query.elastic.ast import Query as Asked
from firstlight.query.elastic.lower import condition
from firstlight.query.elastic.rows import COLUMNS, FoundOrigin, Row, rows_of
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.search import Search, SourceFilter, read_source
from firstlight.query.elastic.sort import DOCUMENT, SortKey, after, read_sort
from firstlight.query.engine import Engine, Query, Sessions

LANGUAGE = "elasticsearch"

Render = Callable[[Row, Sequence[SortKey], SourceFilter], dict[str, Any]]
"""Returns a record as a hit."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search."""

    total: int | None
    """How many hits there are; None if they were not counted."""
    rows: Sequence[Row]
    aggregations: Mapping[str, Any] = field(default_factory=dict)


class ElasticDoor:
    """Answers searches. Belongs to one event loop."""

    def __init__(self, sessions: Sessions, engine: Engine) -> None:
        self._sessions = sessions
        self._engine = engine

    async def search(self, scope: Scope, search: Search, text: str, render: Render) -> Found:
        """Return what is found. Raise SearchFault, QueryFault or QueryError."""
        where = f"{scope.condition()} AND ({condition(scope, search.query)})"
        shown = where if search.post is None else f"{where} AND ({condition(scope, search.post)})"
        async with self._engine.place(Query(text, LANGUAGE)):
            asked = _Asking(self._sessions, scope)
            total = None
            if search.count_up_to != 0:
                total = await asked.count(shown)
            rows: Sequence[Row] = ()
            if search.size:
                rows = await asked.rows(shown, search)
            aggregations: Mapping[str, Any] = {}
            if search.aggregations:
                aggregator = Aggregator(scope, asked.ask, _TopHits(asked, render))
                aggregations = await aggregator.run(search.aggregations, where)
        return Found(total, rows, aggregations)

    async def count(self, scope: Scope, query: Asked, text: str) -> int:
        """Return how many records a query finds."""
        where = f"{scope.condition()} AND ({condition(scope, query)})"
        async with self._engine.place(Query(text, LANGUAGE)):
            return await _Asking(self._sessions, scope).count(where)

    async def table(self, scope: Scope, sql: str, text: str) -> pa.Table:
        """Return the answer to a statement about a scope, bound to what it has collected."""
        async with self._engine.place(Query(text, LANGUAGE)):
            return await self._sessions.query(sql, scope.binder.values)


class _Asking:
    """What one search asks of the engine."""

    def __init__(self, sessions: Sessions, scope: Scope) -> None:
        self._sessions = sessions
        self.scope = scope

    async def ask(self, sql: str) -> pa.Table:
        return await self._sessions.query(sql, self.scope.binder.values)

    async def count(self, where: str) -> int:
        table = await self.ask(f"SELECT count() AS n FROM log_records WHERE {where}")
        return int(table["n"][0].as_py())

    async def rows(self, where: str, search: Search) -> list[Row]:
        keys = list(search.sort)
        if search.after is not None:
            where = f"{where} AND ({after(self.scope, keys, search.after)})"
        table = await self.hits(where, keys, [], f"LIMIT {search.size} OFFSET {search.start}")
        return list(rows_of(table, await self.origins(table), len(keys)))

    async def hits(self, where: str, keys: Sequence[SortKey], groups: Sequence[str], limit: str) -> pa.Table:
        columns = [*(f"{sql} AS o{number}" for number, sql in enumerate(groups)), *COLUMNS]
        columns += [f"{key.sql} AS s{number}" for number, key in enumerate(keys)]
        orders = [
            f"s{number} {'DESC' if key.descending else 'ASC'} NULLS {'FIRST' if key.nulls_first else 'LAST'}"
            for number, key in enumerate(keys)
        ]
        direction = "DESC" if keys and keys[0].descending and keys[0].name != "_score" else "ASC"
        # Of equal ones the moments decide, so that the order is the same each time.
        orders += [f"ts {direction}"] if keys else []
        order = ", ".join([*orders, f"{DOCUMENT} {direction}"])
        return await self.ask(f"SELECT {', '.join(columns)} FROM log_records WHERE {where} ORDER BY {order} {limit}")

    async def origins(self, rows: pa.Table) -> Mapping[int, FoundOrigin]:
        ids = sorted(set(rows["h_origin"].to_pylist()))
        if not ids:
            return {}
        table = await self._sessions.query(
            "SELECT origin_id, any(mapKeys(resource)) AS names, any(mapValues(resource)) AS texts,"
            " any(scope_schema_url) AS layout FROM origins"
            " WHERE tenant = {tenant:String} AND origin_id IN {ids:Array(UInt64)} GROUP BY origin_id",
            {"tenant": self.scope.tenant, "ids": ids},
        )
        return {
            one["origin_id"]: FoundOrigin(dict(zip(one["names"], one["texts"], strict=True)), one["layout"])
            for one in table.to_pylist()
        }


class _TopHits:
    """Finds the first hits of groups."""

    def __init__(self, asked: _Asking, render: Render) -> None:
        self._asked = asked
        self._render = render

    async def __call__(self, one: Aggregation, outer: Sequence[str], where: str) -> Mapping[tuple[Any, ...], Any]:
        said = one.said
        keys = read_sort(self._asked.scope, said["sort"]) if said.get("sort") else []
        size, start = int(said.get("size", 3)), int(said.get("from") or 0)
        names = [f"o{number}" for number in range(len(outer))]
        by = f" BY {', '.join(names)}" if names else ""
        limit = f"LIMIT {start}, {max(1, size)}{by}"
        table = await self._asked.hits(where, keys, outer, limit)
        rows = list(rows_of(table, await self._asked.origins(table), len(keys)))
        grouped = [f"{sql} AS o{number}" for number, sql in enumerate(outer)]
        ending = f" GROUP BY {', '.join(names)}" if names else ""
        counted = await self._asked.ask(
            f"SELECT {', '.join([*grouped, 'count() AS n'])} FROM log_records WHERE {where}{ending}"
        )
        totals = {tuple(row[name] for name in names): row["n"] for row in counted.to_pylist()}
        source = read_source(said.get("_source", True))
        found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        columns = [table[name].to_pylist() for name in names]
        groups = list(zip(*columns, strict=True)) if columns else [()] * len(rows)
        for group, row in zip(groups, rows, strict=True):
            found.setdefault(tuple(group), []).append(self._render(row, keys, source))
        return {
            group: {
                "hits": {
                    "total": {"value": totals.get(group, len(hits)), "relation": "eq"},
                    "max_score": None if keys else 1.0,
                    "hits": hits[:size] if size else [],
                }
            }
            for group, hits in found.items()
        }


def chosen_fields(names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Return those of `names` that one of `patterns` means."""
    return [name for name in names if any(matches(pattern, name) for pattern in patterns)]


def text_of(body: Mapping[str, Any]) -> str:
    """Return a search as it is logged."""
    return orjson.dumps(body, default=str).decode()
