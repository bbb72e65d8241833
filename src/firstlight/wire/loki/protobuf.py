"""Pushes as protobuf, `logproto.PushRequest`: to columns, without a Python object an entry.

Texts are declared as bytes, so that one that is not UTF-8 costs nothing but its odd bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufError
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from ptars import HandlerPool

from firstlight.errors import DecodeError
from firstlight.wire.fields import framed
from firstlight.wire.loki.json_push import labels_of
from firstlight.wire.loki.limits import Fault
from firstlight.wire.loki.push import Push
from firstlight.wire.otlp.columns import MAX_TIME_NS, offsets, text
from firstlight.wire.otlp.soundness import HARMLESS, LENGTH_BEYOND_MEMORY
from firstlight.wire.otlp.split import DENSEST, SPARE
from firstlight.wire.protobuf import declare
from firstlight.wire.remote.pieces import pieces

PIECE: Final = 8 * 1024 * 1024
"""How much is read at once."""

MAX_KNOWN: Final = 20_000
"""How many texts of labels are remembered with what they say, of those that are not too long."""

WORTH_KNOWING: Final = 1_024

STREAMS: Final = b"\x0a"
ENTRY_FIELD: Final = 2

MESSAGES: Final = {
    "PushRequest": "streams 1 Stream*",
    "Columns": "streams 1 Stream*",
    "Stream": "labels 1 bytes; entries 2 Entry*",
    "Entry": "timestamp 1 Time; line 2 bytes; metadata 3 Pair*",
    "Time": "seconds 1 int64; nanos 2 int32",
    "Pair": "name 1 bytes; value 2 bytes",
    "Outline": "streams 1 Lengths*",
    "Lengths": "entries 2 bytes*",
    "Whole": "streams 1 bytes*",
}

Handler = Any
"""What ptars has no types for."""


@dataclass(frozen=True, slots=True)
class _Reader:
    request: type[Message]
    outline: type[Message]
    whole: type[Message]
    handler: Handler


def _reader() -> _Reader:
    file = declare("firstlight.loki", MESSAGES)
    types = file.message_types_by_name
    handler = HandlerPool([file]).get_for_message(types["Columns"])
    request, outline, whole = (GetMessageClass(types[name]) for name in ("PushRequest", "Outline", "Whole"))
    return _Reader(request, outline, whole, handler)


@dataclass(frozen=True, slots=True)
class ProtobufPushes:
    """Reads push requests; what it remembers of labels only saves work. Safe to use from several threads."""

    reader: _Reader = field(default_factory=_reader)
    known: dict[bytes, Mapping[str, str] | Fault] = field(default_factory=dict)

    def read(self, body: bytes) -> Iterator[Push]:
        """Yield what a push request, decompressed, carries, a part at a time. Raise DecodeError if it is malformed."""
        for part in self._parts(body):
            yield self._push(part)

    def _push(self, body: bytes) -> Push:
        self._check(body)
        try:
            request: pa.RecordBatch = self.reader.handler.list_to_record_batch([body])
        except ValueError as error:
            raise _unreadable(error) from None
        streams = request.column(0).flatten()
        lists = streams.field("entries")
        entries = lists.flatten()
        labels = [self._labels(raw) for raw in streams.field("labels").to_pylist()]
        return Push(
            labels,
            np.diff(offsets(lists)).astype(np.int64),
            _times(entries.field("timestamp")),
            text(entries.field("line")),
            _metadata(entries.field("metadata")),
        )

    def _labels(self, raw: bytes) -> Mapping[str, str] | Fault:
        found = self.known.get(raw)
        if found is None:
            found = labels_of(raw.decode("utf-8", "replace"))
            if len(self.known) >= MAX_KNOWN:
                self.known.clear()
            if len(raw) <= WORTH_KNOWING:
                self.known[raw] = found
        return found

    def _check(self, body: bytes) -> None:
        """Raise DecodeError if a request is malformed or full of nothing, for the reasons that `soundness` gives."""
        try:
            outline: Any = self.reader.outline.FromString(body)
            count = sum(len(stream.entries) + 1 for stream in outline.streams)
            if count > len(body) // DENSEST + SPARE:
                raise _unreadable(f"it is made of entries nearly empty; want {DENSEST} bytes an entry on average")
            # What is long, or in no entry, may be a group in a group.
            sizes = np.fromiter((len(one) for stream in outline.streams for one in stream.entries), np.int64)
            rest = len(body) - int(sizes.sum())
            if (
                int(sizes.max(initial=0)) > HARMLESS
                or rest > HARMLESS
                or LENGTH_BEYOND_MEMORY.to_bytes(4, "little") in body
            ):
                self.reader.request.FromString(body)
        except ProtobufError as error:
            raise _unreadable(error) from None

    def _parts(self, body: bytes) -> Iterator[bytes]:
        """Yield requests of a bounded size that together mean `body`."""
        if len(body) <= PIECE:
            yield body
            return
        try:
            whole: Any = self.reader.whole.FromString(body)
        except ProtobufError as error:
            raise _unreadable(error) from None
        part: list[bytes] = []
        size = 0
        for stream in whole.streams:
            for one in _divided(stream):
                if part and size + len(one) > PIECE:
                    yield b"".join(part)
                    part, size = [], 0
                part.append(framed(STREAMS, one))
                size += len(one)
        yield b"".join(part)


def _divided(stream: bytes) -> Iterator[bytes]:
    try:
        yield from pieces(stream, frozenset({ENTRY_FIELD}), PIECE)
    except DecodeError:
        raise _unreadable(f"it has an entry of more than {PIECE} bytes, or is malformed; send smaller ones") from None


def _times(column: pa.StructArray) -> npt.NDArray[np.int64]:
    """Return nanoseconds since 1970; an entry without a time has 1970, as in Loki."""
    seconds = column.field("seconds").fill_null(0).to_numpy(zero_copy_only=False)
    nanos = column.field("nanos").fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    # What 64 bits of nanoseconds cannot say is refused like what was before 1970.
    fits = (seconds >= 0) & (seconds < MAX_TIME_NS // 10**9)
    found: npt.NDArray[np.int64] = np.where(fits, np.where(fits, seconds, 0) * 10**9 + nanos, -1)
    return found


def _metadata(column: pa.ListArray) -> pa.MapArray | None:
    pairs = column.flatten()
    if not len(pairs):
        return None
    starts = pa.array(offsets(column))
    return pa.MapArray.from_arrays(starts, text(pairs.field("name")), text(pairs.field("value")))


def _unreadable(reason: object) -> DecodeError:
    return DecodeError(f"cannot read the body as a push request of protobuf (logproto.PushRequest): {reason}")
