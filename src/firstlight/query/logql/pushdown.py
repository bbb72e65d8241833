"""What of a pipeline the engine can do before lines are read: stages as conditions, and stages that are left over.

A condition is exact, and then its stage is done with; or it lets more through, and its stage stays. Line filters are
moved to the front as far as the line is not changed before them: a line that is dropped is dropped whatever a parser
makes of it. Label filters are moved there only if no stage before them makes labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firstlight.query.logql.ast import (
    AndFilter,
    Decolorize,
    LabelFilter,
    LabelFilterStage,
    LineFilter,
    LineFormat,
    Matcher,
    OrFilter,
    Stage,
    StringFilter,
    UnpackParser,
)
from firstlight.query.logql.lines import ERROR, ERROR_DETAILS, PRESERVE_ERROR
from firstlight.query.logql.pushdown_parsed import after_parsers
from firstlight.query.logql.sql_fields import INTRINSIC, metadata
from firstlight.query.logql.sql_lines import line_filter
from firstlight.query.logql.sql_rows import of_described, of_streams
from firstlight.query.logql.sql_terms import TRUE, Bindings, both, compared, either
from firstlight.query.logql.streams import Found, matches

_OF_ERRORS = frozenset({ERROR, ERROR_DETAILS, PRESERVE_ERROR})
_CHANGES_LINE = (LineFormat, UnpackParser, Decolorize)


@dataclass(frozen=True, slots=True)
class Pushed:
    """What the engine does: `condition` on rows of the streams `found`, and the stages that are `left` to us."""

    found: Found
    condition: str
    left: tuple[Stage, ...]


def push(stages: Sequence[Stage], found: Found, bound: Bindings, *, level: bool, wide: bool = False) -> Pushed:
    """Return what of `stages` the engine can do with lines of the streams `found`; `level`: lines have their level.

    With `wide`, most lines that there are may be looked at.
    """
    terms: list[str] = []
    left: list[Stage] = []
    has_labels, has_line = True, True  # what is stored, and not made by a stage
    for stage in stages:
        if isinstance(stage, LineFilter) and has_line:
            filtered = line_filter(stage, bound, wide=wide)
            terms.append(filtered.sql)
            if filtered.exact:
                continue
        elif isinstance(stage, LabelFilterStage) and has_labels:
            narrowed = _of_origins(stage.filter, found)
            if narrowed is not None:
                found = narrowed
                continue
            term = _of_metadata(stage.filter, found, bound, level=level)
            if term is not None:
                terms.append(term)
                continue
        elif isinstance(stage, LabelFilterStage) and has_line:
            terms.append(after_parsers(stage.filter, left, found, bound, level=level))
        left.append(stage)
        has_line = has_line and not isinstance(stage, _CHANGES_LINE)
        has_labels = has_labels and isinstance(stage, LineFilter)
    return Pushed(found, both(terms), tuple(left))


def _of_origins(filter_: LabelFilter, found: Found) -> Found | None:
    """Return the streams that pass a filter of labels that all of them have, None if it is about anything else."""
    if not all(_is_of_all(name, found) for name in _texts_of(filter_) or ("",)):
        return None
    return found.take([row for row, origin in enumerate(found.origins) if _passes(filter_, origin.labels)])


def _of_metadata(filter_: LabelFilter, found: Found, bound: Bindings, *, level: bool) -> str | None:
    """Return the condition that is a filter of what rows have beside the line; None if it is about anything else."""
    match filter_:
        case AndFilter():
            pair = [_of_metadata(each, found, bound, level=level) for each in (filter_.left, filter_.right)]
            return None if None in pair else both(each for each in pair if each is not None)
        case OrFilter():
            pair = [_of_metadata(each, found, bound, level=level) for each in (filter_.left, filter_.right)]
            return None if None in pair else either(each for each in pair if each is not None)
        case StringFilter():
            return _of_text(filter_.matcher, found, bound, level=level)
    return None


def _of_text(matcher: Matcher, found: Found, bound: Bindings, *, level: bool) -> str | None:
    name = matcher.label
    if _is_of_all(name, found):
        rows = [row for row, origin in enumerate(found.origins) if matches(matcher, origin.labels[name])]
        return of_streams(found.take(rows), bound)
    if name in _OF_ERRORS or name.endswith("_extracted") or is_of_origin(name, found):
        return None
    described = of_described(found, bound) if name in INTRINSIC else TRUE
    return compared(metadata(name, bound, level=level, described=described), matcher.op, matcher.value, bound)


def is_of_origin(name: str, found: Found) -> bool:
    """Return whether any stream has `name` as a label, or beside all its lines."""
    return any(name in origin.labels or name in origin.beside for origin in found.origins)


def _is_of_all(name: str, found: Found) -> bool:
    return bool(name) and bool(len(found)) and all(name in origin.labels for origin in found.origins)


def _texts_of(filter_: LabelFilter) -> tuple[str, ...]:
    """Return the labels that a filter compares with texts; none if it compares with anything else, too."""
    match filter_:
        case StringFilter():
            return (filter_.matcher.label,)
        case AndFilter() | OrFilter():
            left, right = _texts_of(filter_.left), _texts_of(filter_.right)
            return (*left, *right) if left and right else ()
    return ()


def _passes(filter_: LabelFilter, labels: object) -> bool:
    match filter_:
        case StringFilter():
            assert isinstance(labels, dict)
            return matches(filter_.matcher, labels[filter_.matcher.label])
        case AndFilter():
            return _passes(filter_.left, labels) and _passes(filter_.right, labels)
        case OrFilter():
            return _passes(filter_.left, labels) or _passes(filter_.right, labels)
    raise TypeError(f"{type(filter_).__name__} compares no texts")
