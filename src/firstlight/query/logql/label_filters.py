"""Filters of labels: texts, numbers, durations, sizes and addresses, with `and` and `or`.

A filter says of a set of labels whether it passes, and which set it is then: what cannot be converted passes, with
`LabelFilterErr`. What a value's text amounts to is remembered.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import re2

from firstlight.model.regex import BadRegex, check, choices
from firstlight.query.logql.ast import (
    AndFilter,
    BytesFilter,
    CompareOp,
    DurationFilter,
    IpFilter,
    LabelFilter,
    Matcher,
    MatchOp,
    NumberFilter,
    OrFilter,
    StringFilter,
)
from firstlight.query.logql.errors_stage import BadStage
from firstlight.query.logql.filters_ip import ip_range
from firstlight.query.logql.label_sets import LabelSet
from firstlight.query.logql.lines import ERROR
from firstlight.query.logql.pipeline_block import Relabel
from firstlight.query.logql.units import Unreadable, bytes_of, float_of, nanoseconds_of

Filter = Callable[[LabelSet], tuple[bool, LabelSet]]

REMEMBERED: Final = 8192
"""Of how many texts a filter remembers what they amount to."""

FILTER_ERROR: Final = "LabelFilterErr"

_COMPARE: Final[dict[CompareOp, Callable[[Any, Any], bool]]] = {
    CompareOp.EQUAL: operator.eq,
    CompareOp.NOT_EQUAL: operator.ne,
    CompareOp.GREATER: operator.gt,
    CompareOp.GREATER_EQUAL: operator.ge,
    CompareOp.LESS: operator.lt,
    CompareOp.LESS_EQUAL: operator.le,
}


def compile_label_filter(node: LabelFilter) -> Relabel:
    """Return what gives the labels that pass, and None for the others; raise BadStage if an operand is wrong."""
    passes = filter_of(node)

    def keep(labels: LabelSet) -> LabelSet | None:
        passed, labels = passes(labels)
        return labels if passed else None

    return keep


def filter_of(node: LabelFilter) -> Filter:
    """Return the filter that `node` says; raise BadStage if an operand is wrong."""
    match node:
        case AndFilter():
            return _both(filter_of(node.left), filter_of(node.right))
        case OrFilter():
            return _either(filter_of(node.left), filter_of(node.right))
        case StringFilter():
            return _text(node.matcher)
        case NumberFilter():
            return _converted(node.label, float_of, node.op, node.value)
        case DurationFilter():
            return _converted(node.label, nanoseconds_of, node.op, node.nanoseconds)
        case BytesFilter():
            return _converted(node.label, bytes_of, node.op, node.size)
        case IpFilter():
            return _address(node)


def names_of(node: LabelFilter) -> frozenset[str]:
    """Return the labels that a filter asks for."""
    match node:
        case AndFilter() | OrFilter():
            return names_of(node.left) | names_of(node.right)
        case StringFilter():
            return frozenset({node.matcher.label})
        case _:
            return frozenset({node.label})


def _both(left: Filter, right: Filter) -> Filter:
    def passes(labels: LabelSet) -> tuple[bool, LabelSet]:
        # The right one is asked in any case: the error it may set counts where an `or` is around.
        first, labels = left(labels)
        second, labels = right(labels)
        return first and second, labels

    return passes


def _either(left: Filter, right: Filter) -> Filter:
    def passes(labels: LabelSet) -> tuple[bool, LabelSet]:
        passed, labels = left(labels)
        return (True, labels) if passed else right(labels)

    return passes


def _text(matcher: Matcher) -> Filter:
    label, matches = matcher.label, text_test(matcher)
    if label == ERROR:
        return lambda labels: (matches(labels.error), labels)
    return lambda labels: (matches(labels.get(label) or ""), labels)


def text_test(matcher: Matcher, *, across_lines: bool = False) -> Callable[[str], bool]:
    """Return whether a value is as `matcher` says; `across_lines`: a dot in it matches line ends, too."""
    text, op = matcher.value, matcher.op
    if op is MatchOp.EQUAL:
        return lambda value: value == text
    if op is MatchOp.NOT_EQUAL:
        return lambda value: value != text
    try:
        found = _regex_test(text, across_lines)
    except BadRegex as error:
        raise BadStage(str(error), span=matcher.span) from None
    return found if op is MatchOp.REGEX else lambda value: not found(value)


def _regex_test(text: str, across_lines: bool) -> Callable[[str], bool]:
    check(text)
    if text == ".*":
        return lambda value: True
    if text == ".+":
        return bool
    if (plain := choices(text)) is not None:
        return plain.__contains__
    options = re2.Options()
    options.dot_nl = across_lines
    options.never_capture = True
    options.log_errors = False
    machine = re2.compile(text.encode(), options)
    known: dict[str, bool] = {}

    def matches(value: str) -> bool:
        verdict = known.get(value)
        if verdict is None:
            verdict = machine.fullmatch(value.encode()) is not None
            if len(known) < REMEMBERED:
                known[value] = verdict
        return verdict

    return matches


def _converted(label: str, convert: Callable[[str], Any], op: CompareOp, wanted: float) -> Filter:
    compare = _COMPARE[op]
    known: dict[str, bool | str] = {}

    def verdict_of(text: str) -> bool | str:
        try:
            verdict: bool | str = compare(convert(text), wanted)
        except Unreadable as error:
            verdict = str(error)
        if len(known) < REMEMBERED:
            known[text] = verdict
        return verdict

    def passes(labels: LabelSet) -> tuple[bool, LabelSet]:
        text = labels.get(label)
        if text is None:
            return False, labels
        verdict = known.get(text)
        if verdict is None:
            verdict = verdict_of(text)
        if verdict.__class__ is bool:
            return bool(verdict), labels
        return True, labels if labels.error else labels.failed(FILTER_ERROR, str(verdict))

    return passes


def _address(node: IpFilter) -> Filter:
    try:
        addresses = ip_range(node.pattern)
    except BadRegex as error:
        raise BadStage(str(error), span=node.span) from None
    label, wanted = node.label, node.op is CompareOp.EQUAL

    def passes(labels: LabelSet) -> tuple[bool, LabelSet]:
        if labels.error:
            return True, labels
        text = labels.get(label)
        return text is not None and addresses.found_in(text) == wanted, labels

    return passes
