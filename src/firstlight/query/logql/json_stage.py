"""`| json` without expressions: each simple member is a label, those of objects within by their path.

Three readers, each exact where it is used. Lines that orjson reads and whose values read back as they were written take
the fast one; numbers such as `1.50` and names that come twice take Python's; the rest is scanned as Loki does it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import orjson
import pyarrow.compute as pc

from firstlight.query.logql.json_names import REMEMBERED, Level
from firstlight.query.logql.json_scan import BadJson, Found, Kind, each_member, label_text
from firstlight.query.logql.json_sought import Sought
from firstlight.query.logql.label_sets import LabelSet
from firstlight.query.logql.lines import PRESERVE_ERROR
from firstlight.query.logql.pipeline_block import Block, Then

JSON_ERROR: Final = "JSONParserErr"

DEEPEST: Final = 128
"""How many objects within each other are looked into."""

# Where the fast reader might not give what is written: numbers that it may write otherwise, names with a space before
# their colon (by which it would miss that a name comes twice), and U+FFFD, which Loki makes a space.
DOUBTFUL: Final = (
    r'"[ \t\r\n]+:|\x{FFFD}|\\u[fF]{3}[dD]|'
    r":[ \t\r\n]*-?(?:[0-9.]+[eE]|[0-9]*\.[0-9]*0[ \t\r\n,}]|0\.0000|[0-9]{20}|[0-9]{14,}\.|"
    r"[0-9]{11,}\.[0-9]{4}|[0-9]{7,10}\.[0-9]{7}|[0-9]{4,6}\.[0-9]{10}|[0-9]{1,3}\.[0-9]{13})|:[ \t\r\n]*-0[ \t\r\n,}]"
)
_NEVER: Final = re.compile(r'"[ \t\r\n]+:|\ufffd|\\u[fF]{3}[dD]')
_NUMBER: Final = re.compile(r":[ \t\r\n]*(-?[0-9][0-9.eE+-]*)")


def _faithful(text: str) -> bool:
    """Return whether every number of a doubtful line is written as the fast reader's would be."""
    if _NEVER.search(text):
        return False
    for number in _NUMBER.findall(text):
        if len(number) < 20 and (number.isdigit() or (number[1:].isdigit() and number != "-0")):
            continue
        try:
            if repr(float(number)) != number:
                return False
        except ValueError:
            return False
    return True


class _Members(list[tuple[str, Any]]):
    """The members of an object in their order, as Python's reader gives them."""


def _no_constant(word: str) -> None:
    raise ValueError(word)


_PYTHON: Final = json.JSONDecoder(
    object_pairs_hook=_Members, parse_float=str, parse_int=str, parse_constant=_no_constant, strict=False
)


class JsonReader:
    """What gives lines the labels that their JSON has."""

    def __init__(self, wanted: frozenset[str] | None, *, preserve: bool) -> None:
        self.wanted = wanted
        self._preserve = preserve
        self._levels: dict[tuple[frozenset[str], frozenset[str] | None], Level] = {}

    def apply(self, block: Block, then: Then | None = None) -> None:
        """Give each line its labels, and do `then` with those."""
        column = block.array
        doubtful = pc.match_substring_regex(column, DOUBTFUL).to_pylist()
        colons = pc.count_substring(column, '":').to_pylist()
        work = _Work(self, then)
        if block.repeats():
            facts = dict(zip(block.texts, zip(doubtful, colons, strict=True), strict=True))
            block.parse(lambda text, labels: work.labels(text, labels, *facts[text]))
            return
        each = zip(doubtful, colons, strict=True).__next__
        block.parse(lambda text, labels: work.labels(text, labels, *each()))

    def level_for(self, reserved: frozenset[str], wanted: frozenset[str] | None) -> Level:
        """Return the names of members, given those that are taken."""
        level = self._levels.get((reserved, wanted))
        if level is None:
            level = self._levels[reserved, wanted] = Level("", reserved, wanted, top=True)
        return level

    def labels(self, text: str, labels: LabelSet) -> LabelSet:
        """Return `labels` with what a line has that the fast reader cannot be trusted with."""
        level = self.level_for(labels.reserved, self.wanted)
        try:
            document = _PYTHON.decode(text)
        except (ValueError, RecursionError):
            return self._scanned(text, labels, level)
        if document.__class__ is not _Members or "\\ud" in text or "\\uD" in text:
            return self._scanned(text, labels, level)
        parsed = dict(labels.parsed)
        _flatten_members(document, level, parsed)
        return _with(labels, parsed)

    def _scanned(self, text: str, labels: LabelSet, level: Level) -> LabelSet:
        parsed = dict(labels.parsed)
        done = self._done_test(labels, parsed)
        try:
            _scan(text.encode("utf-8", "surrogateescape"), level, parsed, done, 0)
        except Found:
            return _with(labels, parsed)
        except BadJson as error:
            return failed(_with(labels, parsed), str(error), preserve=self._preserve)
        return _with(labels, parsed)

    def _done_test(self, labels: LabelSet, parsed: dict[str, str]) -> Callable[[], bool]:
        wanted = self.wanted
        if wanted is None:
            return lambda: False
        return lambda: all(name in parsed or name in labels.gone for name in wanted)


