"""Lines that a container runtime has wrapped: CRI's ``time stream tag line`` and Docker's JSON, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.ingest.process.found import Found, Indices, Mask, Names, joined
from firstlight.ingest.process.texts import buffers, first_bytes, replaced, windows
from firstlight.ingest.process.times import read_times

_CRI: Final = (
    r"(?s)^(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2}))"
    r" (?P<stream>stdout|stderr) (?P<tag>[FP](?::[^ ]*)?) (?P<line>.*)$"
)
_CRI_LOOK: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9]{2}:[0-9]{2}) std(?:out|err) [FP]"
_CRI_BLANKS: Final = np.arange(20, 37)
_DOCKER: Final = np.frombuffer(b'{"log":"', np.uint8)
_DOCKER_KEYS: Final = frozenset({"log", "stream", "time", "attrs"})


@dataclass(frozen=True, slots=True, eq=False)
class Unwrapped:
    """Lines without their wrapping, and what it said."""

    body: pa.StringArray
    rows: Indices
    times: Indices
    """When the runtime read each of `rows`, 0 where it does not say."""
    found: Found


def unwrap(body: pa.StringArray, names: Names) -> Unwrapped | None:
    """Return the lines unwrapped, or None if none is wrapped."""
    begins = first_bytes(body)
    parts: list[tuple[Indices, pa.StringArray, pa.StringArray, Found]] = []
    starts, data = buffers(body)
    digits = np.flatnonzero((begins >= ord("0")) & (begins <= ord("9")))
    if len(digits):
        # Of most other lines the eleventh byte tells that they do not begin with such a time.
        digits = digits[data[np.minimum(starts[:-1][digits] + 10, len(data) - 1)] == ord("T")]
    if len(digits):
        _cri(body, digits, names, parts)
    braces = np.flatnonzero(begins == _DOCKER[0])
    if len(braces):
        # Of most JSON the third byte tells already that it is something else.
        braces = braces[data[np.minimum(starts[:-1][braces] + 2, len(data) - 1)] == _DOCKER[2]]
    if len(braces):
        shown = windows(_taken(body, braces), len(_DOCKER))
        braces = braces[(shown == _DOCKER).all(axis=1)]
        if len(braces):
            _docker(body, braces, names, parts)
    if not parts:
        return None
    rows = np.concatenate([part[0] for part in parts])
    texts = pa.concat_arrays([part[2] for part in parts])
    times, good = read_times(texts, np.zeros(len(rows), np.int64))
    bodies = pa.concat_arrays([part[1] for part in parts])
    return Unwrapped(replaced(body, rows, bodies), rows, np.where(good, times, 0), joined([part[3] for part in parts]))


def _taken(column: pa.StringArray, rows: Indices) -> pa.StringArray:
    return column if len(rows) == len(column) else column.take(pa.array(rows))


def _cri(
    body: pa.StringArray,
    rows: Indices,
    names: Names,
    parts: list[tuple[Indices, pa.StringArray, pa.StringArray, Found]],
) -> None:
    # Arrow compiles an expression anew each time, which costs more than to look whether any line can match: after the
    # time, of 20 to 35 bytes, comes the stream.
    starts, data = buffers(body)
    shown = data[np.minimum(starts[:-1][rows][:, None] + _CRI_BLANKS, len(data) - 1)]
    rows = rows[((shown[:, :-1] == ord(" ")) & (shown[:, 1:] == ord("s"))).any(axis=1)]
    if not len(rows):
        return
    looks: Mask = pc.match_substring_regex(_taken(body, rows), _CRI_LOOK).to_numpy(zero_copy_only=False)
    rows = rows[looks]
    if not len(rows):
        return
    read = pc.extract_regex(_taken(body, rows), _CRI)
    good = np.flatnonzero(read.is_valid().to_numpy(zero_copy_only=False))
    if not len(good):
        return
    read, rows = read.take(pa.array(good)), rows[good]
    tags = read.field("tag")
    partial = np.char.startswith(np.array(tags.to_pylist(), str), "P")
    # That a line goes on in the next is worth a field, that it does not is usual.
    counts = 1 + partial.astype(np.int64)
    codes = np.where(
        np.arange(counts.sum()) == np.repeat(np.cumsum(counts) - counts, counts),
        names.code("stream"),
        names.code("logtag"),
    )
    streams = read.field("stream").to_pylist()
    values = [
        value
        for stream, cut in zip(streams, partial.tolist(), strict=True)
        for value in ((stream, "P") if cut else (stream,))
    ]
    found = Found(rows, counts, codes, pa.array(values, pa.string()))
    parts.append((rows, read.field("line"), read.field("time"), found))


def _docker(
    body: pa.StringArray,
    rows: Indices,
    names: Names,
    parts: list[tuple[Indices, pa.StringArray, pa.StringArray, Found]],
) -> None:
    kept: list[int] = []
    lines: list[str] = []
    times: list[str] = []
    values: list[str] = []
    codes: list[int] = []
    counts: list[int] = []
    for row, text in zip(rows.tolist(), _taken(body, rows).to_pylist(), strict=True):
        try:
            item = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        if not isinstance(item, dict) or not {"log", "stream"} <= item.keys() <= _DOCKER_KEYS:
            continue
        if not (isinstance(item["log"], str) and isinstance(item["stream"], str)):
            continue
        attrs = item.get("attrs")
        pairs = {"stream": item["stream"]} | (
            {f"attrs.{name}": str(value) for name, value in attrs.items()} if isinstance(attrs, dict) else {}
        )
        kept.append(row)
        lines.append(item["log"].removesuffix("\n").removesuffix("\r"))
        times.append(str(item.get("time", "")))
        values += pairs.values()
        codes += map(names.code, pairs)
        counts.append(len(pairs))
    if kept:
        place = np.array(kept, np.int64)
        found = Found(place, np.array(counts, np.int64), np.array(codes, np.int64), pa.array(values, pa.string()))
        parts.append((place, pa.array(lines, pa.string()), pa.array(times, pa.string()), found))
