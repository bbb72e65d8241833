"""Log records between decoding and storing: unwrapped, sent through pipelines, redacted, understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pyarrow.compute as pc

from firstlight.ingest.process.counts import ProcessInstruments, Tallies
from firstlight.ingest.process.found import Mask
from firstlight.ingest.process.origins_kept import KeptOrigins
from firstlight.ingest.process.pipeline_rows import run_pipelines
from firstlight.ingest.process.pipelines import Pipelines
from firstlight.ingest.process.recognise import Recogniser
from firstlight.ingest.process.record import Roles
from firstlight.ingest.process.redaction import Redactor
from firstlight.ingest.process.settings import ProcessSettings
from firstlight.ingest.process.understanding import PLAIN, Understood, understand
from firstlight.ingest.process.work import Work
from firstlight.model.batch import Batch
from firstlight.wire.origins import UNKNOWN_SERVICE

AHEAD: Final = "in the future"
OLD: Final = "too old"


@dataclass(frozen=True, slots=True)
class Told:
    """A batch that was processed, the format of each of its log records, and the records dropped, by their rows."""

    batch: Batch
    formats: Sequence[str] = ()
    gone: Mapping[int, str] = field(default_factory=dict)


class Processor:
    """What becomes of the log records of a batch. Safe to use from several threads.

    `origins` is told by the store's writer which rows of `origins` are durable: `processor.origins.learn(table)` and
    `.forget(day)`, as `wire.origins.StoredOrigins` is.
    """

    def __init__(
        self, settings: ProcessSettings, instruments: ProcessInstruments | None = None, *, tells: bool = False
    ) -> None:
        """Make a processor; if it `tells`, it says of each line which format it has."""
        self._settings = settings
        self._tells = tells
        self._zone = settings.zone
        self._counts: ProcessInstruments = instruments or Tallies()
        self._recogniser = Recogniser()
        self._redactor = Redactor.of(settings.redaction)
        self._pipelines = Pipelines(settings.pipelines) if settings.pipelines else None
        self.origins = KeptOrigins()

    def process(self, batch: Batch) -> Batch:
        """Return the batch, its log records understood; other batches as they are.

        It has no `logs` if pipelines dropped all of them. `items` still counts what the sender sent.
        """
        return self.told(batch).batch

    def told(self, batch: Batch) -> Told:
        """Return the batch as `process` does, and what was found out on the way."""
        logs = batch.tables.get("logs")
        if logs is None or not len(logs):
            return Told(batch)
        seen = batch.tables.get("origins")
        if seen is not None:
            self.origins.see(seen)
        work = Work(logs)
        if self._settings.unwrap:
            work.unwrap()
        gone: Mapping[int, str] = {}
        if self._pipelines is not None:
            outcome = run_pipelines(work, self._pipelines, self.origins, self._counts, self._refuse)
            gone = {} if outcome is None else outcome.gone
            if not len(work):
                left = {kind: one for kind, one in batch.tables.items() if kind != "logs"}
                return Told(replace(batch, tables=left), gone=gone)
        if self._redactor is not None:
            self._redact(work, self._redactor)
        understood = self._understand(work) if self._settings.recognise or work.found else None
        tables = dict(batch.tables) | {"logs": work.table(understood)}
        rows = self.origins.rows(work.tenant, work.moved, seen) if work.moved else seen
        if rows is not None:
            tables = {"origins": rows} | {kind: one for kind, one in tables.items() if kind != "origins"}
        formats = understood.format_of(len(work)) if understood is not None and self._tells else ()
        return Told(replace(batch, tables=tables), formats, gone)

    def _redact(self, work: Work, redactor: Redactor) -> None:
        work.take_body(redactor.text(work.body, self._counts))
        changed = redactor.attributes(work.column("attributes"), work.column("attribute_types"), self._counts)
        if changed is not None:
            work.set_attributes(*changed)

    def _understand(self, work: Work) -> Understood:
        recogniser = self._recogniser if self._settings.recognise else None
        found = understand(work.body, work.origin.view(np.int64), recogniser, work.names, work.found)
        for name, rows in found.formats.items():
            self._counts.lines.add(len(rows), name)
        plain_ones = len(work) - sum(map(len, found.formats.values()))
        if plain_ones:
            self._counts.lines.add(plain_ones, PLAIN)
        if found.left_out is not None and found.left_out.any():
            self._counts.left_out.add(int(found.left_out.sum()))
        if self._redactor is not None:
            found, body = self._redactor.fields(found, work.body, self._counts)
            work.take_body(body)
        roles = Roles(found.found, found.names)
        work.take_levels(roles, found)
        work.take_ids(roles, found)
        if self._settings.take_times:
            self._take_times(work, roles)
        if self._settings.take_services:
            self._take_services(work, roles)
        return replace(found, found=roles.others())

    def _take_times(self, work: Work, roles: Roles) -> None:
        wanted = (work.ts == work.observed) & ~work.timed
        if not wanted.any():
            return
        rows, times = roles.times(wanted, work.observed, self._zone)
        # The runtime that wrapped a line says when it read it, with a zone.
        wrapped = wanted[work.wrapped_rows] & (work.wrapped_times > 0)
        rows = np.concatenate([rows, work.wrapped_rows[wrapped]])
        times = np.concatenate([times, work.wrapped_times[wrapped]])
        if not len(rows):
            return
        ahead = times - work.observed[rows]
        late = ahead > int(self._settings.max_ahead * 1e9)
        old = ahead < -int(self._settings.max_age * 1e9)
        self._refuse(AHEAD, late)
        self._refuse(OLD, old)
        good = ~(late | old)
        work.move(rows[good], times[good], self.origins, self._refuse)

    def _refuse(self, reason: str, rows: Mask) -> None:
        count = int(np.count_nonzero(rows))
        if count:
            self._counts.times.add(count, reason)

    def _take_services(self, work: Work, roles: Roles) -> None:
        wanted: Mask = pc.starts_with(work.service, UNKNOWN_SERVICE).to_numpy(zero_copy_only=False)
        if not wanted.any():
            return
        rows, services = roles.services(wanted)
        work.rename(rows, services, self.origins)
