"""From lines to fields and to what the fields say, a batch at a time; pure but for the formats that streams have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.ingest.process import plain_text
from firstlight.ingest.process.formats.access import ACCESS
from firstlight.ingest.process.found import Found, Indices, Mask, Names, chosen, joined, without_doubles
from firstlight.ingest.process.json_lines import read_json
from firstlight.ingest.process.logfmt_lines import looks_so, read_logfmt
from firstlight.ingest.process.recognise import MAX_LINE, Recogniser
from firstlight.ingest.process.texts import buffers, first_bytes, last_bytes, lengths, replaced

MAX_JSON: Final = 1024 * 1024
"""Lines of more bytes are not read as JSON."""

MAX_VALUE: Final = 32_768
"""Bytes of one field; what is longer is cut, and counted as left out."""

MAX_NAME: Final = 256
"""Characters of a field's name; a field with a longer one is left out."""

JSON, LOGFMT, PLAIN = "json", "logfmt", "plain"

_ANSI: Final = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")
_ACCESS_NAMES: Final = frozenset(one.name for one in ACCESS)


@dataclass(slots=True, eq=False)
class Understood:
    """The fields of lines, the rows by the format they have, and how many fields each row leaves out."""

    found: Found
    names: Names
    formats: dict[str, Indices] = field(default_factory=dict)
    left_out: Indices | None = None
    wordy: Indices | None = None
    """Rows whose text itself may name a level: neither fields alone nor answered requests."""

    def format_of(self, length: int) -> list[str]:
        """Return the format of each row."""
        named = [PLAIN] * length
        for name, rows in self.formats.items():
            for row in rows.tolist():
                named[row] = name
        return named


def understand(
    body: pa.StringArray, streams: Indices, recogniser: Recogniser | None, names: Names, known: Sequence[Found] = ()
) -> Understood:
    """Return what is in the lines; `known` is what has been found already, by which no line is read otherwise.

    Without a `recogniser`, nothing is looked for but that.
    """
    if recogniser is None:
        return Understood(
            _bounded(without_doubles(joined(known), len(names.codes)), names, np.zeros(len(body), np.int64)), names
        )
    begins = first_bytes(body)
    sizes = lengths(body)
    done = np.zeros(len(body), np.bool_)
    parts: list[Found] = []
    formats: dict[str, Indices] = {}
    left_out = np.zeros(len(body), np.int64)

    closing = last_bytes(body)
    braces = np.flatnonzero(
        (begins == ord("{")) & ((closing == ord("}")) | (closing <= ord(" "))) & (sizes <= MAX_JSON)
    )
    if len(braces):
        found, places, dropped = read_json(_taken(body, braces), braces, names)
        parts.append(found)
        left_out[braces[places]] = dropped
        done[braces[places]] = True
        formats[JSON] = braces[places]
    letters = np.flatnonzero(~done & (begins >= ord("@")) & (begins <= ord("z")) & (sizes <= MAX_LINE))
    if len(letters):
        letters = letters[looks_so(_taken(body, letters))]
    if len(letters):
        found, places = read_logfmt(_taken(body, letters), letters, names)
        parts.append(without_doubles(found, len(names.codes)))
        done[letters[places]] = True
        formats[LOGFMT] = letters[places]
    rest = np.flatnonzero(~done & (sizes > 0))
    wordy = rest
    short = rest[sizes[rest] <= MAX_LINE]
    if len(short):
        texts = _plain_texts(_taken(body, short), closing[short])
        found, by_name = recogniser.read(texts, short, streams[short], names)
        parts.append(without_doubles(found, len(names.codes)))
        formats |= by_name
        answered = [rows for name, rows in by_name.items() if name in _ACCESS_NAMES]
        wordy = np.setdiff1d(rest, np.concatenate(answered)) if answered else rest
    # No line is read by two of them, and an object has each name once.
    whole = joined([*parts, *known])
    if known:
        whole = without_doubles(whole, len(names.codes))
    return Understood(_bounded(whole, names, left_out), names, formats, left_out, wordy)


def levels_in_text(body: pa.StringArray, rows: Indices) -> tuple[Indices, Indices, pa.StringArray]:
    """Return rows, severity numbers and texts of those lines of `rows` that name a level."""
    if not len(rows):
        return rows, rows, pa.array([], pa.string())
    places, numbers, texts = plain_text.levels(_taken(body, rows))
    return rows[places], numbers, texts


def _taken(column: pa.StringArray, rows: Indices) -> pa.StringArray:
    return column if len(rows) == len(column) else column.take(pa.array(rows))


def _plain_texts(column: pa.StringArray, closing: np.ndarray) -> list[str]:
    """Return lines as formats know them: without colours, and without blanks at the end."""
    starts, data = buffers(column)
    texts: list[str] = column.to_pylist()
    if b"\x1b[" in data[starts[0] : starts[-1]].tobytes():
        texts = [_ANSI.sub("", text) if "\x1b[" in text else text for text in texts]
    blank: Mask = closing <= ord(" ")
    return [text.rstrip() for text in texts] if blank.any() else texts


def _bounded(found: Found, names: Names, left_out: Indices) -> Found:
    """Return the fields within bounds, and count in `left_out` what is not."""
    long = np.flatnonzero(lengths(found.values) > MAX_VALUE)
    if len(long):
        texts = [
            text[:MAX_VALUE].encode()[:MAX_VALUE].decode(errors="ignore")
            for text in found.values.take(pa.array(long)).to_pylist()
        ]
        np.add.at(left_out, found.row_of[long], 1)
        found = Found(found.rows, found.counts, found.names, replaced(found.values, long, texts))
    wide = [code for name, code in names.codes.items() if len(name) > MAX_NAME]
    if wide:
        bad = np.isin(found.names, wide)
        np.add.at(left_out, found.row_of[bad], 1)
        found = chosen(found, ~bad)
    return found
