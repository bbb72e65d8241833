"""Pushes as JSON: the form that Loki has now, and the one it had before.

The values of a stream are taken as columns: one `zip` turns the list of its entries into lists of times and lines,
which Arrow reads whole. Only where something is wrong they are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from firstlight.errors import DecodeError
from firstlight.wire.loki.complaints import MALFORMED_OBJECT, MALFORMED_STRING, MALFORMED_VALUE, not_json, wrong_stream
from firstlight.wire.loki.labels import BadLabels, labels_text, read_labels
from firstlight.wire.loki.lenient_json import loads
from firstlight.wire.loki.limits import Fault, bad_labels
from firstlight.wire.loki.push import Push

MAP: Final = pa.map_(pa.string(), pa.string())


class WrongEntry(ValueError):
    """An entry that has something else where a text, or an object, must be."""


def read_push(body: bytes) -> Push:
    """Return what a JSON body carries. Raise DecodeError with Loki's words if it cannot be read."""
    streams = _streams(body)
    try:
        labels = [_labels(stream.get("stream")) for stream in streams]
        parts = [_columns(stream.get("values"), _unread) for stream in streams]
        # The times of all streams are read at once: a push has many streams, and most of them few entries.
        return _joined(labels, parts, _times(_all([part.ts for part in parts])))
    except WrongEntry as error:
        raise DecodeError(_first_wrong(body, streams, str(error))) from None


def _first_wrong(body: bytes, streams: Sequence[dict[str, Any]], otherwise: str) -> str:
    """Return what is told of the first entry that is wrong."""
    for number, stream in enumerate(streams):
        try:
            _labels(stream.get("stream"))
            _columns(stream.get("values"), _times)
        except WrongEntry as error:
            return wrong_stream(body, number, str(error))
    return otherwise


def read_legacy_push(body: bytes) -> Push:
    """Return what a JSON body of the API before version 1 carries: labels as text, times as RFC 3339 writes them."""
    labels: list[Mapping[str, str] | Fault] = []
    parts: list[_Columns] = []
    for number, stream in enumerate(_streams(body)):
        text = stream.get("labels", "")
        try:
            if not isinstance(text, str):
                raise WrongEntry(MALFORMED_STRING)
            labels.append(labels_of(text))
            parts.append(_legacy_columns(stream.get("entries")))
        except WrongEntry as error:
            raise DecodeError(wrong_stream(body, number, str(error))) from None
    return _joined(labels, parts, np.array(_all([part.ts for part in parts]), np.int64))


def labels_of(text: str) -> Mapping[str, str] | Fault:
    """Return the labels that a text tells, or what is told of it."""
    try:
        return read_labels(text)
    except BadLabels as error:
        return bad_labels(text, error)


class _Columns:
    """The entries of one stream."""

    __slots__ = ("line", "metadata", "ts")

    def __init__(self, ts: Sequence[Any], line: Sequence[Any], metadata: Sequence[Any] | None = None) -> None:
        self.ts = ts
        self.line = line
        self.metadata = metadata


Read = Callable[[Sequence[Any]], Sequence[Any]]
"""What is made of the times of one stream."""


def _streams(body: bytes) -> list[dict[str, Any]]:
    try:
        found = loads(body)
    except orjson.JSONDecodeError as error:
        raise DecodeError(not_json(body, error)) from None
    streams = (found.get("streams") or []) if isinstance(found, dict) else None
    if not isinstance(streams, list):
        raise DecodeError('cannot read the body as a push: want an object with "streams", a list')
    for number, stream in enumerate(streams):
        if not isinstance(stream, dict):
            raise DecodeError(wrong_stream(body, number, MALFORMED_OBJECT))
    return streams


def _labels(stream: Any) -> Mapping[str, str] | Fault:
    if stream is None:
        return {}
    if not isinstance(stream, dict):
        raise WrongEntry(MALFORMED_OBJECT)
    if not all(type(value) is str for value in stream.values()):
        raise WrongEntry(MALFORMED_STRING)
    for name in stream:
        # A name is good if it is one to Python, too: that is asked first, since it is asked in C.
        if not (name.isidentifier() and name.isascii()):
            return labels_of(labels_text(stream))
    return stream


