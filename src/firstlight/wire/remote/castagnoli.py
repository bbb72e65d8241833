"""The checksum CRC-32C, which frames of streamed answers carry."""

from __future__ import annotations

from typing import Final

import cramjam

SNAPPY_BLOCK: Final = 65_536
"""How many bytes the framing of snappy has in one block, each with this checksum, rotated and added to."""

_POLYNOMIAL: Final = 0x82F63B78


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE: Final = tuple(map(_entry, range(256)))


def crc32c(data: bytes) -> int:
    """Return the checksum of `data`.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    if 0 < len(data) <= SNAPPY_BLOCK:
        # A stream is its header of ten bytes, and a block: a type, a length of three bytes, the checksum.
        masked = int.from_bytes(bytes(cramjam.snappy.compress(data))[14:18], "little")
        rotated = (masked - 0xA282EAD8) & 0xFFFFFFFF
        return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF
    return by_table(data)


def by_table(data: bytes) -> int:
    """Return the checksum of `data` of any length, a byte at a time."""
    found = 0xFFFFFFFF
    for byte in data:
        found = found >> 8 ^ _TABLE[(found ^ byte) & 0xFF]
    return found ^ 0xFFFFFFFF
