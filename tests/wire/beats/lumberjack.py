"""Frames of Lumberjack, as a sender writes them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping


def window(size: int, version: int = 2) -> bytes:
    """Return the frame that announces so many events."""
    return struct.pack(">ccI", b"%d" % version, b"W", size)


def event(sequence: int, document: Mapping[str, object] | bytes) -> bytes:
    """Return an event of version 2."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return struct.pack(">2sII", b"2J", sequence, len(raw)) + raw


def pairs(sequence: int, told: Mapping[str, str]) -> bytes:
    """Return an event of version 1."""
    texts = [text.encode() for pair in told.items() for text in pair]
    return struct.pack(">2sII", b"1D", sequence, len(told)) + b"".join(struct.pack(">I", len(t)) + t for t in texts)


def compressed(frames: bytes, version: int = 2) -> bytes:
    """Return frames in a compressed frame."""
    data = zlib.compress(frames)
    return struct.pack(">ccI", b"%d" % version, b"C", len(data)) + data


def ack(sequence: int, version: int = 2) -> bytes:
    """Return the answer that is wanted."""
    return struct.pack(">ccI", b"%d" % version, b"A", sequence)
