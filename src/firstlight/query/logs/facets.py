"""Which fields lines have, and with which values: counted over the newest lines of a query, by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.query.engine import Engine, Query
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.evaluate_faults import LogqlFailed
from firstlight.query.logql.pushdown import push
from firstlight.query.logql.source import LogSource, Taken
from firstlight.query.logql.source_newest import slices
from firstlight.query.logql.sql_fields import LEVEL, LEVELS
from firstlight.query.logql.sql_rows import Slice, of_rows, of_slice
from firstlight.query.logql.sql_terms import Bindings, both
from firstlight.query.logql.streams import Found

LOOKED_AT: Final = 50_000
"""How many lines are looked at unless told otherwise."""

COLUMNS: Final = "origin_id, severity, attributes, fields"


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a field, and how many lines have it."""

    text: str
    lines: int


@dataclass(frozen=True, slots=True)
class Facet:
    """A field: where it is from (`label`, `level`, `attribute`, `field`), how many lines have it, and its values."""

    name: str
    kind: str
    lines: int
    distinct: int
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Facets:
    """The fields of some lines, those that most lines have first."""

    lines: int
    """How many lines were looked at: the newest ones."""
    facets: Sequence[Facet]


class FacetReader:
    """Counts fields. Belongs to one event loop."""

    def __init__(self, source: LogSource, engine: Engine) -> None:
        self._source = source
        self._engine = engine

    async def facets(
        self, tenant: str, query: LogQuery, slice_: Slice, *, values: int = 10, looked_at: int = LOOKED_AT
    ) -> Facets:
        """Return the fields of the newest lines of `query`. Raise LogqlFailed or QueryFault."""
        async with self._engine.place(Query("the fields of lines", "logs")):
            found = await self._source.find(tenant, query.selector.matchers, slice_, Taken())
            if not len(found):
                return Facets(0, ())
            bound = Bindings()
            pushed = push(query.stages, found, bound, level=True)
            if pushed.left:
                raise LogqlFailed(
                    "cannot count fields of what a pipeline makes of lines; want a selector, line filters, and filters"
                    " of labels and metadata"
                )
            condition = both([of_rows(tenant, pushed.found, bound), pushed.condition])
            since, count = await self._begin(condition, bound, slice_, looked_at)
            if not count:
                return Facets(0, ())
            return await self._counted(condition, bound, Slice(since, slice_.end), pushed.found, values, looked_at)

    async def _begin(self, condition: str, bound: Bindings, slice_: Slice, enough: int) -> tuple[int, int]:
        """Return since when there are about enough lines, and how many there are."""
        count = 0
        start = slice_.start
        for part in slices(slice_, backward=True):
            asked = Bindings(bound.parameters)
            where = both([condition, of_slice(part, asked)])
            rows = await self._source.sessions.query(
                f"SELECT count() AS found FROM log_records WHERE {where}", asked.parameters
            )
            count += int(rows.column("found")[0].as_py())
            start = part.start
            if count >= enough:
                break
        return start, count

    async def _counted(
        self, condition: str, bound: Bindings, slice_: Slice, found: Found, values: int, looked_at: int
    ) -> Facets:
        asked = Bindings(bound.parameters)
        where = both([condition, of_slice(slice_, asked)])
        newest = (
            f"(SELECT {COLUMNS} FROM log_records WHERE {where} ORDER BY ts DESC"
            f" LIMIT {asked.bind(looked_at, 'UInt64')})"
        )
        pairs = (
            "arrayConcat(arrayMap((name, text) -> ('attribute', toString(name), text), mapKeys(attributes),"
            " mapValues(attributes)), arrayMap((name, text) -> ('field', toString(name), text), mapKeys(fields),"
            " mapValues(fields)), [('level', '', toString(severity)), ('stream', '', toString(origin_id))])"
        )
        counted = (
            f"SELECT arrayJoin({pairs}) AS pair, pair.1 AS kind, pair.2 AS name, pair.3 AS text, count() AS lines"
            f" FROM {newest} GROUP BY pair"
        )
        # Of streams and levels all are wanted, since it is their labels and names that are counted.
        most = asked.bind(values, "UInt32")
        all_of = "kind IN ('stream', 'level')"
        top = f"arraySlice(arrayReverseSort(groupArray((lines, text))), 1, if({all_of}, 1000000, {most}))"
        sql = (
            f"SELECT kind, name, sum(lines) AS total, count() AS different, {top} AS top, top.1 AS numbers,"
            f" top.2 AS texts FROM ({counted}) GROUP BY kind, name"
        )
        rows = await self._source.sessions.query(sql, asked.parameters)
        return _facets(rows, found, values)


def _facets(rows: pa.Table, found: Found, values: int) -> Facets:
    facets: list[Facet] = []
    lines = 0
    for row in rows.select(["kind", "name", "total", "different", "numbers", "texts"]).to_pylist():
        top = [Value(text, count) for text, count in zip(row["texts"], row["numbers"], strict=True)]
        match row["kind"]:
            case "stream":
                lines = row["total"]
                facets += _labels(top, found, values)
            case "level":
                facets.append(_levels(top, row["total"], values))
            case kind:
                facets.append(Facet(row["name"], kind, row["total"], row["different"], top))
    return Facets(lines, sorted(facets, key=lambda one: (-one.lines, one.kind, one.name)))


def _levels(severities: Sequence[Value], lines: int, values: int) -> Facet:
    counts: dict[str, int] = {}
    for one in severities:
        level = LEVELS[(min(int(one.text), 24) + 3) // 4]
        counts[level] = counts.get(level, 0) + one.lines
    return _facet(LEVEL, "level", lines, counts, values)


def _labels(streams: Sequence[Value], found: Found, values: int) -> list[Facet]:
    counts: dict[str, dict[str, int]] = {}
    for one in streams:
        origin = found.origins[int(np.searchsorted(found.ids, np.uint64(one.text)))]
        for name, text in origin.labels.items():
            of_name = counts.setdefault(name, {})
            of_name[text] = of_name.get(text, 0) + one.lines
    return [_facet(name, "label", sum(of.values()), of, values) for name, of in counts.items()]


def _facet(name: str, kind: str, lines: int, counts: dict[str, int], values: int) -> Facet:
    top = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return Facet(name, kind, lines, len(counts), [Value(text, count) for text, count in top[:values]])
