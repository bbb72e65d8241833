"""The servers that are compared: firstlight, and its peers as Debian packages them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.folder import fresh_folder
from bench.server import Server, free_ports, launched, running

NO_JOBS: Final = "scrape_configs: []\n"
Begin = Callable[[Path, str], AbstractContextManager[Server]]


@dataclass(frozen=True, slots=True)
class System:
    """A server that speaks Prometheus' protocols."""

    name: str
    program: str
    """What is started, and what Debian's package is called; nothing, if it is this project."""
    begin: Begin
    """Runs it on a data directory, with a `prometheus.yml` that says what to scrape."""

    @property
    def is_installed(self) -> bool:
        """Whether it can be started."""
        return not self.program or shutil.which(self.program) is not None


@contextmanager
def _firstlight(data: Path, jobs: str) -> Iterator[Server]:
    settings = {}
    if jobs != NO_JOBS:
        file = fresh_folder() / "prometheus.yml"
        file.write_text(jobs)
        settings = {"prometheus.file": str(file)}
    with running(data, settings) as server:
        yield server


@contextmanager
def _prometheus(data: Path, jobs: str) -> Iterator[Server]:
    work, (address,) = fresh_folder(), free_ports(1)
    (work / "prometheus.yml").write_text(jobs)
    words = [
        f"--config.file={work / 'prometheus.yml'}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address={address}",
        "--web.enable-remote-write-receiver",
        "--log.level=warn",
    ]
    with launched(["prometheus", *words], work, address, ready="/-/ready") as server:
        yield server


@contextmanager
def _victoria(data: Path, jobs: str) -> Iterator[Server]:
    work, (address,) = fresh_folder(), free_ports(1)
    words = [f"-storageDataPath={data}", f"-httpListenAddr={address}", "-loggerLevel=WARN"]
    # What was just written is found at once, as by the others.
    words += ["-search.latencyOffset=0s"]
    if jobs != NO_JOBS:
        (work / "prometheus.yml").write_text(jobs)
        words += [f"-promscrape.config={work / 'prometheus.yml'}"]
    with launched(["victoria-metrics", *words], work, address, ready="/health") as server:
        yield server


FIRSTLIGHT: Final = System("firstlight", "", _firstlight)
PROMETHEUS: Final = System("Prometheus", "prometheus", _prometheus)
VICTORIA: Final = System("VictoriaMetrics", "victoria-metrics", _victoria)
SYSTEMS: Final = (FIRSTLIGHT, PROMETHEUS, VICTORIA)


def installed() -> Sequence[System]:
    """Return the servers that can be started here."""
    return [system for system in SYSTEMS if system.is_installed]


def peers() -> list[str]:
    """Return what to know of the servers that are compared with: their versions, and which are not there."""
    there = [
        f"{system.name} {_version(system.program)}" for system in SYSTEMS if system.program and system.is_installed
    ]
    missing = [
        f"{system.name} is not installed, nor compared with: apt-get install --no-install-recommends {system.program}"
        for system in SYSTEMS
        if not system.is_installed
    ]
    return [f"beside {', '.join(there)}", *missing] if there else missing


def _version(package: str) -> str:
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
    )
    return asked.stdout or "of an unknown version"
