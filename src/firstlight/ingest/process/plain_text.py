"""What lines say that have no fields to say it: a level as a word of its own, ids of a trace and a span."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.ingest.process.found import Indices
from firstlight.ingest.process.ids import SPAN, TRACE, read_ids
from firstlight.ingest.process.levels import severity
from firstlight.ingest.process.texts import Bytes, buffers

FEW: Final = 64
"""Up to how many lines are searched one by one."""

LOOKED_AT: Final = 400
"""How many bytes of a line are searched for a level."""

_WORDS: Final = "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|FATAL|PANIC|ALERT|EMERG|EMERGENCY|SEVERE"
_LEVEL: Final = (
    rf"(?:^|[^A-Za-z0-9_.%-])(?P<loud>{_WORDS})(?:[^A-Za-z0-9_%-]|$)"
    rf"|[\[(<](?P<framed>(?i:{_WORDS}))[\])>]"
    rf"|(?:^|[ \]])(?P<colon>(?i:{_WORDS}|fail|failed|failure)):"
    r"|(?i:level|severity|lvl)[\"']?[=:][ ]?[\"']?(?P<named>[A-Za-z]{1,12})"
    r"|(?:^|[ :])(?P<raised>Traceback \(most recent call last\)"
    r"|(?:[A-Za-z_$][A-Za-z0-9_$]*\.)*[A-Z][A-Za-z0-9]*(?:Exception|Error)(?::|$))"
    r"|^(?P<panicked>panic: |fatal error: )"
)
_COMPILED: Final = re.compile(_LEVEL)
_NAMED: Final = MappingProxyType({"raised": (17, "ERROR"), "panicked": (21, "FATAL")})
_TRACE: Final = r"(?i)trace[_.-]?id[\"']?[=: ]{1,3}[\"']?(?P<id>[0-9a-f]{32}|[0-9a-f]{16})(?:[^0-9a-f]|$)"
_NAMED_ID: Final = re.compile(rb"race[_.-]?[iI][dD]")  # begins as a literal does, which is searched for faster
_LOUD_ID: Final = re.compile(rb"RACE[_.-]?ID")
_SPAN: Final = r"(?i)(?:^|[^a-z_-])span[_.-]?id[\"']?[=: ]{1,3}[\"']?(?P<id>[0-9a-f]{16})(?:[^0-9a-f]|$)"


def levels(column: pa.StringArray) -> tuple[Indices, Indices, pa.StringArray]:
    """Return the places of lines that name a level, the severity number of each, and the text for it.

    Only a word that stands out is taken for one: in capitals, in brackets or before a colon; or an exception.
    """
    if len(column) <= FEW:
        return _levels_of(column.to_pylist())
    read = pc.extract_regex(pc.binary_slice(column.cast(pa.binary()), 0, LOOKED_AT), _LEVEL)
    here = np.flatnonzero(read.is_valid().to_numpy(zero_copy_only=False))
    read = read.take(pa.array(here))
    numbers = np.zeros(len(here), np.int64)
    texts = np.zeros(len(here), np.int64)
    known = [""]
    for group in ("loud", "framed", "colon", "named", "raised", "panicked"):
        words = read.field(group).dictionary_encode()
        codes = words.indices.to_numpy(zero_copy_only=False)
        for code, word in enumerate(words.dictionary.to_pylist()):
            number, text = _NAMED.get(group) or severity(word.decode())
            if word and number:
                rows = codes == code
                numbers[rows], texts[rows] = number, len(known)
                known.append(text)
    good = np.flatnonzero(numbers)
    return here[good], numbers[good], pa.array(known, pa.string()).take(pa.array(texts[good]))


def _levels_of(texts: list[str]) -> tuple[Indices, Indices, pa.StringArray]:
    """Do the same for a few lines, for which Arrow would compile the expression each time anew."""
    found = []
    for place, line in enumerate(texts):
        match = _COMPILED.search(line[:LOOKED_AT])
        if match:
            group = str(match.lastgroup)
            number, text = _NAMED.get(group) or severity(match[group])
            if number:
                found.append((place, number, text))
    return (
        np.array([place for place, _, _ in found], np.int64),
        np.array([number for _, number, _ in found], np.int64),
        pa.array([text for _, _, text in found], pa.string()),
    )


def ids(column: pa.StringArray) -> tuple[tuple[Indices, Bytes], tuple[Indices, Bytes]]:
    """Return places and ids of the traces that lines name, and the same of spans."""
    starts, data = buffers(column)
    none = np.zeros(0, np.int64)
    said = data[starts[0] : starts[-1]].tobytes()
    if _NAMED_ID.search(said) is None and _LOUD_ID.search(said) is None:
        return (none, np.zeros((0, TRACE), np.uint8)), (none, np.zeros((0, SPAN), np.uint8))
    return _ids(column, _TRACE, TRACE), _ids(column, _SPAN, SPAN)


def _ids(column: pa.StringArray, pattern: str, size: int) -> tuple[Indices, Bytes]:
    read = pc.extract_regex(column, pattern).field("id")
    places = np.flatnonzero(read.is_valid().to_numpy(zero_copy_only=False))
    found, good = read_ids(read.take(pa.array(places)), size)
    return places[good], found[good]
