"""`| logfmt`: each pair of the line is a label, or only those that are asked for."""

from __future__ import annotations

import re
from typing import Final

from firstlight.query.logql.ast import LogfmtParser
from firstlight.query.logql.errors_stage import BadStage
from firstlight.query.logql.json_names import REMEMBERED, sanitized
from firstlight.query.logql.label_sets import EXTRACTED, LabelSet
from firstlight.query.logql.lines import PRESERVE_ERROR
from firstlight.query.logql.logfmt_scan import pairs_of
from firstlight.query.logql.pipeline_block import Parse

LOGFMT_ERROR: Final = "LogfmtParserErr"

_EXPRESSION_START: Final = re.compile(
    r'[ \t\n]*(?:[A-Za-z_][A-Za-z0-9_]*|"[^"\]]*["\]]?)(?:[ \t\n]*"[^"\]]*["\]]?)*[ \t\n]*'
)
_EXPRESSION: Final = re.compile(
    r'[ \t\n]*(?:([A-Za-z_][A-Za-z0-9_]*)|"([^"\]]*)["\]]?)((?:[ \t\n]*"[^"\]]*["\]]?)*)[ \t\n]*\Z'
)


def compile_logfmt(stage: LogfmtParser, wanted: frozenset[str] | None, *, preserve: bool) -> Parse:
    """Return what gives a line's labels its pairs; raise BadStage if an expression is wrong."""
    if stage.extractions:
        return _expressions(stage, wanted, preserve=preserve)
    strict, keep_empty = stage.strict, stage.keep_empty
    names: dict[str, str] = {}

    def parse(text: str, labels: LabelSet) -> LabelSet:
        parsed = dict(labels.parsed)
        gone, reserved = labels.gone, labels.reserved
        left = _left(labels, wanted)
        if left is not None and not left:
            return labels
        fault = ""
        for pair in pairs_of(text):
            if isinstance(pair, str):
                fault = pair
                if strict:
                    break
                continue
            key, value = pair
            name = names.get(key)
            if name is None:
                name = sanitized(key)
                if len(names) < REMEMBERED:
                    names[key] = name
            if name in reserved:
                name += EXTRACTED
            if name in parsed or name in gone or not name or (wanted is not None and name not in wanted):
                continue
            if not value and not keep_empty:
                continue
            parsed[name] = value.replace("\ufffd", " ")
            if left is not None:
                left.discard(name)
                if not left:
                    break
        labels = labels.with_parsed(parsed)
        return _failed(labels, fault, preserve=preserve) if strict and fault else labels

    return parse


def _left(labels: LabelSet, wanted: frozenset[str] | None) -> set[str] | None:
    """Return which of the wanted labels no parser has given yet; None if all are wanted."""
    if wanted is None:
        return None
    return {name for name in wanted if name not in labels.parsed and name not in labels.gone}


def _failed(labels: LabelSet, fault: str, *, preserve: bool) -> LabelSet:
    labels = labels.failed(LOGFMT_ERROR, fault)
    return labels.set(PRESERVE_ERROR, "true") if preserve else labels


def _expressions(stage: LogfmtParser, wanted: frozenset[str] | None, *, preserve: bool) -> Parse:
    keys = {extraction.label: _key_of(extraction.path, stage) for extraction in stage.extractions}
    label_of = {key: label for label, key in reversed(keys.items())}
    strict = stage.strict

    def parse(text: str, labels: LabelSet) -> LabelSet:
        left = _left(labels, wanted)
        if left is not None and not left:
            return labels
        parsed = dict(labels.parsed)
        for label in keys:
            if label not in labels.reserved:
                parsed[label] = ""
        fault = ""
        for pair in pairs_of(text):
            if isinstance(pair, str):
                fault = pair
                if strict:
                    break
                continue
            key, value = pair
            name = sanitized(key)
            label = label_of.get(name) or (name if name in keys else "")
            if not label:
                continue
            if label in labels.reserved:
                label += EXTRACTED
                if label in parsed or (wanted is not None and label not in wanted):
                    break
            parsed[label] = "" if "\ufffd" in value else value
            if wanted is not None and all(one in parsed or one in labels.gone for one in wanted):
                break
        labels = labels.with_parsed(parsed)
        return _failed(labels, fault, preserve=preserve) if strict and fault else labels

    return parse


def _key_of(path: str, stage: LogfmtParser) -> str:
    """Return the key that an expression names; raise BadStage if it names none."""
    found = _EXPRESSION.match(path)
    if found is None:
        span = next(extraction.span for extraction in stage.extractions if extraction.path == path)
        raise BadStage(f"cannot parse expression [{path}]: {_fault_of(path)}", span=span)
    return found[1] or found[2] or ""


def _fault_of(path: str) -> str:
    """Return what Loki says of a text that names no key."""
    start = _EXPRESSION_START.match(path)
    if start is None:
        return "syntax error: unexpected $end, expecting STRING or KEY"
    following = path[start.end() : start.end() + 1]
    if following.isascii() and (following.isalpha() or following == "_"):
        return "syntax error: unexpected KEY"
    return f"unexpected char {following}"
