"""Pairs of logfmt: `key=value key="quoted value" key`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from firstlight.query.logql.json_scan import BadJson

# A line of which every pair is plain: what nearly all are.
_PLAIN: Final = re.compile(r'[\x00-\x20]*([^\x00-\x20="]+)(?:=(?:"([^"\\]*)"|([^\x00-\x20="]*)(?=[\x00-\x20]|\Z)))?')
_GARBAGE: Final = re.compile(rb"[\x00-\x20]*")
_KEY: Final = re.compile(rb'[^\x00-\x20="]*')
_VALUE: Final = re.compile(rb'[^\x00-\x20="]*')
_SKIPPED: Final = re.compile(rb"[^\x00-\x20]*")
_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SHORT: Final = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "'": "'",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}

Pair = tuple[str, str] | str
"""A key and its value, or what is wrong, in Loki's words."""


def pairs_of(line: str) -> Iterator[Pair]:
    """Yield the pairs of a line and its faults, in their order; what follows a fault is read on."""
    place = 0
    match = _PLAIN.match
    while found := match(line, place):
        place = found.end()
        # Between a value and the next key there is white space, or this was no plain pair.
        if place < len(line) and line[place] > " " and line[place - 1] != '"':
            place = found.start()
            break
        key, quoted, plain = found.groups()
        if "\ufffd" in key:
            place = found.start()
            break
        yield key, quoted or plain or ""
    if place < len(line) and line[place:].strip("".join(map(chr, range(33)))):
        yield from _scanned(
            line.encode("utf-8", "surrogateescape"), len(line[:place].encode("utf-8", "surrogateescape"))
        )


def _scanned(data: bytes, place: int) -> Iterator[Pair]:
    """Yield the rest of the pairs byte by byte, with their faults."""
    length = len(data)
    while True:
        place = _end(_GARBAGE, data, place)
        if place >= length:
            return
        start = place
        place = _end(_KEY, data, place)
        key = data[start:place]
        bad_key = "\ufffd" in key.decode("utf-8", "replace")
        mark = data[place : place + 1]
        if mark == b'"' or (mark == b"=" and not key):
            yield _unexpected(mark, place)
            place = _end(_SKIPPED, data, place)
            continue
        if bad_key:
            yield _fault("invalid key", place)
            if mark == b"=":
                place = _end(_SKIPPED, data, place)
            continue
        if mark != b"=":
            yield key.decode(), ""
            continue
        place += 1
        if data[place : place + 1] == b'"':
            found = _QUOTED.match(data, place)
            if found is None:
                yield _fault("unterminated quoted value", length)
                return
            place = found.end()
            try:
                yield key.decode(), _unquoted(found[1].decode("utf-8", "replace"))
            except BadJson:
                yield _fault("invalid quoted value", place)
            continue
        start = place
        place = _end(_VALUE, data, place)
        mark = data[place : place + 1]
        if mark in (b"=", b'"') and mark:
            yield _unexpected(mark, place)
            place = _end(_SKIPPED, data, place)
            continue
        yield key.decode(), data[start:place].decode("utf-8", "replace")


def _end(pattern: re.Pattern[bytes], data: bytes, place: int) -> int:
    found = pattern.match(data, place)
    return found.end() if found else place


def _fault(words: str, place: int) -> str:
    return f"logfmt syntax error at pos {place + 1} : {words}"


def _unexpected(mark: bytes, place: int) -> str:
    shown = {b'"': "'\"'", b"=": "'='"}[mark]
    return _fault(f"unexpected {shown}", place)


def _unquoted(text: str) -> str:
    """Return what is between quotation marks without its escapes; raise BadJson if one is none."""
    if "\\" not in text:
        return text
    parts: list[str] = []
    place = 0
    while (start := text.find("\\", place)) >= 0:
        parts.append(text[place:start])
        found = _ESCAPE.match(text, start)
        if found is None or (found[1] is None and found[2] not in _SHORT):
            raise BadJson("invalid quoted value")
        place = found.end()
        if found[1] is None:
            parts.append(_SHORT[found[2]])
            continue
        code = int(found[1], 16)
        if 0xD800 <= code <= 0xDFFF:
            low = _ESCAPE.match(text, place)
            if code < 0xDC00 and low and low[1] is not None and 0xDC00 <= int(low[1], 16) <= 0xDFFF:
                code = 0x10000 + ((code - 0xD800) << 10) + int(low[1], 16) - 0xDC00
                place = low.end()
            else:
                code = 0xFFFD
        parts.append(chr(code))
    return "".join(parts) + text[place:]
