"""What the labels of a series must be to be kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from firstlight.wire.otlp.series import LABEL_TOO_LONG, MAX_LABEL_LENGTH, MAX_LABELS, TOO_MANY_LABELS, Unfit

METRIC_NAME: Final = "__name__"
NO_METRIC_NAME: Final = "series without a metric name"

Labels = Mapping[str, str]
"""Names and values of a series, its metric's name among them as `METRIC_NAME`."""


def fitting(labels: Labels) -> dict[str, str]:
    """Return the labels that are not empty, to Prometheus the same as absent. Raise Unfit if they cannot be kept."""
    kept = {name: value for name, value in labels.items() if value}
    if METRIC_NAME not in kept:
        raise Unfit(NO_METRIC_NAME)
    if len(kept) > MAX_LABELS:
        raise Unfit(TOO_MANY_LABELS)
    if max(map(len, [*kept, *kept.values()])) > MAX_LABEL_LENGTH:
        raise Unfit(LABEL_TOO_LONG)
    return kept
