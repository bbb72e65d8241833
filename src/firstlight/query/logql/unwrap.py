"""`| unwrap label`: the sample of a line is what its label says. And what is left of labels after grouping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firstlight.query.logql.ast import Grouping, Unwrap
from firstlight.query.logql.label_filters import compile_label_filter
from firstlight.query.logql.label_sets import LabelSet
from firstlight.query.logql.lines import Labels
from firstlight.query.logql.units import CONVERSIONS, Unreadable

SAMPLE_ERROR: Final = "SampleExtractionErr"

Unwrapped = Callable[[LabelSet], tuple[float, LabelSet] | None]
"""Labels to the sample they hold; None: the line has no sample."""


def compile_unwrap(unwrap: Unwrap) -> Unwrapped:
    """Return what takes the sample out of labels; raise BadStage if a filter is wrong."""
    label = unwrap.label
    convert = CONVERSIONS[unwrap.conversion.value if unwrap.conversion else ""]
    filters = [compile_label_filter(one) for one in unwrap.filters]

    def sample(labels: LabelSet) -> tuple[float, LabelSet] | None:
        text = labels.get(label)
        if not text:
            return None
        value = 0.0
        try:
            value = convert(text)
        except Unreadable as error:
            labels = labels.failed(SAMPLE_ERROR, str(error))
        for passes in filters:
            passed = passes(labels)
            if passed is None:
                return None
            labels = passed
        return value, labels

    return sample


def compile_grouping(grouping: Grouping | None, unwrapped: str | None) -> Callable[[LabelSet], Labels]:
    """Return what is left of labels: all of them if there is an error, and else what `grouping` says.

    The label that was unwrapped is only left if it was asked for.
    """
    if grouping is None or grouping.without:
        going = frozenset(grouping.labels if grouping else ()) | ({unwrapped} if unwrapped else set())

        def without(labels: LabelSet) -> Labels:
            pairs = labels.pairs()
            if labels.error or not going:
                return pairs
            return tuple([pair for pair in pairs if pair[0] not in going])

        return without

    names = sorted(set(grouping.labels))

    def by(labels: LabelSet) -> Labels:
        if labels.error:
            return labels.pairs()
        return tuple([(name, value) for name in names if (value := labels.get(name)) is not None])

    return by
