"""Many files, and a large one: everything is read, and memory stays where it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# It follows files into nothing, and says how many lines they had and by how many bytes the process grew meanwhile.
PROGRAM = """
import asyncio, itertools, os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import psutil
from firstlight.ingest.tail.delivery import Surroundings
from firstlight.ingest.tail.settings import FileSource, PodLogs, TailSettings
from firstlight.ingest.tail.kubernetes_pods import Pods
from firstlight.ingest.tail.tailer import Tailer
from firstlight.model.batch import Rejections
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook

folder, wanted = Path(sys.argv[1]), int(sys.argv[2])
process = psutil.Process()
seen, before, most = 0, 0, 0

async def append(batch):
    global seen, before, most
    seen += batch.items
    size = process.memory_info().rss
    before = before or size
    most = max(most, size)
    return Rejections()

async def main():
    pods = PodLogs(pods=folder / "pods" if (folder / "pods").exists() else None)
    settings = TailSettings(files=[FileSource(paths=[str(folder / "*.log")])], kubernetes=pods, poll=0.05, wait=0.2)
    around = Surroundings(append, None, LogBook(), Telemetry(Registry()).ingest, ThreadPoolExecutor(2), itertools.count(1).__next__)
    known = Pods(pods)
    await known.run()
    tailing = asyncio.ensure_future(Tailer(settings, folder / "state.json", around, known.files).run())
    while seen < wanted and not tailing.done():
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    print(seen, most - before, flush=True)
    os._exit(0)

asyncio.run(main())
"""

LINE = '{"time":"2026-11-21T06:50:46Z","level":"info","msg":"it happened again","path":"/api/v1/things","status":200,"user":"u-123456"}'
MIB = 1024 * 1024


def followed(folder: Path, wanted: int) -> tuple[int, int]:
    """Return how many lines were read, and by how many bytes the process grew after the first batch."""
    ours = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PROGRAM, str(folder), str(wanted)]
    told = subprocess.run(command, env=ours, capture_output=True, text=True, check=True).stdout.split()
    return int(told[0]), int(told[1])


@pytest.mark.slow
def test_a_thousand_files(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"s{number}.log").write_text(f"{LINE} {number}\n" * 500)

    lines, growth = followed(tmp_path, 500_000)

    assert lines == 500_000
    assert growth < 100 * MIB


LARGE = [
    # what it shows                      where                                     how each line is wrapped
    ("a file",                           "large.log",                              ""),
    ("the log of a pod",                 "pods/shop_web-0_u/web/0.log",            "2026-11-21T06:50:46.123456789Z stdout F "),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("where", "before"), [row[1:] for row in LARGE], ids=[row[0] for row in LARGE])
def test_a_large_file(tmp_path: Path, where: str, before: str) -> None:
    """300 MB, of which no more than a few are in memory at a time."""
    block = f"{before}{LINE}\n" * 10_000
    path = tmp_path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = 300 * 10**6 // len(block) + 1
    with path.open("w") as file:
        for _ in range(blocks):
            file.write(block)

    lines, growth = followed(tmp_path, blocks * 10_000)
    path.unlink()

    assert lines == blocks * 10_000
    assert growth < 100 * MIB
