"""The forms that an answer may have, and how the engine's output becomes them, piece by piece.

The engine itself prints the rows, in every form: it knows its types, and does it outside of Python. Only JSON is put
together here, from lines, so that an answer can say that it was cut, and that it failed after it had begun.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import orjson

from firstlight.errors import UserError

Pieces = AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Format:
    """One form of answers."""

    name: str
    content_type: str
    output: str
    """What the engine calls it."""
    is_lines: bool = False
    """Whether it is lines, each of which means something by itself: then an answer that fails is cut after one."""
    cuts: bool = False
    """Whether an answer of too many rows is cut; otherwise it fails."""
    output_of_listings: str = ""
    """What the engine calls it for what is no SELECT, if that is different: such it does not stream."""


JSON = Format("json", "application/json", "JSONCompactEachRowWithProgress", cuts=True)
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "json": JSON,
        "ndjson": Format(
            "ndjson", "application/x-ndjson", "JSONEachRow", is_lines=True, output_of_listings="JSONLines"
        ),
        "csv": Format("csv", "text/csv; charset=utf-8; header=present", "CSVWithNames"),
        "arrow": Format("arrow", "application/vnd.apache.arrow.stream", "ArrowStream"),
    }
)
"""Every form by the name that asks for it."""


async def lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the lines of a text that comes in pieces, without their ends."""
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line
    if rest:
        yield rest


async def whole_lines(pieces: AsyncIterator[bytes]) -> Pieces:
    """Yield the same text in pieces that each end where a line does."""
    rest = b""
    async for piece in pieces:
        whole, newline, rest = (rest + piece).rpartition(b"\n")
        if newline:
            yield whole + newline
    if rest:
        yield rest


ROW = b'{"row":'
META = b'{"meta":'
PROGRESS = b'{"progress":'
TOTALS = b'{"totals":'
FAULT = b'{"exception":'
PIECE = 64 * 1024
"""How many bytes of JSON are gathered before they are handed on."""


class JsonAnswer:
    """Puts JSON together from the engine's lines: columns, then rows, then what it took."""

    def __init__(self, max_rows: int, seconds: Callable[[], float], explain: Callable[[str], UserError]) -> None:
        """Take how many rows there may be, how long it has taken, and what says what the engine means by an error."""
        self._max_rows = max_rows
        self._seconds = seconds
        self._explain = explain
        self._rows = 0
        self._totals: list[object] | None = None
        self._is_cut = False
        self._read: dict[str, str] = {}

    async def pieces(self, output: AsyncIterator[bytes]) -> Pieces:
        """Yield the answer. What is raised before the first piece, the answer knows nothing of."""
        gathered = bytearray()
        async for line in lines(output):
            gathered += self._said(line)
            if len(gathered) >= PIECE:
                yield bytes(gathered)
                gathered.clear()
        yield bytes(gathered) + self._end()

    def _said(self, line: bytes) -> bytes:
        """Return what a line of the engine adds to the answer."""
        if line.startswith(ROW):
            return self._row(line)
        if line.startswith(META):
            return b'{"columns":' + line[len(META) : -1] + b',"rows":['
        if line.startswith(PROGRESS):
            self._read = orjson.loads(line)["progress"]
            return b""
        if line.startswith(TOTALS):
            self._totals = orjson.loads(line)["totals"]
        if line.startswith(FAULT):  # how an engine says it that is not in this process
            raise self._explain(str(orjson.loads(line)["exception"]))
        return b""

    def _row(self, line: bytes) -> bytes:
        if self._rows == self._max_rows:
            self._is_cut = True
            return b""
        self._rows += 1
        return (b",\n" if self._rows > 1 else b"\n") + line[len(ROW) : -1]

    def _end(self) -> bytes:
        totals = {} if self._totals is None else {"totals": self._totals}
        summary = {
            **totals,
            "row_count": self._rows,
            "truncated": self._is_cut,
            "statistics": {
                "elapsed_seconds": round(self._seconds(), 6),
                "rows_read": int(self._read.get("read_rows", 0)),
                "bytes_read": int(self._read.get("read_bytes", 0)),
            },
        }
        return b"\n]," + orjson.dumps(summary)[1:] + b"\n"
