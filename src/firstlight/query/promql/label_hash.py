"""The hash that Prometheus gives a set of labels, by which `limit_ratio` chooses series: XXH64 of their encoding.

The algorithm: <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>.
"""

from __future__ import annotations

import struct
from typing import Final

from firstlight.query.promql.values import Labels

_P1: Final = 0x9E3779B185EBCA87
_P2: Final = 0xC2B2AE3D27D4EB4F
_P3: Final = 0x165667B19E3779F9
_P4: Final = 0x85EBCA77C2B2AE63
_P5: Final = 0x27D4EB2F165667C5
_MASK: Final = (1 << 64) - 1


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _MASK


def _round(lane: int, word: int) -> int:
    return _rotated((lane + word * _P2) & _MASK, 31) * _P1 & _MASK


def xxh64(data: bytes) -> int:
    """Return the XXH64 of `data`, with the seed 0.

    >>> hex(xxh64(b"")), hex(xxh64(b"abc"))
    ('0xef46db3751d8e999', '0x44bc2cf5ad770999')
    """
    place, end = 0, len(data)
    if end >= 32:
        lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
        for words in struct.iter_unpack("<4Q", data[: end - end % 32]):
            lanes = [_round(lane, word) for lane, word in zip(lanes, words, strict=True)]
        place = end - end % 32
        result = sum(_rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for lane in lanes:
            result = ((result ^ _round(0, lane)) * _P1 + _P4) & _MASK
    else:
        result = _P5
    result = (result + end) & _MASK
    for (word,) in struct.iter_unpack("<Q", data[place : end - (end - place) % 8]):
        result = (_rotated(result ^ _round(0, word), 27) * _P1 + _P4) & _MASK
        place += 8
    if place + 4 <= end:
        word = int.from_bytes(data[place : place + 4], "little")
        result = (_rotated(result ^ word * _P1 & _MASK, 23) * _P2 + _P3) & _MASK
        place += 4
    for byte in data[place:]:
        result = _rotated(result ^ byte * _P5 & _MASK, 11) * _P1 & _MASK
    result = (result ^ result >> 33) * _P2 & _MASK
    result = (result ^ result >> 29) * _P3 & _MASK
    return result ^ result >> 32


def label_hash(labels: Labels) -> int:
    """Return the hash of labels as the released Prometheus computes it."""
    return xxh64(b"".join(_sized(text) for pair in labels for text in pair))


def _sized(text: str) -> bytes:
    """Return a text with its length before it: one byte, or from 255 on a mark and three."""
    data = text.encode("utf-8", "surrogateescape")
    size = len(data)
    return (bytes((size,)) if size < 255 else b"\xff" + size.to_bytes(3, "little")) + data
