"""What ships logs over HTTP: Logstash's input, GELF, and the journal's upload."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from starlette.routing import Route

from firstlight.errors import StoreBusy
from firstlight.ingest import logstash_http
from firstlight.ingest.gelf_http import gelf_route
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.journal_upload import CONTENT_TYPE, JournalUpload
from firstlight.ingest.logstash_http import LogstashHttp
from firstlight.ingest.sockets.settings import LogSocketSettings
from firstlight.sdk.metrics import Registry
from firstlight.store.fake import FakeStore
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook
from tests.ingest.pushing import serving
from tests.ingest.sockets.rig import lines
from tests.ingest.stores import SlowStore
from tests.waiting import until

JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain"}
GZIP = {**JSON, "content-encoding": "gzip"}
LOOSE = {"content-encoding": "gzip,deflate"}
JOURNAL = {"content-type": CONTENT_TYPE}

EVENTS = json.dumps([{"message": "a", "host": "h"}, {"message": "b"}]).encode()
ENTRIES = b"MESSAGE=a\nPRIORITY=4\n\nMESSAGE\n\3\0\0\0\0\0\0\0b\nc\n\n"


@dataclass(frozen=True, slots=True)
class Taking:
    """A client of a server that takes logs over HTTP."""

    client: aiohttp.ClientSession
    url: str
    telemetry: Telemetry
    upload: JournalUpload

    async def post(self, path: str, body: Any, headers: dict[str, str]) -> tuple[int, str]:
        """Return status and body of what is answered."""
        async with self.client.post(self.url + path, data=body, headers=headers) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def taking(store: FakeStore, **settings: Any) -> AsyncIterator[Taking]:
    made: list[JournalUpload] = []
    book, telemetry = LogBook(), Telemetry(Registry())

    def routes(door: HttpDoor) -> Sequence[Route]:
        upload = JournalUpload(
            store.append, book, telemetry.ingest, time.time_ns, workers, door._admission, LogSocketSettings(**settings)
        )
        made.append(upload)
        events = LogstashHttp(book, telemetry.ingest)
        return [
            upload.route(),
            gelf_route(door, book, telemetry.ingest),
            *(door.route(path, events, methods=logstash_http.METHODS) for path in logstash_http.PATHS),
        ]

    with ThreadPoolExecutor(2) as workers:
        async with serving(store.append, routes) as server, aiohttp.ClientSession() as client:
            yield Taking(client, server.url, telemetry, made[0])


REQUESTS = [
    # what                     path               body                                       headers   status  answer   lines
    ("events",                 "/",               EVENTS,                                    JSON,     200,    "ok",    ["a", "b"]),
    ("at another path",        "/logstash/a/b",   EVENTS,                                    JSON,     200,    "ok",    ["a", "b"]),
    ("compressed",             "/logstash",       gzip.compress(EVENTS),                     GZIP,     200,    "ok",    ["a", "b"]),
    ("plain lines",            "/",               b"{one}\n[two\n",                          TEXT,     200,    "ok",    ["{one}", "[two"]),
    ("one is none",            "/",               b'[{"message": "a"}, 5]',                  JSON,     200,    "ok",    ["a"]),
    ("broken JSON",            "/",               b'{"message": ',                           JSON,     200,    "ok",    ['{"message": ']),
    ("GELF",                   "/gelf",           b'{"short_message": "a"}',                 JSON,     202,    "",      ["a"]),
    ("GELF, as graypy has it", "/gelf",           zlib.compress(b'{"short_message": "a"}'),  LOOSE,    202,    "",      ["a"]),
    ("GELF, gzip",             "/gelf",           gzip.compress(b'{"short_message": "a"}'),  GZIP,     202,    "",      ["a"]),
    ("GELF, another encoding", "/gelf",           b"x",                                      {"content-encoding": "br"}, 415, "", []),
    ("GELF, cut short",        "/gelf",           zlib.compress(b"{}")[:-3],                 LOOSE,    400,    "cut short", []),
    ("GELF, no JSON",          "/gelf",           b"oops",                                   JSON,     400,    "cannot read the body as GELF: 1 refused", []),
    ("GELF, one of two",       "/gelf",           b'{"short_message": "a"}\noops',           JSON,     202,    "",      ["a"]),
    ("the journal",            "/upload",         ENTRIES,                                   JOURNAL,  202,    "OK.",   ["a", "b\nc"]),
    ("no journal",             "/upload",         ENTRIES,                                   JSON,     415,    "want application/vnd.fdo.journal", []),
    ("the journal, compressed", "/upload",        ENTRIES, {**JOURNAL, "content-encoding": "zstd"},    415,    "send them plain", []),
    ("a broken journal",       "/upload",         ENTRIES + b"{}\n",                         JOURNAL,  400,    "is no name of a field", ["a", "b\nc"]),
    ("nothing",                "/upload",         b"",                                       JOURNAL,  202,    "OK.",   []),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "answer", "wanted"),
    [row[1:] for row in REQUESTS],
    ids=[row[0] for row in REQUESTS],
)
async def test_takes_requests(
    path: str, body: bytes, headers: dict[str, str], status: int, answer: str, wanted: list[str]
) -> None:
    store = FakeStore()
    async with taking(store) as server:
        found, said = await server.post(path, body, headers)

        assert (found, answer in said) == (status, True), said
        assert lines(store) == wanted


BUSY = [
    # path          body                          headers   status
    ("/",           EVENTS,                       JSON,     429),
    ("/gelf",       b'{"short_message": "a"}',    JSON,     503),
    ("/upload",     ENTRIES,                      JOURNAL,  503),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(("path", "body", "headers", "status"), BUSY)
async def test_does_not_acknowledge_what_is_not_stored(
    path: str, body: bytes, headers: dict[str, str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firstlight.ingest.sockets.delivery.PATIENCE", 0.0)
    store = FakeStore()
    store.error = StoreBusy("cannot store", retry_after=0.001)
    async with taking(store) as server:
        assert (await server.post(path, body, headers))[0] == status


class Stream:
    """A body that is sent as a test says."""

    def __init__(self) -> None:
        self._parts: asyncio.Queue[bytes | None] = asyncio.Queue()

    def say(self, part: bytes | None) -> None:
        """Send a part; None is the end."""
        self._parts.put_nowait(part)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (part := await self._parts.get()) is not None:
            yield part


async def sending(server: Taking) -> tuple[Stream, asyncio.Future[tuple[int, str]]]:
    stream = Stream()
    stream.say(ENTRIES + b"MESSAGE=ha")
    return stream, asyncio.ensure_future(server.post("/upload", aiter(stream), JOURNAL))


Ends = Callable[[Stream, Taking], object]

LONG = [
    # what                     how it ends                                            settings                   status  lines
    ("says that it is over",   lambda stream, server: stream.say(None),               {},                        202,    ["a", "b\nc"]),
    ("goes on, and is over",   lambda stream, server: [stream.say(b"lf\n\n"), stream.say(None)], {},             202,    ["a", "b\nc", "half"]),
    ("stops in the middle",    lambda stream, server: None,                           {"message_timeout": 0.05}, 408,    ["a", "b\nc"]),
    ("the server stops",       lambda stream, server: server.upload.stop(),           {},                        503,    ["a", "b\nc"]),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("end", "settings", "status", "wanted"), [row[1:] for row in LONG], ids=[row[0] for row in LONG]
)
async def test_stores_entries_as_they_come(end: Ends, settings: dict[str, Any], status: int, wanted: list[str]) -> None:
    """A request of the journal may last as long as its sender does."""
    store = FakeStore()
    async with taking(store, **settings) as server:
        stream, answer = await sending(server)
        await until(lambda: lines(store) == ["a", "b\nc"])
        end(stream, server)

        assert (await answer)[0] == status
        assert lines(store) == wanted


@pytest.mark.anyio
async def test_a_sender_of_the_journal_that_leaves_disturbs_nobody() -> None:
    store = SlowStore()
    async with taking(store) as server:
        _, answer = await sending(server)
        await store.entered.wait()
        answer.cancel()
        store.released.set()
        await until(lambda: lines(store) == ["a", "b\nc"])

        assert (await server.post("/upload", b"MESSAGE=next\n\n", JOURNAL))[0] == 202
