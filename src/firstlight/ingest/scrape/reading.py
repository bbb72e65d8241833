"""From the answers of one target to what is stored of them: series that come, stay and end.

Called in worker threads, one answer of a target after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from firstlight.errors import DecodeError
from firstlight.http.decompress import decompress
from firstlight.http.errors import BodyTooLarge, RequestError
from firstlight.ingest.scrape.fetch import BODY_TOO_LARGE, MAX_BODY, Answer, ScrapeFailed
from firstlight.ingest.scrape.job import Job
from firstlight.ingest.scrape.labelling import Labelling
from firstlight.ingest.scrape.presence import Presence
from firstlight.ingest.scrape.report import Report, Told
from firstlight.ingest.scrape.targets import Target
from firstlight.model.batch import Batch, join
from firstlight.wire.prometheus.book import Book, Ids
from firstlight.wire.prometheus.exposition import BadExposition, Family
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.negotiation import Protocol, protocol_of
from firstlight.wire.prometheus.repeats import without_repeated
from firstlight.wire.prometheus.sender import Options, Sender
from firstlight.wire.prometheus.staleness import ended

SAMPLE_LIMIT: Final = "sample limit exceeded"
NOTHING: Final = np.zeros(0, np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What one scrape comes to."""

    batch: Batch
    told: Told
    tracked: Ids
    """The series that are there, and end when they are no longer."""
    error: str = ""
    families: tuple[Family, ...] | None = None
    """What was told of metrics; None if the scrape failed."""
    repeated: int = 0
    """Samples left out because one of the same series came before."""


class Reading:
    """Reads the answers of one target as its job says, and knows which of its series are there."""

    def __init__(self, book: Book, tenant: str, job: Job, target: Target, earlier: Reading | None = None) -> None:
        """Take `earlier`, what read the answers of the target before its job changed: its series go on."""
        self._job = job
        self._target = target
        labelling = Labelling(target.labels, job.honor_labels, job.metric_relabel, job.limits, job.is_legacy)
        options = Options(job.native_histograms, job.always_classic_histograms, job.convert_classic_histograms)
        self._sender = Sender(book, tenant, relabel=labelling, options=options)
        self._report = Report(book, tenant, target.labels, extra=job.extra_metrics)
        self._fallback = Protocol(job.fallback_protocol) if job.fallback_protocol else None
        self.live: Ids = earlier.live if earlier else NOTHING
        """The series of which the store was told, and not yet that they have ended."""
        self.known: Ids = earlier.known if earlier else NOTHING
        """The series of the last scrape that did not fail."""
        self._there: Presence | None = None

    def take(self, answer: Answer | str, now: int, seconds: Callable[[], float]) -> Taken:
        """Return what is stored of an answer, or of an error in its place; `now` is when the scrape began.

        `seconds` tells, when asked, how long the scrape has taken.
        """
        if isinstance(answer, str):
            return self._failed(answer, now, seconds, Told(up=False, seconds=0.0))
        counts = Told(up=False, seconds=0.0)
        body = b""
        try:
            limit = self._job.limits.body_size or MAX_BODY
            body = decompress(answer.body, answer.encoding, limit=limit, grow=lambda size: None)
            if len(body) > limit:
                raise ScrapeFailed(BODY_TOO_LARGE)
            counts = replace(counts, body_size=len(body))
            return self._read(body, protocol_of(answer.content_type, self._fallback), now, seconds)
        except BodyTooLarge:
            error = BODY_TOO_LARGE
        except BadExposition as bad:
            lines = body.split(b"\n", bad.line)[: bad.line - 1] if bad.line > 1 else []
            before = sum(1 for line in lines if line.strip() and not line.startswith(b"#"))
            counts = replace(counts, scraped=before, kept=before)
            error = str(bad)
        except _OverLimit as over:
            counts, error = replace(over.counts, body_size=len(body)), SAMPLE_LIMIT
        except (DecodeError, RequestError, ScrapeFailed) as bad:
            error = str(bad)
        if error == BODY_TOO_LARGE:
            counts = replace(counts, body_size=-1)
        return self._failed(error, now, seconds, counts)

    def stored(self, taken: Taken) -> None:
        """Take note that the store has what was taken."""
        self.live = taken.tracked

    def lost(self, taken: Taken) -> None:
        """Take note that the store may have anything of it: all series are told to have ended once they have."""
        self.live = np.union1d(self.live, taken.tracked)

    def end(self, now: int, others: Ids, *, report: bool) -> Batch:
        """Return the signs that the series have ended, but for those that `others` have now."""
        return self._report.end(now, np.setdiff1d(self.live, others), report=report)

    def _read(self, body: bytes, protocol: Protocol, now: int, seconds: Callable[[], float]) -> Taken:
        exposition, page = self._sender.read(body, protocol)
        found, whole = page.find(exposition.keys), page.find(exposition.histogram_keys)
        honor = self._job.honor_timestamps
        there = self._there
        if there is None or not there.holds_for(exposition, found):
            tracks = honor and not self._job.track_timestamps_staleness
            there = Presence.of(exposition, found, whole, honor_timestamps=tracks)
        scraped, limit = len(found.keys) + len(whole.keys), self._job.limits.samples
        added = len(ended(there.all, self.known))
        counts = Told(up=True, seconds=0.0, scraped=scraped, kept=there.kept, added=added, body_size=len(body))
        if limit and there.kept > limit:
            raise _OverLimit(replace(counts, up=False, added=min(added, limit)))
        if there.repeats:
            exposition = without_repeated(exposition, found, honor_timestamps=honor)
        intake = Intake(page)
        intake.add_exposition(exposition, now, honor_timestamps=honor)
        samples = intake.batch()
        self._there, self.known = there, there.all
        told = self._told(replace(counts, seconds=seconds()))
        report = self._report.batch(told, now, ended(self.live, there.tracked))
        repeated = len(found.keys) - len(exposition.keys)
        return Taken(join([samples, report]), told, there.tracked, "", exposition.families, repeated)

    def _failed(self, error: str, now: int, seconds: Callable[[], float], counts: Told) -> Taken:
        told = self._told(replace(counts, seconds=seconds()))
        return Taken(self._report.batch(told, now, self.live), told, NOTHING, error)

    def _told(self, counts: Told) -> Told:
        return replace(counts, timeout=self._target.timeout, sample_limit=self._job.limits.samples)


class _OverLimit(Exception):
    """More samples than a job allows."""

    def __init__(self, counts: Told) -> None:
        super().__init__(SAMPLE_LIMIT)
        self.counts = counts
