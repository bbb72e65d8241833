"""OTLP/JSON, both ways: requests become the binary protobuf that says the same, so that one decoder serves both.

Wire format: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>. Beyond it, `snake_case` names and the
names of enum values are understood; of a field or a oneof given twice, the last counts. What is mistyped fails alone:
a record (span, log record, data point) if the fault is inside one, else the smallest of metric, scope or resource that
has it, and all the records in that are counted as rejected. Ids are hexadecimal; their length is not checked here.
"""

from __future__ import annotations

import binascii
import json
import math
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, NamedTuple

import orjson
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from firstlight.errors import DecodeError, brief
from firstlight.wire.fields import varint

Signal = Literal["traces", "metrics", "logs"]
"""What a request carries; OTLP has one request for each."""

MAX_NESTING: Final = 30
"""Lists and maps inside one another in one attribute or body. More would not pass a protobuf parser, which stops at 100
messages: a map in a map is three, and seven are above."""


SHOWN_STEPS: Final = 12
"""How much of the way to a fault is told, in names and indices. There is no end of ways, and reasons become labels."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A request as protobuf: `data` has every record that could be read, `rejected` counts the others by reason."""

    data: bytes
    rejected: Mapping[str, int]


def to_protobuf(body: bytes, signal: Signal) -> Converted:
    """Return the OTLP/JSON request `body` as protobuf; raise `DecodeError` if it is no such request at all."""
    request = _parse(body)
    walk = _Walk()
    try:
        data = _REQUESTS[signal](request, walk)
    except _MistypedError as error:
        raise DecodeError(f"cannot read {error.place() or 'the request'}: {error}") from None
    return Converted(data, walk.rejected())


def response_json(message: Message) -> bytes:
    """Return an answer, an ``Export…ServiceResponse`` or a ``google.rpc.Status``, as OTLP/JSON."""
    return orjson.dumps(MessageToDict(message, use_integers_for_enums=True))


# --- text to objects -------------------------------------------------------------------------------------------------


def _parse(body: bytes) -> Any:
    """Return `body` parsed.

    orjson refuses a body for one value: half of a surrogate pair, which JavaScript leaves when it cuts a string short,
    or a number beyond a double. Such a body is read again by the slower parser of the standard library, so that the
    number fails alone, and half a pair becomes U+FFFD.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text, parse_int=_long, parse_constant=_constant)
    except RecursionError:
        raise DecodeError("cannot read the request as JSON: it is nested too deep; want OTLP/JSON") from None
    except ValueError as error:
        raise DecodeError(f"cannot read the request as JSON: {error}; want OTLP/JSON") from None


def _long(digits: str) -> int | float:
    return int(digits) if len(digits) <= 20 else float(digits)


def _constant(word: str) -> float:
    raise ValueError(f"found {word} without quotes")


# --- what goes wrong -------------------------------------------------------------------------------------------------


class _MistypedError(Exception):
    """A value that its field cannot hold. `path` leads to it from the element at hand, innermost first."""

    def __init__(self, found: object, want: str) -> None:
        super().__init__(found, want)
        self.found = found
        self.want = want
        self.path: list[str | int] = []

    def __str__(self) -> str:
        return f"found {brief(self.found)}; want {self.want}"

    def place(self, *, before: Iterable[str | int] = ()) -> str:
        """Return where the value is, as ``spans[3].name``."""
        steps = [*before, *reversed(self.path)]
        shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps[:SHOWN_STEPS])
        return shown.removeprefix(".") + ("…" if len(steps) > SHOWN_STEPS else "")


class _Rejection(NamedTuple):
    words: str
    records: int


class _Walk:
    """One walk down a request: where it is, how deep, and what it had to leave behind."""

    __slots__ = ("_rejections", "_words", "depth", "place")

    def __init__(self) -> None:
        self.depth = 0
        self.place: list[str | int] = []
        self._rejections: list[_Rejection] = []
        self._words: dict[tuple[object, ...], str] = {}

    def mark(self) -> int:
        """Return the mark to hand to `reject`, taken before an element is read."""
        return len(self._rejections)

    def reject(self, error: _MistypedError, records: int, mark: int) -> None:
        """Leave out the element at `place`, with what was already rejected inside it, since `mark`."""
        steps = [*self.place, *reversed(error.path)][:SHOWN_STEPS]
        # Alike are those that want the same at the same place, whatever their index: they share the words of the first.
        kind = (*(step for step in steps if isinstance(step, str)), error.want)
        words = self._words.get(kind)
        if words is None:
            words = self._words[kind] = f"cannot read {error.place(before=self.place)}: {error}"
        self._rejections[mark:] = [_Rejection(words, records)]
        self.depth = 0

    def rejected(self) -> dict[str, int]:
        """Return the number of records rejected by reason."""
        counts: dict[str, int] = {}
        for words, records in self._rejections:
            counts[words] = counts.get(words, 0) + records
        return counts


# --- objects to bytes: messages --------------------------------------------------------------------------------------

Encode = Callable[[Any, _Walk], bytes]
"""Returns a JSON value as protobuf: a message's bytes, or a field with its tag; raises `_MistypedError`."""

