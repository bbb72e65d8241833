"""What the sending process is asked to do, and what it tells when it has done it. Both travel as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Signal = Literal["traces", "logs", "metrics"]
Protocol = Literal["http", "grpc"]
Encoding = Literal["protobuf", "gzip", "json"]

NO_ANSWER: Final = "no answer"
HUNG: Final = "hung"
"""What stands for the status of a request whose connection ended before its answer, or that waited too long for it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of the sender."""

    signal: Signal
    address: str
    """Where to send: host:port."""
    protocol: Protocol = "http"
    encoding: Encoding = "protobuf"
    histograms: float = 0.0
    """The share of metrics that are explicit histograms."""
    connections: int = 8
    items: int = 1000
    """How many spans, records or points a request carries."""
    exports: int = 64
    """How many different senders' requests follow each other."""
    prepared: int = 0
    """How many requests are made ahead, because making them takes long; 0 to make each when it is sent."""
    warm_up: float = 3.0
    seconds: float = 15.0
    overload: float = 0.0
    """If not 0: how many requests may be sent for each one that was taken, refusals notwithstanding."""
    patience: float = 60.0
    """How long an answer may take before the request counts as hung."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run, after the warm-up."""

    seconds: float
    requests: int
    statuses: Mapping[str, int]
    """How many requests were answered with what."""
    accepted: int
    """Items that the server says it has."""
    warmed: int
    """Items that it said so of during the warm-up."""
    body_bytes: int
    """Bytes of the accepted requests' bodies, as they were sent."""
    refusals_without_delay: int
    """Refusals of the retryable kind that did not say when to come again."""
    p50_ms: float
    p99_ms: float
    worst_ms: float
    cpu_seconds: float
    """CPU time of the sending process."""
