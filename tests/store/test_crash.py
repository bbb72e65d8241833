"""Kill -9 in the middle of inserts: what was acknowledged is there, once, and nothing needs repair."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.store.opening import opened

pytestmark = pytest.mark.anyio

SENDERS = 6

# Every sender appends one request after the other, over two days, and says which were acknowledged.
PROGRAM = f"""
import asyncio, itertools, os, sys
from pathlib import Path
from tests.store.opening import opened
from tests.store.rows import TODAY, log_batch

async def send(store, name):
    for number in itertools.count():
        await store.writer.append(log_batch(*(f"{{name}}.{{number}}.{{row}}" for row in range(50)), days=[TODAY - number % 2] * 50))
        os.write(1, f"{{name}}.{{number}}\\n".encode())

async def main():
    async with opened(Path(sys.argv[1])) as store:
        await asyncio.gather(*(send(store, f"{{sys.argv[2]}}.{{sender}}") for sender in range({SENDERS})))

asyncio.run(main())
"""


async def rounds(directory: Path, count: int) -> None:
    chance = random.Random(directory.name)
    acknowledged: set[str] = set()
    for number in range(count):
        acknowledged |= await asyncio.to_thread(killed, directory, number, after=chance.randint(1, 60))
        async with opened(directory) as store:
            found = await store.readers.query("SELECT body FROM log_records")
        stored = Counter(found["body"].to_pylist())
        requests = Counter(body.rpartition(".")[0] for body in stored)

        assert not acknowledged - requests.keys()
        assert set(stored.values()) == {1}
        assert set(requests.values()) == {50}


def killed(directory: Path, number: int, *, after: int) -> set[str]:
    """Let a process append until it has acknowledged `after` requests, kill it, and return what it had acknowledged."""
    command = [sys.executable, "-c", PROGRAM, str(directory), str(number)]
    ours = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ours, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(after)]
        process.kill()
        lines += process.stdout.readlines()
    return {line.strip() for line in lines if line.endswith("\n")}


async def test_what_was_acknowledged_survives(tmp_path: Path) -> None:
    await rounds(tmp_path / "store", 3)


@pytest.mark.slow
async def test_what_was_acknowledged_survives_often(tmp_path: Path) -> None:
    await rounds(tmp_path / "store", 50)
