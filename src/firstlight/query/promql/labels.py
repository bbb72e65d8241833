"""Labels of series: reading, dropping and setting some, numbering equal ones, and joining series that became equal."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from firstlight.query.promql.context import Context
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.values import Labels, Times, Vector
from firstlight.query.promql.vectors import first_crowd, overlaid

NAME: Final = "__name__"
"""The label that holds the metric's name."""

METADATA: Final = frozenset({NAME, "__type__", "__unit__"})
"""The labels that say what a series measures, and that go when it is computed with."""

_PLAIN_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)

Key = TypeVar("Key", bound=Hashable)


def value_of(labels: Labels, name: str) -> str:
    """Return the value of a label, the empty text if there is none."""
    for label, value in labels:
        if label == name:
            return value
    return ""


def only(labels: Labels, names: Collection[str]) -> Labels:
    """Return the labels named."""
    return tuple(pair for pair in labels if pair[0] in names)


def without(labels: Labels, names: Collection[str]) -> Labels:
    """Return all labels but those named."""
    return tuple(pair for pair in labels if pair[0] not in names)


def unnamed(labels: Labels) -> Labels:
    """Return the labels without the metric's name, which is nearly always the first of them."""
    return labels[1:] if labels and labels[0][0] == NAME else without(labels, (NAME,))


def measureless(labels: Labels) -> Labels:
    """Return the labels without those of METADATA."""
    if labels and labels[0][0] == NAME and not (len(labels) > 1 and labels[1][0].startswith("__")):
        return labels[1:]
    return without(labels, METADATA)


def with_label(labels: Labels, name: str, value: str) -> Labels:
    """Return the labels with one set; an empty value takes it away."""
    rest = without(labels, (name,))
    return tuple(sorted((*rest, (name, value)))) if value else rest


def is_label_name(text: str) -> bool:
    """Return whether a label can be called so: anything that is UTF-8 and not empty."""
    return bool(text) and not any("\ud800" <= character <= "\udfff" for character in text)


def label_text(labels: Labels) -> str:
    """Return labels as Prometheus' errors show them: `{__name__="up", job="a"}`."""
    pairs = (f"{name if _PLAIN_NAME.fullmatch(name) else quote(name)}={quote(value)}" for name, value in labels)
    return f"{{{', '.join(pairs)}}}"


def numbered(keys: Iterable[Key]) -> tuple[Times, list[Key]]:
    """Return for each key the number of its group, in the order in which they are first met, and the groups' keys."""
    numbers: dict[Key, int] = {}
    groups = np.fromiter((numbers.setdefault(key, len(numbers)) for key in keys), dtype=np.int64)
    return groups, list(numbers)


def joined(vector: Vector) -> Vector:
    """Return the vector with series of equal labels made one, which fails if two of them have something at one step.

    This is also how duplicates are found: a function that changes labels ends with it.
    """
    groups, labels = numbered(vector.labels)
    if len(labels) == len(vector):
        return vector
    if first_crowd(vector.present, groups):
        raise EvaluationFailed("vector cannot contain metrics with the same labelset")
    return overlaid(vector, groups)


def drop_name(vector: Vector, context: Context) -> Vector:
    """Return the vector without the names of its metrics: now, or with delayed name removal when the query is done."""
    if context.switches.delayed_name_removal:
        return replace(vector, nameless=np.ones(len(vector), dtype=bool))
    return joined(replace(vector, labels=[measureless(each) for each in vector.labels], nameless=None))


def settled(vector: Vector) -> Vector:
    """Return the result of a query with the names gone whose removal was delayed."""
    if vector.nameless is None or not bool(vector.nameless.any()):
        return joined(replace(vector, nameless=None))
    flags: Sequence[bool] = vector.nameless.tolist()
    labels = [measureless(each) if gone else each for each, gone in zip(vector.labels, flags, strict=True)]
    return joined(replace(vector, labels=labels, nameless=None))
