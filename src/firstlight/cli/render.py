"""How things look on a terminal, or in whatever stands in its place.

Colours and the terminal's width are for terminals; what goes into a file or a pipe is plain, aligned and never cut.
What others have sent us is shown so that it cannot act: a terminal obeys control characters, so they are spelled out.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Final, Self, TextIO

NARROW: Final = 12
"""Cells of width that a column of text wants at least, for a table to be a table."""

LONGEST: Final = 1_000
"""Characters of one cell that a terminal is shown."""

GAP: Final = 2

STYLES: Final[Mapping[str, str]] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "bold red": "1;31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}
"""What `paint` knows, and how terminals call it."""

# Control characters, but for the line break and the tab; and what makes text run backwards or hides it.
ACTING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
BREAKS: Final = str.maketrans({"\n": "\\n", "\t": "\\t"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    is_number: bool = False
    may_fold: bool = False
    """Whether the text may go on in the next line where the terminal is too narrow."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a word prints to."""

    out: TextIO
    width: int | None
    """Cells of a line; none if nobody minds long lines."""
    has_colours: bool

    @classmethod
    def of(cls, out: TextIO, environ: Mapping[str, str] = os.environ) -> Self:
        """Return the screen that a stream is."""
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="replace")  # rather a question mark than no answer
        if not out.isatty():
            return cls(out, None, has_colours=False)
        has_colours = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        return cls(out, shutil.get_terminal_size().columns, has_colours)

    def line(self, text: str = "") -> None:
        """Print one line."""
        print(text, file=self.out)

    def paint(self, text: str, style: str) -> str:
        """Return the text in one of `STYLES`, if there are colours and it is not empty."""
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.has_colours and style and text else text

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; of rows that the terminal is too narrow for, each as a list of its own."""
        if self.width is not None:
            rows = [[cut(cell, LONGEST) for cell in row] for row in rows]
            if _least(columns, rows) > self.width:
                self._lists(columns, rows)
                return
        widths = _widths(columns, rows, self.width)
        self._row(columns, [column.name for column in columns], widths, "bold")
        for row in rows:
            self._row(columns, row, widths, "")

    def _row(self, columns: Sequence[Column], row: Sequence[str], widths: Sequence[int], style: str) -> None:
        folded = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
        for parts in zip_longest(*folded, fillvalue=""):
            cells = zip(parts, columns, widths, strict=True)
            line = (" " * GAP).join(padded(part, width, right=column.is_number) for part, column, width in cells)
            self.line(self.paint(line.rstrip(), style))

    def _lists(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        longest = max((len(column.name) for column in columns), default=0)
        for number, row in enumerate(rows, 1):
            self.line(self.paint(f"row {number}", "dim"))
            for column, cell in zip(columns, row, strict=True):
                self.line(f"{self.paint(column.name.ljust(longest), 'bold')}  {cell}")


def _natural(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column would be."""
    return [max(map(cells, (column.name, *(row[at] for row in rows)))) for at, column in enumerate(columns)]


def _least(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    """Return the width that a table of these wants at least."""
    natural = zip(columns, _natural(columns, rows), strict=True)
    total = sum(min(width, NARROW) if column.may_fold else width for column, width in natural)
    return total + GAP * (len(columns) - 1)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], most: int | None) -> list[int]:
    """Return how wide each column is; those that may fold give way, the widest first."""
    widths = _natural(columns, rows)
    foldable = [at for at, column in enumerate(columns) if column.may_fold]
    while most is not None and foldable and sum(widths) + GAP * (len(columns) - 1) > most:
        widths[max(foldable, key=widths.__getitem__)] -= 1
    return widths


def _folded(text: str, width: int) -> list[str]:
    """Return the text in lines of at most so many cells, broken between words if it can be."""
    lines, rest = [], text
    while cells(rest) > width:
        fitting = _fitting(rest, width)
        space = rest.rfind(" ", 0, fitting + 1)
        end = space if space > 0 else fitting
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*lines, rest]


