"""The demo as a user starts it: a process of its own, on a round short enough for a test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

SOURCE = Path(__file__).parents[2] / "src"
LIMIT_S = 60.0


@contextmanager
def demo(work_dir: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a demo that says what it says in `work_dir`/out; whatever is left of it at the end is killed."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OTEL_METRIC_EXPORT_INTERVAL": "400"}
    with (work_dir / "out").open("wb") as out:
        command = [sys.executable, "-m", "firstlight.demo", "--work-dir", str(work_dir), *words]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
    children = []
    try:
        wait_for(lambda: "firstlight logs --trace" in said(work_dir) or process.poll() is not None)
        assert process.poll() is None, said(work_dir)
        children = psutil.Process(process.pid).children()
        yield process
    finally:
        process.kill()
        process.wait()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()


def said(work_dir: Path) -> str:
    """Return what the demo has printed so far."""
    return (work_dir / "out").read_text()


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when the condition holds, or fail after a time that nobody should need."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
