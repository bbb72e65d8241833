"""Records that have just become durable, as the answer of a query that is asked of them for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from firstlight.api.loki.followers import News
from firstlight.api.loki.render import stream_json
from firstlight.errors import Span
from firstlight.query.logql.ast import LabelFilterStage, LogQuery, Matcher, StringFilter
from firstlight.query.logql.lines import LineLabels
from firstlight.query.logql.pipeline import Pipeline, compile_stages
from firstlight.query.logql.result import Entry, Stream, Streams
from firstlight.query.logql.source_lines import Wanted, lines_of
from firstlight.query.logql.streams import Found

MAX_LABELS: Final = 10_000
"""How many sets of labels a pipeline may remember before it is made anew."""

TOGETHER: Final = 1_000
"""How many lines one frame has at most."""

Said = tuple[int, str]


class Following:
    """What one who follows has asked for. Used by one thread at a time."""

    def __init__(self, query: LogQuery, *, level: bool, categorized: bool = False) -> None:
        """Take a query of lines; with `level`, lines have `detected_level`."""
        self._query = query
        self._wanted = Wanted(level)
        self._categorized = categorized
        self._others: tuple[Matcher, ...] = ()
        self._pipeline = self._compiled()
        self._sent: Counter[Said] = Counter()

    @property
    def matchers(self) -> tuple[Matcher, ...]:
        """What the streams must be."""
        return self._query.selector.matchers

    def history(self, found: Streams) -> Iterable[bytes]:
        """Yield frames of lines that were there before; they are not sent again if they come as news, too."""
        lines = [(entry.ts, number, entry) for number, one in enumerate(found.streams) for entry in one.entries]
        lines.sort(key=lambda line: line[0])
        self._sent.update((ts, entry.line) for ts, _, entry in lines)
        for start in range(0, len(lines), TOGETHER):
            entries: dict[int, list[Entry]] = {}
            for _, number, entry in lines[start : start + TOGETHER]:
                entries.setdefault(number, []).append(entry)
            yield self._frame([Stream(found.streams[number].labels, some) for number, some in entries.items()], [])

    def frames(self, news: News, found: Found) -> Iterable[bytes]:
        """Yield what of some news is in the streams that were `found`, and comes out of the stages."""
        dropped = self._dropped(news.dropped, found)
        rows = _selected(news.rows, found)
        if not rows.num_rows:
            if dropped:
                yield self._frame([], dropped)
            return
        if found.others != self._others:
            self._others = found.others
            self._pipeline = self._compiled()
        lines = lines_of(_as_read(rows), found, self._wanted)
        processed = self._pipeline.run(lines)
        times = lines.ts[processed.rows]
        for start in range(0, len(times), TOGETHER):
            part = slice(start, start + TOGETHER)
            told = zip(
                times[part].tolist(),
                processed.line[start : start + TOGETHER].to_pylist(),
                processed.labels_of[part].tolist(),
                strict=True,
            )
            yield self._frame(self._streams(told, processed.labels), dropped)
            dropped = []
        if dropped:
            yield self._frame([], dropped)
        if len(processed.labels) > MAX_LABELS:
            self._pipeline = self._compiled()

    def _streams(self, told: Iterable[tuple[int, str, int]], labels: Sequence[LineLabels]) -> list[Stream]:
        entries: dict[frozenset[tuple[str, str]], list[Entry]] = {}
        named: dict[int, frozenset[tuple[str, str]]] = {}
        for ts, line, place in told:
            if self._sent and self._sent[ts, line] > 0:
                self._sent[ts, line] -= 1
                continue
            if place not in named:
                shown = labels[place].stream if self._categorized else labels[place].all
                named[place] = frozenset(shown.items())
            one = labels[place]
            entries.setdefault(named[place], []).append(Entry(ts, line, one.metadata, one.parsed))
        return [Stream(dict(sorted(key)), some) for key, some in entries.items()]

    def _frame(self, streams: Sequence[Stream], dropped: Sequence[Mapping[str, Any]]) -> bytes:
        shown = b",".join(stream_json(stream, categorized=self._categorized) for stream in streams)
        flags = b',"encodingFlags":["categorize-labels"]' if self._categorized else b""
        return b'{"streams":[' + shown + b'],"dropped_entries":' + orjson.dumps(dropped) + flags + b"}"

    def _dropped(self, dropped: Sequence[tuple[int, int]], found: Found) -> list[Mapping[str, Any]]:
        places = {origin: place for place, origin in enumerate(found.ids.tolist())} if dropped else {}
        return [
            {"labels": dict(found.origins[places[origin]].labels), "timestamp": str(ts)}
            for origin, ts in dropped
            if origin in places
        ]

    def _compiled(self) -> Pipeline:
        filters = tuple(
            LabelFilterStage(span=Span(0, 0), filter=StringFilter(span=Span(0, 0), matcher=one)) for one in self._others
        )
        return compile_stages((*filters, *self._query.stages))


def _selected(rows: pa.Table, found: Found) -> pa.Table:
    if not len(found):
        return rows.slice(0, 0)
    ids = rows["origin_id"].to_numpy()
    inside = found.ids[np.minimum(np.searchsorted(found.ids, ids), len(found) - 1)] == ids
    return rows if inside.all() else rows.filter(pa.array(inside))


def _as_read(rows: pa.Table) -> pa.Table:
    """Return rows with the columns that a query reads of the store."""
    text = rows["severity_text"].cast(pa.string())
    numbers = [
        str(severity) if given else ""
        for severity, given in zip(rows["severity"].to_pylist(), text.to_pylist(), strict=True)
    ]
    return pa.table(
        {
            "ns": rows["ts"].cast(pa.int64()),
            "body": rows["body"].cast(pa.string()),
            "origin_id": rows["origin_id"],
            "attributes": rows["attributes"],
            "own_trace_id": _hexadecimal(rows["trace_id"]),
            "own_span_id": _hexadecimal(rows["span_id"]),
            "own_severity_text": text,
            "own_severity_number": pa.array(numbers, pa.string()),
            "own_level": rows["severity"],
        }
    )


def _hexadecimal(ids: pa.ChunkedArray) -> pa.Array:
    return pa.array([one.hex() if any(one) else "" for one in ids.to_pylist()], pa.string())
