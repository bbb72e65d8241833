"""A disk that fills up: senders are told to come back, nothing acknowledged is lost, and with room it goes on."""

from __future__ import annotations

import base64
import itertools
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from tests.acceptance.live import Answer, Live, ask, live
from tests.faults.senders import CLIENTS, PROTOBUF, Ledger, logs, sending
from tests.faults.stored import QUERIES, stored

MIB = 1024 * 1024
NOW_NS = time.time_ns()
SETTINGS = ("retention.min_free_disk=0",)
FILLING = 64 * 1024
"""How much of each log record is there to fill the disk."""


UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Have a file system of 128 MiB at `folder`; only root may mount one."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, check=False, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def again_as_root(test: str) -> None:
    """Run a test as the root of a user namespace of its own."""
    if not shutil.which("unshare") or subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("cannot mount a small file system: not root, and there are no user namespaces here")
    run = subprocess.run(
        [*UNSHARE, sys.executable, "-m", "pytest", "-q", test], check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout


def fill(server: Live, ledger: Ledger, label: str) -> Answer:
    """Send log records until a request is refused, and return how."""
    chance = random.Random(label)
    for number in itertools.count():
        name = f"{label}.{number}"
        request = logs([name], NOW_NS)
        text = base64.b85encode(chance.randbytes(FILLING)).decode()
        request.resource_logs[0].scope_logs[0].log_records[0].attributes.append(
            KeyValue(key="filling", value=AnyValue(string_value=text))
        )
        ledger.sent["log"].add(name)
        answer = ask(server.otlp_http, "POST", "/v1/logs", request.SerializeToString(), PROTOBUF)
        if answer.status != 200:
            return answer
        ledger.acknowledged["log"].add(name)
    raise AssertionError


def check(server: Live, ledger: Ledger) -> None:
    """Assert that everything acknowledged is there, once."""
    assert [found for kind in QUERIES if (found := ledger.faults(kind, stored(server, kind)))] == []


def test_full_is_told_and_passes(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """All clients meet a full disk; the server is started on it, too; then there is room again."""
    if os.geteuid():
        again_as_root(request.node.nodeid)
        return
    with small_disk(tmp_path):
        ledger, ballast = Ledger(), tmp_path / "ballast"
        ballast.write_bytes(bytes(64 * MIB))
        fills_up(tmp_path, ledger)
        empties(tmp_path, ledger, ballast)


def fills_up(folder: Path, ledger: Ledger) -> None:
    """Fill the disk, and assert that senders are told."""
    with live(folder, SETTINGS) as server:
        with sending(server, ledger, "before", NOW_NS) as senders:
            for _ in range(len(CLIENTS) * 3):
                assert senders.acknowledgements.acquire(timeout=60)
        refused = fill(server, ledger, "filling")
        assert refused.status == 503
        assert int(refused.headers["retry-after"]) > 0
        assert "free some space" in Status.FromString(refused.body).message
        for again in itertools.count():  # merges may make room for a moment
            if refused_over_grpc(server, ledger, f"grpc.{again}"):
                break
            fill(server, ledger, f"filling again {again}")
        check(server, ledger)
        assert server.stop() == 0


def empties(folder: Path, ledger: Ledger, ballast: Path) -> None:
    """Make room, and assert that senders who come again are taken in, without a restart."""
    with live(folder, SETTINGS) as server:
        check(server, ledger)
        with sending(server, ledger, "full", NOW_NS, again_after=0.1) as senders:
            while len(ledger.refused) < len(CLIENTS) * 2:
                time.sleep(0.1)
            ballast.unlink()
            for _ in range(len(CLIENTS) * 5):
                assert senders.acknowledgements.acquire(timeout=60), ledger.refused[-5:]
        assert ledger.refused_for_good == []
        check(server, ledger)
        assert server.stop() == 0
        assert "Traceback" not in server.said


def refused_over_grpc(server: Live, ledger: Ledger, name: str) -> bool:
    """Return whether a call is refused, and assert that it is answered with when to come again then."""
    ledger.sent["log"].add(name)
    with grpc.insecure_channel(server.otlp_grpc, options=[("grpc.enable_retries", 0)]) as channel:
        export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
        )
        try:
            export(logs([name], NOW_NS).SerializeToString(), timeout=60)
        except grpc.RpcError as error:
            refusal = error
        else:
            ledger.acknowledged["log"].add(name)
            return False
    assert refusal.code() == grpc.StatusCode.UNAVAILABLE
    trailers = {item.key: item.value for item in refusal.trailing_metadata()}
    details = Status.FromString(trailers["grpc-status-details-bin"]).details
    delay = RetryInfo()
    assert [detail.Unpack(delay) for detail in details] == [True]
    assert delay.retry_delay.seconds > 0
    return True
