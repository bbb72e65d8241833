"""Shippers that are installed for the test alone: syslog-ng, which Debian will not have beside rsyslog, and npm's Lumberjack."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from firstlight.store.fake import FakeStore
from tests.ingest.sockets.certificates import certificates, files
from tests.ingest.sockets.rig import ANYWHERE, lines, records, running
from tests.waiting import until

__all__ = ["certificates"]
"""A fixture, which stands here to be found."""

SYSLOG_NG = Path("build/syslog-ng").absolute()
PACKAGES = "syslog-ng-core libivykis0 libnet1 libpcre3 libwrap0".split()

NODE = Path("build/lumberjack").absolute()
CLIENT = "lumberjack-client@1.0.3"
INSTALL = "npm install --ignore-scripts --fetch-retries=0 --fetch-timeout=20000 --no-audit --no-fund --no-save --silent".split()

CONFIG = """@version: {version}
options {{ use-dns(no); keep-hostname(yes); ts-format(iso); }};
source s {{ unix-dgram("{folder}/log"); }};
destination d {{ {destination} }};
log {{ source(s); destination(d); }};
"""

DESTINATIONS = [
    # what                    setting        destination
    ("TCP, RFC 5424",         "syslog_tcp",  'network("{host}" port({port}) transport("tcp") flags(syslog-protocol));'),
    ("TCP, RFC 3164",         "syslog_tcp",  'network("{host}" port({port}) transport("tcp"));'),
    ("TCP, counted",          "syslog_tcp",  'syslog("{host}" port({port}) transport("tcp"));'),
    ("UDP",                   "syslog_udp",  'syslog("{host}" port({port}) transport("udp"));'),
    ("TLS, counted",          "syslog_tls",  'syslog("localhost" ip-protocol(4) port({port}) transport("tls") tls(ca-file("{certificates}/cert.pem")));'),
]  # fmt: skip


@pytest.fixture(scope="module")
def syslog_ng() -> Path:
    """The folder of its files, unpacked once."""
    root = SYSLOG_NG / "root"
    if not (root / "usr/sbin/syslog-ng").exists():
        if not (shutil.which("apt-get") and shutil.which("dpkg")):
            pytest.skip("this is no Debian, whose syslog-ng is tried")
        SYSLOG_NG.mkdir(parents=True, exist_ok=True)
        run = subprocess.run(
            ["apt-get", "-q", "download", *PACKAGES], cwd=SYSLOG_NG, check=False, capture_output=True, text=True
        )
        if run.returncode:
            pytest.skip(f"syslog-ng cannot be downloaded here: {run.stderr.strip()[-200:]}")
        for package in SYSLOG_NG.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package.name, "root"], cwd=SYSLOG_NG, check=True)
    return root


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("setting", "destination"), [row[1:] for row in DESTINATIONS], ids=[row[0] for row in DESTINATIONS]
)
async def test_stores_what_syslog_ng_sends(
    setting: str, destination: str, syslog_ng: Path, certificates: Path, tmp_path: Path
) -> None:
    store = FakeStore()
    settings = {"tls": files(certificates)} if setting.endswith("_tls") else {}
    async with running(store.append, **{setting: ANYWHERE}, **settings) as sockets:
        host, port = sockets.address(setting)
        [modules] = [path for path in (syslog_ng / "usr/lib/syslog-ng").iterdir() if path.name[0].isdigit()]
        where = destination.format(host=host, port=port, certificates=certificates)
        config = tmp_path / "syslog-ng.conf"
        config.write_text(CONFIG.format(version=modules.name, folder=tmp_path, destination=where))
        libraries = [
            syslog_ng / place for place in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng")
        ]
        process = await asyncio.create_subprocess_exec(
            str(syslog_ng / "usr/sbin/syslog-ng"), "-F", "--no-caps", "-f", str(config), f"--module-path={modules}",
            *("-R", str(tmp_path / "persist"), "-p", str(tmp_path / "pid"), "-c", str(tmp_path / "ctl")),
            env={**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, libraries))},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            await until(lambda: (tmp_path / "log").exists() or process.returncode is not None)
            assert process.returncode is None, process.stdout and (await process.stdout.read()).decode()
            await asyncio.to_thread(_log_locally, str(tmp_path / "log"))
            await until(lambda: len(lines(store)) >= 2)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
        found = records(store)

    assert [row["body"] for row in found] == ["first", 'naïve "quoted" ☂']
    assert [row["severity"] for row in found] == [9, 17]
    assert {row["resource"]["service.name"] for row in found} == {"shop"}
    assert {row["attributes"]["syslog.procid"] for row in found} == {"42"}


def _log_locally(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        for priority, text in ((134, "first"), (131, 'naïve "quoted" ☂')):
            client.sendto(
                f"<{priority}>{time.strftime('%b %e %H:%M:%S', time.gmtime())} shop[42]: {text}".encode(), path
            )


LOG = """
const Client = require('lumberjack-client')
const fs = require('fs')
const [host, port, ca] = process.argv.slice(2)
const secure = ca ? { ca: [fs.readFileSync(ca)], servername: 'localhost' } : {}
const client = new Client({ host, port: Number(port), ...secure }, Boolean(ca))
for (const message of ['first', 'na\\u00efve \\u2602'])
  client.log({ '@timestamp': '2026-11-20T20:21:15.967Z', message, host: { hostname: 'web-1' }, log: { level: 'warn' } })
client.socket.on('data', (ack) => { console.log(ack.toString('hex')); process.exit(0) })
"""


@pytest.fixture(scope="module")
def lumberjack() -> Path:
    """The program, beside the package that it needs, which is installed once."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no node or no npm on this machine")
    NODE.mkdir(parents=True, exist_ok=True)
    if not (NODE / "node_modules/lumberjack-client").exists():
        run = subprocess.run([*INSTALL, CLIENT], cwd=NODE, check=False, capture_output=True, text=True)
        if run.returncode:
            pytest.skip(f"npm cannot install the client here: {run.stderr.strip()[-200:]}")
    (NODE / "log.js").write_text(LOG)
    return NODE / "log.js"


@pytest.mark.anyio
@pytest.mark.parametrize("setting", ["beats", "beats_tls"])
async def test_stores_and_acknowledges_what_a_client_of_npm_sends(
    setting: str, lumberjack: Path, certificates: Path
) -> None:
    store = FakeStore()
    secure = setting.endswith("_tls")
    async with running(
        store.append, **{setting: ANYWHERE}, **({"tls": files(certificates)} if secure else {})
    ) as sockets:
        process = await asyncio.create_subprocess_exec(
            "node", str(lumberjack), *map(str, sockets.address(setting)), *([str(certificates / "cert.pem")] if secure else []),
            stdout=subprocess.PIPE,
        )  # fmt: skip
        said, _ = await process.communicate()
        found = records(store)

    assert said.decode().strip() == "324100000002"
    assert [(row["body"], row["severity"], row["resource"]) for row in found] == [
        ("first", 13, {"host.name": "web-1"}),
        ("naïve ☂", 13, {"host.name": "web-1"}),
    ]
