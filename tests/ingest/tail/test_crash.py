"""Kill -9 while files, pods and containers are followed into a real store: no line is lost, none is doubled."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path

import pytest

from tests.ingest.tail.engine import SECOND, Box, FakeEngine
from tests.ingest.tail.test_wrapped import cri
from tests.store.opening import opened

pytestmark = pytest.mark.anyio

T0 = 1_790_000_000 * SECOND

# It follows files, pods and containers into a store, and says when something was stored: then it has not been noted yet.
PROGRAM = """
import asyncio, itertools, os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from firstlight.ingest.tail.delivery import Surroundings
from firstlight.ingest.tail.settings import DockerLogs, FileSource, PodLogs, TailSettings
from firstlight.ingest.tail.start import tailers
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook
from tests.store.opening import opened
from tests.store.rows import NOW_NS

folder, turn, wanted = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
ASKED = "SELECT count() AS count FROM log_records WHERE observed_ts = fromUnixTimestamp64Nano({ns:Int64})"

async def main():
    async with opened(folder / "store") as store:
        book = LogBook()
        store.writer.committed.append(book.learn)

        async def append(batch):
            rejected = await store.writer.append(batch)
            os.write(1, f"{batch.items}\\n".encode())
            return rejected

        async def stored(ns):
            return (await store.readers.query(ASKED, {"ns": ns}))["count"][0].as_py() > 0

        pods = PodLogs(pods=folder / "pods")
        files = [FileSource(paths=[str(folder / "logs" / "*.log*")])]
        docker = DockerLogs(socket=str(folder / "docker.sock"))
        settings = TailSettings(files=files, kubernetes=pods, docker=docker, poll=0.05, discover=0.1, wait=0.1, max_line=1024, max_read=65536, max_files=1000)
        times = itertools.count(NOW_NS + turn * 10**12)
        around = Surroundings(append, stored, book, Telemetry(Registry()).ingest, ThreadPoolExecutor(2), lambda: next(times))
        following = [asyncio.ensure_future(run()) for _, run in tailers(settings, folder, around, {})]
        while True:
            await asyncio.sleep(0.1)
            found = await store.readers.query("SELECT count() AS count FROM log_records")
            if found["count"][0].as_py() >= wanted:
                await asyncio.sleep(1)  # if lines come twice, they come now
                os._exit(0)
            for one in following:
                if one.done():
                    one.result()

asyncio.run(main())
"""


class Writers:
    """Programs that write lines and have their files rotated."""

    def __init__(self, folder: Path, engine: FakeEngine, chance: random.Random) -> None:
        self._chance = chance
        self._engine = engine
        self._box = engine.add(Box("box"))
        self._pod = folder / "pods" / "shop_web-0_u" / "web"
        self._logs = folder / "logs"
        for one in (self._pod, self._logs):
            one.mkdir(parents=True)
        self.written: list[str] = []
        self._rotated = 0

    def write(self, count: int) -> None:
        """Write lines into some of the files."""
        for number in range(count):
            name = self._chance.choice(["a", "b", "pod", "box"])
            line = f"{name} {len(self.written)}"
            self.written.append(line)
            if name == "box":
                # Several have the same time.
                stream = self._chance.choice([1, 2])
                self._box.write(f"{line}\n", T0 + len(self.written) // 10 * SECOND // 100, stream)
                continue
            if name == "pod":
                text = cri(number / 1000, line[:5], tag="P") + cri(number / 1000, line[5:])
            else:
                text = f"{line}\n"
            with self._file(name).open("a") as file:
                file.write(text)

    def rotate(self) -> None:
        """Rename one of the files; the next line begins another. And start the container anew."""
        self._engine.stop(self._box)
        self._engine.start(self._box)
        file = self._file(self._chance.choice(["a", "b", "pod"]))
        self._rotated += 1
        if file.exists():
            file.rename(f"{file}.20261121-{self._rotated:06d}")

    def _file(self, name: str) -> Path:
        return self._pod / "0.log" if name == "pod" else self._logs / f"{name}.log"


async def follower(folder: Path, turn: int, wanted: int = sys.maxsize) -> Process:
    """Start a process that follows until so many records are stored."""
    ours = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    told = (str(folder), str(turn), str(wanted))
    return await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, *told, stdout=PIPE, env=ours)


async def stored_by(process: Process) -> str:
    """Return how many records the next batch had that a process has stored; nothing if it has ended."""
    assert process.stdout
    return (await process.stdout.readline()).decode().strip()


async def rounds(folder: Path, count: int) -> None:
    chance, engine = random.Random(count), FakeEngine(folder / "docker.sock", piece=100)
    writers = Writers(folder, engine, chance)
    async with engine.up():
        for turn in range(count):
            writers.write(300)
            process = await follower(folder, turn)
            for _ in range(chance.randint(2, 6)):
                assert await stored_by(process)
                writers.write(200)
                if chance.random() < 0.6:
                    writers.rotate()
                    writers.write(100)
            process.kill()
            await process.wait()
        process = await follower(folder, count, wanted=len(writers.written))
        while await stored_by(process):
            pass
        assert await process.wait() == 0
    async with opened(folder / "store") as store:
        found = await store.readers.query("SELECT body FROM log_records")
    assert Counter(found["body"].to_pylist()) == Counter(writers.written)


async def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    await rounds(tmp_path, 3)


@pytest.mark.slow
async def test_nothing_is_lost_or_doubled_often(tmp_path: Path) -> None:
    await rounds(tmp_path, 20)
