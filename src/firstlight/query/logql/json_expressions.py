"""`| json label="path"`: a label for each path, empty where the line has nothing there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from firstlight.query.logql.ast import JsonParser
from firstlight.query.logql.errors_stage import BadStage
from firstlight.query.logql.json_path import BadPath, Path, follow_all, path_of
from firstlight.query.logql.json_scan import BadJson, Kind, label_text
from firstlight.query.logql.json_stage import failed
from firstlight.query.logql.label_sets import EXTRACTED, LabelSet
from firstlight.query.logql.pipeline_block import Parse


def compile_json_expressions(stage: JsonParser, wanted: frozenset[str] | None, *, preserve: bool) -> Parse:
    """Return what gives a line's labels what the paths lead to; raise BadStage if one is wrong."""
    names = [extraction.label for extraction in stage.extractions]
    paths = []
    for extraction in stage.extractions:
        try:
            paths.append(path_of(extraction.path))
        except BadPath as error:
            words = f"cannot parse expression [{extraction.path}]: {error}"
            raise BadStage(words, span=extraction.span) from None

    quick = _Quick(paths)

    def parse(text: str, labels: LabelSet) -> LabelSet:
        if not text or (wanted is not None and _has_all(labels, wanted)):
            return labels
        if text[0] not in '"{[':
            return failed(labels, None, preserve=preserve)
        parsed = dict(labels.parsed)
        left = set(names)
        reserved = labels.reserved

        def visit(number: int, value: bytes, kind: Kind) -> None:
            label = names[number]
            left.discard(label)
            name = label + EXTRACTED if label in reserved else label
            if kind is Kind.NULL:
                parsed[name] = ""
            else:
                parsed[name] = value.decode("utf-8", "replace") if kind is Kind.OBJECT else label_text(value)

        fault = ""
        easy = quick.values(text)
        if easy is not None:
            for label, value in zip(names, easy, strict=True):
                if value is not None:
                    left.discard(label)
                    parsed[label + EXTRACTED if label in reserved else label] = value
        try:
            if easy is None:
                follow_all(text.encode("utf-8", "surrogateescape"), paths, visit)
        except BadJson as error:
            fault = str(error)
        labels = labels.with_parsed(parsed)
        if fault:
            labels = failed(labels, fault, preserve=preserve)
        for label in left:
            if labels.get(label) is None:
                labels = labels.set(label, "")
        return labels

    return parse


class _Quick:
    """Follows paths in proper JSON, where the values are simple and no name on the way comes twice."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._quoted = {f'"{step}"' for path in paths for step in path if isinstance(step, str)}

    def values(self, text: str) -> list[str | None] | None:
        """Return what the paths lead to, None for nothing; None for all if it is not easily told."""
        try:
            document = orjson.loads(text)
        except ValueError:
            return None
        if document.__class__ is not dict or any(text.count(quoted) > 1 for quoted in self._quoted):
            return None
        found: list[str | None] = []
        for path in self._paths:
            value = _followed(document, path)
            kind = value.__class__
            if kind is tuple:
                found.append(None)
            elif (kind is int and (value or "-0" not in text)) or (kind is str and "\ufffd" not in value):
                found.append(str(value))
            elif kind is bool:
                found.append("true" if value else "false")
            elif value is None:
                found.append("")
            else:
                return None
        return found


def _followed(value: Any, path: Path) -> Any:
    """Return what `path` leads to; an empty tuple if it leads nowhere."""
    for step in path:
        if value.__class__ is dict and isinstance(step, str):
            value = value.get(step, ())
        elif value.__class__ is list and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return ()
    return value


def _has_all(labels: LabelSet, wanted: frozenset[str]) -> bool:
    return all(name in labels.parsed or name in labels.gone for name in wanted)
