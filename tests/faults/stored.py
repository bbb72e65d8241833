"""What of the senders' records a server has, asked through its SQL door."""

from __future__ import annotations

from collections import Counter

from tests.acceptance.live import Live

QUERIES = {
    "log": "SELECT body AS name, count() AS count FROM logs GROUP BY name",
    "span": "SELECT name, count() AS count FROM spans GROUP BY name",
    "point": "SELECT concat(attributes['sender'], '.', toString(toInt64(value))) AS name, count() AS count FROM metrics"
    " WHERE metric = 'faults_points' GROUP BY name",
}
"""For each kind of record its names, and how often each is there."""


def stored(live: Live, kind: str) -> Counter[str]:
    """Return how often each record of a kind is stored."""
    return Counter({row["name"]: int(row["count"]) for row in live.sql(QUERIES[kind])})
