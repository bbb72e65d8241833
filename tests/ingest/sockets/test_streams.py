"""Protocols over TCP: what is acknowledged when, what slow and hostile senders come to, and that others are not disturbed."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import msgpack
import pytest

from firstlight.errors import StoreBusy, StoreError, StoreRefused
from firstlight.ingest.sockets import connection, delivery
from firstlight.model.batch import Batch, Rejections
from firstlight.store.fake import FakeStore
from tests.ingest.sockets.rig import ANYWHERE, lines, records, running
from tests.ingest.stores import SlowStore
from tests.waiting import until
from tests.wire.beats.lumberjack import ack, compressed, event, pairs, window

WINDOW = window(2) + compressed(event(1, {"message": "a"}) + event(2, {"message": "b"}))

SENT = [
    # protocol,  what is sent,                                                                lines,        the answer
    ("beats",      WINDOW,                                                                    ["a", "b"],   ack(2)),
    ("beats",      window(1, 1) + pairs(1, {"line": "a"}),                                    ["a"],        ack(1, 1)),
    ("logstash",   b'{"message": "a"}\nplain\n',                                              ["a", "plain"], b""),
    ("syslog_tcp", b"<11>1 - h app - - - a\n17 <11>1 - h a - - -<11>b: c",                    ["a", "", "c"], b""),
    ("gelf_tcp",   b'{"short_message": "a"}\0{"short_message": "b"}',                         ["a", "b"],   b""),
    ("fluent",     msgpack.packb(["t", [[5, {"log": "a"}]], {"chunk": "x"}]),                 ["a"],        msgpack.packb({"ack": "x"})),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "data", "wanted", "answer"), SENT, ids=[f"{row[0]}-{place}" for place, row in enumerate(SENT)]
)
async def test_takes_what_is_sent(name: str, data: bytes, wanted: list[str], answer: bytes) -> None:
    store = FakeStore()
    async with running(store.append, **{name: ANYWHERE}) as sockets:
        sender = await sockets.connect(name)
        await sender.say(data)
        assert await sender.hear(len(answer)) == answer
        await sender.hang_up()
        await until(lambda: len(lines(store)) >= len(wanted))
        protocol = name.partition("_")[0]
        await until(lambda: bool(sockets.counted("items")))

        assert lines(store) == wanted
        assert sockets.counted("items") == {(protocol, "logs"): len(wanted)}
        assert sockets.counted("received_bytes") == {(protocol, "logs"): len(data)}


@pytest.mark.anyio
async def test_acknowledges_when_it_is_durable_and_not_before() -> None:
    store = SlowStore()
    async with running(store.append, beats=ANYWHERE) as sockets:
        sender = await sockets.connect("beats")
        await sender.say(WINDOW)
        await store.entered.wait()
        answer = asyncio.ensure_future(sender.hear(6))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not answer.done()
        store.released.set()

        assert await answer == ack(2)


@pytest.mark.anyio
async def test_tells_a_sender_of_beats_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "KEEP_ALIVE", 0.01)
    store = SlowStore()
    async with running(store.append, beats=ANYWHERE) as sockets:
        sender = await sockets.connect("beats")
        await sender.say(WINDOW)
        assert await sender.hear(12) == ack(0) * 2
        store.released.set()
        answers = await sender.hear(6)
        while answers[-6:] == ack(0):
            answers += await sender.hear(6)

        assert answers[-6:] == ack(2)


class Moody(FakeStore):
    """A store that raises something for some time."""

    def __init__(self, error: StoreError, times: int) -> None:
        super().__init__()
        self.moods = [error] * times

    async def append(self, batch: Batch) -> Rejections:
        """Keep `batch`, when the mood allows."""
        if self.moods:
            raise self.moods.pop()
        return await super().append(batch)


BUSY = StoreBusy("cannot store: too much waits", retry_after=0.001)

MOODS = [
    # what                                 protocol      sent                      error                       lines       answer      not stored
    ("busy, and who is told waits",        "beats",      WINDOW,                   BUSY,                       ["a", "b"], ack(2),     None),
    ("busy, and who is not told as well",  "syslog_tcp", b"<11>a: x\n",            BUSY,                       ["x"],      b"",        None),
    ("never stored, and not sent again",   "beats",      WINDOW,                   StoreRefused("cannot"),     [],         ack(2),     ("beats", "refused by the store", 2)),
    ("failed, so it is sent again",        "beats",      WINDOW,                   StoreError("cannot"),       [],         b"",        None),
    ("failed, and nobody can be told",     "syslog_tcp", b"<11>a: x\n",            StoreError("cannot"),       [],         b"",        ("syslog", "not stored", 1)),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "data", "error", "wanted", "answer", "lost"), [row[1:] for row in MOODS], ids=[row[0] for row in MOODS]
)
async def test_does_what_can_be_done_when_the_store_will_not(
    name: str, data: bytes, error: StoreError, wanted: list[str], answer: bytes, lost: tuple[str, str, int] | None
) -> None:
    store = Moody(error, 3 if error.retryable else 1)
    async with running(store.append, **{name: ANYWHERE}) as sockets:
        sender = await sockets.connect(name)
        await sender.say(data)
        assert await sender.hear(len(answer)) == answer
        await sender.hang_up()
        await until(lambda: not store.moods and len(lines(store)) >= len(wanted))
        if lost:
            key = (lost[0], "logs", lost[1])
            await until(lambda: sockets.counted("rejected_items") == {key: lost[2]})

        assert lines(store) == wanted


@pytest.mark.anyio
async def test_gives_up_on_a_busy_store_for_those_who_can_send_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PATIENCE", 0.0)
    store = FakeStore()
    store.error = BUSY
    async with running(store.append, beats=ANYWHERE) as sockets:
        sender = await sockets.connect("beats")
        await sender.say(WINDOW)
        assert await sender.hear(6) == b""

        assert sockets.counted("requests")[("beats", "logs", "store_busy")] >= 1


@pytest.mark.anyio
async def test_a_slow_store_slows_the_sender() -> None:
    """Nothing is read while what came before is being stored."""
    store = SlowStore()
    async with running(store.append, logstash=ANYWHERE) as sockets:
        sender = await sockets.connect("logstash")
        flood = asyncio.ensure_future(sender.say(b"x" * 999 + b"\n" + b"y" * 99_999_000))
        await store.entered.wait()
        for _ in range(100):
            await asyncio.sleep(0)
        taken = sockets.counted("received_bytes")[("logstash", "logs")]
        flood.cancel()
        store.released.set()
        sender.writer.transport.abort()

        assert taken <= 2 * connection.READ


@pytest.mark.anyio
async def test_keeps_what_came_before_a_connection_broke() -> None:
    """As when a sender closes with an answer unread; what has come is stored, however slow the store is."""
    store = SlowStore()
    async with running(store.append, logstash=ANYWHERE) as sockets:
        sender = await sockets.connect("logstash")
        await sender.say(b"first\n")
        await store.entered.wait()
        await sender.say(b"second\nthird\nfou")
        sender.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await sender.cut_off()
        await asyncio.sleep(0.05)
        store.released.set()
        await until(lambda: bool(sockets.counted("requests").get(("logstash", "logs", "cut_short"))))

        assert lines(store) == ["first", "second", "third", "fou"]


@pytest.mark.anyio
async def test_keeps_an_endless_line_cut_and_marked() -> None:
    store = FakeStore()
    async with running(store.append, syslog_tcp=ANYWHERE) as sockets:
        sender = await sockets.connect("syslog_tcp")
        await sender.say(b"<11>app: " + b"x" * 3_000_000 + b"\n<11>app: next\n")
        await sender.hang_up()
        await until(lambda: len(lines(store)) == 2)

        long, after = records(store)
        assert (len(long["body"]), long["attributes"]["log.truncated"]) == (1024 * 1024 - 9, "true")
        assert (after["body"], "log.truncated" in after["attributes"]) == ("next", False)
        assert sockets.counted("altered_items") == {("syslog", "logs", "truncated"): 1}


FAULTS = [
    # what                   protocol      sent                        outcome
    ("HTTP to Beats",        "beats",      b"GET / HTTP/1.1\r\n\r\n",  "malformed"),
    ("garbage to Beats",     "beats",      b"\xff" * 100,              "malformed"),
    ("JSON to Fluentd",      "fluent",     b'{"a": 1}\n',              "malformed"),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "data", "outcome"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
async def test_ends_a_conversation_that_makes_no_sense_and_no_other(name: str, data: bytes, outcome: str) -> None:
    store = FakeStore()
    async with running(store.append, beats=ANYWHERE, fluent=ANYWHERE) as sockets:
        good = await sockets.connect("beats")
        await good.say(WINDOW[:20])
        bad = await sockets.connect(name)
        await bad.say(data)
        assert await bad.hear(1) == b""
        await good.say(WINDOW[20:])

        assert await good.hear(6) == ack(2)
        assert sockets.counted("requests")[(name, "logs", outcome)] == 1


SLOW = [
    # what                            protocol      sent                settings                        what of it is kept
    ("stops in the middle of a frame", "beats",      WINDOW[:20],        {"message_timeout": 0.05},      []),
    ("stops in the middle of a line",  "syslog_tcp", b"<11>app: half",   {"message_timeout": 0.05},      ["half"]),
    ("says nothing",                   "beats",      b"",                {"idle_timeout": 0.05},         []),
    ("never reads its answer",         "beats",      WINDOW,             {"idle_timeout": 0.05},         ["a", "b"]),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "data", "settings", "kept"), [row[1:] for row in SLOW], ids=[row[0] for row in SLOW])
async def test_does_not_wait_for_ever(name: str, data: bytes, settings: dict[str, Any], kept: list[str]) -> None:
    store = FakeStore()
    async with running(store.append, **{name: ANYWHERE}, **settings) as sockets:
        sender = await sockets.connect(name)
        await sender.say(data)
        async with asyncio.timeout(30):
            await sender.hear(1_000)  # until it is closed
        await until(lambda: lines(store) == kept)


@pytest.mark.anyio
async def test_lets_only_so_many_in() -> None:
    store = FakeStore()
    async with running(store.append, logstash=ANYWHERE, beats=ANYWHERE, max_connections=2) as sockets:
        first, second = await sockets.connect("logstash"), await sockets.connect("beats")
        await first.say(b"one\n")
        await second.say(WINDOW)
        assert await second.hear(6) == ack(2)
        third = await sockets.connect("beats")
        assert await third.hear(1) == b""
        assert sockets.counted("requests")[("beats", "logs", "overloaded")] == 1
        await first.hang_up()
        await until(lambda: len(lines(store)) == 3)
        fourth = await sockets.connect("beats")
        await fourth.say(WINDOW)

        assert await fourth.hear(6) == ack(2)


@pytest.mark.anyio
async def test_holds_only_so_much_of_what_has_no_end() -> None:
    """The sum of all unfinished messages counts; who goes over it is disconnected, the others stay."""
    store = FakeStore()
    async with running(store.append, logstash=ANYWHERE, max_held="1MiB") as sockets:
        first, second = await sockets.connect("logstash"), await sockets.connect("logstash")
        await first.say(b"{" * 900_000)
        await until(lambda: sockets.counted("received_bytes").get(("logstash", "logs"), 0) >= 900_000)
        await second.say(b"[" * 300_000)
        assert await second.hear(1) == b""
        assert sockets.counted("requests") == {("logstash", "logs", "overloaded"): 1}
        await first.say(b"\n")
        await until(lambda: len(lines(store)) == 1)


@pytest.mark.anyio
async def test_stores_and_answers_what_was_read_before_it_stops() -> None:
    store = SlowStore()
    async with running(store.append, beats=ANYWHERE) as sockets:
        busy, idle = await sockets.connect("beats"), await sockets.connect("beats")
        await busy.say(WINDOW)
        await store.entered.wait()
        stopping = asyncio.ensure_future(sockets.server.stop())
        assert await idle.hear(1) == b""
        assert not stopping.done()
        store.released.set()
        await stopping

        assert await busy.hear(6) == ack(2)
        assert await busy.hear(1) == b""
        assert lines(store) == ["a", "b"]


@pytest.mark.anyio
async def test_does_not_wait_for_ever_to_stop() -> None:
    store = SlowStore()
    async with running(store.append, beats=ANYWHERE, stop_timeout=0.05) as sockets:
        busy = await sockets.connect("beats")
        await busy.say(WINDOW)
        await store.entered.wait()
        await sockets.server.stop()

        assert await busy.hear(6) == b""
