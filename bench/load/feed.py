"""Where the requests to send come from: made when they are sent, or ahead if encoding them takes long."""

from __future__ import annotations

import gzip
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bench.load.plan import Encoding, Plan
from bench.sent.export import Export
from bench.sent.logs import LogExport
from bench.sent.points import PointExport
from bench.sent.spans import SpanExport
from bench.sent.written import as_json

GZIP_LEVEL: Final = 6  # as OpenTelemetry's exporters compress

CONTENT_TYPES: Final[Mapping[Encoding, str]] = {
    "protobuf": "application/x-protobuf",
    "gzip": "application/x-protobuf",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, and how many items it carries."""

    body: bytes | bytearray
    items: int


class Feed:
    """The requests of one run: without end, or until those made ahead are used up."""

    def __init__(self, plan: Plan) -> None:
        exports = [export_of(plan, seed) for seed in range(plan.exports)]
        encode = encoder(plan)
        endless = (Request(encode(export.body(time.time_ns())), export.items) for export in itertools.cycle(exports))
        self.cycle = len(exports)
        """After how many requests every sender has been heard once."""
        self._requests: Iterator[Request] = endless
        if plan.prepared:
            self.cycle = 0
            self._requests = iter([next(endless) for _ in range(plan.prepared)])

    def next(self) -> Request | None:
        """Return the next request, or None if there is none left."""
        return next(self._requests, None)


def export_of(plan: Plan, seed: int) -> Export:
    """Return a sender of what the plan says."""
    match plan.signal:
        case "traces":
            return SpanExport(seed, plan.items)
        case "logs":
            return LogExport(seed, plan.items)
    return PointExport(seed, plan.items, plan.histograms)


def encoder(plan: Plan) -> Callable[[bytearray], bytes | bytearray]:
    """Return what turns protobuf into the plan's encoding."""
    match plan.encoding:
        case "gzip":
            return lambda body: gzip.compress(body, GZIP_LEVEL)
        case "json":
            return lambda body: as_json(plan.signal, bytes(body))
    return lambda body: body
