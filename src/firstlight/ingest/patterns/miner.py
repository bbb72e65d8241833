"""Mines the patterns of committed log records, a sample of them where they are many, and counts lines by pattern.

A pattern takes Python some ten microseconds a line, so no more than a number of lines of each commit is looked at; what
these stand for is counted in proportion. Of warnings and errors, which are few and matter, most are.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from firstlight.ingest.patterns.tree import Tree
from firstlight.ingest.patterns.words import words_of
from firstlight.model.batch import Batch
from firstlight.model.tables import PATTERNS
from firstlight.wire.origins import digest

LINES: Final = 200
"""How many lines of each commit are looked at, half of them warnings and errors if there are so many."""
MAX_WAITING: Final = 10_000
"""How many lines wait to be looked at; of more, the oldest are not."""
MAX_SERVICES: Final = 1_000
MAX_SAMPLE: Final = 1_000
"""How many characters of a line are kept as an example."""
BUCKET_MS: Final = 60_000
WARN: Final = 13
MESSAGES: Final = ("message", "msg", "event", "log")
"""The fields that a line is about, if it has fields."""

_COLUMNS: Final = ("tenant", "service", "ts", "severity", "body", "fields")


@dataclass(slots=True)
class _Count:
    lines: float
    sample: str


Key = tuple[str, str, int, str, int]
"""Tenant, service, severity, pattern, and the minute in milliseconds."""


class Miner:
    """Belongs to one thread, but for `committed`, which may be called from another."""

    def __init__(self, lines: int = LINES, seed: int = 7) -> None:
        self._lines = lines
        self._waiting: deque[tuple[dict[str, Any], float]] = deque(maxlen=MAX_WAITING)
        self._trees: dict[tuple[str, str], Tree] = {}
        self._chance = random.Random(seed)  # noqa: S311 - which lines are looked at is no secret

    def committed(self, kind: str, rows: pa.Table) -> None:
        """Take note of rows that have become durable: what the writer calls."""
        if kind != "logs":
            return
        chosen = list(self._chosen(rows["severity"].to_numpy()))
        some = rows.select(_COLUMNS).take(pa.array([row for row, _ in chosen], pa.int64()))
        # As numbers: Python's own times have no nanoseconds, so Arrow refuses to make them of these.
        some = some.set_column(_COLUMNS.index("ts"), "ts", some["ts"].cast(pa.int64()))
        self._waiting.extend(zip(some.to_pylist(), (weight for _, weight in chosen), strict=True))

    def mine(self) -> Batch | None:
        """Return the patterns of what was committed since the last time, counted; None if there was nothing."""
        counts: dict[Key, _Count] = {}
        for _ in range(len(self._waiting)):
            self._count(*self._waiting.popleft(), counts)
        if not counts:
            return None
        found = [
            {
                "tenant": tenant,
                "service": service,
                "severity": severity,
                "pattern": pattern,
                "pattern_id": digest(f"{service}\n{pattern}"),
                "ts": minute,
                "lines": max(1, round(count.lines)),
                "sample": count.sample,
            }
            for (tenant, service, severity, pattern, minute), count in counts.items()
        ]
        return Batch({"patterns": pa.Table.from_pylist(found, PATTERNS)}, len(found))

    def _chosen(self, severity: np.ndarray) -> Iterator[tuple[int, float]]:
        """Yield rows to look at, and how many each stands for."""
        bad, others = np.flatnonzero(severity >= WARN).tolist(), np.flatnonzero(severity < WARN).tolist()
        room = max(self._lines // 2, self._lines - len(others))
        for rows, most in ((bad, room), (others, self._lines - min(len(bad), room))):
            some = rows if len(rows) <= most else self._chance.sample(rows, most)
            for row in some:
                yield row, len(rows) / len(some)

    def _count(self, row: Mapping[str, Any], weight: float, counts: dict[Key, _Count]) -> None:
        tree = self._tree(row["tenant"], row["service"])
        line = _text(row)
        pattern = tree.add(words_of(line))
        minute = row["ts"] // 1_000_000 // BUCKET_MS * BUCKET_MS
        key = (row["tenant"], row["service"], row["severity"], pattern.text, minute)
        count = counts.get(key)
        if count is None:
            counts[key] = _Count(weight, line[:MAX_SAMPLE])
        else:
            count.lines += weight

    def _tree(self, tenant: str, service: str) -> Tree:
        found = self._trees.get((tenant, service))
        if found is None:
            if len(self._trees) >= MAX_SERVICES:
                self._trees.clear()
            found = self._trees[tenant, service] = Tree()
        return found


def _text(row: Mapping[str, Any]) -> str:
    """Return what a line is about: its message, if it has one among its fields, else all of it."""
    fields = dict(row["fields"])
    return next((str(fields[name]) for name in MESSAGES if fields.get(name)), str(row["body"]))
