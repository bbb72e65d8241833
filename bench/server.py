"""The server under test: a process of its own, as a user starts it, on free ports and a directory of its own."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psutil

from bench.folder import fresh_folder
from bench.usage import cpu_seconds
from firstlight.cli.client import Server as Api

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 60.0
QUIET_SECONDS: Final = 60.0
QUIET_SHARE: Final = 0.05
"""An engine that uses less of one processor than this for two seconds has nothing left to merge."""


class BenchError(Exception):
    """The server did not do what the benchmark needs."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    process: psutil.Process
    log: Path
    http: str
    grpc: str
    seconds_to_ready: float
    """From the start of the process to the first answer that says it is ready."""

    def cpu(self) -> float:
        """Return the CPU seconds it has used so far."""
        try:
            return cpu_seconds(self.process)
        except psutil.NoSuchProcess:
            raise BenchError(f"the server ended while it was measured:\n{self.log.read_text()}") from None

    def settle(self) -> float:
        """Return its CPU seconds once it has gone quiet, or a minute later."""
        before, calm = self.cpu(), 0
        for _ in range(int(QUIET_SECONDS)):
            time.sleep(1.0)
            now = self.cpu()
            calm = calm + 1 if now - before < QUIET_SHARE else 0
            if calm == 2:
                return now
            before = now
        return before

    @property
    def api(self) -> Api:
        """Its own API."""
        return Api(f"http://{self.http}")


@contextmanager
def running(data: Path | None = None, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a server for the length of the block, on a fresh directory if none is given."""
    work = fresh_folder()
    main, grpc, otlp = free_ports(3)
    told = {"otlp.grpc": grpc, "otlp.http": otlp, **(settings or {})}
    words = ["up", "--data", str(data or work / "data"), "--listen", main]
    words += [word for key, value in told.items() for word in ("--set", f"{key}={value}")]
    with launched([sys.executable, "-m", "firstlight", *words], work, main, grpc=grpc) as server:
        yield server


@contextmanager
def launched(
    command: Sequence[str], work: Path, address: str, *, grpc: str = "", ready: str = "/readyz"
) -> Iterator[Server]:
    """Run a program for the length of the block; it is a server once it answers 200 to `ready`.

    It runs in the folder `work`, so that nobody's firstlight.yaml takes part.
    """
    with (work / "log").open("a+b") as log:
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=work)
        try:
            seconds = _wait_until_ready(child, f"http://{address}{ready}", work / "log") - began
            yield Server(psutil.Process(child.pid), work / "log", address, grpc, seconds)
        finally:
            _stop(child)


def free_ports(count: int) -> Sequence[str]:
    """Return addresses of this machine that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in sockets]
    for listener in sockets:
        listener.close()
    return addresses


def _wait_until_ready(child: subprocess.Popen[bytes], url: str, log: Path) -> float:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if child.poll() is not None:
            raise BenchError(f"the server ended with {child.returncode} instead of starting:\n{log.read_text()}")
        if _is_ready(url):
            return time.monotonic()
        time.sleep(0.005)
    raise BenchError(f"the server is not ready after {START_SECONDS:.0f} s:\n{log.read_text()}")


def _is_ready(url: str) -> bool:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=2)
    try:
        connection.request("GET", place.path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
