"""Sends lines in a process of its own, by several senders at once that each wait for their answers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Final

from bench.logs.bodies import BULK, LOKI, NDJSON, Body, Protocol
from bench.logs.lines import documents, lines

PROTOCOLS: Final = {protocol.name: protocol for protocol in (NDJSON, BULK, LOKI)}
SENDERS: Final = 8
PATIENCE_SECONDS: Final = 120.0
BODIES: Final = 5
"""How many different requests each sender has."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be sent where."""

    address: str
    protocol: str
    requests: int
    first_ns: int
    step_ns: int
    """How far apart the lines are, of all senders together."""
    lines: int = 1000
    """How many a request has."""
    senders: int = SENDERS


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it."""

    seconds: float
    lines: int
    nbytes: int
    statuses: Mapping[str, int]
    """How many requests were answered with what."""

    def faults(self) -> list[str]:
        """Return a complaint about each kind of request that was not taken."""
        return [f"{count} requests were not taken: {words}" for words, count in self.statuses.items() if words]


def send(load: Load) -> Sent:
    """Send all; a request that is told to come later does."""
    protocol = PROTOCOLS[load.protocol]
    made = (lines if protocol is LOKI else documents)(load.lines * BODIES * load.senders)
    parts = [made[start : start + load.lines] for start in range(0, len(made), load.lines)]
    bodies = [Body.of(protocol, part) for part in parts]
    began = time.monotonic()
    with ThreadPoolExecutor(load.senders) as pool:
        found = list(
            pool.map(lambda sender: _send(load, protocol, bodies[sender :: load.senders], sender), range(load.senders))
        )
    counts: Counter[str] = sum((one for one, _ in found), Counter())
    return Sent(time.monotonic() - began, load.requests * load.lines, sum(size for _, size in found), counts)


def _send(load: Load, protocol: Protocol, bodies: list[Body], sender: int) -> tuple[Counter[str], int]:
    host, _, port = load.address.rpartition(":")
    connection, counts, size = HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS), Counter[str](), 0
    try:
        for number, request in enumerate(range(sender, load.requests, load.senders)):
            first = load.first_ns + request * load.lines * load.step_ns
            body = bodies[number % len(bodies)].at(first, load.step_ns)
            size += len(body)
            counts[_answer(connection, protocol, body)] += 1
    finally:
        connection.close()
    return counts, size


def _answer(connection: HTTPConnection, protocol: Protocol, body: bytes) -> str:
    """Return nothing if a request was taken, else what was said."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.request("POST", protocol.path, body, dict(protocol.headers))
            answer = connection.getresponse()
            words = answer.read()
        except (OSError, HTTPException) as error:
            connection.close()
            return f"no answer ({type(error).__name__})"
        if answer.status in (200, 204) and b'"errors":true' not in words and b'"rejected":1' not in words:
            return ""
        if answer.status not in (429, 503) or time.monotonic() > give_up:
            return f"{answer.status} {words[:200].decode(errors='replace').strip()}"
        time.sleep(float(answer.headers.get("Retry-After", "1")))
