"""What the server tells of itself: configuration, flags, build, run time, what makes the most series."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, success_of
from firstlight.api.prometheus.asked import Asked, read_integer
from firstlight.api.prometheus.endpoint import Common, Endpoint, Question, route
from firstlight.api.prometheus.shelf import Shelf, Span
from firstlight.api.prometheus.times import rfc_3339
from firstlight.http.errors import RequestError
from firstlight.query.metrics.cardinality import Counted

ANSWERS_AS: Final = "3.14.0"
"""The version of Prometheus whose language and API are spoken, by which clients know what they may ask."""

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
HEAD_MS: Final = 2 * HOUR_MS
"""How far back what Prometheus calls its head goes."""

LISTED: Final = 10
MOST_LISTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Reloaded:
    """How the last reading of the configuration went: at the start, or when a reload was asked for."""

    succeeded: bool
    time_ms: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of this server."""

    version: str
    """Its own version; what it answers as is ANSWERS_AS."""
    started_ms: int
    retention: str
    """How long metrics are kept, as Prometheus writes durations: `15d`."""
    config: Callable[[], str]
    """Returns the configuration, in the words of a prometheus.yml and without secrets."""
    flags: Callable[[], Mapping[str, str]]
    """Returns settings, by the names of Prometheus' flags where there is one."""
    reloaded: Callable[[], Reloaded]


def status_routes(common: Common, facts: Facts, shelf: Shelf, prefix: str) -> Sequence[Route]:
    """Return the routes of all of it."""

    async def config(question: Question) -> Body:
        return success_of({"yaml": facts.config()})

    async def flags(question: Question) -> Body:
        return success_of(dict(sorted(facts.flags().items())))

    async def runtimeinfo(question: Question) -> Body:
        return success_of(runtime(facts, question.asked.now_ms))

    async def buildinfo(question: Question) -> Body:
        return success_of(
            {
                "version": ANSWERS_AS,
                "revision": facts.version,
                "branch": "firstlight",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }
        )

    async def tsdb(question: Question) -> Body:
        limit = _limit(question.asked)
        now = question.asked.now_ms
        span = Span(now - HEAD_MS, now)
        found = await shelf.cardinality(span, limit)
        return success_of(
            {
                "headStats": {
                    "numSeries": found.series,
                    "numLabelPairs": found.label_pairs,
                    "chunkCount": found.series,
                    "minTime": span.start - span.start % DAY_MS,
                    "maxTime": now,
                },
                "seriesCountByMetricName": _counts(found.series_by_metric),
                "labelValueCountByLabelName": _counts(found.values_by_label),
                "memoryInBytesByLabelName": _counts(found.bytes_by_label),
                "seriesCountByLabelValuePair": _counts(found.series_by_pair),
            }
        )

    async def blocks(question: Question) -> Body:
        return success_of({"blocks": []})

    async def walreplay(question: Question) -> Body:
        return success_of({"min": 0, "max": 0, "current": 0})

    handlers = {
        "config": config,
        "flags": flags,
        "runtimeinfo": runtimeinfo,
        "buildinfo": buildinfo,
        "tsdb": tsdb,
        "tsdb/blocks": blocks,
        "walreplay": walreplay,
    }
    return [route(f"{prefix}/status/{name}", Endpoint(common, handler)) for name, handler in handlers.items()]


def runtime(facts: Facts, now_ms: int) -> dict[str, Any]:
    """Return what is told of the process. Threads stand for goroutines; what else is Go's is left empty."""
    reloaded = facts.reloaded()
    return {
        "startTime": rfc_3339(facts.started_ms),
        "CWD": str(Path.cwd()),
        "hostname": socket.gethostname(),
        "serverTime": rfc_3339(now_ms),
        "reloadConfigSuccess": reloaded.succeeded,
        "lastConfigTime": rfc_3339(reloaded.time_ms),
        "corruptionCount": 0,
        "goroutineCount": threading.active_count(),
        "GOMAXPROCS": os.cpu_count() or 1,
        "GOMEMLIMIT": 2**63 - 1,
        "GOGC": "",
        "GODEBUG": "",
        "storageRetention": facts.retention,
    }


def _limit(asked: Asked) -> int:
    found = asked.text("limit")
    limit = read_integer(found) if found else LISTED
    if limit is None or limit < 1:
        raise RequestError("limit must be a positive number")
    if limit > MOST_LISTED:
        raise RequestError(f"limit must not exceed {MOST_LISTED}")
    return limit


def _counts(counted: Iterable[Counted]) -> list[dict[str, Any]]:
    return [{"name": one.name, "value": one.count} for one in counted]
