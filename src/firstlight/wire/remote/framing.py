"""Fields of protobuf that have a length, written by hand."""

from __future__ import annotations


def framed(tag: bytes, content: bytes) -> bytes:
    """Return `content` as a field: its tag, its length, and itself."""
    return tag + varint(len(content)) + content


def varint(value: int) -> bytes:
    """Return a number, not negative, as protobuf writes it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