def _fitting(text: str, width: int) -> int:
    """Return how many characters of the text fit into so many cells; one at least."""
    left = width
    for number, character in enumerate(text):
        left -= cells(character)
        if left < 0:
            return max(number, 1)
    return len(text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return the text with blanks up to so many cells."""
    blank = " " * (width - cells(text))
    return blank + text if right else text + blank


def cells(text: str) -> int:
    """Return how many cells of a terminal the text takes.

    >>> cells("abc"), cells("日本"), cells("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )


def harmless(text: str) -> str:
    r"""Return text of others with what a terminal would obey spelled out.

    >>> harmless("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return ACTING.sub(lambda found: _spelled(found[0]), text)


def one_line(text: str) -> str:
    r"""Return text of others as it may stand in a cell of a table.

    >>> one_line("a\nb")
    'a\\nb'
    """
    return harmless(text).translate(BREAKS)


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def cut(text: str, width: int) -> str:
    """Return the text in at most `width` characters, with … where it was cut.

    >>> cut("abcdef", 4), cut("abc", 4)
    ('abc…', 'abc')
    """
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


def moment(text: str) -> datetime:
    """Return a time as the server writes it: in UTC, to the microsecond if not to the nanosecond."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def local_time(text: str) -> str:
    """Return a time of the server's as clocks here show it, with milliseconds."""
    return f"{moment(text).astimezone():%Y-%m-%d %H:%M:%S.%f}"[:-3]


def duration(nanoseconds: float) -> str:
    """Return how long something took, to three digits or so.

    >>> [duration(ns) for ns in (0, 850, 48_312_000, 999_950_000, 61e9, 7_325e9, -1_500_000)]
    ['0', '850 ns', '48.3 ms', '1 s', '1 m 1 s', '2 h 2 m', '-1.5 ms']
    """
    if nanoseconds < 0:
        return f"-{duration(-nanoseconds)}"
    if not nanoseconds:
        return "0"
    for unit, length, most in PARTS_OF_A_MINUTE:
        if nanoseconds < length * most:
            return f"{_digits(nanoseconds / length)} {unit}"
    seconds = round(nanoseconds / 1e9)
    large, length, small, part = next(row for row in LONGER if seconds >= row[1])
    whole, rest = divmod(seconds, length)
    return f"{whole} {large} {rest // part} {small}" if rest // part else f"{whole} {large}"


PARTS_OF_A_MINUTE: Final = (("ns", 1, 999.5), ("µs", 1e3, 999.5), ("ms", 1e6, 999.5), ("s", 1e9, 59.5))
LONGER: Final = (("d", 86_400, "h", 3_600), ("h", 3_600, "m", 60), ("m", 60, "s", 1))


def size(nbytes: float) -> str:
    """Return how many bytes something has.

    >>> [size(number) for number in (0, 512, 1536, 5 * 1024**3)]
    ['0 B', '512 B', '1.5 KiB', '5 GiB']
    """
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if nbytes < 1000 or unit == "TiB":
            return f"{_digits(nbytes)} {unit}"
        nbytes /= 1024
    raise AssertionError("the last unit has no end")


def count(number: float, noun: str = "", nouns: str = "") -> str:
    """Return a number as people write it, with what is counted.

    >>> count(12345), count(1, "row"), count(2, "row")
    ('12,345', '1 row', '2 rows')
    """
    text = f"{number:,}"
    return f"{text} {noun if number == 1 else nouns or noun + 's'}" if noun else text


def _digits(number: float) -> str:
    decimals = 0 if number >= 100 else 1 if number >= 10 else 2
    text = f"{number:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def value(read: Any) -> str:
    """Return a value of an answer as it stands in a cell.

    >>> value(None), value(True), value({"a": [1]})
    ('NULL', 'true', '{"a":[1]}')
    """
    if isinstance(read, str):
        return one_line(read)
    return "NULL" if read is None else one_line(json.dumps(read, ensure_ascii=False, separators=(",", ":")))


def as_json(read: Mapping[str, Any]) -> str:
    """Return an object as one line of JSON."""
    return json.dumps(read, ensure_ascii=False, separators=(",", ":"))


def note(words: str) -> None:
    """Tell the person, and not whatever reads the output."""
    print(words, file=sys.stderr, flush=True)


def seconds(text: str) -> float:
    """Return what an option such as ``--since 15m`` says; raise what argparse understands."""
    from argparse import ArgumentTypeError

    from firstlight.config.units import duration as read

    try:
        return read(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def whole_number(least: int) -> Callable[[str], int]:
    """Return what reads an option that is a whole number of `least` at least."""
    from argparse import ArgumentTypeError

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
            raise ArgumentTypeError(f"cannot read {text!r}; want a whole number, {least} or more")
        return int(text)

    return read
