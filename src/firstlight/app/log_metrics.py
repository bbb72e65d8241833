"""Metrics that are made of logs, from the settings to the store."""

from __future__ import annotations

import time
from collections.abc import Sequence

from firstlight.ingest.receiver import Append
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.query.logql.door import LogqlDoor
from firstlight.query.logs.derived import DerivedSample, LogMetricRecorder
from firstlight.query.logs.derived_settings import LogMetrics
from firstlight.telemetry import QueryInstruments
from firstlight.wire.prometheus.book import Book
from firstlight.wire.pushes.labelled import Labelled, Pages


def recorder(
    metrics: LogMetrics, door: LogqlDoor, append: Append, book: Book, telemetry: QueryInstruments
) -> LogMetricRecorder:
    """Return what evaluates `metrics` at their intervals and stores what they are."""
    pages = Pages(book)

    async def record(tenant: str, samples: Sequence[DerivedSample], ended: Sequence[DerivedSample]) -> None:
        new, stale = ([Labelled(one.labels, one.time, one.value) for one in some] for some in (samples, ended))
        await append(pages.batch(tenant, new, stale=stale))

    return LogMetricRecorder(
        metrics,
        door,
        record,
        tenant=DEFAULT_TENANT,
        now_ns=time.time_ns,
        count=lambda name, outcome, number: telemetry.log_metrics.add(number, name, str(outcome)),
    )
