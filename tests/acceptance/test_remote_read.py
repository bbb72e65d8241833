"""P5: a real Prometheus that has nothing answers from what it reads of us."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.live import live
from tests.acceptance.prometheus import peer, query

pytestmark = pytest.mark.skipif(
    not shutil.which("prometheus"), reason="there is no prometheus here: apt-get install prometheus"
)

READS = """
remote_read:
  - url: http://{ours}/api/v1/read
    read_recent: true
"""

SAMPLES = b"".join(
    b'visits_total{shop="%s"} %d %d\n' % (shop, value * factor, 1_700_000_000_000 + 15_000 * value)
    for shop, factor in ((b"a", 1), (b"b", 3))
    for value in range(400)
)

ASKED = [
    "visits_total",
    'visits_total{shop=~"a|c"}',
    'visits_total{shop!="a"}',
    'visits_total{shop!~"a.*"}',
    "sum(rate(visits_total[5m]))",
    "visits_total[2m]",
    "nothing",
]


def test_a_prometheus_reads_what_we_have(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    with live(tmp_path / "ours") as ours, peer(tmp_path / "theirs", ours.http, READS) as theirs:
        told = ours.ask("POST", "/api/firstlight/v1/import/prometheus", SAMPLES)
        assert told.status == 204, told

        # Not at the time of a sample: this Prometheus has ranges that include both ends.
        for text in ASKED:
            asked = {"query": text, "time": 1_700_000_000 + 5_000.5}
            status, found = query(theirs.address, "query", asked)
            assert (status, found["status"]) == (200, "success"), found
            assert bool(found["data"]["result"]) == (text != "nothing"), text
            _, wanted = query(ours.http, "query", asked)
            assert _by_labels(found) == _by_labels(wanted), text

    assert ours.alarms == []


def _by_labels(answer: dict[str, Any]) -> list[Any]:
    """Return the result in one order: that of the series of a vector has no meaning."""
    return sorted(answer["data"]["result"], key=lambda one: sorted(one["metric"].items()))


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with live(tmp_path) as ours:
        answer = ours.ask("POST", "/api/v1/read", b"nonsense", {"content-encoding": "snappy"})

        assert answer.status == 400
        assert b"snappy" in answer.body