Payload = Callable[[Any], bytes]
"""Returns one scalar as protobuf, without its tag; raises `_MistypedError`."""

_RECORDS: Final = frozenset(
    "Span LogRecord NumberDataPoint HistogramDataPoint ExponentialHistogramDataPoint SummaryDataPoint".split()
)
_HOLDERS: Final = frozenset(
    "ResourceSpans ScopeSpans ResourceLogs ScopeLogs ResourceMetrics ScopeMetrics Metric"
    " Gauge Sum Histogram ExponentialHistogram Summary".split()
)
_NESTING: Final = frozenset(["ArrayValue", "KeyValueList"])


def _message(descriptor: Descriptor, built: dict[str, Encode]) -> Encode:
    """Return what encodes the message; `built` has those made before, as messages hold one another in circles."""
    if descriptor.full_name in built:
        return built[descriptor.full_name]
    fields: dict[str, Encode] = {}
    choice = _choice(descriptor)

    def encode(value: Any, walk: _Walk) -> bytes:
        if type(value) is not dict:
            raise _MistypedError(value, "an object")
        if choice and len(value) > 1:
            value = _last_of(choice, value)
        encoded = b""
        for name, found in value.items():
            if found is not None and name in fields:
                try:
                    encoded += fields[name](found, walk)
                except _MistypedError as error:
                    error.path.append(name)
                    raise
        return encoded

    built[descriptor.full_name] = encode
    for field in descriptor.fields:
        fields[field.json_name] = fields[field.name] = _field(field, built)
    return encode


def _choice(descriptor: Descriptor) -> frozenset[str]:
    """Return the names of the fields of which a message has one; no message of OTLP has two such sets."""
    return frozenset(
        name
        for oneof in descriptor.oneofs
        if len(oneof.fields) > 1  # an optional field is a oneof of its own
        for field in oneof.fields
        for name in (field.name, field.json_name)
    )


def _last_of(choice: frozenset[str], value: dict[str, Any]) -> dict[str, Any]:
    """Return `value` without all but the last of the fields in `choice`, as a decoder may look at any one of them."""
    given = [name for name in value if name in choice and value[name] is not None]
    if len(given) > 1:
        value = {name: found for name, found in value.items() if name not in given[:-1]}
    return value


def _field(field: FieldDescriptor, built: dict[str, Encode]) -> Encode:
    descriptor = field.message_type
    if descriptor is None:
        return _scalars(field) if field.is_repeated else _scalar(field)
    encode = _message(descriptor, built)
    tag = _varint(field.number << 3 | _DELIMITED)
    if descriptor.name in _NESTING:
        encode = _nested(encode)
    if not field.is_repeated:
        return _one(tag, encode)
    if descriptor.name in _RECORDS | _HOLDERS:
        return _elements(field.json_name, descriptor, tag, encode)
    return _many(tag, encode)


def _one(tag: bytes, inner: Encode) -> Encode:
    frame = _frame(tag)

    def encode(value: Any, walk: _Walk) -> bytes:
        return frame(inner(value, walk))

    return encode


def _many(tag: bytes, inner: Encode) -> Encode:
    frame = _frame(tag)

    def encode(value: Any, walk: _Walk) -> bytes:
        parts = []
        for index, item in enumerate(_array(value)):
            try:
                parts.append(frame(inner(item, walk)))
            except _MistypedError as error:
                error.path.append(index)
                raise
        return b"".join(parts)

    return encode


