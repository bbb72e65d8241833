"""The bytes of a log file as records: lines, or lines that belong together, in columns of Arrow."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.ingest.tail.multiline import Starts, each, suspicious, traces

MAX_LINES: Final = 1_000
"""How many lines one record may have; what follows is a record of its own."""

NEWLINE: Final = 0x0A
AS_IT_IS: Final = frozenset({"utf-8", "ascii"})
"""Encodings whose texts are UTF-8."""

_UNITS: Final = {"utf-16-le": (2, "<u2"), "utf-16-be": (2, ">u2"), "utf-32-le": (4, "<u4"), "utf-32-be": (4, ">u4")}
"""How wide a character is at least, and how its number is written, where that is more than a byte."""

_MARKS: Final = {
    "utf-8": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Records in the order of the file, and how many bytes of it they are, their ends of line among them."""

    body: pa.StringArray
    consumed: int
    cut: Indices
    """The places of those that were too long."""
    garbled: int = 0
    """How many had bytes that are no text, which were replaced."""
    ts: Indices | None = None
    """When each was written, in nanoseconds since 1970, 0 where that is not known."""
    streams: Indices | None = None
    """By which way each was written: a place in `attributes.STREAMS`."""
    skipping: frozenset[int] = frozenset()
    """The ways on which the rest of a line too long is to be left out."""

    def __len__(self) -> int:
        return len(self.body)


@cache
def no_records() -> Records:
    """Return no records."""
    return Records(pa.array([], pa.string()), 0, np.zeros(0, np.int64))


def encoding_of(beginning: bytes, encoding: str) -> tuple[str, int]:
    r"""Return in which order a file has its bytes, and how many of them say so; small first where none does.

    >>> encoding_of(b"\xfe\xff\x00a", "utf-16")
    ('utf-16-be', 2)
    """
    for mark, exact in _MARKS.get(encoding, ()):
        if beginning.startswith(mark):
            return exact, len(mark)
    return (f"{encoding}-le" if encoding in ("utf-16", "utf-32") else encoding), 0


def records(content: bytes, starts: Starts, encoding: str, *, longest: int, whole: bool) -> Records:
    """Return the records that `content` begins with.

    `whole` says that nothing more is to come soon: then the last record ends where `content` does; otherwise it is left
    for the next time, since more lines may belong to it. A record of more than `longest` bytes is cut. The encoding is
    one that says the order of its bytes.
    """
    text = content if encoding in AS_IT_IS else content.decode(encoding, "replace").encode()
    end = len(text) if whole else text.rfind(b"\n") + 1
    if not end:
        return _endless(text, len(content), longest) if len(text) >= longest else no_records()
    edges = _edges(text[:end], starts, whole=whole)
    if len(edges) < 2 and len(text) >= longest:  # one record of many lines, and no need to wait for more of them
        edges = _edges(text[:end], starts, whole=True)
    if len(edges) < 2:
        return no_records()
    taken = text[: int(edges[-1])]
    consumed = len(taken) if text is content else _consumed(taken, content, encoding)
    return _columns(taken, edges, consumed, longest)


def _edges(text: bytes, starts: Starts, *, whole: bool) -> Indices:
    """Return where records begin, and where the last that is complete ends."""
    edges = np.concatenate([[0], np.flatnonzero(np.frombuffer(text, np.uint8) == NEWLINE) + 1])
    if edges[-1] < len(text):
        edges = np.append(edges, len(text))
    if starts is each:
        return edges
    if starts is traces and not suspicious(text):
        return edges if whole else edges[:-1]
    lines = [line.removesuffix(b"\r") for line in text.split(b"\n")][: len(edges) - 1]
    places = np.flatnonzero(starts(lines))
    lengths = np.diff(np.append(places, len(lines)))
    if lengths.max() > MAX_LINES:
        more = [np.arange(place, place + count, MAX_LINES) for place, count in zip(places, lengths, strict=True)]
        places = np.concatenate(more)
    return np.append(edges[places], len(text)) if whole else edges[places]


def _columns(text: bytes, edges: Indices, consumed: int, longest: int) -> Records:
    data = np.frombuffer(text, np.uint8)
    lasts = edges[1:] - 1
    trimmed = (data[lasts] == 0x0A).astype(np.int64)
    before = np.maximum(lasts - 1, 0)
    trimmed += (trimmed == 1) & (lasts > edges[:-1]) & (data[before] == 0x0D)
    sizes = np.diff(edges) - trimmed
    cut = np.flatnonzero(sizes > longest)
    sizes[cut] = longest
    if not len(cut) and (trimmed == 1).all() and text.count(b"\n") == len(sizes):
        kept = text.translate(None, b"\n")
    else:
        keep = np.zeros(len(text) + 1, np.int8)
        np.add.at(keep, edges[:-1], 1)
        np.add.at(keep, edges[:-1] + sizes, -1)
        kept = data[np.cumsum(keep[:-1]).astype(np.bool_)].tobytes()
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    body, garbled = _text(kept, offsets)
    return Records(body, consumed, cut, garbled)


def _text(data: bytes, offsets: Indices) -> tuple[pa.StringArray, int]:
    raw = pa.BinaryArray.from_buffers(
        pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    )
    try:
        return raw.cast(pa.string()), 0
    except pa.ArrowInvalid:
        texts = [one.decode("utf-8", "replace") for one in raw.to_pylist()]
        garbled = sum("\ufffd" in text for text in texts)
        return pa.array(texts, pa.string()), garbled


def _endless(text: bytes, consumed: int, longest: int) -> Records:
    """Return what has no end as one record that is cut."""
    body, garbled = _text(text[:longest], np.array([0, min(longest, len(text))]))
    return Records(body, consumed, np.zeros(1, np.int64), garbled)


def _consumed(taken: bytes, content: bytes, encoding: str) -> int:
    """Return how many bytes of `content` are `taken`, which is UTF-8."""
    if not taken.endswith(b"\n"):
        return len(content)
    width, kind = _UNITS.get(encoding, (1, "<u1"))
    units = np.frombuffer(content[: len(content) // width * width], kind)
    return int((np.flatnonzero(units == NEWLINE)[taken.count(b"\n") - 1] + 1) * width)
