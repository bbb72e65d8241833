"""The fields of some lines: beside the line, made by the query's own stages, or found in JSON and logfmt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from firstlight.errors import Span
from firstlight.query.logql.ast import JsonParser, LogfmtParser, Stage
from firstlight.query.logql.json_names import sanitized
from firstlight.query.logql.lines import ERROR, ERROR_DETAILS, Lines
from firstlight.query.logql.pipeline import compile_stages
from firstlight.query.logql.result import Streams

_INT: Final = re.compile(r"[+-]?[0-9]{1,18}")
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DURATION: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?(?:ns|us|µs|μs|ms|s|m|h))+")
_BYTES: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?\s?(?:[kKmMgGtTpPeE][iI]?)?[bB]")
_BOOLEANS: Final = frozenset({"true", "false", "True", "False", "TRUE", "FALSE"})

NOT_FIELDS: Final = frozenset({ERROR, ERROR_DETAILS})
NOWHERE: Final = Span(0, 0)


@dataclass(slots=True)
class Field:
    """What is known of a field."""

    values: set[str] = field(default_factory=set)
    parsers: list[str] = field(default_factory=list)
    """By which parsers it is found in lines."""
    kind: str = ""
    path: list[str] = field(default_factory=list)
    """Where it is in a line of JSON."""

    def add(self, value: str, parser: str) -> None:
        """Take note of a value; the first that is not empty says of which kind the field is."""
        if parser and parser not in self.parsers:
            self.parsers.append(parser)
        if value:
            self.kind = self.kind or kind_of(value)
            self.values.add(value)

    def as_json(self, name: str) -> dict[str, Any]:
        """Return the field as Loki shows it."""
        found: dict[str, Any] = {
            "label": name,
            "type": self.kind or "string",
            "cardinality": len(self.values),
            "parsers": self.parsers or None,
        }
        return {**found, "jsonPath": self.path} if self.path else found


def kind_of(value: str) -> str:
    """Return what kind of value a text is, by Loki's names.

    >>> kind_of("12"), kind_of("1.5s"), kind_of("3KB"), kind_of("x")
    ('int', 'duration', 'bytes', 'string')
    """
    if _INT.fullmatch(value):
        return "int"
    if _FLOAT.fullmatch(value):
        return "float"
    if value in _BOOLEANS:
        return "boolean"
    if _DURATION.fullmatch(value):
        return "duration"
    return "bytes" if _BYTES.fullmatch(value) else "string"


def fields_of(found: Streams) -> dict[str, Field]:
    """Return the fields of the lines of an answer with categorized labels."""
    fields: dict[str, Field] = {}
    entries = [entry for stream in found.streams for entry in stream.entries]
    for entry in entries:
        _take(fields, entry.metadata.items(), "")
        _take(fields, entry.parsed.items(), "")
    texts = [entry.line for entry in entries]
    is_json = [text.lstrip()[:1] == "{" for text in texts]
    in_json = [text for text, json in zip(texts, is_json, strict=True) if json]
    others = [text for text, json in zip(texts, is_json, strict=True) if not json]
    for name, stage, some in (
        ("json", JsonParser(span=NOWHERE), in_json),
        ("logfmt", LogfmtParser(span=NOWHERE), others),
    ):
        for parsed in _parsed(some, stage):
            _take(fields, parsed, name)
    for text in in_json:
        for name, path in _paths(text):
            if name in fields and not fields[name].path:
                fields[name].path = path
    return fields


def _paths(text: str) -> Iterable[tuple[str, list[str]]]:
    """Yield the label and the path of each value in a line of JSON, as the parser `json` names it."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    waiting: list[tuple[list[str], Any]] = [([], found)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(([*path, name], one) for name, one in value.items())
        elif path:
            yield "_".join(sanitized(part, first=not number) for number, part in enumerate(path)), path


def _take(fields: dict[str, Field], pairs: Iterable[tuple[str, str]], parser: str) -> None:
    for name, value in pairs:
        if name not in NOT_FIELDS:
            fields.setdefault(name, Field()).add(value, parser)


def _parsed(texts: Sequence[str], stage: Stage) -> Iterable[Iterable[tuple[str, str]]]:
    """Yield what a parser finds in each line that it can read."""
    if not texts:
        return
    count = len(texts)
    lines = Lines(np.zeros(count, np.int64), pa.array(texts, pa.string()), np.zeros(count, np.int32), [{}])
    processed = compile_stages((stage,)).run(lines)
    for place in processed.labels_of.tolist():
        parsed = processed.labels[place].parsed
        if ERROR not in parsed:
            yield parsed.items()
