"""Asks a server the queries of a dashboard, and measures how long each answer takes until its last byte."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from typing import Final

from bench.metrics.queries import Query
from bench.metrics.systems import NO_JOBS, System

AT_ONCE: Final = 8
WARM: Final = 3
REFRESHES: Final = 4
REFRESH_SECONDS: Final = 30
PATIENCE_SECONDS: Final = 120.0

Waits = Mapping[str, float]
"""Milliseconds until the last byte, by the names of the queries; nothing of those that were not answered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How long a server took for each query, in each manner of asking."""

    waits: Mapping[str, Waits]
    """By the manners of `MANNERS`."""
    answers: Mapping[str, bytes]
    """What it said."""
    failures: Mapping[str, str]
    """What it said to the queries that it did not answer."""


MANNERS: Final = {
    "cold": "each query once, after a restart and with nothing of the data in the page cache",
    "warm": f"each query alone, again and again: the median of {WARM}",
    "at-once": f"{AT_ONCE} dashboards at once, each asking one query after the other: the median of {AT_ONCE}",
    "refresh": f"a dashboard that is asked anew as now goes on by {REFRESH_SECONDS} s: the median of {REFRESHES}",
}
"""The ways to ask, in the order in which they are tried."""


def ask_all(system: System, data: Path, queries: Sequence[Query], now_s: int) -> Asked:
    """Start a server on what it has stored, and ask it in each manner."""
    forget(data)
    with system.begin(data, NO_JOBS) as server:
        client = _Client(server.http)
        cold = [client.ask(query, now_s) for query in queries]
        answered = [query for query in queries if query.name not in client.failures]
        warm = [[client.ask(query, now_s) for _ in range(WARM)] for query in answered]
        moments = [now_s + number * REFRESH_SECONDS for number in range(1, REFRESHES + 1)]
        refresh = [[client.ask(query, moment) for query in answered] for moment in moments]
        at_once = list(_at_once(server.http, answered, now_s))
        client.close()
    waits = {
        "cold": _named(queries, [[wait] for wait in cold]),
        "warm": _named(answered, warm),
        "at-once": _named(answered, list(zip(*at_once, strict=True))),
        "refresh": _named(answered, list(zip(*refresh, strict=True))),
    }
    return Asked(waits, client.answers, client.failures)


def forget(data: Path) -> None:
    """Drop what the page cache has of the files in `data`, as well as one can who is not root."""
    os.sync()
    for path in data.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def _named(queries: Sequence[Query], waits: Sequence[Sequence[float | None]]) -> Waits:
    named = {
        query.name: [wait for wait in some if wait is not None] for query, some in zip(queries, waits, strict=True)
    }
    return {name: median(some) for name, some in named.items() if some}


def _at_once(address: str, queries: Sequence[Query], now_s: int) -> Iterator[list[float | None]]:
    def look(number: int) -> list[float | None]:
        # Each begins elsewhere, so that they do not ask the same at the same time.
        client, first = _Client(address), number * len(queries) // AT_ONCE
        found = [client.ask(query, now_s) for query in (*queries[first:], *queries[:first])]
        client.close()
        return found[len(queries) - first :] + found[: len(queries) - first]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(look, range(AT_ONCE))


@dataclass(slots=True)
class _Client:
    address: str
    answers: dict[str, bytes] = field(default_factory=dict)
    """The first answer to each query."""
    failures: dict[str, str] = field(default_factory=dict)
    _connection: HTTPConnection | None = None

    def ask(self, query: Query, now_s: int) -> float | None:
        """Return the milliseconds until the last byte; None if there was no answer, which is kept as a failure."""
        if self._connection is None:
            host, _, port = self.address.rpartition(":")
            self._connection = HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS)
            self._connection.connect()
        began = time.perf_counter()
        try:
            self._connection.request("GET", query.path(now_s))
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            self.close()
            self.failures[query.name] = f"no answer ({type(error).__name__})"
            return None
        wait = 1000 * (time.perf_counter() - began)
        if answer.status != 200:
            self.failures[query.name] = f"{answer.status} {body[:300].decode(errors='replace')}"
            return None
        self.answers.setdefault(query.name, body)
        return wait

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
