"""Writes the stages of LogQL as Loki does."""

from __future__ import annotations

import re
from typing import Final

from firstlight.query.logql.ast import (
    AndFilter,
    BytesFilter,
    CompareOp,
    Decolorize,
    DropLabels,
    DurationFilter,
    Extraction,
    IpFilter,
    JsonParser,
    KeepLabels,
    LabelFilter,
    LabelFilterStage,
    LabelFormat,
    LabelPick,
    LineFilter,
    LineFormat,
    LineMatch,
    LogfmtParser,
    Matcher,
    MatchOp,
    NumberFilter,
    OrFilter,
    PatternParser,
    RegexpParser,
    Stage,
    StringFilter,
    UnpackParser,
)
from firstlight.query.logql.durations import go_duration, size_text
from firstlight.query.logql.grammar_regex import is_literal_search
from firstlight.query.promql.gotext import number, quote

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def stage(one: Stage) -> str:
    """Return a stage in canonical form."""
    match one:
        case LineFilter():
            return line_filter(one)
        case JsonParser():
            return _with_extractions("| json", one.extractions)
        case LogfmtParser():
            flags = f"{' --strict' if one.strict else ''}{' --keep-empty' if one.keep_empty else ''}"
            return _with_extractions(f"| logfmt{flags}", one.extractions)
        case RegexpParser():
            return f"| regexp {quote(one.regex)}"
        case PatternParser():
            return f"| pattern {quote(one.pattern)}"
        case UnpackParser():
            return "| unpack"
        case Decolorize():
            return "| decolorize"
        case LabelFilterStage():
            return f"| {label_filter(one.filter)}"
        case LineFormat():
            return f"| line_format {quote(one.template)}"
        case LabelFormat():
            made = (f"{a.label}={quote(a.source) if a.is_template else a.source}" for a in one.assignments)
            return f"| label_format {','.join(made)}"
        case DropLabels():
            return f"| drop {','.join(map(_pick, one.picks))}"
        case KeepLabels():
            return f"| keep {','.join(map(_pick, one.picks))}"


def _with_extractions(text: str, extractions: tuple[Extraction, ...]) -> str:
    listed = ",".join(f"{one.label}={quote(one.path)}" for one in extractions)
    return f"{text} {listed}" if listed else text


def _pick(pick: LabelPick) -> str:
    return pick.label if pick.matcher is None else matcher(pick.matcher)


def line_filter(one: LineFilter) -> str:
    """Return a line filter; that none of several texts is in the line is written as several filters."""
    texts = [_line_match(match) for match in one.matches]
    return " ".join(f"{one.op} {text}" for text in texts) if one.op.negated else f"{one.op} {' or '.join(texts)}"


def _line_match(match: LineMatch) -> str:
    return f"ip({quote(match.text)})" if match.is_ip else quote(match.text)


def matcher(one: Matcher) -> str:
    """Return `label="value"`."""
    name = one.label if _PLAIN_NAME.match(one.label) else quote(one.label)
    return f"{name}{one.op}{quote(one.value)}"


def label_filter(one: LabelFilter) -> str:
    """Return a label filter; what is joined stands in parentheses."""
    match one:
        case AndFilter():
            return f"( {label_filter(one.left)} , {label_filter(one.right)} )"
        case OrFilter():
            return f"( {label_filter(one.left)} or {label_filter(one.right)} )"
        case StringFilter():
            return _string_filter(one.matcher)
        case NumberFilter():
            return f"{one.label}{one.op}{number(one.value)}"
        case DurationFilter():
            return f"{one.label}{one.op}{go_duration(one.nanoseconds)}"
        case BytesFilter():
            return f"{one.label}{one.op}{size_text(one.size)}"
        case IpFilter():
            op = "=" if one.op is CompareOp.EQUAL else "!="
            return f"{one.label}{op}ip({quote(one.pattern)})"


def _string_filter(one: Matcher) -> str:
    # Loki writes raw the expressions that it leaves to its regular expression engine.
    if one.op is not MatchOp.REGEX or is_literal_search(one.value):
        return matcher(one)
    return f"{one.label}{one.op}{quote(one.value) if '`' in one.value else f'`{one.value}`'}"
