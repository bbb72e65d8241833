"""`label_replace` and `label_join`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from firstlight.model.regex import BadRegex, compiled
from firstlight.query.promql.arguments import text_at, vector_at
from firstlight.query.promql.context import Context
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.labels import NAME, is_label_name, joined, value_of, with_label
from firstlight.query.promql.math import Function
from firstlight.query.promql.values import Value, Vector


def _label_replace(args: Sequence[Value], context: Context) -> Value:
    vector = vector_at(args, 0)
    target, template, source, pattern = (text_at(args, place) for place in range(1, 5))
    try:
        regex = compiled(pattern)
    except BadRegex:
        raise EvaluationFailed(f"invalid regular expression in label_replace(): {pattern}") from None
    if not is_label_name(target):
        raise EvaluationFailed(f"invalid destination label name in label_replace(): {target}")
    values = [value_of(labels, source) for labels in vector.labels]
    expanded = {value: regex.expand(value, template) for value in set(values)}
    return _set(vector, target, [expanded[value] for value in values])


def _label_join(args: Sequence[Value], context: Context) -> Value:
    vector, target, separator = vector_at(args, 0), text_at(args, 1), text_at(args, 2)
    sources = [text_at(args, place) for place in range(3, len(args))]
    for source in sources:
        if not is_label_name(source):
            raise EvaluationFailed(f"invalid source label name in label_join(): {source}")
    if not is_label_name(target):
        raise EvaluationFailed(f"invalid destination label name in label_join(): {target}")
    return _set(
        vector, target, [separator.join(value_of(labels, each) for each in sources) for labels in vector.labels]
    )


def _set(vector: Vector, target: str, values: Sequence[str | None]) -> Vector:
    """Return the vector with a label set, but where the value is None. A name that is set applies."""
    labels = [
        each if value is None else with_label(each, target, value)
        for each, value in zip(vector.labels, values, strict=True)
    ]
    nameless = vector.nameless
    if nameless is not None and target == NAME:
        nameless = nameless & [value is None for value in values]
    return joined(replace(vector, labels=labels, nameless=nameless))


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {"label_replace": _label_replace, "label_join": _label_join}
)
"""By name."""
