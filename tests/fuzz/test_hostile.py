"""Requests made to exhaust the server, and the process they would bring down."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BYTES_FOR_EACH = 400
"""What a byte of a request may take at most, of memory: with pieces of two megabytes, 800 MB while it is decoded."""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak of one request")
def test_what_it_takes_is_bounded() -> None:
    """None of them ends the process, and none takes more than it may."""
    command = [sys.executable, "-m", "tests.fuzz.hostile", "--json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)

    assert run.returncode == 0, run.stderr[-2000:]
    taken = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(taken) > 30
    assert {one["name"]: one["peak"] for one in taken if one["peak"] > BYTES_FOR_EACH} == {}
