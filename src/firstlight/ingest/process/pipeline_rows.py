"""Between the columns of a batch and the lines that pipelines work on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from firstlight.ingest.process.counts import ProcessInstruments
from firstlight.ingest.process.found import Found
from firstlight.ingest.process.origins_kept import KeptOrigins
from firstlight.ingest.process.pipeline_entry import Entry
from firstlight.ingest.process.pipelines import Outcome, Pipelines
from firstlight.ingest.process.texts import replaced
from firstlight.ingest.process.work import Refuse, Work


def run_pipelines(
    work: Work, pipelines: Pipelines, origins: KeptOrigins, counts: ProcessInstruments, refuse: Refuse
) -> Outcome | None:
    """Send the lines of selected streams through pipelines, and put what becomes of them into the columns."""
    numbers, places = np.unique(work.origin, return_inverse=True)
    labels = [origins.labels(work.tenant, number) for number in numbers.tolist()]
    selected = np.array([pipelines.selects(one) for one in labels], np.bool_)
    rows = np.flatnonzero(selected[places])
    if not len(rows):
        return None
    entries = [
        Entry(row, body, ts, observed, labels[place])
        for row, body, ts, observed, place in zip(
            rows.tolist(),
            work.body.take(pa.array(rows)).to_pylist(),
            work.ts[rows].tolist(),
            work.observed[rows].tolist(),
            places[rows].tolist(),
            strict=True,
        )
    ]
    before = {entry.row: entry.body for entry in entries}
    outcome = pipelines.run(entries, counts)
    kept = [outcome.entries[row] for row in sorted(outcome.entries)]
    _take_bodies(work, [entry for entry in kept if entry.body is not before[entry.row]])
    _take_labels(work, [entry for entry in kept if entry.labels is not labels[places[entry.row]]], origins)
    work.add_attributes({entry.row: entry.metadata for entry in kept if entry.metadata})
    timed = [entry for entry in kept if entry.timed]
    if timed:
        times = np.array([entry.ts for entry in timed], np.int64)
        work.set_times(np.array([entry.row for entry in timed], np.int64), times, origins, refuse)
    _take_fields(work, [entry for entry in kept if entry.extracted])
    if outcome.gone:
        mask = np.ones(len(work), np.bool_)
        mask[list(outcome.gone)] = False
        work.keep(mask)
    return outcome


def _take_bodies(work: Work, entries: list[Entry]) -> None:
    if entries:
        rows = np.array([entry.row for entry in entries], np.int64)
        work.take_body(replaced(work.body, rows, [entry.body for entry in entries]))


def _take_labels(work: Work, entries: list[Entry], origins: KeptOrigins) -> None:
    known: dict[tuple[int, int], int] = {}
    numbers = []
    for entry in entries:
        origin = int(work.origin[entry.row])
        key = (origin, id(entry.labels))
        if key not in known:
            known[key] = origins.with_labels(work.tenant, origin, entry.labels)
        numbers.append(known[key])
    rows = np.array([entry.row for entry in entries], np.int64)
    services = [origins.service(work.tenant, number) for number in numbers]
    work.set_origins(rows, numbers, services)


def _take_fields(work: Work, entries: list[Entry]) -> None:
    if not entries:
        return
    pairs = [(name, value) for entry in entries for name, value in entry.extracted.items()]
    work.found.append(
        Found(
            np.array([entry.row for entry in entries], np.int64),
            np.array([len(entry.extracted) for entry in entries], np.int64),
            np.array([work.names.code(name) for name, _ in pairs], np.int64),
            pa.array([value for _, value in pairs], pa.string()),
        )
    )
