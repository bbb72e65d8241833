"""Fuzzing by coverage, bounded: longer in `make test-slow`, and as long as one likes by `python -m tests.fuzz.run`."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import NAMES

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="there is no atheris for this platform"
)


def fuzz(name: str, seconds: int, folder: Path) -> None:
    """Fuzz a target and fail with what was found, if something was."""
    command = [sys.executable, "-m", "tests.fuzz.run", "--seconds", str(seconds), "--folder", str(folder), name]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 100)

    found = [path.read_bytes() for path in folder.glob("findings/*/*")]
    assert (run.returncode, found) == (0, []), f"{run.stdout}\n{run.stderr[-3000:]}"
    assert "number_of_executed_units" in run.stderr


@pytest.mark.parametrize("name", ["otlp-traces", "otlp-metrics-json", "decompress"])
def test_finds_nothing_soon(name: str, tmp_path: Path) -> None:
    fuzz(name, 2, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_finds_nothing_in_a_while(name: str, tmp_path: Path) -> None:
    fuzz(name, 120, tmp_path)