def _columns(values: Any, read: Read) -> _Columns:
    """Return the entries of a stream. Raise WrongEntry."""
    if not values:
        return _Columns((), ())
    if not isinstance(values, list):
        raise WrongEntry(MALFORMED_VALUE)
    try:
        widths = set(map(len, values))
        if widths == {2}:
            ts, line = zip(*values, strict=True)
            return _Columns(read(ts), _texts(line))
        if widths == {3}:
            ts, line, metadata = zip(*values, strict=True)
            return _Columns(read(ts), _texts(line), _maps(metadata))
    except TypeError:  # an entry that has no length
        pass
    return _mixed(values, read)


def _mixed(values: list[Any], read: Read) -> _Columns:
    """Return entries of which some have metadata and others have not, as Loki takes them."""
    values = [value for value in values if value is not None]
    if not all(isinstance(value, list) for value in values):
        raise WrongEntry(MALFORMED_VALUE)
    padded = [(*value[:3], *("0", "", {})[len(value) :]) for value in values]
    if not padded:
        return _Columns((), ())
    ts, line, metadata = zip(*padded, strict=True)
    return _Columns(read(ts), _texts(line), _maps(metadata))


def _unread(texts: Sequence[Any]) -> Sequence[Any]:
    return texts


def _all(parts: Sequence[Sequence[Any]]) -> list[Any]:
    return list(chain.from_iterable(parts))


def _times(texts: Sequence[Any]) -> Any:
    try:
        found: npt.NDArray[np.int64] = pa.array(texts, pa.string()).cast(pa.int64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError):
        raise WrongEntry(MALFORMED_VALUE) from None
    return found


def _texts(values: Sequence[Any]) -> Sequence[str]:
    if set(map(type, values)) != {str}:
        raise WrongEntry(MALFORMED_STRING)
    return values


def _maps(values: Sequence[Any]) -> Sequence[Mapping[str, str]]:
    if set(map(type, values)) != {dict}:
        raise WrongEntry(MALFORMED_OBJECT)
    if not set(map(type, chain.from_iterable(value.values() for value in values))) <= {str}:
        raise WrongEntry(MALFORMED_STRING)
    return values


def _legacy_columns(entries: Any) -> _Columns:
    if not entries:
        return _Columns((), ())
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise WrongEntry(MALFORMED_OBJECT)
    ts = [_rfc_3339(entry.get("ts") or entry.get("timestamp")) for entry in entries]
    return _Columns(ts, _texts([entry.get("line", "") for entry in entries]))


def _rfc_3339(value: Any) -> int:
    """Return the nanoseconds of a time. Raise WrongEntry."""
    if not isinstance(value, str):
        raise WrongEntry(MALFORMED_STRING)
    # Python reads microseconds; what is finer is added.
    head, point, rest = value.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    try:
        moment = datetime.fromisoformat(f"{head}{rest[len(digits) :]}" if point else value)
    except ValueError:
        raise WrongEntry(f"cannot read the time {value[:40]!r}; want RFC 3339") from None
    if moment.tzinfo is None:
        raise WrongEntry(f"cannot read the time {value[:40]!r}; want RFC 3339")
    return round(moment.timestamp()) * 10**9 + int(digits[:9].ljust(9, "0"))


def _joined(labels: Sequence[Mapping[str, str] | Fault], parts: Sequence[_Columns], ts: npt.NDArray[np.int64]) -> Push:
    counts = np.array([len(part.line) for part in parts], np.int64)
    line = _strings(_all([part.line for part in parts]))
    return Push(labels, counts, ts, line, _metadata(parts, counts))


def _metadata(parts: Sequence[_Columns], counts: npt.NDArray[np.int64]) -> pa.MapArray | None:
    """Return the structured metadata of all entries, built of its names and values as columns."""
    maps = [part.metadata or [{}] * len(part.line) for part in parts] if any(part.metadata for part in parts) else []
    flat = list(chain.from_iterable(maps))
    if not any(flat):
        return None
    edges = np.concatenate([[0], np.cumsum(np.fromiter(map(len, flat), np.int64, len(flat)))]).astype(np.int32)
    names, values = list(chain.from_iterable(flat)), list(chain.from_iterable(one.values() for one in flat))
    return pa.MapArray.from_arrays(pa.array(edges), _strings(names), _strings(values))


def _strings(values: Sequence[str]) -> pa.StringArray:
    return pa.array(values, pa.string())
