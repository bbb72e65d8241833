"""Nested OTLP columns to the flat ones of `model.tables`, a whole request at a time.

Everything here works on columns; Python meets single values only where they are rare: nested attribute values, texts
that are not UTF-8, ids of wrong length.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError as ProtobufError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValueList

from firstlight.model.tables import AttributeType

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

MAX_TIME_NS = 2**63 - 1
"""The last time that the store can hold: 2262-04-11."""

_LETTERS = {kind: ord(kind) for kind in AttributeType}


def text(column: pa.Array) -> pa.StringArray:
    """Return `column`, bytes, as text; what is not UTF-8 is replaced by U+FFFD, as the rest of its record is sound."""
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array(
            [None if raw is None else raw.decode("utf-8", "replace") for raw in column.to_pylist()], pa.string()
        )


def constant(value: str, length: int) -> pa.DictionaryArray:
    """Return a column that says `value` on each of its rows."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(length, np.int32)), pa.array([value]))


def no_attributes(length: int) -> pa.MapArray:
    """Return a column of empty maps."""
    starts = pa.array(np.zeros(length + 1, np.int32))
    return pa.MapArray.from_arrays(starts, pa.array([], pa.string()), pa.array([], pa.string()))


def offsets(column: pa.ListArray) -> npt.NDArray[np.int32]:
    """Return where each list of `column` starts in `column.flatten()`, and after the last, where that ends."""
    starts: npt.NDArray[np.int32] = column.offsets.to_numpy()
    found: npt.NDArray[np.int32] = starts - starts[0]
    return found


def parents(column: pa.ListArray) -> Indices:
    """Return for each item of `column.flatten()` the row it belongs to."""
    return np.repeat(np.arange(len(column)), np.diff(offsets(column)))


def ids(column: pa.BinaryArray, size: int) -> tuple[pa.FixedSizeBinaryArray, Mask]:
    """Return ids of `size` bytes and which of them are valid: of the right length and not all zero; others are zero."""
    raw = np.zeros((len(column), size), np.uint8)
    starts, data = _buffers(column)
    right = np.diff(starts) == size
    if right.all():
        raw = data[starts[0] : starts[-1]].reshape(-1, size)
    elif right.any():
        raw[right] = data[starts[:-1][right][:, None] + np.arange(size)]
    fixed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(size), len(column), [None, pa.py_buffer(np.ascontiguousarray(raw))]
    )
    return fixed, right & raw.any(axis=1)


def _buffers(column: pa.BinaryArray) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    _, starts, data = column.buffers()
    found = np.frombuffer(starts, np.int32, len(column) + 1, column.offset * 4)
    return found, np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)


def slices(column: pa.ListArray) -> list[bytes]:
    """Return, for a column of lists of bytes, each row's bytes joined into one."""
    starts, data = _buffers(column.flatten())
    bounds = starts[offsets(column)]
    joined = pa.BinaryArray.from_buffers(pa.binary(), len(column), [None, pa.py_buffer(bounds), pa.py_buffer(data)])
    found: list[bytes] = joined.to_pylist()
    return found


def times(column: pa.Array) -> tuple[npt.NDArray[np.uint64], Mask]:
    """Return nanoseconds since 1970 and which of them the store can hold."""
    found: npt.NDArray[np.uint64] = column.to_numpy(zero_copy_only=False)
    return found, found <= MAX_TIME_NS


def timestamps(nanoseconds: npt.NDArray[Any]) -> pa.Array:
    """Return nanoseconds since 1970 as a column of times."""
    return pa.array(nanoseconds.astype(np.int64)).view(pa.timestamp("ns"))


def attributes(column: pa.ListArray) -> tuple[pa.MapArray, pa.StringArray, Mask | None]:
    """Return lists of `KeyValue` as maps of texts, their types as letters, and which rows hold a malformed value.

    The mask is None when no row does, which is nearly always.
    """
    pairs = column.flatten()
    values, letters, bad = any_values(pairs.field("value"))
    starts = pa.array(offsets(column))
    found = pa.MapArray.from_arrays(starts, text(pairs.field("key")), values)
    types = pa.StringArray.from_buffers(len(column), starts.buffers()[1], pa.py_buffer(letters))
    if bad is None:
        return found, types, None
    rows = np.zeros(len(column), np.bool_)
    rows[parents(column)[bad]] = True
    return found, types, rows


