"""The scraped process: it answers each path with the next page, and remembers when it was asked."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final

from bench.metrics.page import pages
from bench.server import free_ports

PAGES: Final = 6
TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Asked:
    """The other side of the scraped process."""

    def __init__(self, address: str, line: Connection) -> None:
        self.address = address
        self._line = line

    def moments(self) -> Mapping[str, Sequence[float]]:
        """Return when each path was asked for, by the monotonic clock, since this was called before."""
        self._line.send("moments")
        found: Mapping[str, Sequence[float]] = self._line.recv()
        return found


@contextmanager
def targets(samples: int) -> Iterator[Asked]:
    """Run a process for the length of the block whose every path is a target with so many samples."""
    (address,) = free_ports(1)
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(address, samples, theirs), daemon=True)
    process.start()
    try:
        ours.recv()
        yield Asked(address, ours)
    finally:
        process.terminate()
        process.join()


def jobs_of(address: str, count: int, interval_s: int) -> str:
    """Return a prometheus.yml with one job of so many targets."""
    lines = [
        f"global: {{scrape_interval: {interval_s}s, scrape_timeout: {interval_s}s}}",
        "scrape_configs:",
        "- job_name: fleet",
        "  static_configs:",
    ]
    lines += [
        f"  - {{targets: ['{address}'], labels: {{instance: 'target-{number:03}', __metrics_path__: '/{number}'}}}}"
        for number in range(count)
    ]
    return "\n".join([*lines, ""])


def lateness(moments: Mapping[str, Sequence[float]], interval_s: float) -> list[float]:
    """Return by how many seconds each scrape after a target's first was off its interval from the one before."""
    return [abs(later - earlier - interval_s) for each in moments.values() for earlier, later in pairwise(each)]


def _serve(address: str, samples: int, line: Connection) -> None:
    asyncio.run(_Process(samples, line).run(address))


class _Process:
    def __init__(self, samples: int, line: Connection) -> None:
        plain = pages(samples, PAGES)
        self._plain = [_answer(page, "") for page in plain]
        self._packed = [_answer(gzip.compress(page, 1), "Content-Encoding: gzip\r\n") for page in plain]
        self._line = line
        self._moments: dict[str, list[float]] = defaultdict(list)
        self._counts: dict[str, int] = defaultdict(int)

    async def run(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        server = await asyncio.start_server(self._connected, host, int(port))
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._told)
        self._line.send("ready")
        async with server:
            await server.serve_forever()

    def _told(self) -> None:
        self._line.recv()
        self._line.send(dict(self._moments))
        self._moments.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                self._moments[path].append(time.monotonic())
                self._counts[path] += 1
                made = self._packed if b"gzip" in head.lower() else self._plain
                writer.write(made[self._counts[path] % PAGES])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def _answer(page: bytes, more: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {TYPE}\r\n{more}Content-Length: {len(page)}\r\n\r\n".encode() + page
