"""A ClickHouse server for tests: the engine inside a process of its own, behind ClickHouse's HTTP protocol.

No server can be had from the registries, so what runs against one is tried against the same engine, spoken to in the
same way: `python -m tests.store.bridge DIRECTORY` prints its port. It has what clickhouse-connect uses of the protocol:
statements and data in bodies, parameters, settings, formats, error codes, one user. Answers are not streamed.
"""

from __future__ import annotations

import os
import re
import sys
from base64 import b64encode
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

USER, PASSWORD = "me", "se/cret"
BASIC = f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"

OF_THE_PROTOCOL = frozenset(
    "query database query_id session_id compress decompress enable_http_compression client_protocol_version"
    " wait_end_of_query send_progress_in_http_headers http_headers_progress_interval_ms role".split()
)
"""What stands in a request's URL and is no setting."""

INSERT = re.compile(rb"(INSERT INTO [^\n]*) FORMAT (\w+)\n", re.IGNORECASE)
CODE = re.compile(r"Code: (\d+)")


class Bridge(ThreadingHTTPServer):
    """Listens on a free port of this machine."""

    daemon_threads = True

    def __init__(self, directory: str) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.directory = directory
        self.engine = connect(directory)  # stays open while requests come and go


class Request(BaseHTTPRequestHandler):
    """One statement, in a session of its own."""

    protocol_version = "HTTP/1.1"
    server: Bridge

    def do_GET(self) -> None:
        """Answer a statement in the URL."""
        self._run()

    def do_POST(self) -> None:
        """Answer a statement in the body, or store the body."""
        self._run()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _run(self) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != BASIC:
            self._answer(403, b"Code: 516. DB::Exception: me: Authentication failed. (AUTHENTICATION_FAILED)", "516")
            return
        try:
            answer = self._ask(asked, body)
        except (RuntimeError, chdb.ChdbError) as error:
            found = CODE.search(str(error))
            self._answer(500, str(error).encode(), found[1] if found else "1000")
        else:
            self._answer(200, answer)

    def _ask(self, asked: dict[str, str], body: bytes) -> bytes:
        with closing(connect(self.server.directory)) as session:
            if database := asked.get("database"):
                session.query(f"USE `{database}`")
            settings = {name for name in asked if name not in OF_THE_PROTOCOL and not name.startswith("param_")}
            for name in sorted(settings, key=lambda name: name == "readonly"):
                session.query(f"SET {name} = '{asked[name]}'")
            statement = asked.get("query", "").encode() + body
            if insert := INSERT.match(statement):
                return _insert(session, insert[1].decode(), insert[2].decode(), statement[insert.end() :])
            parameters = {
                name.removeprefix("param_"): value for name, value in asked.items() if name.startswith("param_")
            }
            answer: bytes = session.query(statement.decode(), "TabSeparated", params=parameters).bytes() or b""
            return answer

    def _answer(self, status: int, body: bytes, code: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.end_headers()
        self.wfile.write(body)


def connect(directory: str) -> Any:
    """Return a session with the engine, which has no types."""
    return chdb.connect(directory)  # type: ignore[no-untyped-call]


def _insert(session: Any, statement: str, format: str, body: bytes) -> bytes:
    file = os.memfd_create("bridge")
    try:
        os.write(file, body)
        session.query(f"{statement} FROM INFILE '/proc/self/fd/{file}' FORMAT {format}", "TabSeparated")
    finally:
        os.close(file)
    return b""


if __name__ == "__main__":
    bridge = Bridge(sys.argv[1])
    sys.stdout.write(f"{bridge.server_port}\n")
    sys.stdout.flush()
    bridge.serve_forever()