def any_values(column: pa.StructArray) -> tuple[pa.StringArray, npt.NDArray[np.uint8], Mask | None]:
    """Return `AnyValue`s as texts, their types as letters, and which could not be read (None: all could)."""
    texts = text(column.field("string_value"))
    letters = np.full(len(column), _LETTERS[AttributeType.STRING], np.uint8)
    if not texts.null_count:
        return texts, letters, None
    letters[_absent(texts)] = _LETTERS[AttributeType.NONE]
    choices = [texts]
    for member, letter, as_text in (
        ("int_value", AttributeType.INT, _int_texts),
        ("double_value", AttributeType.DOUBLE, _double_texts),
        ("bool_value", AttributeType.BOOL, _bool_texts),
        ("bytes_value", AttributeType.BYTES, _bytes_texts),
    ):
        member_column = column.field(member)
        if member_column.null_count < len(column):
            letters[~_absent(member_column)] = _LETTERS[letter]
            choices.append(as_text(member_column))
    bad = None
    for member, letter, kind in (
        ("array_value", AttributeType.ARRAY, ArrayValue),
        ("kvlist_value", AttributeType.KVLIST, KeyValueList),
    ):
        member_column = column.field(member)
        if member_column.null_count < len(column):
            letters[~_absent(member_column)] = _LETTERS[letter]
            found, wrong = _nested_texts(member_column, kind)
            choices.append(found)
            bad = wrong if bad is None else bad | wrong
    return pc.coalesce(*choices, pa.scalar("")), letters, bad


def _absent(column: pa.Array) -> Mask:
    found: Mask = column.is_null().to_numpy(zero_copy_only=False)
    return found


def _int_texts(column: pa.Array) -> pa.StringArray:
    return column.cast(pa.string())


def _bool_texts(column: pa.Array) -> pa.StringArray:
    return column.cast(pa.string())


def _double_texts(column: pa.Array) -> pa.StringArray:
    texts = column.cast(pa.string())
    finite = pc.is_finite(column)
    if pc.all(finite).as_py() is not False:
        return texts
    odd = pc.if_else(pc.is_nan(column), "NaN", pc.if_else(pc.greater(column, 0.0), "+Inf", "-Inf"))
    return pc.if_else(finite, texts, odd)


def _bytes_texts(column: pa.Array) -> pa.StringArray:
    return pa.array(
        [None if raw is None else base64.b64encode(raw).decode() for raw in column.to_pylist()], pa.string()
    )


def _nested_texts(column: pa.Array, kind: type[ArrayValue] | type[KeyValueList]) -> tuple[pa.StringArray, Mask]:
    texts: list[str | None] = []
    wrong = np.zeros(len(column), np.bool_)
    for row, raw in enumerate(column.to_pylist()):
        try:
            texts.append(None if raw is None else nested_text(kind.FromString(raw)))
        except (ProtobufError, RecursionError, orjson.JSONEncodeError):
            texts.append(None)
            wrong[row] = True
    return pa.array(texts, pa.string()), wrong


def nested_text(value: ArrayValue | KeyValueList) -> str:
    """Return an array or a list of pairs as JSON: bytes as base64, numbers that JSON has not as texts."""
    return orjson.dumps(_plain_list(value) if isinstance(value, ArrayValue) else _plain_dict(value)).decode()


def any_value(value: AnyValue) -> tuple[str, AttributeType]:
    """Return one value as text with its type, as `any_values` does for columns."""
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value, AttributeType.STRING
        case "bool_value":
            return ("true" if value.bool_value else "false"), AttributeType.BOOL
        case "int_value":
            return str(value.int_value), AttributeType.INT
        case "double_value":
            return _double_texts(pa.array([value.double_value]))[0].as_py(), AttributeType.DOUBLE
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode(), AttributeType.BYTES
        case "array_value":
            return nested_text(value.array_value), AttributeType.ARRAY
        case "kvlist_value":
            return nested_text(value.kvlist_value), AttributeType.KVLIST
        case _:
            return "", AttributeType.NONE


def _plain(value: AnyValue) -> Any:
    match value.WhichOneof("value"):
        case "array_value":
            return _plain_list(value.array_value)
        case "kvlist_value":
            return _plain_dict(value.kvlist_value)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case "double_value" if not np.isfinite(value.double_value):
            return any_value(value)[0]
        case None:
            return None
        case member:
            return getattr(value, member)


def _plain_list(value: ArrayValue) -> list[Any]:
    return [_plain(item) for item in value.values]


def _plain_dict(value: KeyValueList) -> dict[str, Any]:
    return {pair.key: _plain(pair.value) for pair in value.values}
