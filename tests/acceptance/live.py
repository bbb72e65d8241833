"""The server as a user starts it: a process of its own, in a folder of its own, on ports that nobody has."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ANYWHERE = (
    "otlp.grpc=127.0.0.1:0",
    "otlp.http=127.0.0.1:0",
    "logging.format=json",
    "prometheus.scrape_self=false",
    "prometheus.scrape_host=false",
)
SECONDS = 60.0
"""How long anything may take before the test gives up; nothing is asserted about times."""

SQL = "/api/firstlight/v1/sql"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.status} {self.body.decode(errors='replace')}"


@dataclass(frozen=True, slots=True)
class Live:
    """A server that is ready. Addresses are `host:port`."""

    process: subprocess.Popen[bytes]
    folder: Path
    http: str
    otlp_http: str
    otlp_grpc: str

    def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Return what the main port answers."""
        return ask(self.http, method, path, body, headers)

    def sql(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        """Return the rows that the SQL door answers."""
        told = json.dumps({"query": query, "params": parameters}).encode()
        answer = self.ask("POST", SQL, told, {"content-type": "application/json", "accept": "application/x-ndjson"})
        assert answer.status == 200, f"{query}: {answer}"
        return [json.loads(line) for line in answer.body.splitlines()]

    def kill(self) -> None:
        """End the process as the power does."""
        self.process.kill()
        self.process.wait(SECONDS)

    def stop(self) -> int:
        """Ask the process to stop, and return what it exited with."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    @property
    def said(self) -> str:
        """Everything that this server and those before it in the same folder have printed and logged."""
        return (self.folder / "out").read_text(errors="replace")

    @property
    def alarms(self) -> list[str]:
        """What of it a user would be worried by: warnings, errors, and whatever is no line of the log at all."""
        return [line for line in self.said.splitlines() if _alarming(line)]


def _alarming(line: str) -> bool:
    if not line.startswith("{"):
        return not line.startswith(("firstlight ", "  ", "try it")) or "File " in line
    return json.loads(line).get("level") not in ("debug", "info")


def ask(address: str, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    """Return what is answered at an address, on a connection of its own."""
    connection = http.client.HTTPConnection(address, timeout=SECONDS)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def command(folder: Path, settings: Sequence[str] = ()) -> list[str]:
    """Return how a server is started whose data are in `folder`."""
    words = ["up", "--data", str(folder / "data"), "--listen", "127.0.0.1:0"]
    return [
        sys.executable,
        "-m",
        "firstlight",
        *words,
        *(word for one in (*ANYWHERE, *settings) for word in ("--set", one)),
    ]


def spawn(folder: Path, settings: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start a server, and do not wait for it."""
    # In a folder of its own, so that nobody's firstlight.yaml takes part; nor does anybody's environment.
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("FIRSTLIGHT_", "OTEL_"))}
    with (folder / "out").open("ab") as out:
        return subprocess.Popen(
            command(folder, settings), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, env=quiet
        )


def start(folder: Path, settings: Sequence[str] = ()) -> Live:
    """Start a server and return it when it is ready."""
    out = folder / "out"
    before = out.stat().st_size if out.exists() else 0
    process = spawn(folder, settings)
    try:
        addresses = _addresses(process, out, before)
        live = Live(process, folder, addresses["HTTP"], addresses["OTLP/HTTP"], addresses["OTLP/gRPC"])
        assert live.ask("GET", "/readyz").status == 200
    except BaseException:
        process.kill()
        process.wait()
        raise
    return live


def _addresses(process: subprocess.Popen[bytes], out: Path, since: int) -> dict[str, str]:
    """Return what a server says of where it listens, when it says that it is ready."""
    deadline, said = time.monotonic() + SECONDS, ""
    while time.monotonic() < deadline:
        said = out.read_bytes()[since:].decode(errors="replace")
        if "\ntry it with" in said:
            words = [line.split(maxsplit=1) for line in said.splitlines() if line.startswith("  ")]
            return {name: urlsplit(value).netloc or value for name, value in words}
        assert process.poll() is None, f"ended with {process.returncode} instead of starting:\n{said}"
        time.sleep(0.02)
    raise AssertionError(f"not ready in {SECONDS} s:\n{said}")


@contextmanager
def live(folder: Path, settings: Sequence[str] = ()) -> Iterator[Live]:
    """Hold a server open; what is left of it at the end is killed."""
    server = start(folder, settings)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()
