"""Lines of logfmt (``level=info msg="it works"``) to fields, a column at a time.

Only the places of blanks, quotes and equals signs are looked at, in numpy. Lines with a backslash or with a quote that
is not closed are read one by one.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.ingest.process.found import Found, Indices, Mask, Names, joined, nothing
from firstlight.ingest.process.texts import Bytes, buffers, lengths, matrix, windows

MAX_FIRST: Final = 64
"""How many characters the first name of a line may have, of these kinds, the first of a kind of its own."""

_USUAL: Final = 12
_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

MIN_PAIRS: Final = 2
"""How many pairs make a line logfmt; one may be anything."""

_PAIR: Final = re.compile(r'(?<!\S)([^\s="\']++)=(?:"((?:[^"\\]++|\\.)*+)"(?=\s|$)|([^\s]*+))', re.DOTALL)
_FIRST: Final = np.isin(np.arange(256), np.frombuffer(_LETTERS + b"_@", np.uint8))
_NAMED: Final = np.isin(np.arange(256), np.frombuffer(_LETTERS + b"0123456789_.@/-", np.uint8))
_BLANK, _NEWLINE, _QUOTE, _EQUALS, _BACKSLASH = b' \n"=\\'


def looks_so(column: pa.StringArray) -> Mask:
    """Return which lines begin as logfmt does."""
    found, unsure = _begins_so(windows(column, _USUAL))
    if unsure.any():
        rows = np.flatnonzero(unsure)
        found[rows] = _begins_so(windows(column.take(pa.array(rows)), MAX_FIRST + 1))[0]
    return found


def _begins_so(shown: Bytes) -> tuple[Mask, Mask]:
    """Return which beginnings of lines are a name and an equals sign, and which are a name all through."""
    named = _NAMED[shown]
    end = named.argmin(axis=1)
    first = _FIRST[shown[:, 0]]
    found: Mask = first & (shown[np.arange(len(shown)), end] == ord("="))
    return found, first & (end == 0)


def pairs(text: str, limit: int = 256) -> list[tuple[str, str]]:
    r"""Return the pairs in a text, whatever stands between them.

    >>> pairs('done  lease=a/b took="1 \\"s\\"" n=')
    [('lease', 'a/b'), ('took', '1 "s"'), ('n', '')]
    """
    found = []
    for match in _PAIR.finditer(text):
        name, quoted, bare = match.groups()
        found.append((name, bare if quoted is None else _unescaped(quoted)))
        if len(found) == limit:
            break
    return found


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    try:
        return str(orjson.loads(f'"{text}"'))
    except orjson.JSONDecodeError:
        return text.replace('\\"', '"').replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")


def read_logfmt(column: pa.StringArray, rows: Indices, names: Names) -> tuple[Found, Indices]:
    """Return the fields of lines that may be logfmt, and the places of those that are."""
    odd = _is_odd(column)
    even = np.flatnonzero(~odd)
    parts = []
    kept = []
    if len(even):
        part = _columns(column if len(even) == len(column) else column.take(pa.array(even)), rows[even], names)
        parts.append(part)
        kept.append(even[np.isin(rows[even], part.rows)])
    if len(even) < len(column):
        singles = np.flatnonzero(odd)
        part, places = _one_by_one(column.take(pa.array(singles)).to_pylist(), rows[singles], names)
        parts.append(part)
        kept.append(singles[places])
    return joined(parts), np.sort(np.concatenate(kept)) if kept else np.zeros(0, np.int64)


def _is_odd(column: pa.StringArray) -> Mask:
    """Return which lines have a backslash, or a number of quotes that is odd."""
    starts, data = buffers(column)
    found = np.zeros(len(column), np.bool_)
    data = data[starts[0] : starts[-1]]
    bounds = starts - starts[0]
    escapes = np.flatnonzero(data == _BACKSLASH)
    if len(escapes):
        found[np.unique(np.searchsorted(bounds, escapes, side="right") - 1)] = True
    quotes = np.flatnonzero(data == _QUOTE)
    found |= np.diff(np.searchsorted(quotes, bounds)) % 2 == 1
    return found


def _one_by_one(texts: list[str], rows: Indices, names: Names) -> tuple[Found, Indices]:
    read = [pairs(text) for text in texts]
    places = np.array([place for place, found in enumerate(read) if len(found) >= MIN_PAIRS], np.int64)
    if not len(places):
        return nothing(), places
    kept = [read[place] for place in places.tolist()]
    flat = [pair for found in kept for pair in found]
    return (
        Found(
            rows[places],
            np.array(list(map(len, kept)), np.int64),
            np.array([names.code(name) for name, _ in flat], np.int64),
            pa.array([value for _, value in flat], pa.string()),
        ),
        places,
    )


def _columns(column: pa.StringArray, rows: Indices, names: Names) -> Found:
    """Return the pairs of lines in which quotes are in order."""
    column = pc.binary_join_element_wise(column, "", "\n")  # so that each pair ends within its line
    starts, data = buffers(column)
    bounds = starts.astype(np.int64) - starts[0]
    data = data[starts[0] : starts[-1]]
    places = np.flatnonzero((data == _BLANK) | (data == _QUOTE) | (data == _EQUALS) | (data == _NEWLINE))
    kinds = data[places]
    outside = (np.cumsum(kinds == _QUOTE) & 1) == 0
    kept = np.flatnonzero(outside & (kinds != _QUOTE))
    places, is_equals = places[kept], kinds[kept] == _EQUALS
    # A pair is at each equals sign that is the first after a blank. It ends at the next blank.
    first = is_equals.copy()
    first[1:] &= ~is_equals[:-1]
    at = np.flatnonzero(first)
    if not len(at):
        return nothing()
    blanks = np.flatnonzero(~is_equals)
    before = np.where(at > 0, places[at - 1] + 1, 0)
    equals = places[at]
    after = places[blanks[np.cumsum(~is_equals)[at]]]
    good = (before < equals) & (data[before] != _QUOTE)
    before, equals, after = before[good], equals[good], after[good]
    if not len(before):
        return nothing()
    value = equals + 1
    # Quotes are taken off where they are around the whole value.
    quoted = (after - value >= 2) & (data[np.minimum(value, len(data) - 1)] == _QUOTE) & (data[after - 1] == _QUOTE)
    value, after = value + quoted, after - quoted
    counts = np.diff(np.searchsorted(equals, bounds))
    enough = counts >= MIN_PAIRS
    cuts = np.stack([before, equals, value, after], axis=1).ravel().astype(np.int32)
    pieces = pa.StringArray.from_buffers(len(cuts) - 1, pa.py_buffer(cuts), pa.py_buffer(np.ascontiguousarray(data)))
    chosen = np.flatnonzero(np.repeat(enough, counts)) * 4
    if not len(chosen):
        return nothing()
    words = pieces.take(pa.array(chosen))
    counts = counts[enough]
    return Found(rows[enough], counts, _codes(words, counts, names), pieces.take(pa.array(chosen + 2)))


def _codes(words: pa.StringArray, counts: Indices, names: Names) -> Indices:
    """Return the numbers of names, of which each line has `counts`. Often all lines have the same in the same order."""
    width = int(counts[0])
    if (counts == width).all():
        sizes = lengths(words).reshape(-1, width)
        if (sizes == sizes[0]).all():
            shown = matrix(words, int(sizes[0].sum()))
            if (shown == shown[0]).all():
                return np.tile(names.encode(words.slice(0, width)), len(counts))
    return names.encode(words)
