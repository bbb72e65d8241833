"""Records that have just become durable, as the lines of a query that is asked of them for ever."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.errors import Span
from firstlight.query.logql.ast import LabelFilterStage, LogQuery, Matcher, StringFilter
from firstlight.query.logql.pipeline import Pipeline, compile_stages
from firstlight.query.logql.source_lines import Wanted
from firstlight.query.logql.streams import Found
from firstlight.query.logs.lines import FoundLine, kept_lines

MAX_REMEMBERED: Final = 1_000_000
"""How many lines a pipeline works on before it is made anew, with what it remembers of labels."""

_NOWHERE: Final = Span(0, 0)


class NewLines:
    """What of news a query keeps. Used by one thread at a time."""

    def __init__(self, query: LogQuery, *, level: bool) -> None:
        """Take a query; with `level`, lines have `detected_level`."""
        self._query = query
        self._wanted = Wanted(level)
        self._others: tuple[Matcher, ...] = ()
        self._pipeline = self._compiled()
        self._seen = 0

    @property
    def matchers(self) -> tuple[Matcher, ...]:
        """What the streams must be."""
        return self._query.selector.matchers

    def of(self, rows: pa.Table, found: Found) -> list[FoundLine]:
        """Return the lines of committed rows that are in the streams that were `found`, and that the stages keep."""
        rows = _selected(rows, found)
        if not rows.num_rows:
            return []
        if found.others != self._others or self._seen > MAX_REMEMBERED:
            self._others, self._seen = found.others, 0
            self._pipeline = self._compiled()
        self._seen += rows.num_rows
        return kept_lines(self._pipeline, _as_read(rows), found, self._wanted)

    def _compiled(self) -> Pipeline:
        filters = tuple(
            LabelFilterStage(span=_NOWHERE, filter=StringFilter(span=_NOWHERE, matcher=one)) for one in self._others
        )
        return compile_stages((*filters, *self._query.stages))


def _selected(rows: pa.Table, found: Found) -> pa.Table:
    if not len(found):
        return rows.slice(0, 0)
    ids = rows["origin_id"].to_numpy()
    inside = found.ids[np.minimum(np.searchsorted(found.ids, ids), len(found) - 1)] == ids
    return rows if inside.all() else rows.filter(pa.array(inside))


def _as_read(rows: pa.Table) -> pa.Table:
    """Return committed rows with the columns that a query reads of the store."""
    severity, text = rows["severity"], rows["severity_text"].cast(pa.string())
    trace, span = _hexadecimal(rows["trace_id"]), _hexadecimal(rows["span_id"])
    return pa.table(
        {
            "ns": rows["ts"].cast(pa.int64()),
            "body": rows["body"].cast(pa.string()),
            "origin_id": rows["origin_id"],
            "attributes": rows["attributes"],
            "own_trace_id": trace,
            "own_span_id": span,
            "own_severity_text": text,
            "own_severity_number": pc.if_else(pc.equal(text, ""), "", severity.cast(pa.string())),
            "own_level": severity,
            "stored_severity": severity,
            "stored_trace_id": trace,
            "stored_span_id": span,
        }
    )


def _hexadecimal(ids: pa.ChunkedArray) -> pa.Array:
    return pa.array([one.hex() if any(one) else "" for one in ids.to_pylist()], pa.string())
