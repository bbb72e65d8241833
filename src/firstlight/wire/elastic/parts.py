"""Records of documents of one shape, and how those of several shapes become one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.errors import DecodeError
from firstlight.wire.elastic.shapes import Places
from firstlight.wire.logs.sheet import NO_SPAN, NO_TRACE, Sheet
from firstlight.wire.origins import Origin

MAX_BYTES: Final = 2**31 - 1
"""How many bytes the names of all attributes of one request may have."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Records that have the same attributes; columns that say nothing are empty."""

    rows: Places
    """Where the documents were in the request."""
    origin_of: npt.NDArray[np.int64]
    ts: npt.NDArray[np.int64]
    body: Sequence[str]
    level: Sequence[str]
    trace: str
    span: str
    """The hexadecimal digits of all ids."""
    names: Sequence[str]
    values: Sequence[Sequence[str]]
    """For each name the values."""
    letters: str | Sequence[str]
    """Of each record, or of all."""


def sheet(origins: Sequence[Origin], parts: Sequence[Part], severities: dict[str, int]) -> Sheet:
    """Return the records of all parts in the order of their documents."""
    counts = [len(part.ts) for part in parts]
    order = np.concatenate([np.asarray(part.rows, np.int64) for part in parts])
    levels = _texts([part.level for part in parts], counts)
    severity = np.fromiter(map(severities.__getitem__, levels), np.uint8, len(levels))
    found = pa.table(
        {
            "origin_of": np.concatenate([part.origin_of for part in parts]),
            "ts": np.concatenate([part.ts for part in parts]),
            "body": pa.array(_texts([part.body for part in parts], counts), pa.string()),
            "severity": severity,
            "severity_text": pa.array(levels, pa.string()),
            "attributes": _maps(parts, counts),
            "attribute_types": pa.array(_texts([part.letters for part in parts], counts), pa.string()),
            "trace_id": _ids([part.trace for part in parts], counts, NO_TRACE),
            "span_id": _ids([part.span for part in parts], counts, NO_SPAN),
        }
    )
    if (order[1:] < order[:-1]).any():
        places = np.empty_like(order)
        places[order] = np.arange(len(order))
        found = found.take(pa.array(places))
    columns = {name: found[name].combine_chunks() for name in found.column_names}
    return Sheet(
        origins=origins,
        origin_of=columns["origin_of"].to_numpy(),
        ts=columns["ts"].to_numpy(),
        body=columns["body"],
        severity=columns["severity"].to_numpy(),
        severity_text=columns["severity_text"],
        attributes=columns["attributes"],
        attribute_types=columns["attribute_types"],
        trace_id=columns["trace_id"] if any(part.trace for part in parts) else None,
        span_id=columns["span_id"] if any(part.span for part in parts) else None,
    )


def _texts(columns: Sequence[str | Sequence[str]], counts: Sequence[int]) -> Sequence[str]:
    whole: list[Sequence[str]] = [
        [column] * count if isinstance(column, str) else column or [""] * count
        for column, count in zip(columns, counts, strict=True)
    ]
    return whole[0] if len(whole) == 1 else list(chain.from_iterable(whole))


def _ids(columns: Sequence[str], counts: Sequence[int], none: bytes) -> pa.FixedSizeBinaryArray:
    found = b"".join(
        bytes.fromhex(column) if column else none * count for column, count in zip(columns, counts, strict=True)
    )
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(len(none)), sum(counts), [None, pa.py_buffer(found)])


def _maps(parts: Sequence[Part], counts: Sequence[int]) -> pa.MapArray:
    widths = np.repeat([len(part.names) for part in parts], counts)
    ends = np.concatenate([[0], np.cumsum(widths)])
    if sum(sum(map(len, part.names)) * 4 * count for part, count in zip(parts, counts, strict=True)) > MAX_BYTES:
        raise DecodeError("cannot read the documents: the names of their fields are too long; want fewer documents")
    names = [_tiled(part.names, count) for part, count in zip(parts, counts, strict=True)]
    values = [value for part in parts for row in zip(*part.values, strict=True) for value in row]
    return pa.MapArray.from_arrays(pa.array(ends, pa.int32()), pa.concat_arrays(names), pa.array(values, pa.string()))


def _tiled(names: Sequence[str], count: int) -> pa.StringArray:
    """Return names `count` times one after the other."""
    encoded = [name.encode() for name in names]
    ends = np.cumsum([len(name) for name in encoded], dtype=np.int64)
    length = int(ends[-1]) if len(ends) else 0
    offsets: npt.NDArray[Any] = np.zeros(len(names) * count + 1, np.int32)
    offsets[1:] = (np.arange(count)[:, None] * length + ends).ravel()
    text = b"".join(encoded) * count
    return pa.StringArray.from_buffers(len(names) * count, pa.py_buffer(offsets), pa.py_buffer(text))
