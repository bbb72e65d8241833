"""Which lines cannot pass a filter of what a parser finds in them, to be left out before they are parsed.

A parser takes what it finds from the text of the line. So a line in which the wanted text does not stand cannot have it
as the value of a field, unless it stands there escaped: with a backslash and a u. All else is left to the pipeline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from firstlight.query.logql.ast import (
    AndFilter,
    JsonParser,
    LabelFilter,
    LabelFilterStage,
    LineFilter,
    LogfmtParser,
    MatchOp,
    OrFilter,
    PatternParser,
    RegexpParser,
    Stage,
    StringFilter,
)
from firstlight.query.logql.sql_fields import metadata
from firstlight.query.logql.sql_lines import contains
from firstlight.query.logql.sql_terms import TRUE, Bindings, both, either
from firstlight.query.logql.streams import Found

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")
"""What stands in a line as it is, whatever the parser, or with all its characters as `\\u…`."""

_PARSERS: Final = (JsonParser, LogfmtParser, RegexpParser, PatternParser)


def after_parsers(filter_: LabelFilter, before: Sequence[Stage], found: Found, bound: Bindings, *, level: bool) -> str:
    """Return a condition that holds for every line that may pass `filter_` behind the stages `before`."""
    if not all(isinstance(stage, (*_PARSERS, LineFilter, LabelFilterStage)) for stage in before):
        return TRUE
    return _may_pass(filter_, found, bound, level=level)


def _may_pass(filter_: LabelFilter, found: Found, bound: Bindings, *, level: bool) -> str:
    match filter_:
        case AndFilter():
            return both(_may_pass(each, found, bound, level=level) for each in (filter_.left, filter_.right))
        case OrFilter():
            return either(_may_pass(each, found, bound, level=level) for each in (filter_.left, filter_.right))
        case StringFilter(matcher=matcher):
            name, value = matcher.label, matcher.value
            if matcher.op is not MatchOp.EQUAL or not _PLAIN.fullmatch(value) or name.startswith("__"):
                return TRUE
            origin = name.removesuffix("_extracted")
            if any(each in one.labels or each in one.beside for one in found.origins for each in (name, origin)):
                return TRUE
            in_line = [contains(value, bound), contains("\\u", bound)]
            beside = [f"{metadata(each, bound, level=level)} != ''" for each in dict.fromkeys((name, origin))]
            return either([*in_line, *beside])
    return TRUE
