"""The export format of systemd's journal, read from a stream however it is cut.

A field is ``NAME=value`` and a line feed; or, if its value has line feeds or is no text, its name, a line feed, the
length in eight bytes with the smallest first, the value, and a line feed. An empty line ends an entry.
Format: <https://systemd.io/JOURNAL_EXPORT_FORMATS/>.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from firstlight.errors import DecodeError, brief
from firstlight.wire.journal.entry import entry_record
from firstlight.wire.shippers.gathering import MAX_FIELDS, MAX_LINE, Gathering, Record

MAX_ENTRY: Final = 4 * MAX_LINE
"""How many bytes of an entry are kept."""

MAX_VALUE: Final = 2**40
"""Longer values are taken for garbage."""

NO_MESSAGE: Final = "entry without a MESSAGE"
CUT_SHORT: Final = "cut short"

_LENGTH: Final = 8


class _Place(Enum):
    """What comes next."""

    FIELD = auto()
    LENGTH = auto()
    VALUE = auto()
    LINE_FEED = auto()


class ExportReader:
    """Reads entries. What is held is never more than what may be kept of one."""

    def __init__(self) -> None:
        self.cursor = ""
        """Where in its journal the entry is that was read last, if it says so."""
        self._place = _Place.FIELD
        self._rest = bytearray()
        """The beginning of a field, a length or a value."""
        self._skipped = False
        """Whether more of it came than is kept."""
        self._name = b""
        self._left = 0
        self._fields: dict[bytes, list[bytes]] = {}
        self._size = 0
        self._truncated = False

    @property
    def held(self) -> int:
        """How many bytes of an unfinished entry there are."""
        return len(self._rest) + self._size

    def take(self, data: bytes, gathering: Gathering) -> Iterator[Record]:
        """Yield the entries that end in `data`; raise DecodeError at what is no entry."""
        start = 0
        while start < len(data):
            match self._place:
                case _Place.FIELD:
                    end = data.find(b"\n", start)
                    self._hold(data[start : end if end >= 0 else len(data)])
                    if end < 0:
                        return
                    start = end + 1
                    if not self._rest and not self._skipped:
                        yield from self._entry(gathering)
                    else:
                        self._field()
                case _Place.LENGTH:
                    taken = data[start : start + _LENGTH - len(self._rest)]
                    self._rest += taken
                    start += len(taken)
                    if len(self._rest) == _LENGTH:
                        self._begin_value()
                case _Place.VALUE:
                    taken = data[start : start + self._left]
                    self._hold(taken)
                    start += len(taken)
                    self._left -= len(taken)
                    if not self._left:
                        self._place = _Place.LINE_FEED
                case _Place.LINE_FEED:
                    if data[start] != ord("\n"):
                        raise DecodeError(
                            f"cannot read a journal entry: after the value of {brief(self._name.decode('latin-1'))} "
                            f"comes {brief(data[start : start + 1])}; want a line feed"
                        )
                    start += 1
                    self._keep(self._name, bytes(self._rest))
                    self._next(_Place.FIELD)

    def end(self, gathering: Gathering) -> Iterator[Record]:
        """Yield the last entry, which needs no empty line; what is cut short is refused."""
        if self._place is _Place.FIELD and not self._rest:
            yield from self._entry(gathering)
        else:
            gathering.refuse(CUT_SHORT)

    def _hold(self, data: bytes) -> None:
        room = MAX_LINE - len(self._rest)
        self._skipped = self._skipped or len(data) > room
        self._rest += data[: max(0, room)]

    def _next(self, place: _Place) -> None:
        self._truncated = self._truncated or self._skipped
        self._rest.clear()
        self._skipped = False
        self._place = place

    def _field(self) -> None:
        name, equals, value = bytes(self._rest).partition(b"=")
        if not _is_name(name):
            raise DecodeError(
                f"cannot read a journal entry: {brief(name)} is no name of a field; want the export format, "
                "as systemd-journal-upload sends it"
            )
        if equals:
            self._keep(name, value)
            self._next(_Place.FIELD)
        else:
            self._name = name
            self._next(_Place.LENGTH)

    def _begin_value(self) -> None:
        self._left = int.from_bytes(self._rest, "little")
        if self._left > MAX_VALUE:
            raise DecodeError(f"cannot read a journal entry: a value of {self._left} bytes; want at most {MAX_VALUE}")
        self._next(_Place.VALUE if self._left else _Place.LINE_FEED)

    def _keep(self, name: bytes, value: bytes) -> None:
        size = len(name) + len(value)
        if self._size + size > MAX_ENTRY or len(self._fields) >= MAX_FIELDS:
            self._truncated = True
            return
        self._size += size
        self._fields.setdefault(name, []).append(value)

    def _entry(self, gathering: Gathering) -> Iterator[Record]:
        fields, self._fields = self._fields, {}
        truncated, self._truncated = self._truncated, False
        self._size = 0
        self._next(_Place.FIELD)
        if not fields:
            return
        texts = {name.decode(): ",".join(map(gathering.text, values)) for name, values in fields.items()}
        self.cursor = texts.get("__CURSOR", "")
        record = entry_record(texts, truncated=truncated)
        if record is None:
            gathering.refuse(NO_MESSAGE)
        else:
            yield record


def _is_name(name: bytes) -> bool:
    return bool(name) and len(name) <= 128 and name.isascii() and name.replace(b"_", b"").replace(b".", b"").isalnum()
