"""Rows of `log_records` as lines with their streams and structured metadata: columns to columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.query.logql.lines import Lines, Places
from firstlight.query.logql.sql_fields import INTRINSIC, LEVEL, LEVELS
from firstlight.query.logql.streams import Found, spelled

TEXTS: Final = pa.map_(pa.string(), pa.string())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which structured metadata is read: all of it, or some names. `level`: lines have `detected_level`."""

    level: bool
    names: frozenset[str] | None = None

    def has(self, name: str) -> bool:
        """Return whether `name` is wanted."""
        return self.names is None or name in self.names

    @property
    def beside_line(self) -> Sequence[tuple[str, str]]:
        """What is selected besides the line itself: expressions, and the names of their columns."""
        columns = []
        if self.names is None or self.names:
            columns.append(("attributes", "attributes"))
        columns += [(sql, f"own_{name}") for name, sql in INTRINSIC.items() if self.has(name)]
        if self.level and self.has(LEVEL):
            columns.append(("severity", "own_level"))
        return columns

    @property
    def columns(self) -> str:
        """The columns to select."""
        line = ("toUnixTimestamp64Nano(ts) AS ns", "body", "origin_id")
        return ", ".join([*line, *(f"{sql} AS {name}" for sql, name in self.beside_line)])


def lines_of(rows: pa.RecordBatch | pa.Table, found: Found, wanted: Wanted) -> Lines:
    """Return rows, which have the columns of `wanted`, as lines."""
    if isinstance(rows, pa.Table):
        rows = _one_batch(rows)
    streams = _streams(rows, found)
    return _lines(rows, streams, found, _metadata(rows, streams, found, wanted))


def lines_of_columns(
    rows: pa.Table,
    found: Found,
    names: Sequence[str],
    streams: Places | None = None,
    severities: npt.NDArray[np.int64] | None = None,
) -> Lines:
    """Return rows as lines whose metadata `names` stand in the columns `m0`, `m1`, … and no other matters.

    `streams` are the places of their streams, else they have the ids of these; with `severities`, they have a level.
    """
    batch = _one_batch(rows)
    if streams is None:
        streams = _streams(batch, found)
    parts: list[_Part] = []
    for number, name in enumerate(names):
        parts.append(_present(_text(batch.column(f"m{number}")), name))
    for name in dict.fromkeys(name for origin in found.origins for name in origin.beside):
        given = [part.rows for part in parts if len(part.names) and part.names[0].as_py() == name]
        beside = _beside(name, streams, found)
        parts.append(_without(beside, np.concatenate(given)) if given else beside)
    if severities is not None:
        levels = _levels(severities)
        given = [part.rows for part in parts if len(part.names) and part.names[0].as_py() == LEVEL]
        parts.append(_without(levels, np.concatenate(given)) if given else levels)
    return _lines(batch, streams, found, _joined(parts, batch.num_rows))


def _lines(rows: pa.RecordBatch, streams: Places, found: Found, metadata: pa.MapArray | None) -> Lines:
    """Return lines; rows that stand for several lines have no time and no text."""
    has_line = "body" in rows.schema.names
    count = rows.num_rows
    return Lines(
        ts=rows.column("ns").to_numpy(zero_copy_only=False) if has_line else np.zeros(count, np.int64),
        line=_text(rows.column("body")) if has_line else pa.repeat("", count),
        stream=streams,
        streams=[origin.labels for origin in found.origins] or [{}],
        metadata=metadata,
    )


def _streams(rows: pa.RecordBatch, found: Found) -> Places:
    if "origin_id" not in rows.schema.names:
        return np.zeros(rows.num_rows, np.int32)
    ids = rows.column("origin_id").to_numpy(zero_copy_only=False)
    streams: Places = np.searchsorted(found.ids, ids).astype(np.int32)
    return streams


def _one_batch(rows: pa.Table) -> pa.RecordBatch:
    batches = rows.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], rows.schema)


