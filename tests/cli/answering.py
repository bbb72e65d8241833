"""A server that answers what a test tells it to, and a way to ask a real one, for the words that show something."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import anyio.to_thread
import pytest

from firstlight.cli.main import main
from tests.app.running import Running

SQL = "/api/firstlight/v1/sql"
TAIL = "/api/firstlight/v1/logs/tail"
STATUS = "/api/firstlight/v1/status"
READY = "/readyz"
INSTANT = "/api/v1/query"
RANGE = "/api/v1/query_range"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered once."""

    body: bytes
    status: int = 200
    breaks_off: bool = False
    """Whether the connection is closed before the answer is whole."""

    @classmethod
    def of(cls, value: Any, status: int = 200) -> Answer:
        """Return an answer in JSON."""
        return cls(json.dumps(value).encode(), status)

    @classmethod
    def lines(cls, values: Iterable[Mapping[str, Any]], *, breaks_off: bool = False) -> Answer:
        """Return an answer in NDJSON."""
        return cls(b"".join(json.dumps(value).encode() + b"\n" for value in values), breaks_off=breaks_off)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came in."""

    path: str
    options: Mapping[str, Sequence[str]]
    accept: str
    body: Mapping[str, Any]


@dataclass(slots=True)
class Scripted:
    """A server whose answers are given beforehand, for each path in turn; the last is given again and again."""

    answers: Mapping[str, Sequence[Answer]]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def next(self, asked: Asked) -> Answer:
        """Return the answer to a request."""
        given = self.answers.get(asked.path, [Answer.of({"error": "cannot find it"}, 404)])
        before = sum(one.path == asked.path for one in self.asked)
        self.asked.append(asked)
        return given[min(before, len(given) - 1)]


@contextmanager
def answering(answers: Mapping[str, Sequence[Answer]]) -> Iterator[Scripted]:
    """Hold a scripted server open."""
    scripted = Scripted(answers)

    class Scribe(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            is_form = self.headers["content-type"] == "application/x-www-form-urlencoded"
            self._answer(dict(parse_qsl(body.decode())) if is_form else json.loads(body))

        def _answer(self, body: Mapping[str, Any]) -> None:
            parts = urlsplit(self.path)
            answer = scripted.next(Asked(parts.path, parse_qs(parts.query), self.headers.get("accept", ""), body))
            self.send_response(answer.status)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for start in range(0, len(answer.body), 7_000):
                piece = answer.body[start : start + 7_000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if not answer.breaks_off:
                self.wfile.write(b"0\r\n\r\n")
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Scribe)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    scripted.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield scripted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def in_berlin() -> Iterator[None]:
    """Have clocks show the time of Berlin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


async def said_by(it: Running, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what the command prints about a real server, which runs in this process beside it."""
    code = await anyio.to_thread.run_sync(main, [*words, "--server", it.http])
    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    return said.out
