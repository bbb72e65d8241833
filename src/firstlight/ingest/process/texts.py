"""Columns of texts, looked at as bytes: where each begins and ends, its first and last byte."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes: TypeAlias = npt.NDArray[np.uint8]
Offsets: TypeAlias = npt.NDArray[np.int32]


def plain(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column in one piece."""
    if isinstance(column, pa.ChunkedArray):
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return column


def buffers(column: pa.StringArray) -> tuple[Offsets, Bytes]:
    """Return where each text starts in the bytes, and after the last where that ends; and the bytes."""
    _, starts, data = column.buffers()
    if starts is None or not len(column):
        return np.zeros(1, np.int32), np.zeros(0, np.uint8)
    found = np.frombuffer(starts, np.int32, len(column) + 1, column.offset * 4)
    return found, np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)


def lengths(column: pa.StringArray) -> npt.NDArray[np.int32]:
    """Return how many bytes each text has."""
    found: npt.NDArray[np.int32] = np.diff(buffers(column)[0])
    return found


def first_bytes(column: pa.StringArray) -> Bytes:
    """Return the first byte of each text, 0 of an empty one."""
    starts, data = buffers(column)
    found = np.zeros(len(column), np.uint8)
    filled = starts[1:] > starts[:-1]
    found[filled] = data[starts[:-1][filled]]
    return found


def last_bytes(column: pa.StringArray) -> Bytes:
    """Return the last byte of each text, 0 of an empty one."""
    starts, data = buffers(column)
    found = np.zeros(len(column), np.uint8)
    filled = starts[1:] > starts[:-1]
    found[filled] = data[starts[1:][filled] - 1]
    return found


def windows(column: pa.StringArray, width: int) -> Bytes:
    """Return the first `width` bytes of each text as rows of a matrix, filled up with zeros."""
    starts, data = buffers(column)
    places = starts[:-1].astype(np.int64)[:, None] + np.arange(width)
    inside = places < starts[1:].astype(np.int64)[:, None]
    if not len(data):
        return np.zeros(places.shape, np.uint8)
    found: Bytes = np.where(inside, data[np.minimum(places, len(data) - 1)], np.uint8(0))
    return found


def matrix(column: pa.StringArray, width: int) -> Bytes:
    """Return texts that all have `width` bytes as rows of a matrix."""
    starts, data = buffers(column)
    return data[starts[0] : starts[-1]].reshape(-1, width)


def replaced(column: pa.Array, rows: npt.NDArray[np.int64], values: Any) -> pa.Array:
    """Return a column in which `rows` have other values."""
    if not len(rows):
        return column
    new = values if isinstance(values, pa.Array) else pa.array(values, column.type)
    order = np.arange(len(column))
    order[rows] = len(column) + np.arange(len(rows))
    return pa.concat_arrays([column, new]).take(pa.array(order))
