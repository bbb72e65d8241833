"""SIGTERM under load: what is under way finishes, what is answered is stored; a second one ends the process at once."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

from tests.acceptance.live import SECONDS, Live, start
from tests.faults.senders import CLIENTS, PROTOBUF, Ledger, logs, sending
from tests.faults.stored import QUERIES, stored

NOW_NS = time.time_ns()
LOG = logs(["slow"], NOW_NS).SerializeToString()


def begun(server: Live) -> socket.socket:
    """Return the connection of a request whose body is not whole yet, once the server reads it."""
    host, _, port = server.otlp_http.partition(":")
    connection = socket.create_connection((host, int(port)), timeout=SECONDS)
    lines = ["POST /v1/logs HTTP/1.1", "host: localhost", f"content-length: {len(LOG)}"]
    lines += [f"{name}: {value}" for name, value in PROTOBUF.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + LOG[:5])
    while "\nfirstlight_ingest_in_flight_requests 1" not in server.ask("GET", "/metrics").body.decode():
        time.sleep(0.02)
    return connection


def test_what_is_under_way_finishes(tmp_path: Path) -> None:
    """A request that has begun is read to its end, stored and answered; the process ends with 0."""
    server = start(tmp_path)
    with begun(server) as connection:
        server.process.send_signal(signal.SIGTERM)
        while "SIGTERM: stopping" not in server.said:
            time.sleep(0.02)
        connection.sendall(LOG[5:])
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 200")
    assert server.process.wait(SECONDS) == 0
    server = start(tmp_path)
    assert stored(server, "log") == {"slow": 1}
    assert server.stop() == 0


def test_everything_answered_is_stored(tmp_path: Path) -> None:
    """Clients that send on until they are refused have lost nothing, and are told in a way that makes them try again."""
    ledger = Ledger()
    server = start(tmp_path)
    with sending(server, ledger, "until the end", NOW_NS) as senders:
        for _ in range(len(CLIENTS) * 5):
            assert senders.acknowledgements.acquire(timeout=SECONDS)
        code = server.stop()

    assert code == 0
    assert "Traceback" not in server.said
    assert ledger.refused_for_good == []
    server = start(tmp_path)
    assert [found for kind in QUERIES if (found := ledger.faults(kind, stored(server, kind)))] == []
    assert server.stop() == 0


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Nobody has to wait for a request that does not end; what was acknowledged before is there."""
    server = start(tmp_path)
    assert server.ask("POST", "/v1/logs", logs(["before"], NOW_NS).SerializeToString(), PROTOBUF).status == 200
    with begun(server):
        server.process.send_signal(signal.SIGTERM)
        while "SIGTERM: stopping" not in server.said:
            time.sleep(0.02)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(SECONDS) == 128 + signal.SIGTERM

    server = start(tmp_path)
    assert stored(server, "log") == {"before": 1}
    assert server.stop() == 0
