"""Real shippers and libraries send logs; what they sent is what is stored. Clients that are not installed are skipped."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.routing import Route

from firstlight.ingest import logstash_http
from firstlight.ingest.gelf_http import gelf_route
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.journal_upload import JournalUpload
from firstlight.ingest.logstash_http import LogstashHttp
from firstlight.ingest.sockets.settings import COMPAT, LogSocketSettings
from firstlight.sdk.metrics import Registry
from firstlight.store.fake import FakeStore
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook
from tests.acceptance.log_clients import MISSING
from tests.ingest.pushing import serving
from tests.ingest.sockets.certificates import certificates, files
from tests.ingest.sockets.rig import ANYWHERE, lines, records, running
from tests.waiting import until

__all__ = ["certificates"]
"""A fixture, which stands here to be found."""

Address = tuple[str, int]

PROGRAM = Path(__file__).with_name("log_clients.py")


async def log_from(client: str, address: Address, ca: Path | None = None) -> None:
    """Let a library log from a program of its own, which trusts an authority."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROGRAM), client, *map(str, address)),
        env={**os.environ, "LOG_CLIENTS_CA": str(ca or "")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = await _said(process)
    if process.returncode == MISSING:
        pytest.skip(f"the library of {client} is not installed")
    assert process.returncode == 0, said.decode()


SAID = ["cart filled", "naïve ünïcode ☂", "it broke"]

LIBRARIES = [
    # client               setting       severities       service
    ("syslog_udp",           "syslog_udp", [9, 17, 17],     "shop"),
    ("syslog_tcp",           "syslog_tcp", [9, 17, 17],     "shop"),
    ("graypy_tcp",           "gelf_tcp",   [9, 17, 17],     None),
    ("graypy_udp",           "gelf_udp",   [9, 17, 17],     None),
    ("graypy_udp_chunked",   "gelf_udp",   [9, 17, 17],     None),
    ("pygelf_tcp",           "gelf_tcp",   [9, 17, 17],     "shop"),
    ("pygelf_udp",           "gelf_udp",   [9, 17, 17],     None),
    ("logstash_beats",       "beats",      [9, 17, 17],     None),
    ("logstash_beats_tls",   "beats_tls",  [9, 17, 17],     None),
    ("pygelf_tls",           "gelf_tls",   [9, 17, 17],     "shop"),
    ("logstash_async_tcp",   "logstash",   [9, 17, 17],     None),
    ("python_logstash",      "logstash",   [9, 17, 17],     None),
    ("fluent",               "fluent",     [0, 0, 0],       "shop.cart"),
    ("fluent_nanoseconds",   "fluent",     [0, 0, 0],       "shop.cart"),
]  # fmt: skip


ANY_ORDER = {"logstash_beats", "logstash_beats_tls", "logstash_async_tcp"}
"""Clients that send what is in their queue in an order of their own."""


@pytest.mark.anyio
@pytest.mark.parametrize(("client", "setting", "severities", "service"), LIBRARIES, ids=[row[0] for row in LIBRARIES])
async def test_stores_what_libraries_send(
    client: str, setting: str, severities: list[int], service: str | None, certificates: Path
) -> None:
    store = FakeStore()
    async with running(store.append, **{setting: ANYWHERE}, tls=files(certificates)) as sockets:
        await log_from(client, sockets.address(setting), certificates / "cert.pem")
        await until(lambda: len(lines(store)) >= len(SAID))
        found = records(store)

        said, told = [row["body"].partition("\n")[0] for row in found], [row["severity"] for row in found]
        if client in ANY_ORDER:
            said, told = sorted(said), sorted(told)
        assert (said, told) == (sorted(SAID) if client in ANY_ORDER else SAID, severities)
        assert sockets.counted("rejected_items") == {}
        if service:
            assert {row["resource"]["service.name"] for row in found} == {service}
        everything = " ".join(f"{row['body']} {row['attributes']}" for row in found)
        assert "KeyError" in everything or setting == "fluent"
        assert "user_id" in everything or setting.startswith("syslog")


@asynccontextmanager
async def over_http(store: FakeStore) -> AsyncIterator[tuple[Address, JournalUpload]]:
    """Serve what takes logs over HTTP, and yield where."""
    book, telemetry = LogBook(), Telemetry(Registry())
    made: list[JournalUpload] = []

    def routes(door: HttpDoor) -> Sequence[Route]:
        made.append(
            JournalUpload(
                store.append, book, telemetry.ingest, time.time_ns, workers, door._admission, LogSocketSettings()
            )
        )
        events = LogstashHttp(book, telemetry.ingest)
        return [
            made[0].route(),
            gelf_route(door, book, telemetry.ingest),
            *(door.route(path, events) for path in logstash_http.PATHS),
        ]

    with ThreadPoolExecutor(2) as workers:
        async with serving(store.append, routes) as server:
            parts = urlsplit(server.url)
            yield (parts.hostname or "", parts.port or 0), made[0]


@pytest.mark.anyio
@pytest.mark.parametrize("client", ["logstash_http_root", "graypy_http", "pygelf_http"])
async def test_stores_what_libraries_send_over_http(client: str) -> None:
    store = FakeStore()
    async with over_http(store) as (address, _):
        await log_from(client, address)
        await until(lambda: len(lines(store)) >= len(SAID))
        found = records(store)

        assert sorted(row["body"].partition("\n")[0] for row in found) == sorted(SAID)
        assert sorted(row["severity"] for row in found) == [9, 17, 17]


RSYSLOG = """
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/log")
{actions}
"""

FORWARDS = [
    # what                       setting       action
    ("UDP",                      "syslog_udp", 'action(type="omfwd" target="{host}" port="{port}" protocol="udp")'),
    ("UDP, RFC 5424",            "syslog_udp", 'action(type="omfwd" target="{host}" port="{port}" protocol="udp" template="RSYSLOG_SyslogProtocol23Format")'),
    ("TCP, line feeds",          "syslog_tcp", 'action(type="omfwd" target="{host}" port="{port}" protocol="tcp")'),
    ("TCP, counted, RFC 5424",   "syslog_tcp", 'action(type="omfwd" target="{host}" port="{port}" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")'),
    ("TCP, forward format",      "syslog_tcp", 'action(type="omfwd" target="{host}" port="{port}" protocol="tcp" template="RSYSLOG_ForwardFormat")'),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(("setting", "action"), [row[1:] for row in FORWARDS], ids=[row[0] for row in FORWARDS])
async def test_stores_what_rsyslog_forwards(setting: str, action: str, tmp_path: Path) -> None:
    program = shutil.which("rsyslogd", path=os.environ["PATH"] + ":/usr/sbin")
    if not program:
        pytest.skip("there is no rsyslogd on this machine")
    store = FakeStore()
    async with running(store.append, **{setting: ANYWHERE}) as sockets:
        host, port = sockets.address(setting)
        config = tmp_path / "rsyslog.conf"
        config.write_text(RSYSLOG.format(folder=tmp_path, actions=action.format(host=host, port=port)))
        process = await asyncio.create_subprocess_exec(
            program, "-n", "-f", str(config), "-i", str(tmp_path / "pid"), stderr=subprocess.DEVNULL
        )
        try:
            await until((tmp_path / "log").exists)
            await asyncio.to_thread(_log_locally, str(tmp_path / "log"))
            await until(lambda: len(lines(store)) >= 3)
        finally:
            process.terminate()
            await process.wait()
        found = records(store)

        assert [row["body"].strip() for row in found] == ["first", 'naïve "quoted" ☂', "last"]
        assert [row["severity"] for row in found] == [9, 17, 5]
        assert {row["resource"].get("service.name") for row in found} == {"shop"}
        assert {row["resource"].get("host.name") for row in found} == {socket.gethostname().partition(".")[0]}
        assert {row["attributes"]["syslog.facility"] for row in found} == {"local0"}
        # Its clock is ours, and what it sends has seconds at least.
        assert all(abs((row["ts"] - row["observed_ts"]).total_seconds()) < 3600 for row in found)


def _log_locally(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        for priority, text in ((134, "first"), (131, 'naïve "quoted" ☂'), (135, "last")):
            stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
            client.sendto(f"<{priority}>{stamp} shop[42]: {text}".encode(), path)


REMOTE, UPLOAD = Path("/lib/systemd/systemd-journal-remote"), Path("/lib/systemd/systemd-journal-upload")

JOURNAL = b"".join(
    b"__CURSOR=c%d\n__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=0123456789abcdef0123456789abcdef\n"
    b"PRIORITY=%d\n_HOSTNAME=web-1\n_SYSTEMD_UNIT=shop.service\n_PID=42\nMESSAGE%s\n\n"
    % (n, 1_795_206_080_000_000 + n, 1000 + n, priority, message)
    for n, (priority, message) in enumerate(
        [(6, b"=first"), (3, b"\n\x0b\0\0\0\0\0\0\0two\nlines\xff\xfe"), (7, "=naïve ☂".encode())]
    )
)


@pytest.mark.anyio
@pytest.mark.parametrize("follow", [False, True], ids=["once", "and goes on"])
async def test_stores_what_the_journal_uploads(follow: bool, tmp_path: Path) -> None:
    if not shutil.which(UPLOAD):
        pytest.skip("systemd-journal-remote is not installed on this machine")
    (tmp_path / "export").write_bytes(JOURNAL)
    journal = tmp_path / "shop.journal"
    await _run(str(REMOTE), "-o", str(journal), str(tmp_path / "export"))
    store = FakeStore()
    async with over_http(store) as ((host, port), _):
        command = [str(UPLOAD), f"--url=http://{host}:{port}", f"--file={journal}"]
        if follow:
            # It waits for more in the same request, so nothing is answered; what there is must be stored all the same.
            process = await asyncio.create_subprocess_exec(*command)
            try:
                await until(lambda: len(lines(store)) >= 3)
            finally:
                process.terminate()
                await process.wait()
        else:
            await _run(*command, "--follow=no")
        found = records(store)

    assert [row["body"] for row in found] == ["first", "two\nlines\ufffd\ufffd", "naïve ☂"]
    assert [row["severity"] for row in found] == [9, 17, 5]
    assert [row["ts"].value for row in found] == [(1_795_206_080_000_000 + n) * 1000 for n in range(3)]
    assert found[0]["resource"] == {"host.name": "web-1", "service.name": "shop"}
    assert found[0]["attributes"]["_PID"] == "42"


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = await _said(process)
    assert process.returncode == 0, said.decode()


async def _said(process: asyncio.subprocess.Process) -> bytes:
    """Return what a program has said when it is over; end it, if the test is over before."""
    try:
        return (await process.communicate())[0]
    finally:
        if process.returncode is None:
            process.kill()


def test_takes_these_ports_with_compat() -> None:
    """A client that is set up for another system needs another host, and nothing else."""
    assert {name: address.port for name, address in COMPAT.items()} == {
        "beats": 5044, "logstash": 5000, "syslog_udp": 1514, "syslog_tcp": 1514, "gelf_udp": 12201, "gelf_tcp": 12201,
        "fluent": 24224,
    }  # fmt: skip
