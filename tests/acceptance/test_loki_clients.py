"""Clients that people have for Loki, against our API: what they send can be queried as Loki would answer it."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_node_sdk import INSTALL
from tests.api.loki.rig import Loki, served

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent / "node_loki"
INSTALLED = Path("build/node-loki").absolute()
LINES = 20
EVER = {"start": "0", "end": str(4 * 10**18), "limit": "100", "direction": "forward"}

Streams = list[tuple[dict[str, str], list[str]]]


@pytest.fixture(scope="module")
async def loki(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Loki]:
    """A server for all tests of the file."""
    async with served(tmp_path_factory.mktemp("loki") / "store") as it:
        yield it


async def streams(loki: Loki, query: str) -> Streams:
    """Return the streams that a query finds, with their lines in the order of time."""
    found = await loki.data("query_range", query=query, **EVER)
    return [(one["stream"], [line for _, line in one["values"]]) for one in found["result"]]


def log(handler: logging.Handler, extra: dict[str, Any]) -> None:
    """Log some lines."""
    logger = logging.getLogger("shop.cart")
    logger.addHandler(handler)
    try:
        for number in range(LINES):
            logger.warning("line %s grüße", number, extra=extra)
    finally:
        logger.removeHandler(handler)


def by_python_logging_loki(url: str, version: str) -> None:
    """Log by python-logging-loki, of which version 0 speaks the API before version 1."""
    path = "/loki/api/v1/push" if version == "1" else "/api/prom/push"
    handler = pytest.importorskip("logging_loki", reason="python-logging-loki is not installed").LokiHandler(
        url=url + path, tags={"app": f"logging-loki-{version}"}, version=version
    )
    log(handler, {"tags": {"odd.name": "x"}})


def by_loki_logger_handler(url: str) -> None:
    """Log by loki-logger-handler: gzip, and structured metadata."""
    handler = pytest.importorskip(
        "loki_logger_handler.loki_logger_handler", reason="loki-logger-handler is not installed"
    ).LokiLoggerHandler(
        url=f"{url}/loki/api/v1/push",
        labels={"app": "logger-handler"},
        timeout=1,
        enable_structured_loki_metadata=True,
        loki_metadata={"team": "shop"},
        loki_metadata_keys=["user"],
    )
    log(handler, {"user": "u1"})
    handler.flush_event.set()


@pytest.mark.parametrize("version", ["0", "1"])
async def test_python_logging_loki(loki: Loki, version: str) -> None:
    """One line a request, in the form before version 1 and in that of version 1."""
    await asyncio.to_thread(by_python_logging_loki, loki.url, version)
    ((labels, lines),) = await streams(loki, f'{{app="logging-loki-{version}"}}')
    assert lines == [f"line {number} grüße" for number in range(LINES)]
    assert labels == {
        "app": f"logging-loki-{version}", "detected_level": "warn", "logger": "shop.cart", "odd_name": "x",
        "service_name": f"logging-loki-{version}", "severity": "warning",
    }  # fmt: skip


async def test_loki_logger_handler(loki: Loki) -> None:
    """JSON in gzip, with structured metadata."""
    await asyncio.to_thread(by_loki_logger_handler, loki.url)
    found: Streams = []
    async with asyncio.timeout(20):
        while sum(len(lines) for _, lines in found) < LINES:
            found = await streams(loki, '{app="logger-handler"}')
            await asyncio.sleep(0.05)
    for labels, _ in found:
        assert (labels["service_name"], labels["team"], labels["user"]) == ("logger-handler", "shop", "u1")
    said = sorted(json.loads(line)["message"] for _, lines in found for line in lines)
    assert said == sorted(f"line {number} grüße" for number in range(LINES))


@pytest.fixture(scope="module")
def program() -> Path:
    """The program in JavaScript, beside the packages that it needs, which are installed once."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no node or no npm on this machine")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    stamp = INSTALLED / "installed.json"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.copy(HERE / "package.json", INSTALLED)
        run = subprocess.run(INSTALL, cwd=INSTALLED, check=False, capture_output=True, text=True)
        if run.returncode:
            pytest.skip(f"npm cannot install the clients here: {run.stderr.strip()[-200:]}")
        stamp.write_text(wanted)
    return Path(shutil.copy(HERE / "send.js", INSTALLED))


@pytest.fixture(scope="module")
async def sent(loki: Loki, program: Path) -> Callable[[str], Any]:
    """What the program has sent, by the label `app`."""
    command = ["node", str(program), loki.url]
    run = await asyncio.to_thread(subprocess.run, command, check=False, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    return lambda app: streams(loki, f'{{app="{app}"}}')


@pytest.mark.parametrize("app", ["winston-json", "winston-protobuf"])
async def test_winston_loki(sent: Callable[[str], Any], app: str) -> None:
    """As JSON, and as protobuf in snappy that does not say so."""
    ((labels, lines),) = await sent(app)
    assert sorted(line.partition(" {")[0] for line in lines) == sorted(f"info: line {n} grüße" for n in range(LINES))
    assert (labels["kind"], labels["level"], labels["service_name"]) == ("test", "info", app)


async def test_pino_loki(sent: Callable[[str], Any]) -> None:
    """With structured metadata."""
    found = await sent("pino")
    assert sorted(json.loads(line)["msg"] for _, lines in found for line in lines) == sorted(
        f"line {number}" for number in range(LINES)
    )
    assert {(labels["level"], labels.get("user")) for labels, _ in found} == {("warning", "u1")}
