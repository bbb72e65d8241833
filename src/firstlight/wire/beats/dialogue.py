"""What is said on a connection of Beats: windows of events, each answered when all of it is durable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from firstlight.errors import DecodeError
from firstlight.wire.beats.frames import (
    Compressed,
    Frame,
    FrameReader,
    JsonEvent,
    PairsEvent,
    Window,
    acknowledgement,
)
from firstlight.wire.shippers.document import document_record
from firstlight.wire.shippers.flat import flatten
from firstlight.wire.shippers.gathering import Gathering, Record
from firstlight.wire.shippers.inflate import inflated
from firstlight.wire.shippers.json_text import object_of

NO_OBJECT: Final = "event that is no JSON object"
CUT_SHORT: Final = "cut short"

BODIES: Final = ("message", "log.original", "event.original")
"""Where a document has its line."""

PAIRS_BODIES: Final = ("line", "message")
_PAIRS_NAMES: Final = {"file": "log.file.path", "offset": "log.offset"}


class BeatsDialogue:
    """One connection. `max_decompressed` bounds what one compressed frame may hold."""

    acknowledges = True

    def __init__(self, max_decompressed: int) -> None:
        self._max_decompressed = max_decompressed
        self._reader = FrameReader()
        self._version = 2
        self._window = 0
        self._came = 0
        """How many events of the window came."""
        self._answers = b""
        self.fault = ""

    @property
    def held(self) -> int:
        """How many bytes of an unfinished frame there are."""
        return self._reader.held

    def greet(self) -> bytes:
        """Return nothing: the sender begins."""
        return b""

    def keep_alive(self) -> bytes:
        """Return the answer that nothing of the window is safe yet, which senders of version 2 understand as "wait"."""
        return acknowledgement(2, 0) if self._version == 2 else b""

    def take(self, data: bytes, now_ns: int, gathering: Gathering) -> Iterator[bytes]:
        """Read frames, and yield the answers to windows that are complete."""
        try:
            for frame in self._frames(data):
                self._read(frame, gathering)
                if gathering.full:
                    yield self._say()
        except DecodeError as error:
            self.fault = str(error)
        yield self._say()

    def end(self, now_ns: int, gathering: Gathering) -> None:
        """Count an event that is cut short; whoever sent it was not told that it is safe."""
        if self._reader.held:
            gathering.refuse(CUT_SHORT)

    def _frames(self, data: bytes) -> Iterator[Frame]:
        for frame in self._reader.take(data):
            if not isinstance(frame, Compressed):
                yield frame
                continue
            reader = FrameReader()
            for piece in inflated(frame.data, self._max_decompressed):
                for inner in reader.take(piece):
                    if isinstance(inner, Compressed):
                        raise DecodeError("cannot read a compressed Lumberjack frame within another; send it as it is")
                    yield inner
            if reader.held:
                raise DecodeError("cannot read a compressed Lumberjack frame: what it holds is cut short")

    def _read(self, frame: Frame, gathering: Gathering) -> None:
        match frame:
            case Window(version, size):
                self._version = version
                self._window, self._came = size, 0
            case JsonEvent(sequence, raw):
                self._version = 2
                record = json_record(raw, gathering)
                if record is None:
                    gathering.refuse(NO_OBJECT)
                else:
                    gathering.add(record)
                self._count(sequence)
            case PairsEvent(sequence, pairs):
                self._version = 1
                gathering.add(pairs_record(pairs, gathering))
                self._count(sequence)

    def _count(self, sequence: int) -> None:
        self._came += 1
        # Old senders announce a window once, and go on counting: then each so many events are one.
        if self._came >= self._window:
            self._answers += acknowledgement(self._version, sequence)
            self._came = 0

    def _say(self) -> bytes:
        answers, self._answers = self._answers, b""
        return answers


def json_record(raw: bytes, gathering: Gathering) -> Record | None:
    """Return the record of a document, or None if it is no object."""
    document = object_of(raw, gathering)
    if document is None:
        return None
    return document_record(flatten(document), bodies=BODIES, whole=lambda: raw.decode(errors="replace"))


def pairs_record(pairs: tuple[tuple[bytes, bytes], ...], gathering: Gathering) -> Record:
    """Return the record of an event of version 1: its line, its file, its host, and what the sender added."""
    fields: dict[str, object] = {}
    for name, value in pairs:
        text = gathering.text(name)
        fields[_PAIRS_NAMES.get(text, text)] = gathering.text(value)
    return document_record(fields, bodies=PAIRS_BODIES, whole=str)
