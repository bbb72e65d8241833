"""What a pipeline makes of one line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from firstlight.model.gotemplate import ExecutionError, Template, TextMap
from firstlight.query.logql.ast import (
    Decolorize,
    DropLabels,
    JsonParser,
    KeepLabels,
    LabelFilterStage,
    LabelFormat,
    LabelPick,
    LineFilter,
    LineFormat,
    LogfmtParser,
    PatternParser,
    RegexpParser,
    Stage,
    UnpackParser,
)
from firstlight.query.logql.template_functions import Seen, functions_for
from tests.query.logql.reference.comparing import line_passes, matches, passes
from tests.query.logql.reference.labels import ERROR, ERROR_DETAILS, LineLabels
from tests.query.logql.reference.parsing import (
    parse_json,
    parse_logfmt,
    parse_packed,
    parse_pattern,
    parse_regexp,
)

TEMPLATE_ERROR: Final = "TemplateFormatErr"
PARSERS: Final = (JsonParser, LogfmtParser, PatternParser, RegexpParser, UnpackParser)
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


def processed(stages: Sequence[Stage], line: str, ts: int, labels: LineLabels, *, parsing: bool = True) -> str | None:
    """Return what the line says after the stages, which change its labels, or None if it was dropped."""
    for stage in stages:
        match stage:
            case LineFilter():
                if not line_passes(stage, line):
                    return None
            case LabelFilterStage():
                if not passes(stage.filter, labels):
                    return None
            case JsonParser() | LogfmtParser() | PatternParser() | RegexpParser() | UnpackParser():
                if parsing:
                    line = _parsed(stage, line, labels)
            case Decolorize():
                line = _COLOURS.sub("", line)
            case LineFormat():
                line = _line_formatted(stage, line, ts, labels)
            case LabelFormat():
                _format_labels(stage, line, ts, labels)
            case DropLabels():
                for pick in stage.picks:
                    _drop(pick, labels)
            case KeepLabels():
                for name, value in labels.visible().items():
                    if name not in (ERROR, ERROR_DETAILS) and not any(_is_kept(p, name, value) for p in stage.picks):
                        labels.delete(name)
    return line


def _parsed(
    stage: JsonParser | LogfmtParser | PatternParser | RegexpParser | UnpackParser, line: str, labels: LineLabels
) -> str:
    match stage:
        case JsonParser():
            parse_json(stage, line, labels)
        case LogfmtParser():
            parse_logfmt(stage, line, labels)
        case PatternParser():
            parse_pattern(stage, line, labels)
        case RegexpParser():
            parse_regexp(stage, line, labels)
        case UnpackParser():
            return parse_packed(line, labels)
    return line


def _line_formatted(stage: LineFormat, line: str, ts: int, labels: LineLabels) -> str:
    try:
        return _executed("line", stage.template, line, ts, labels.visible())
    except ExecutionError as error:
        labels.fail(TEMPLATE_ERROR, str(error))
        return line


def _format_labels(stage: LabelFormat, line: str, ts: int, labels: LineLabels) -> None:
    before: dict[str, str] | None = None
    for one in stage.assignments:
        if not one.is_template:
            value = labels.get(one.source)
            if value is not None:
                labels.set(one.label, value)
                labels.delete(one.source)
            continue
        before = labels.visible() if before is None else before
        try:
            labels.set(one.label, _executed("label", one.source, line, ts, before))
        except ExecutionError as error:
            labels.fail(TEMPLATE_ERROR, str(error))


def _executed(name: str, text: str, line: str, ts: int, labels: dict[str, str]) -> str:
    seen = Seen(0)
    seen.line, seen.ts = line, ts
    return Template(name, text, functions_for(seen), "zero").execute(TextMap(labels))


def _drop(pick: LabelPick, labels: LineLabels) -> None:
    if pick.label in (ERROR, ERROR_DETAILS):
        value = labels.error if pick.label == ERROR else labels.details
        if pick.matcher is None or matches(pick.matcher, value, dot_all=True):
            if pick.label == ERROR:
                labels.error = ""
            else:
                labels.details = ""
        return
    value = labels.get(pick.label) or ""
    if pick.matcher is None or matches(pick.matcher, value, dot_all=True):
        labels.delete(pick.label)


def _is_kept(pick: LabelPick, name: str, value: str) -> bool:
    return pick.label == name and (pick.matcher is None or matches(pick.matcher, value, dot_all=True))
