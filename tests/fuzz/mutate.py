"""Input that is nearly right: seeds with a few faults, made where the format has its joints.

Bytes turned over at random break the first length they meet, and the decoder never sees the rest. So protobuf is taken
apart into fields and JSON into values, one of them is changed, and the whole is put together again, lengths included.
All is decided by the `Random` that is handed in, so a run can be had again from its seed.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

Mutation = Callable[[bytes, Random], bytes]

NUMBERS = (0, 1, 2, 127, 128, 255, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 10, 2**64 - 1)
DOUBLES = (0.0, -0.0, 1.5, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan"))
TIMES = (1, 10**9, 1_780_000_000_000_000_000, 2**63 - 1, 2**63)
TEXTS = (b"", b"a", b"\xff\xfe", b"\xed\xa0\x80", b"\x00", b"service.name", b"le", b"__name__", b"x" * 5000)
ODDITIES = (b"", b"\x00", b"\xff" * 10, b"\x0b", b"\x0c", b"\x80" * 11, b"\x13" * 200, b"\x0a\xff\xff\xff\xff\x0f")

VARINT, FIXED64, DELIMITED, GROUP, END, FIXED32 = range(6)

Field = tuple[int, int, Any]
"""Number, wire type, and what stands there: an integer, bytes, or the fields of a message."""

DEEPEST = 12


def bytewise(data: bytes, random: Random) -> bytes:
    """Return `data` with a few bytes changed, whatever they mean."""
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(data))
        end = min(len(data), at + random.choice((0, 1, 2, 8, 100)))
        match random.randrange(6):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + data[end:]
            case 2:
                data = data[:at] + data[at:end] * random.choice((2, 3, 50)) + data[end:]
            case 3:
                data = data[:at] + random.choice((*ODDITIES, *TEXTS)) + data[end:]
            case 4:
                data = data[:at] + random.randbytes(end - at) + data[end:]
            case _ if at < len(data):
                data = data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
    return data


def protobuf(data: bytes, random: Random) -> bytes:
    """Return a message with a few fields changed at any depth; now and then with bytes changed, too."""
    fields = _fields(data, 0)
    if fields is None:
        return bytewise(data, random)
    for _ in range(random.randint(1, 4)):
        _change(random.choice(list(_messages(fields))), random)
    changed = b"".join(map(_encoded, fields))
    return bytewise(changed, random) if random.random() < 0.1 else changed


def otlp_json(data: bytes, random: Random) -> bytes:
    """Return JSON with a few values changed at any depth; now and then with bytes changed, too."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return bytewise(data, random)
    holder = {"": value}
    for _ in range(random.randint(1, 4)):
        _replace(random.choice(list(_places(holder))), random)
    changed = json.dumps(holder[""]).encode()
    return bytewise(changed, random) if random.random() < 0.1 else changed


# --- protobuf --------------------------------------------------------------------------------------------------------


def _change(fields: list[Field], random: Random) -> None:
    at = random.randrange(len(fields)) if fields else 0
    match random.randrange(7) if fields else 0:
        case 0:
            fields.insert(at, (random.randint(1, 16), *_value(random)))
        case 1:
            fields[at] = (fields[at][0], *_value(random))
        case 2:
            del fields[at]
        case 3:
            fields.insert(at, fields[random.randrange(len(fields))])
        case 4:
            fields[at:at] = [fields[at]] * random.choice((2, 30))
        case 5:
            fields[at] = (random.choice((random.randint(1, 16), 2**29 - 1)), *fields[at][1:])
        case _:
            random.shuffle(fields)


def _value(random: Random) -> tuple[int, Any]:
    match random.randrange(7):
        case 0:
            return VARINT, random.choice(NUMBERS)
        case 1:
            return FIXED64, random.choice((*NUMBERS, *TIMES))
        case 2:
            return FIXED64, int.from_bytes(struct.pack("<d", random.choice(DOUBLES)), "little")
        case 3:
            return FIXED32, random.choice(NUMBERS)
        case 4:
            return DELIMITED, random.choice((*TEXTS, *ODDITIES))
        case 5:
            return DELIMITED, struct.pack("<4d", *(random.choice(DOUBLES) for _ in range(4)))
        case _:
            return random.choice((GROUP, END, 6, 7)), 0


def _fields(data: bytes, depth: int) -> list[Field] | None:
    """Return `data` as fields; None if it is no message."""
    fields: list[Field] = []
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            return None
        match wire:
            case 0:
                value, at = _varint(data, at)
            case 1 | 5:
                size = 8 if wire == FIXED64 else 4
                value, at = int.from_bytes(data[at : at + size], "little"), at + size
            case 2:
                size, at = _varint(data, at)
                inner, at = data[at : at + size], at + size
                fields.append((number, wire, (depth < DEEPEST and inner and _fields(inner, depth + 1)) or inner))
                continue
            case _:
                return None
        fields.append((number, wire, value))
    return fields if at == len(data) else None


def _messages(fields: list[Field]) -> Iterable[list[Field]]:
    yield fields
    for _, _, value in fields:
        if isinstance(value, list):
            yield from _messages(value)


def _encoded(field: Field) -> bytes:
    number, wire, value = field
    tag = _as_varint(number << 3 | wire)
    match wire:
        case 0:
            return tag + _as_varint(value)
        case 1:
            return tag + struct.pack("<Q", value & 2**64 - 1)
        case 5:
            return tag + struct.pack("<I", value & 2**32 - 1)
        case 2:
            inner: bytes = b"".join(map(_encoded, value)) if isinstance(value, list) else value
            return tag + _as_varint(len(inner)) + inner
    return tag


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at
    return 0, len(data) + 1


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


# --- JSON ------------------------------------------------------------------------------------------------------------

JSON_VALUES = r"""
    null true false 0 -1 1.5 1e308 9223372036854775808 18446744073709551616 -9223372036854775809 "" "0" "-1" "1e3" "NaN" "Infinity"
    "0x10" "abc" "\ud800" "\u0000" "18446744073709551616" "1780000000000000000" [] {} [[]] [null] {"":null} {"stringValue":1}
    {"intValue":"x"} {"arrayValue":{"values":[{"kvlistValue":{}}]}} {"kvlistValue":{"values":[{}]}}
""".split()


def _places(holder: Any) -> Iterable[tuple[Any, Any]]:
    keys = holder if isinstance(holder, dict) else range(len(holder))
    for key in keys:
        yield holder, key
        if isinstance(holder[key], dict | list):
            yield from _places(holder[key])


def _replace(place: tuple[Any, Any], random: Random) -> None:
    holder, key = place
    value = holder[key]
    match random.randrange(5):
        case 0:
            holder[key] = json.loads(random.choice(JSON_VALUES))
        case 1 if isinstance(value, list) and value:
            holder[key] = value * random.choice((2, 30))
        case 2 if isinstance(value, dict):
            holder[key] = {**value, random.choice(("name", "value", "timeUnixNano", "nonsense", "count")): 1}
        case 3:
            for _ in range(random.choice((1, 5, 40))):
                value = random.choice(([value], {"arrayValue": {"values": [value]}}))
            holder[key] = value
        case _:
            holder[key] = [value] if isinstance(value, dict) else {"values": value}
