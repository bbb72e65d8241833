"""`drop` and `keep`: labels that go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firstlight.query.logql.ast import DropLabels, KeepLabels, LabelPick
from firstlight.query.logql.label_filters import text_test
from firstlight.query.logql.label_sets import LabelSet
from firstlight.query.logql.lines import ERROR, ERROR_DETAILS, PRESERVE_ERROR
from firstlight.query.logql.pipeline_block import Relabel

_SPECIAL: Final = frozenset({ERROR, ERROR_DETAILS, PRESERVE_ERROR})


def compile_drop(stage: DropLabels) -> Relabel:
    """Return what drops the labels of `stage`; raise BadStage if a matcher is wrong."""
    drops = [_drop(pick) for pick in stage.picks]

    def change(labels: LabelSet) -> LabelSet:
        for drop in drops:
            labels = drop(labels)
        return labels

    return change


def _drop(pick: LabelPick) -> Callable[[LabelSet], LabelSet]:
    name = pick.label
    matches = text_test(pick.matcher, across_lines=True) if pick.matcher else None
    names = frozenset({name})

    def change(labels: LabelSet) -> LabelSet:
        if name == ERROR:
            return labels.failed("", None) if matches is None or matches(labels.error) else labels
        if name == ERROR_DETAILS:
            return labels.failed(labels.error, "") if matches is None or matches(labels.details) else labels
        value = labels.get(name)
        if value is None or (matches is not None and not matches(value)):
            return labels
        return labels.without(names)

    return change


def compile_keep(stage: KeepLabels) -> Relabel:
    """Return what drops all labels but those of `stage`; raise BadStage if a matcher is wrong."""
    always = {pick.label for pick in stage.picks if pick.matcher is None}
    tests = [
        (pick.label, text_test(pick.matcher, across_lines=True)) for pick in stage.picks if pick.matcher is not None
    ]

    def stays(name: str, value: str) -> bool:
        return name in always or any(name == label and matches(value) for label, matches in tests)

    def change(labels: LabelSet) -> LabelSet:
        going = [
            name
            for part in (labels.stream, labels.metadata, labels.parsed)
            for name, value in part.items()
            if name not in _SPECIAL and not stays(name, value)
        ]
        return labels.without(frozenset(going)) if going else labels

    return change
