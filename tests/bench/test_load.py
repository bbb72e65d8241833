"""The sender counts every answer, whatever the server does."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from bench.load.feed import Feed, Request
from bench.load.http import Answer, Connection
from bench.load.plan import HUNG, NO_ANSWER, Outcome, Plan
from bench.load.refused import refused_items
from bench.load.sending import Sending, Tally
from bench.scenarios.overload import counts, faults

pytestmark = pytest.mark.anyio

BODY = b"x" * 3_000_000  # more than the sockets between them hold

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while head := await reader.readuntil(b"\r\n\r\n"):
        size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(size)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def _refuse_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    await writer.drain()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


BEHAVIOURS: list[tuple[str, Behaviour, Answer]] = [
    # what                                  server              answer
    ("takes it",                            _take,              Answer("200", None, b"ok")),
    ("refuses before it has read the body", _refuse_and_close,  Answer("429", 2.0, b"")),
    ("hangs up",                            _hang_up,           Answer(NO_ANSWER)),
]  # fmt: skip


@asynccontextmanager
async def server(behaviour: Behaviour) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behaviour(reader, writer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1") as listening:
        host, port = listening.sockets[0].getsockname()
        yield f"{host}:{port}"


@pytest.mark.parametrize(("behaviour", "wanted"), [row[1:] for row in BEHAVIOURS], ids=[row[0] for row in BEHAVIOURS])
async def test_a_connection_gets_its_answer_and_goes_on(behaviour: Behaviour, wanted: Answer) -> None:
    async with server(behaviour) as address:
        connection = Connection(address, "/v1/traces", "application/x-protobuf")
        answers = [await connection.post(BODY) for _ in range(3)]
        await connection.close()

    assert answers == [wanted] * 3


async def test_a_server_that_says_nothing_is_not_waited_for_for_ever() -> None:
    plan = Plan("traces", "", connections=1, items=10, exports=1, patience=0.1)
    async with server(_say_nothing) as address:
        sending = Sending(plan, Feed(plan), [Connection(address, "/v1/traces", "application/x-protobuf")])
        tally = await sending.run(0.0, requests=1)
        await sending.close()

    assert tally.statuses == {HUNG: 1}


class Half:
    """A server that takes every second request."""

    def __init__(self) -> None:
        self.sent = 0

    async def post(self, body: bytes | bytearray) -> Answer:
        await asyncio.sleep(0)
        self.sent += 1
        return Answer("200") if self.sent % 2 else Answer("503", 1.0)

    async def close(self) -> None:
        return


async def test_in_an_overload_twice_what_is_taken_is_sent() -> None:
    plan = Plan("traces", "", items=10, exports=1, overload=2.0)
    links = [Half() for _ in range(4)]

    tally = await Sending(plan, Feed(plan), links).run(0.0, requests=400)

    assert tally.requests == sum(link.sent for link in links)
    assert tally.requests <= 2 * tally.statuses["200"] + len(links)


async def test_requests_made_ahead_are_not_sent_twice() -> None:
    plan = Plan("traces", "", items=10, exports=2, prepared=5)
    link = Half()

    tally = await Sending(plan, Feed(plan), [link]).run(0.0, requests=5)
    rest = await Sending(plan, feed := Feed(plan), []).run(0.0)

    assert tally.requests == 5
    assert rest.requests == 0
    assert len({bytes(request.body) for request in iter(feed.next, None)}) == 5


PARTIAL = ExportTraceServiceResponse(partial_success=ExportTracePartialSuccess(rejected_spans=3)).SerializeToString()

ANSWERS: list[tuple[str, bytes, int]] = [
    # what                              body                                                    refused
    ("nothing to say",                  b"",                                                    0),
    ("partial success as protobuf",     PARTIAL,                                                3),
    ("nothing to say, as JSON",         b"{}",                                                  0),
    ("partial success as JSON",         b'{"partialSuccess": {"rejectedSpans": "3"}}',          3),
    ("a warning alone",                 b'{"partialSuccess": {"errorMessage": "old"}}',         0),
]  # fmt: skip


@pytest.mark.parametrize(("body", "wanted"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_reads_how_many_items_were_refused(body: bytes, wanted: int) -> None:
    assert refused_items("traces", body) == wanted


def test_the_tally_counts_what_was_taken() -> None:
    tally = Tally()
    for answer, seconds in ((Answer("200"), 0.1), (Answer("200", None, PARTIAL), 0.3), (Answer("429"), 9.0)):
        tally.count("traces", Request(b"body", 10), answer, seconds)

    assert (tally.requests, tally.accepted, tally.body_bytes, tally.refusals_without_delay) == (3, 17, 8, 1)
    assert [tally.latency_ms(percent) for percent in (50, 99)] == [100.0, 300.0]


def test_without_answers_there_is_no_latency() -> None:
    assert math.isnan(Tally().latency_ms(50))


ENDS: list[tuple[str, dict[str, int], int, tuple[int, int], int]] = [
    # what                                  statuses                                without delay   taken, refused  faults
    ("as it should be",                     {"200": 5, "429": 3, "503": 2},         0,              (5, 5),         0),
    ("nothing was too much",                {"200": 5},                             0,              (5, 0),         1),
    ("refusals that say nothing",           {"200": 5, "429": 3},                   3,              (5, 3),         1),
    ("told to give up",                     {"200": 5, "429": 3, "500": 1},         0,              (5, 3),         1),
    ("left alone",                          {"429": 3, HUNG: 1, NO_ANSWER: 1},      0,              (0, 3),         2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statuses", "without_delay", "wanted", "wrong"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS]
)
def test_an_overload_is_to_end_in_answers(
    statuses: dict[str, int], without_delay: int, wanted: tuple[int, int], wrong: int
) -> None:
    outcome = Outcome(1.0, 9, statuses, 0, 0, 0, without_delay, 0.0, 0.0, 0.0, 0.0)

    assert counts(statuses) == wanted
    assert len(list(faults(outcome))) == wrong