def _text(column: pa.Array) -> pa.StringArray:
    """Return texts as such, whether or not the engine said that they are; bytes that are no UTF-8 are U+FFFD."""
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        try:
            return column.cast(pa.string())
        except pa.ArrowInvalid:
            return pa.array([value.decode(errors="replace") for value in column.to_pylist()], pa.string())
    return column.cast(pa.string())


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some entries of metadata: the row of each, its name and its text."""

    rows: npt.NDArray[np.int64]
    names: pa.StringArray
    texts: pa.StringArray


def _metadata(rows: pa.RecordBatch, streams: Places, found: Found, wanted: Wanted) -> pa.MapArray | None:
    parts = [] if "attributes" not in rows.schema.names else [_attributes(rows.column("attributes"), wanted)]
    for name in INTRINSIC:
        if f"own_{name}" in rows.schema.names:
            own = _of_described(_present(_text(rows.column(f"own_{name}")), name), streams, found)
            parts.append(_unless_there(parts, name, own))
    if "own_level" in rows.schema.names:
        parts.append(
            _unless_there(
                parts, LEVEL, _levels(rows.column("own_level").to_numpy(zero_copy_only=False).astype(np.int64))
            )
        )
    for name in dict.fromkeys(name for origin in found.origins for name in origin.beside):
        if wanted.has(name):
            parts.append(_unless_there(parts, name, _beside(name, streams, found)))
    return _joined(parts, rows.num_rows)


def _joined(parts: Sequence[_Part], count: int) -> pa.MapArray | None:
    """Return the metadata of `count` rows, None if no row has any."""
    parts = [part for part in parts if len(part.rows)]
    if not parts:
        return None
    places = np.concatenate([part.rows for part in parts])
    order = np.argsort(places, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(places, minlength=count))]).astype(np.int32)
    taken = pa.array(order)
    names = pa.concat_arrays([part.names for part in parts]).take(taken)
    texts = pa.concat_arrays([part.texts for part in parts]).take(taken)
    return pa.MapArray.from_arrays(pa.array(offsets), names, texts)


def _attributes(maps: pa.MapArray, wanted: Wanted) -> _Part:
    offsets = maps.offsets.to_numpy()
    inside = slice(int(offsets[0]), int(offsets[-1]))
    places = np.repeat(np.arange(len(maps)), np.diff(offsets))
    keys = _text(maps.keys[inside]).dictionary_encode()
    names = [spelled(name) for name in keys.dictionary.to_pylist()]
    texts = _text(maps.items[inside])
    codes = keys.indices.to_numpy(zero_copy_only=False)
    kept = np.array([wanted.has(name) for name in names], bool)[codes] if names else np.zeros(0, bool)
    if len(set(names)) < len(names):
        kept &= _first_of_row(places, np.array([names.index(name) for name in names])[codes])
    spelt = pa.DictionaryArray.from_arrays(keys.indices, pa.array(names, pa.string())).cast(pa.string())
    if bool(kept.all()):
        return _Part(places, spelt, texts)
    mask = pa.array(kept)
    return _Part(places[kept], spelt.filter(mask), texts.filter(mask))


def _first_of_row(places: npt.NDArray[np.int64], codes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which entries are the first of their row with their name: two may be spelled alike."""
    _, firsts = np.unique(np.stack([places, codes]), axis=1, return_index=True)
    kept = np.zeros(len(places), bool)
    kept[firsts] = True
    return kept


def _present(texts: pa.StringArray, name: str) -> _Part:
    there = pc.not_equal(texts, "")
    places = np.flatnonzero(there.to_numpy(zero_copy_only=False))
    return _Part(places, pa.array([name] * len(places), pa.string()), texts.filter(there))


def _of_described(part: _Part, streams: Places, found: Found) -> _Part:
    """Return the entries of the lines whose senders describe themselves."""
    described = np.array([origin.described for origin in found.origins], bool)
    if bool(described.all()):
        return part
    return _without(part, part.rows[~described[streams[part.rows]]])


def _levels(numbers: npt.NDArray[np.int64]) -> _Part:
    levels = pa.array(LEVELS, pa.string()).take(pa.array((np.minimum(numbers, 24) + 3) // 4))
    return _Part(np.arange(len(numbers)), pa.array([LEVEL] * len(numbers), pa.string()), levels)


def _beside(name: str, streams: Places, found: Found) -> _Part:
    values: Sequence[str | None] = [origin.beside.get(name) for origin in found.origins]
    texts = pa.array(values, pa.string()).take(pa.array(streams))
    there = texts.is_valid()
    places = np.flatnonzero(there.to_numpy(zero_copy_only=False))
    return _Part(places, pa.array([name] * len(places), pa.string()), texts.filter(there))


def _unless_there(parts: Collection[_Part], name: str, part: _Part) -> _Part:
    """Return `part` without the rows to which the sender gave `name` himself, which is in the first of `parts`."""
    for given in list(parts)[:1]:
        rows = given.rows[pc.equal(given.names, name).to_numpy(zero_copy_only=False)]
        if len(rows):
            return _without(part, rows)
    return part


def _without(part: _Part, rows: npt.NDArray[np.int64]) -> _Part:
    kept = ~np.isin(part.rows, rows)
    return _Part(part.rows[kept], part.names.filter(pa.array(kept)), part.texts.filter(pa.array(kept)))
