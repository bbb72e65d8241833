"""Patterns of log lines as they were counted: what lines have in common, by service, severity and minute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from firstlight.query.engine import Engine, Query, Sessions
from firstlight.query.logql.sql_terms import Bindings, both

MOST: Final = 300
"""How many patterns are told."""

MILLISECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class CountedPattern:
    """A pattern of a service."""

    pattern: str
    service: str
    severity: int
    """The gravest that its lines had, as OpenTelemetry numbers it."""
    lines: int
    first_ms: int
    """The minute in which it was first seen within the time asked for."""
    last_ms: int
    sample: str
    """A line that had it."""
    counts: Sequence[tuple[int, int]]
    """The beginning of each step in milliseconds in which lines had it, and how many."""
    is_new: bool = False
    """Whether it was not seen before the time asked for, as far back as patterns are kept."""


class PatternSource:
    """Reads patterns. All that it does raises QueryFault."""

    def __init__(self, sessions: Sessions, engine: Engine) -> None:
        self._sessions = sessions
        self._engine = engine

    async def patterns(
        self,
        tenant: str,
        services: Iterable[str] | None,
        start_ns: int,
        end_ns: int,
        step_ns: int,
        *,
        limit: int = MOST,
    ) -> list[CountedPattern]:
        """Return the patterns of lines of `services` (None: of all) in a range of time, the most frequent first.

        They are counted by the minute: a minute that begins within the range is in it as a whole.
        """
        bound = Bindings()
        of_tenant = f"tenant = {bound.text(tenant)}"
        if services is not None:
            of_tenant = both([of_tenant, f"service IN {bound.texts(services)}"])
        start, end = bound.bind(start_ns // MILLISECOND, "Int64"), bound.bind(end_ns // MILLISECOND, "Int64")
        step = bound.bind(max(1, step_ns // MILLISECOND), "Int64")
        within = f"ts >= fromUnixTimestamp64Milli({start}) AND ts <= fromUnixTimestamp64Milli({end})"
        before = f"ts < fromUnixTimestamp64Milli({start})"
        sql = f"""
            WITH steps AS (
                SELECT service, pattern_id, any(pattern) AS text, max(severity) AS gravest, min(ts) AS first,
                    max(ts) AS last, any(sample) AS line, sum(lines) AS in_step,
                    intDiv(toUnixTimestamp64Milli(ts) - {start}, {step}) * {step} + {start} AS at
                FROM log_patterns WHERE {both([of_tenant, within])}
                GROUP BY service, pattern_id, at
            )
            SELECT service, any(text) AS pattern, max(gravest) AS severity, sum(in_step) AS lines,
                toUnixTimestamp64Milli(min(first)) AS first_ms, toUnixTimestamp64Milli(max(last)) AS last_ms,
                any(line) AS sample, arraySort(groupArray((at, in_step))) AS counts,
                (service, pattern_id) NOT IN (
                    SELECT service, pattern_id FROM log_patterns WHERE {both([of_tenant, before])}
                ) AS is_new
            FROM steps GROUP BY service, pattern_id
            ORDER BY lines DESC, pattern LIMIT {bound.bind(limit, "UInt32")}
        """
        async with self._engine.place(Query("patterns", "logql")):
            rows = await self._sessions.query(sql, bound.parameters)
        return [
            CountedPattern(
                pattern=row["pattern"],
                service=row["service"],
                severity=row["severity"],
                lines=row["lines"],
                first_ms=row["first_ms"],
                last_ms=row["last_ms"],
                sample=row["sample"],
                counts=[_pair(one) for one in row["counts"]],
                is_new=bool(row["is_new"]),
            )
            for row in rows.to_pylist()
        ]


def _pair(found: object) -> tuple[int, int]:
    """Return a tuple of the engine, which Arrow has as a structure."""
    values = tuple(found.values()) if isinstance(found, dict) else found
    assert isinstance(values, tuple)
    return int(values[0]), int(values[1])
