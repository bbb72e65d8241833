"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil

GIB: Final = 1024**3
PACKAGES: Final = ("firstlight", "chdb-core", "clickhouse-connect", "pyarrow", "ptars", "uvicorn", "grpcio")


def machine_line() -> str:
    """Return one line: processors, memory, versions."""
    memory = psutil.virtual_memory().total / GIB
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return (
        f"{os.cpu_count()} x {_processor()}, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {versions}"
    )


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    for line in listing.read_text().splitlines() if listing.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()
