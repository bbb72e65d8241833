"""Exemplars of series, by selectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.query.engine import Sessions
from firstlight.query.metrics.extent import of_series, rows_of
from firstlight.query.metrics.series import Found
from firstlight.query.promql.values import Labels

TRACE_ID: Final = "trace_id"
SPAN_ID: Final = "span_id"
NO_TRACE: Final = bytes(16)
NO_SPAN: Final = bytes(8)


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A measurement kept as an example; its trace is among the labels."""

    labels: Labels
    value: float
    ts: int


@dataclass(frozen=True, slots=True)
class SeriesExemplars:
    """The exemplars of a series, by time."""

    series: Labels
    exemplars: Sequence[Exemplar]


async def read_exemplars(
    sessions: Sessions, tenant: str, found: Found, start_ms: int, end_ms: int, *, limit: int = 10_000
) -> list[SeriesExemplars]:
    """Return the exemplars of `found`, series without any left out; the newest `limit` at most. Raise QueryFailed."""
    if not len(found):
        return []
    condition = of_series(tenant, found, start_ms, end_ms)
    sql = (
        "SELECT series_id, ts, value, trace_id, span_id, attributes FROM exemplars"
        f" WHERE {condition.sql} ORDER BY ts DESC, series_id LIMIT 1 BY series_id, ts, value LIMIT {{most:UInt64}}"
    )
    rows = await sessions.query(sql, {**condition.parameters, "most": limit})
    places, known = rows_of(rows.column("series_id").to_numpy(), found)
    times = rows.column("ts").cast(pa.int64()).to_pylist()
    columns = (rows.column(name).to_pylist() for name in ("value", "trace_id", "span_id", "attributes"))
    by_series: dict[int, list[Exemplar]] = {}
    for place, ts, value, trace, span, attributes in zip(places.tolist(), times, *columns, strict=True):
        by_series.setdefault(place, []).append(Exemplar(_labels(trace, span, dict(attributes)), value, ts))
    there = set(places[np.asarray(known)].tolist())
    return sorted(
        (SeriesExemplars(found.labels[place], each[::-1]) for place, each in by_series.items() if place in there),
        key=lambda one: one.series,
    )


def _labels(trace: bytes, span: bytes, attributes: dict[str, str]) -> Labels:
    if trace != NO_TRACE:
        attributes[TRACE_ID] = trace.hex()
    if span != NO_SPAN:
        attributes[SPAN_ID] = span.hex()
    return tuple(sorted((name, text) for name, text in attributes.items() if text))
