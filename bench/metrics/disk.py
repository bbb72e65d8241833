"""How many bytes a sample takes on a server's disk, as the server's own files say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from bench.metrics.systems import FIRSTLIGHT, PROMETHEUS, VICTORIA, System
from bench.server import BenchError, Server

TABLES: Final = ("series", "metadata", "samples")
"""The tables of firstlight that float samples are in, with all that they refer to."""


def _firstlight(server: Server, data: Path, samples: int) -> float:
    tables: Mapping[str, Mapping[str, int]] = server.api.get("/status")["store"]["tables"]
    return sum(tables[kind]["disk_bytes"] for kind in TABLES) / samples


def _prometheus(server: Server, data: Path, samples: int) -> float:
    # What is in the head is not yet as it will be; blocks say themselves how many samples they have.
    blocks = [path.parent for path in data.glob("*/meta.json")]
    counted = sum(int(json.loads((block / "meta.json").read_text())["stats"].get("numSamples", 0)) for block in blocks)
    if not counted:
        raise BenchError("Prometheus has written no block yet: there were too few samples")
    return sum(map(size, blocks)) / counted


def _victoria(server: Server, data: Path, samples: int) -> float:
    host, _, port = server.http.rpartition(":")
    for path in ("/internal/force_flush", "/internal/force_merge"):
        connection = HTTPConnection(host, int(port), timeout=120)
        connection.request("GET", path)
        connection.getresponse().read()
        connection.close()
    server.settle()
    return (size(data / "data") + size(data / "indexdb")) / samples


WEIGHTS: Final[Mapping[System, Callable[[Server, Path, int], float]]] = {
    FIRSTLIGHT: _firstlight,
    PROMETHEUS: _prometheus,
    VICTORIA: _victoria,
}
"""Bytes a sample, of the running server, its data directory, and how many samples were sent to it."""


def size(folder: Path) -> int:
    """Return how many bytes the files in a folder have, at any depth."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
