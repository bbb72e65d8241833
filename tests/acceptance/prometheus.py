"""A real Prometheus that scrapes targets and writes what it has scraped to us."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.acceptance.live import SECONDS, ask

INTERVAL = 0.5
"""Seconds between two scrapes."""

CONFIG = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}
scrape_configs:
  - job_name: unused
    file_sd_configs: [{{files: [targets.json], refresh_interval: 1s}}]
remote_write:
  - url: http://{ours}/api/v1/write
    metadata_config: {{send_interval: 1s}}
    queue_config: {{batch_send_deadline: 200ms}}
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A Prometheus that runs at an address."""

    address: str
    folder: Path

    def scrape(self, targets: Sequence[tuple[str, str, str]]) -> None:
        """Have it scrape targets from now on: of each the job, the address and the path."""
        listed = [
            {"targets": [address], "labels": {"job": job, "__metrics_path__": path}} for job, address, path in targets
        ]
        whole = self.folder / "targets.new"
        whole.write_text(json.dumps(listed))
        whole.rename(self.folder / "targets.json")


@contextmanager
def peer(folder: Path, ours: str, config: str = CONFIG) -> Iterator[Peer]:
    """Hold a Prometheus open that scrapes nothing yet, and writes to `ours`, or does with it what `config` says."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{found.getsockname()[1]}"
    (folder / "prometheus.yml").write_text(config.format(ours=ours))
    (folder / "targets.json").write_text("[]")
    command = [
        shutil.which("prometheus") or "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address={address}",
        "--enable-feature=promql-at-modifier,promql-negative-offset",
    ]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder)
    try:
        _wait_until_ready(process, address, folder / "out")
        yield Peer(address, folder)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, out: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"ended with {process.returncode}:\n{out.read_text(errors='replace')}"
        try:
            if ask(address, "GET", "/-/ready").status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not ready in {SECONDS} s:\n{out.read_text(errors='replace')}")


def query(address: str, path: str, options: Mapping[str, object]) -> tuple[int, dict[str, Any]]:
    """Return what an address answers under a path of the API: the status, and what it says."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = ask(address, "POST", f"/api/v1/{path}", urlencode(options).encode(), headers)
    return answer.status, json.loads(answer.body)