def _elements(name: str, descriptor: Descriptor, tag: bytes, inner: Encode) -> Encode:
    """Return what encodes elements that fail alone."""
    frame = _frame(tag)

    def encode(value: Any, walk: _Walk) -> bytes:
        parts = []
        items = _array(value)
        walk.place += (name, 0)
        for index, item in enumerate(items):
            walk.place[-1] = index
            mark = walk.mark()
            try:
                parts.append(frame(inner(item, walk)))
            except _MistypedError as error:
                # What has no record in it that could be counted still counts as one, or it would be lost unseen.
                walk.reject(error, max(1, _records_in(descriptor, item)), mark)
        del walk.place[-2:]
        return b"".join(parts)

    return encode


def _records_in(descriptor: Descriptor | None, value: Any) -> int:
    """Return the number of records in `value`, whatever else is wrong with it."""
    if descriptor is None or type(value) is not dict or descriptor.name not in _RECORDS | _HOLDERS:
        return 0
    if descriptor.name in _RECORDS:
        return 1
    records = 0
    for field in descriptor.fields:
        found = value.get(field.json_name, value.get(field.name))
        for item in found if type(found) is list else [found]:
            records += _records_in(field.message_type, item)
    return records


def _nested(inner: Encode) -> Encode:
    def encode(value: Any, walk: _Walk) -> bytes:
        walk.depth += 1
        if walk.depth > MAX_NESTING:
            raise _MistypedError(value, f"at most {MAX_NESTING} lists and maps inside one another")
        encoded = inner(value, walk)
        walk.depth -= 1
        return encoded

    return encode


def _array(value: Any) -> list[Any]:
    if type(value) is not list:
        raise _MistypedError(value, "an array")
    return value


# --- objects to bytes: scalars ---------------------------------------------------------------------------------------

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5


def _scalar(field: FieldDescriptor) -> Encode:
    wire, payload = _payload(field)
    tag = _varint(field.number << 3 | wire)
    if wire == _DELIMITED:
        frame = _frame(tag)
        return lambda value, walk: frame(payload(value))
    return lambda value, walk: tag + payload(value)


def _scalars(field: FieldDescriptor) -> Encode:
    _, payload = _payload(field)
    frame = _frame(_varint(field.number << 3 | _DELIMITED))
    packed = field.is_packed

    def encode(value: Any, walk: _Walk) -> bytes:
        parts = []
        for index, item in enumerate(_array(value)):
            try:
                parts.append(payload(item))
            except _MistypedError as error:
                error.path.append(index)
                raise
        return frame(b"".join(parts)) if packed else b"".join(map(frame, parts))

    return encode


def _payload(field: FieldDescriptor) -> tuple[int, Payload]:
    """Return the wire type of a scalar field and what encodes its values."""
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            return _DELIMITED, _string
        case FieldDescriptor.TYPE_BYTES:
            return _DELIMITED, _id if field.name.endswith(("trace_id", "span_id")) else _base64
        case FieldDescriptor.TYPE_BOOL:
            return _VARINT, _bool
        case FieldDescriptor.TYPE_DOUBLE:
            return _FIXED64, _double
        case FieldDescriptor.TYPE_ENUM if field.enum_type is not None:
            return _VARINT, _enum(field.enum_type)
        case FieldDescriptor.TYPE_FIXED64:
            return _FIXED64, _fixed("<Q", 0, 2**64 - 1)
        case FieldDescriptor.TYPE_SFIXED64:
            return _FIXED64, _fixed("<q", -(2**63), 2**63 - 1)
        case FieldDescriptor.TYPE_FIXED32:
            return _FIXED32, _fixed("<I", 0, 2**32 - 1)
        case FieldDescriptor.TYPE_UINT64:
            return _VARINT, _varints(0, 2**64 - 1)
        case FieldDescriptor.TYPE_UINT32:
            return _VARINT, _varints(0, 2**32 - 1)
        case FieldDescriptor.TYPE_INT64:
            return _VARINT, _varints(-(2**63), 2**63 - 1)
        case FieldDescriptor.TYPE_INT32:
            return _VARINT, _varints(-(2**31), 2**31 - 1)
        case FieldDescriptor.TYPE_SINT32:
            return _VARINT, _zigzag
        case other:
            raise NotImplementedError(f"BUG: {field.full_name} is of type {other}, which OTLP did not have")


