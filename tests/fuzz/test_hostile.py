"""Requests made to exhaust the server, and the process they would bring down."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.names import Translation
from tests.fuzz.seeds import NOW_NS

KIB = 1024

BYTES_FOR_EACH = 400
"""What a byte of a request may take at most, of memory: with pieces of two megabytes, 800 MB while it is decoded."""

only_linux = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak of one request"
)


def run(size: int) -> None:
    """Decode all of them: none ends the process, and none takes more than it may."""
    command = [sys.executable, "-m", "tests.fuzz.hostile", "--json", "--size", str(size)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr[-2000:]
    taken = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(taken) > 30
    assert {one["name"]: one["peak"] for one in taken if one["peak"] > BYTES_FOR_EACH} == {}


@only_linux
def test_what_it_takes_is_bounded() -> None:
    run(128 * KIB)


@only_linux
@pytest.mark.slow
def test_what_it_takes_is_bounded_for_large_requests() -> None:
    run(8 * 1024 * KIB)


def test_reasons_are_few() -> None:
    """However many ways there are to a fault, few reasons are told: each becomes a label of a metric."""

    def nested(number: int) -> dict[str, object]:
        value: dict[str, object] = {"intValue": "x"}
        for bit in f"{number:010b}":
            value = {
                "arrayValue" if bit == "0" else "kvlistValue": {"values": [value if bit == "0" else {"value": value}]}
            }
        return value

    records = [{"attributes": [{"key": "a", "value": nested(number)}]} for number in range(1024)]
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()

    batch = OtlpDecoder(Translation()).decode("logs", body, json=True, tenant="default", now_ns=NOW_NS)

    assert batch.rejected.total == len(records)
    assert len(batch.rejected.counts) < 5
