"""Data points: a hundred metrics of one process, ten series each, exported every ten seconds.

Of the metrics that are numbers six in ten are counters and the others gauges; a share of all may be explicit
histograms. Counters grow and gauges wander from one export to the next, and the sender's clock goes on by an interval
an export, however fast the requests follow each other: otherwise the times would be no test of how they are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Final

import numpy as np
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)

from bench.sent.attributes import key_values
from bench.sent.fleet import SERVICES, Process, scope
from bench.sent.spans import ROUTES
from bench.sent.template import Slots, Template, Words

SERIES_PER_METRIC: Final = 10
INTERVAL_NS: Final = 10_000_000_000
JITTER_NS: Final = 2_000_000
MINUTE_NS: Final = 60_000_000_000
BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
BUCKETS: Final = len(BOUNDS) + 1
CUMULATIVE: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


class PointExport:
    """The metrics of one process; `histograms` is their share of the metrics."""

    def __init__(self, seed: int, items: int, histograms: float = 0.0) -> None:
        builder = _Builder(Random(seed), Process(SERVICES[seed % len(SERVICES)], seed // len(SERVICES)))
        metrics = items // SERIES_PER_METRIC
        request = builder.request(metrics, round(metrics * histograms))
        self.items = metrics * SERIES_PER_METRIC
        self._template = Template.of(request.SerializeToString(), builder.slots)
        self._random = np.random.default_rng(seed)
        self._readings = _Readings(self._template.groups, self._random)
        self._start = self._time = 0

    def body(self, now_ns: int) -> bytearray:
        """Return what the process measured: the first time half an hour ago, then an interval later each time."""
        if not self._time:
            self._start, self._time = now_ns - 300 * MINUTE_NS, now_ns - 30 * MINUTE_NS
        self._time += INTERVAL_NS
        words = self._readings.next()
        words["start"] = np.array([self._start], np.uint64)
        words["time"] = np.array([self._time + self._random.integers(JITTER_NS)], np.uint64)
        return self._template.fill(words)


class _Readings:
    """What is measured, going on from one export to the next."""

    def __init__(self, groups: Mapping[str, int], random: np.random.Generator) -> None:
        self._random = random
        size = groups.get
        self._paces = random.integers(1, 2000, size("count", 0))
        self._counts = random.integers(0, 10**6, size("count", 0))
        self._seconds = random.uniform(0, 10**4, size("seconds", 0))
        self._levels = random.uniform(0, 100, size("level", 0))
        self._sizes = random.integers(10**6, 10**9, size("size", 0))
        self._buckets = random.integers(0, 1000, (size("observed", 0), BUCKETS))
        self._totals = random.uniform(0, 100, size("total", 0))

    def next(self) -> dict[str, Words]:
        """Return the words of all that is measured."""
        random = self._random
        self._counts += random.integers(0, self._paces, endpoint=True)
        self._seconds += random.exponential(2.0, len(self._seconds))
        self._levels += random.normal(0, 0.5, len(self._levels))
        self._sizes += random.integers(-(2**16), 2**16, len(self._sizes))
        self._buckets += random.integers(0, 4, self._buckets.shape)
        self._totals += random.exponential(2.0, len(self._totals))
        return {
            "count": self._counts.view(np.uint64),
            "seconds": self._seconds.view(np.uint64),
            "level": self._levels.view(np.uint64),
            "size": self._sizes.view(np.uint64),
            "bucket": self._buckets.reshape(-1).view(np.uint64),
            "observed": self._buckets.sum(axis=1).view(np.uint64),
            "total": self._totals.view(np.uint64),
        }


class _Builder:
    def __init__(self, random: Random, process: Process) -> None:
        self.slots = Slots()
        self._random = random
        self._process = process
        self._start = self.slots.take("start")
        self._time = self.slots.take("time")

    def request(self, metrics: int, histograms: int) -> ExportMetricsServiceRequest:
        made = [self._histogram(number) for number in range(histograms)]
        made += [self._number(number) for number in range(metrics - histograms)]
        scopes = [
            ScopeMetrics(scope=scope(library), metrics=made[place::3])
            for place, library in enumerate(("fastapi", "httpx", "system_metrics"))
        ]
        return ExportMetricsServiceRequest(
            resource_metrics=[ResourceMetrics(resource=self._process.resource(), scope_metrics=scopes)]
        )

    def _number(self, number: int) -> Metric:
        match number % 10:
            case 0 | 1 | 2 | 3:
                return self._sum(f"shop.events{number}.handled", "{event}", "count")
            case 4 | 5:
                return self._sum(f"shop.worker{number}.busy", "s", "seconds")
            case 6 | 7 | 8:
                return self._gauge(f"shop.queue{number}.fill", "%", "level")
        return self._gauge(f"shop.cache{number}.size", "By", "size")

    def _sum(self, name: str, unit: str, group: str) -> Metric:
        total = Sum(data_points=self._points(group), aggregation_temporality=CUMULATIVE, is_monotonic=True)
        return Metric(name=name, unit=unit, description=f"The {name} of this process so far.", sum=total)

    def _gauge(self, name: str, unit: str, group: str) -> Metric:
        gauge = Gauge(data_points=self._points(group))
        return Metric(name=name, unit=unit, description=f"The {name} of this process at the moment.", gauge=gauge)

    def _points(self, group: str) -> Iterator[NumberDataPoint]:
        for series in range(SERIES_PER_METRIC):
            slot = self.slots.take(group)
            point = NumberDataPoint(
                attributes=key_values(self._labels(series)),
                start_time_unix_nano=self._start.fixed64,
                time_unix_nano=self._time.fixed64,
            )
            if group in ("count", "size"):
                point.as_int = slot.fixed64
            else:
                point.as_double = slot.double
            yield point

    def _histogram(self, number: int) -> Metric:
        points = [
            HistogramDataPoint(
                attributes=key_values(self._labels(series)),
                start_time_unix_nano=self._start.fixed64,
                time_unix_nano=self._time.fixed64,
                count=self.slots.take("observed").fixed64,
                sum=self.slots.take("total").double,
                bucket_counts=[self.slots.take("bucket").fixed64 for _ in range(BUCKETS)],
                explicit_bounds=BOUNDS,
                min=self._random.uniform(0.0001, 0.005),
                max=self._random.uniform(10, 30),
            )
            for series in range(SERIES_PER_METRIC)
        ]
        return Metric(
            name=f"shop.call{number}.duration",
            unit="s",
            description="How long the calls took.",
            histogram=Histogram(data_points=points, aggregation_temporality=CUMULATIVE),
        )

    def _labels(self, series: int) -> dict[str, str | int]:
        method, route, _ = ROUTES[series]
        labels: dict[str, str | int] = {
            "http.request.method": method,
            "http.route": route,
            "shop.zone": f"eu-{series % 3}",
        }
        if series % 2:
            labels["http.response.status_code"] = 200 + series
        return labels
