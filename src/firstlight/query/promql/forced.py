"""What is told of classic histograms whose buckets fell: once for each metric, over all steps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql.classic import Columns, Family, Repair
from firstlight.query.promql.context import Context
from firstlight.query.promql.distributions import metric_words
from firstlight.query.promql.go_numbers import brief_text, rough_text

TEXT = (
    "input to histogram_quantile needed to be fixed for monotonicity "
    "(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
)


@dataclass(slots=True)
class _Metric:
    count: int = 0
    first: int = 0
    last: int = 0
    lowest: float = np.inf
    highest: float = -np.inf
    most: float = 0.0


@dataclass(frozen=True, slots=True)
class Forced:
    """Collects the repairs of one call."""

    context: Context
    metrics: dict[str, _Metric] = field(default_factory=dict)

    def note(self, families: list[Family], part: Columns, repair: Repair) -> None:
        """Take what was repaired at some steps."""
        forced = np.flatnonzero(repair.forced)
        times = self.context.steps.times
        for number in np.unique(part.families[forced]).tolist():
            chosen = forced[part.families[forced] == number]
            at = times[part.steps[chosen]]
            words = metric_words(families[number].labels, self.context)
            metric = self.metrics.setdefault(words, _Metric(first=int(at.min()), last=int(at.max())))
            metric.count += len(chosen)
            metric.first, metric.last = min(metric.first, int(at.min())), max(metric.last, int(at.max()))
            metric.lowest = min(metric.lowest, float(repair.lowest[chosen].min()))
            metric.highest = max(metric.highest, float(repair.highest[chosen].max()))
            metric.most = max(metric.most, float(repair.most[chosen].max()))

    def tell(self, at: Span) -> None:
        """Tell of all metrics."""
        for words, metric in self.metrics.items():
            buckets = f"from buckets {brief_text(metric.lowest)} to {brief_text(metric.highest)}"
            samples = f"over {metric.count} samples from {_clock(metric.first)} to {_clock(metric.last)}"
            most = f"with a max diff of {rough_text(metric.most)}"
            self.context.annotations.info(f"{TEXT}{words}, {buckets}, {most}, {samples}", at)


def _clock(milliseconds: int) -> str:
    """Return a time in whole seconds, cut towards 1970."""
    return f"{np.datetime64(int(milliseconds / 1000), 's')}Z"
