"""Fields of protobuf by hand: what is written reads back, and what is no message is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from firstlight.wire.fields import LENGTH, Field, Malformed, fields, framed, read_varint, varint


@given(st.integers(0, 2**64 - 1))
def test_a_number_reads_back(value: int) -> None:
    assert read_varint(varint(value), 0) == (value, len(varint(value)))


def test_fields_are_those_that_protobuf_writes() -> None:
    message = KeyValue(key="k", value=AnyValue(double_value=1.5)).SerializeToString()

    assert list(fields(message)) == [Field(1, LENGTH, 0, 1, 2, 3), Field(2, LENGTH, 3, 4, 5, 14)]
    assert KeyValue.FromString(framed(b"\n", b"other") + message[3:]).key == "other"


BAD = [
    # what it shows            bytes                    what is said
    ("cut in a number",        b"\x08\xff",             "unexpected end or a number too long"),
    ("a number of 11 bytes",   b"\x08" + b"\xff" * 11,  "unexpected end or a number too long"),
    ("cut in a text",          b"\x0a\x05abc",          "unexpected end"),
    ("cut in eight bytes",     b"\x09abc",              "unexpected end"),
    ("a group",                b"\x0b",                 "wire type 3 at byte 0"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_refuses(message: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        list(fields(message))