def _string(value: Any) -> bytes:
    if type(value) is not str:
        raise _MistypedError(value, "a string")
    try:
        return value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _id(value: Any) -> bytes:
    try:
        return binascii.unhexlify(value)
    except (TypeError, ValueError):
        raise _MistypedError(value, "pairs of hexadecimal digits") from None


def _base64(value: Any) -> bytes:
    try:
        text = value.translate(_URL_SAFE).rstrip("=")
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except (AttributeError, TypeError, ValueError):
        raise _MistypedError(value, "base64") from None


_URL_SAFE: Final = str.maketrans("-_", "+/")


def _bool(value: Any) -> bytes:
    if type(value) is not bool:
        raise _MistypedError(value, "true or false")
    return b"\1" if value else b"\0"


def _double(value: Any) -> bytes:
    number = value
    if type(value) is str and (value in _NOT_FINITE or _NUMBER(value)):
        number = float(value)
    if type(number) not in (float, int) or (math.isinf(number) and value not in _NOT_FINITE):
        raise _MistypedError(value, 'a number, "NaN", "Infinity" or "-Infinity"')
    return _pack_double(number)


_NOT_FINITE: Final = frozenset(["NaN", "Infinity", "-Infinity"])
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?").fullmatch
_pack_double: Final = struct.Struct("<d").pack


def _enum(enum: EnumDescriptor) -> Payload:
    numbers = {value.name: value.number for value in enum.values}

    def payload(value: Any) -> bytes:
        if type(value) is str and value in numbers:
            value = numbers[value]
        if type(value) is not int or not -(2**31) <= value < 2**31:
            raise _MistypedError(value, f"the number of a {enum.name}")
        return _varint(value & _MASK64)

    return payload


def _fixed(layout: str, low: int, high: int) -> Payload:
    pack = struct.Struct(layout).pack
    return lambda value: pack(_integer(value, low, high))


def _varints(low: int, high: int) -> Payload:
    return lambda value: _varint(_integer(value, low, high) & _MASK64)


def _zigzag(value: Any) -> bytes:
    number = _integer(value, -(2**31), 2**31 - 1)
    return _varint((number << 1 ^ number >> 31) & (2**32 - 1))


def _integer(value: Any, low: int, high: int) -> int:
    number = value
    if (type(value) is str and _INTEGER(value)) or (type(value) is float and value.is_integer()):
        number = int(value)
    if type(number) is not int or not low <= number <= high:
        raise _MistypedError(value, f"an integer from {low} to {high}")
    return number


_INTEGER: Final = re.compile(r"-?[0-9]{1,20}").fullmatch
_MASK64: Final = 2**64 - 1  # a negative varint is its two's complement in 64 bits, whatever the field's width


# --- bytes -----------------------------------------------------------------------------------------------------------


def _varint(number: int) -> bytes:
    return _SMALL[number] if number < 128 else varint(number)


_SMALL: Final = tuple(bytes([number]) for number in range(128))
_SHORT: Final = 256


@cache
def _prefixes(tag: bytes) -> tuple[bytes, ...]:
    """Return `tag` with each of the lengths that nearly all fields have."""
    return tuple(tag + _varint(length) for length in range(_SHORT))


def _frame(tag: bytes) -> Callable[[bytes], bytes]:
    """Return what puts the tag and the length before a field's bytes."""
    prefixes = _prefixes(tag)

    def frame(encoded: bytes) -> bytes:
        length = len(encoded)
        return (prefixes[length] if length < _SHORT else tag + _varint(length)) + encoded

    return frame


def _requests() -> dict[Signal, Encode]:
    built: dict[str, Encode] = {}
    return {
        "traces": _message(ExportTraceServiceRequest.DESCRIPTOR, built),
        "metrics": _message(ExportMetricsServiceRequest.DESCRIPTOR, built),
        "logs": _message(ExportLogsServiceRequest.DESCRIPTOR, built),
    }


_REQUESTS: Final = _requests()
