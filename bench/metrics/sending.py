"""Sends requests that were made ahead, by several senders at once that each wait for their answers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Final

from bench.metrics.fleet import Target
from bench.metrics.requests import history
from bench.server import BenchError, Server

PATH: Final = "/api/v1/write"
HEADERS: Final = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    "User-Agent": "firstlight-bench",
}
TAKEN: Final = (200, 204)
LATER: Final = (429, 503)
PATIENCE_SECONDS: Final = 120.0
SENDERS: Final = 8


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it."""

    seconds: float
    statuses: Mapping[str, int]
    """How many requests were answered with what."""

    def faults(self) -> list[str]:
        """Return a complaint about each kind of request that was not taken."""
        taken = {str(status) for status in TAKEN}
        return [
            f"{count} requests were not taken: {status}"
            for status, count in self.statuses.items()
            if status not in taken
        ]


def send(address: str, senders: Sequence[Iterable[bytes]]) -> Sent:
    """Send the requests of each sender in their order; one that is told to come later does."""
    began = time.monotonic()
    with ThreadPoolExecutor(len(senders)) as pool:
        counts = list(pool.map(lambda bodies: _send(address, bodies), senders))
    return Sent(time.monotonic() - began, sum(counts, Counter[str]()))


def load(server: Server, targets: Sequence[Target], began_ms: int) -> None:
    """Send all that `targets` were."""
    for senders in history(targets, began_ms, SENDERS):
        faults = send(server.http, senders).faults()
        if faults:
            raise BenchError(f"cannot load the samples: {'; '.join(faults)}; the server said:\n{_tail(server)}")


def _tail(server: Server) -> str:
    return server.log.read_text()[-2000:]


def _send(address: str, bodies: Iterable[bytes]) -> Counter[str]:
    host, _, port = address.rpartition(":")
    connection, counts = HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS), Counter[str]()
    try:
        for body in bodies:
            counts[_answer(connection, body)] += 1
    finally:
        connection.close()
    return counts


def _answer(connection: HTTPConnection, body: bytes) -> str:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.request("POST", PATH, body, HEADERS)
            answer = connection.getresponse()
            words = answer.read()
        except (OSError, HTTPException) as error:
            connection.close()
            return f"no answer ({type(error).__name__})"
        if answer.status in TAKEN:
            return str(answer.status)
        if answer.status not in LATER or time.monotonic() > give_up:
            return f"{answer.status} {words[:200].decode(errors='replace').strip()}"
        time.sleep(float(answer.headers.get("Retry-After", "1")))
