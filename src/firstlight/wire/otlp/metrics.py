"""OTLP metrics: request bytes to series, samples, histograms, exemplars and metadata.

To PromQL an explicit histogram is its `_bucket`, `_sum` and `_count` series and a summary its quantiles, as
<https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/> says; what of a histogram
is lost by that is kept whole in `histograms`, with the exponential ones. One point may so be many rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from firstlight.model.batch import Batch
from firstlight.wire.otlp.columns import parents
from firstlight.wire.otlp.delta import Accumulator
from firstlight.wire.otlp.histograms import take_exponential_histograms, take_histograms
from firstlight.wire.otlp.intake import Intake
from firstlight.wire.otlp.messages import Reader
from firstlight.wire.otlp.names import Kind
from firstlight.wire.otlp.numbers import take_numbers
from firstlight.wire.otlp.origins import Origins
from firstlight.wire.otlp.points import Floats, Metrics
from firstlight.wire.otlp.repeats import Repeats
from firstlight.wire.otlp.series import Directory
from firstlight.wire.otlp.summaries import take_summaries


@dataclass(frozen=True, slots=True)
class MetricsDecoder:
    """Reads metrics requests; what it remembers between them only saves work, but for the totals of delta points."""

    reader: Reader
    origins: Origins
    directory: Directory
    numbers: Accumulator[float] = field(default_factory=Accumulator)
    histograms: Accumulator[Floats] = field(default_factory=Accumulator)

    repeats: Repeats = field(default_factory=Repeats)

    def decode(self, body: bytes, *, tenant: str) -> Batch:
        """Return what an ExportMetricsServiceRequest carries; raise DecodeError if it cannot be read."""
        epoch = self.repeats.epoch
        batch = self.repeats.read(tenant, body)
        if batch is None:
            batch = self._decode(body, tenant)
            self.repeats.note(tenant, body, batch, epoch)
        return batch

    def _decode(self, body: bytes, tenant: str) -> Batch:
        resources = self.reader.read(body).flatten()
        scope_lists = resources.field("scopes")
        scopes = scope_lists.flatten()
        senders = self.origins.of(resources, scope_lists, scopes)
        lists = scopes.field("metrics")
        metrics = Metrics.of(tenant, lists.flatten(), [senders[row] for row in parents(lists)])
        intake = Intake(tenant, self.origins, self.directory)
        if points := metrics.points(Kind.GAUGE, Kind.SUM, directory=self.directory):
            take_numbers(points, intake, self.numbers)
        if points := metrics.points(Kind.HISTOGRAM, directory=self.directory):
            take_histograms(points, intake, self.histograms)
        if points := metrics.points(Kind.EXPONENTIAL_HISTOGRAM, directory=self.directory):
            take_exponential_histograms(points, intake)
        if points := metrics.points(Kind.SUMMARY, directory=self.directory):
            take_summaries(points, intake)
        return intake.batch()
