"""The entries of a body of text, one after the other, as Prometheus reads them: slow, exact, with reasons."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from firstlight.wire.prometheus.exposition import NO_TIME, BadExposition
from firstlight.wire.prometheus.floats import read_float
from firstlight.wire.prometheus.series_text import OPENMETRICS, TEXT, Fault, Grammar, Pair, labels_of, unescaped


class Told(NamedTuple):
    """A line of metadata: what it tells (``HELP``, ``TYPE``, ``UNIT``), of which family."""

    what: str
    family: str
    text: str
    end: int


class Sample(NamedTuple):
    """A line with a sample. `series` is all that stands before the value, blanks too."""

    series: bytes
    labels: dict[str, str]
    value: float
    time: int
    exemplar: tuple[float, int, list[Pair]] | None
    end: int


class End(NamedTuple):
    """Where an OpenMetrics body says that it ends."""

    end: int


Entry = Told | Sample | End | int
"""An entry, or for one that tells nothing, where it ends."""

TEXT_TYPES: Final = {
    "counter": "counter", "gauge": "gauge", "histogram": "histogram", "summary": "summary", "untyped": "unknown",
}  # fmt: skip
OPENMETRICS_TYPES: Final = frozenset(
    {"counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown"}
)

_TEXT_META: Final = re.compile(rb'#[ \t]+(HELP|TYPE)[ \t]+(?:([a-zA-Z_:][a-zA-Z0-9_:]*)|"((?:\\.|[^\\"])*)")([^\n]*)\n')
_TEXT_META_START: Final = re.compile(rb"#[ \t]+(?:HELP|TYPE)[ \t]+")
_COMMENT: Final = re.compile(rb"#[^\n]*\n")
_TEXT_VALUE: Final = re.compile(rb"[^{ \t\n]+")
_TEXT_TIME: Final = re.compile(rb"[0-9]+")
_META: Final = re.compile(rb'# (HELP|TYPE|UNIT) (?:([a-zA-Z_:][a-zA-Z0-9_:]*)|"((?:\\.|[^\\"])*)")( [^\n]*)\n')
_WORD: Final = re.compile(rb" ([^ \n]+)")
_EXEMPLAR: Final = b" # {"


def text_entry(body: bytes, at: int) -> Entry:
    """Return the entry of the text format that starts at `at`. Raise Fault if there is none."""
    at = TEXT.skip(body, at)
    mark = body[at : at + 1]
    if mark == b"\n":
        return at + 1
    if mark == b"#":
        return _text_comment(body, at)
    series = TEXT.series(body, at)
    labels = labels_of(series)
    value = _TEXT_VALUE.match(body, TEXT.skip(body, series.end))
    if not value:
        raise Fault("want a value after the series")
    number = _number(value[0])
    end = TEXT.skip(body, value.end())
    time = NO_TIME
    if found := _TEXT_TIME.match(body, end):
        time, end = int(found[0]), TEXT.skip(body, found.end())
        if time >= 2**63:
            raise Fault("a timestamp too large")
        if body[end : end + 1] != b"\n":
            raise Fault("want the end of the line after a timestamp")
    if body[end : end + 1] != b"\n":
        raise Fault("want a timestamp in milliseconds or the end of the line after the value")
    return Sample(body[at : value.start()], labels, number, time, None, end + 1)


def _text_comment(body: bytes, at: int) -> Entry:
    found = _TEXT_META.match(body, at)
    if not found:
        if _TEXT_META_START.match(body, at):
            raise Fault("want a metric's name after HELP or TYPE")
        comment = _COMMENT.match(body, at)
        assert comment, "each line has an end"
        return comment.end()
    what, name, text = found[1].decode(), found[2] or found[3] or b"", found[4][1:]
    if what == "TYPE":
        kind = TEXT_TYPES.get(text.decode("utf-8", "replace"))
        if kind is None:
            raise Fault(f"want one of the types {', '.join(TEXT_TYPES)}")
        return Told(what, unescaped(name), kind, found.end())
    return Told(what, unescaped(name), _help(text), found.end())


def _help(text: bytes) -> str:
    # In help, unlike in labels, the quote is not escaped: a backslash before one stays.
    return unescaped(text.replace(b'\\"', b'\\\\"')) if b"\\" in text else unescaped(text)


def openmetrics_entry(body: bytes, at: int) -> Entry:
    """Return the entry of OpenMetrics that starts at `at`. Raise Fault if there is none."""
    if body[at : at + 1] == b"#":
        return _comment(body, at)
    series = OPENMETRICS.series(body, at)
    labels = labels_of(series)
    value = _WORD.match(body, series.end)
    if not value:
        raise Fault("want one space and a value after the series")
    number, end, time, exemplar = _number(value[1]), value.end(), NO_TIME, None
    if not body.startswith(_EXEMPLAR, end) and (found := _WORD.match(body, end)):
        time, end = read_time(found[1]), found.end()
    if body.startswith(_EXEMPLAR, end):
        exemplar, end = read_exemplar(body, end)
    if body[end : end + 1] != b"\n":
        raise Fault("want a timestamp, an exemplar or the end of the line after the value")
    return Sample(body[at : value.start(1)], labels, number, time, exemplar, end + 1)


def read_exemplar(body: bytes, at: int) -> tuple[tuple[float, int, list[Pair]], int]:
    """Return the exemplar that starts at `at`: value, time or `NO_TIME`, labels; and where it ends. May raise Fault."""
    series = OPENMETRICS.labels(body, at + len(_EXEMPLAR), b"", nameless=True)
    labels_of(series)
    value = _WORD.match(body, series.end)
    if not value:
        raise Fault("want a value after the exemplar's labels")
    number, end, time = _number(value[1]), value.end(), NO_TIME
    if found := _WORD.match(body, end):
        time, end = read_time(found[1]), found.end()
    pairs = [(unescaped(name).encode(), unescaped(text).encode()) for name, text in series.pairs]
    return (number, time, pairs), end


def _comment(body: bytes, at: int) -> Entry:
    if body.startswith(b"# EOF", at):
        end = at + len(b"# EOF")
        if body[end:] not in (b"", b"\n"):
            raise Fault("more after # EOF")
        return End(len(body))
    found = _META.match(body, at)
    if not found:
        raise Fault("want # HELP, # TYPE or # UNIT with a family's name and a text, or # EOF")
    what, family, text = found[1].decode(), unescaped(found[2] or found[3] or b""), unescaped(found[4][1:])
    if what == "TYPE" and text not in OPENMETRICS_TYPES:
        raise Fault(f"want one of the types {', '.join(sorted(OPENMETRICS_TYPES))}")
    if what == "UNIT" and text and not family.endswith(f"_{text}"):
        raise Fault("want a unit that the family's name ends with")
    return Told(what, family, text, found.end())


def _number(text: bytes) -> float:
    try:
        return read_float(text)
    except ValueError as error:
        raise Fault(str(error)) from None


def read_time(text: bytes) -> int:
    """Return a time in seconds, as OpenMetrics writes it, in milliseconds. Raise Fault if it is none."""
    seconds = _number(text)
    if not math.isfinite(seconds):
        raise Fault("a timestamp that is not a time")
    if abs(seconds) >= 2**63 / 1000:
        raise Fault("a timestamp too large")
    return int(seconds * 1000)


def entries(body: bytes, read: Callable[[bytes, int], Entry], form: str) -> Iterator[Told | Sample]:
    """Yield the entries of a body. Raise BadExposition at the first that cannot be read."""
    at, strict = 0, read is openmetrics_entry
    while at < len(body):
        try:
            entry = read(body, at)
        except Fault as fault:
            line = body.count(b"\n", 0, at) + 1
            end = body.find(b"\n", at)
            raise BadExposition(form, line, body[at : end if end >= 0 else None], str(fault)) from None
        if isinstance(entry, End):
            return
        if isinstance(entry, int):
            at = entry
        else:
            at = entry.end
            yield entry
    if strict:
        raise BadExposition(form, body.count(b"\n") + 1, b"", "the body does not end with # EOF")


def grammar_of(read: Callable[[bytes, int], Entry]) -> Grammar:
    """Return the grammar of the series of a format, by what reads its entries."""
    return OPENMETRICS if read is openmetrics_entry else TEXT