class _Work:
    """The work on a block: what is the same for many of its lines is done once."""

    def __init__(self, reader: JsonReader, then: Then | None) -> None:
        self._reader = reader
        self._wanted = reader.wanted
        self._change = then.change if then else None
        self._passes = then.passes if then else None
        self._names = then.names if then else frozenset[str]()
        self._sought: dict[frozenset[str], Sought] = {}
        self._known: dict[tuple[object, ...], LabelSet | None] = {}
        self._verdicts: dict[tuple[object, ...], bool] = {}

    def labels(self, text: str, labels: LabelSet, doubtful: bool, colons: int) -> LabelSet | None:
        """Return what becomes of `labels` by the line `text`; `colons`: how often `":` is in it."""
        wanted = self._wanted
        has_some = bool(labels.parsed or labels.gone)
        if wanted is not None and has_some and _has_all(labels, wanted):
            return self._changed(labels)
        try:
            document = orjson.loads(text)
        except ValueError:
            return self._changed(self._reader.labels(text, labels))
        if document.__class__ is not dict:
            return self._changed(self._reader.labels(text, labels))
        if self._passes is not None and not has_some and self._fails(document, text, labels, doubtful):
            return None
        if doubtful and not _faithful(text):
            return self._changed(self._reader.labels(text, labels))
        parsed = dict(labels.parsed)
        level = self._reader.level_for(labels.reserved, wanted)
        if len(document) + _flatten(document, level, parsed) != colons:
            return self._changed(self._reader.labels(text, labels))
        if wanted is None or labels.gone:
            return self._changed(_with(labels, parsed))
        key = (id(labels), *parsed.values(), *parsed)
        if key not in self._known:
            self._known[key] = self._changed(_with(labels, parsed))
        return self._known[key]

    def _fails(self, document: dict[str, Any], text: str, labels: LabelSet, doubtful: bool) -> bool:
        """Return whether the filter that comes next is known to drop the line."""
        sought = self._sought.get(labels.reserved)
        if sought is None:
            level = self._reader.level_for(labels.reserved, self._names)
            sought = self._sought[labels.reserved] = Sought(level)
        few = sought.values(document, text, doubtful)
        if few is None or self._passes is None:
            return False
        key = (id(labels), *few.values(), *few)
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._passes(_with(labels, few)) is not None
            if len(self._verdicts) < REMEMBERED:
                self._verdicts[key] = verdict
        return not verdict

    def _changed(self, labels: LabelSet) -> LabelSet | None:
        return labels if self._change is None else self._change(labels)


def _has_all(labels: LabelSet, wanted: frozenset[str]) -> bool:
    return all(name in labels.parsed or name in labels.gone for name in wanted)


def failed(labels: LabelSet, details: str | None, *, preserve: bool) -> LabelSet:
    """Return `labels` with the error of a line that is no JSON."""
    labels = labels.failed(JSON_ERROR, details)
    return labels.set(PRESERVE_ERROR, "true") if preserve else labels


def _with(labels: LabelSet, parsed: dict[str, str]) -> LabelSet:
    if labels.gone:
        for name in labels.gone:
            if name not in labels.parsed:
                parsed.pop(name, None)
    return labels.with_parsed(parsed) if parsed else labels


def _flatten(document: dict[str, Any], level: Level, parsed: dict[str, str]) -> int:
    """Add what the members are, and return how many there are in objects within, as far as they were counted."""
    labels = level.labels
    within = 0
    for key, value in document.items():
        kind = value.__class__
        if kind is dict:
            within += len(value)
            below = level.levels[key]
            within += _count(value) if below is None else _flatten(value, below, parsed)
            continue
        if kind is list:
            within += _count(value)
            continue
        label = labels[key]
        if label is None or label in parsed:
            continue
        if kind is str:
            parsed[label] = value
        elif kind is int:
            parsed[label] = str(value)
        elif kind is float:
            parsed[label] = repr(value)
        elif kind is bool:
            parsed[label] = "true" if value else "false"
    return within


def _count(value: Any) -> int:
    """Return how many members the objects within `value` have."""
    inner = value.values() if value.__class__ is dict else value
    total = 0
    for one in inner:
        if one.__class__ is dict:
            total += len(one) + _count(one)
        elif one.__class__ is list:
            total += _count(one)
    return total


def _flatten_members(document: _Members, level: Level, parsed: dict[str, str]) -> None:
    for key, value in document:
        if value.__class__ is _Members:
            below = level.levels[key]
            if below is not None:
                _flatten_members(value, below, parsed)
            continue
        label = level.labels[key]
        if label is None or label in parsed:
            continue
        if value.__class__ is str:
            parsed[label] = value.replace("\ufffd", " ")
        elif value.__class__ is bool:
            parsed[label] = "true" if value else "false"


def _scan(data: bytes, level: Level, parsed: dict[str, str], done: Callable[[], bool], depth: int) -> None:
    def visit(key: bytes, value: bytes, kind: Kind) -> None:
        name = key.decode("utf-8", "replace")
        if kind is Kind.OBJECT:
            below = level.levels[name]
            if below is not None:
                if depth == DEEPEST:
                    raise BadJson(f"objects within each other deeper than {DEEPEST}")
                _scan(value, below, parsed, done, depth + 1)
            return
        if kind not in (Kind.NULL, Kind.ARRAY):
            label = level.labels[name]
            if label is not None and label not in parsed:
                if kind is Kind.STRING:
                    parsed[label] = label_text(value)
                else:
                    parsed[label] = value.decode("utf-8", "replace")
        if done():
            raise Found

    each_member(data, visit)
