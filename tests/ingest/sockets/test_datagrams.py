"""Protocols over UDP: what comes together is stored together, what is too much is dropped and counted."""

from __future__ import annotations

import asyncio
import socket
import zlib

import pytest

from firstlight.errors import StoreBusy
from firstlight.http.listen import ListenError
from firstlight.store.fake import FakeStore
from tests.ingest.sockets.rig import ANYWHERE, lines, records, running
from tests.ingest.stores import SlowStore
from tests.waiting import until

GELF = zlib.compress(b'{"short_message": "in chunks"}')

SENT = [
    # protocol,  datagrams,                                                               lines
    ("syslog_udp", [b"<11>app: one\0", b"<11>app: two\n", b""],                           ["one", "two"]),
    ("gelf_udp",   [b'{"short_message": "one"}', GELF],                                   ["one", "in chunks"]),
    ("gelf_udp",   [b"\x1e\x0f12345678\x01\x02" + GELF[9:], b"\x1e\x0f12345678\x00\x02" + GELF[:9]], ["in chunks"]),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "datagrams", "wanted"), SENT)
async def test_takes_datagrams(name: str, datagrams: list[bytes], wanted: list[str]) -> None:
    store = FakeStore()
    async with running(store.append, **{name: ANYWHERE}) as sockets:
        sockets.send_datagrams(name, *datagrams)
        await until(lambda: len(lines(store)) == len(wanted))
        protocol = name.partition("_")[0]
        await until(lambda: bool(sockets.counted("items")))

        assert lines(store) == wanted
        assert len(store.batches) == 1
        assert sockets.counted("received_bytes") == {(protocol, "logs"): sum(map(len, datagrams))}


@pytest.mark.anyio
async def test_drops_what_is_too_much_and_counts_it() -> None:
    store = SlowStore()
    async with running(store.append, syslog_udp=ANYWHERE, max_datagrams=64 * 1024) as sockets:
        sockets.send_datagrams("syslog_udp", b"<11>app: first")
        await store.entered.wait()
        sockets.send_datagrams("syslog_udp", *[b"<11>app: " + b"x" * 1000] * 100)
        dropped = ("syslog", "logs", "too many datagrams wait")
        await until(lambda: sockets.counted("received_bytes").get(("syslog", "logs"), 0) > 100_000)
        store.released.set()
        kept = 65536 // (1009 + 128)
        await until(lambda: len(lines(store)) == 1 + kept)

        assert sockets.counted("rejected_items") == {dropped: 100 - kept}


@pytest.mark.anyio
async def test_tries_again_while_the_store_is_busy() -> None:
    store = FakeStore()
    store.error = StoreBusy("cannot store", retry_after=0.001)
    async with running(store.append, syslog_udp=ANYWHERE) as sockets:
        sockets.send_datagrams("syslog_udp", b"<11>app: one")
        await until(lambda: bool(sockets.counted("received_bytes")))
        await asyncio.sleep(0.15)
        store.error = None
        await until(lambda: lines(store) == ["one"])


@pytest.mark.anyio
async def test_stores_what_it_has_when_it_stops() -> None:
    store = FakeStore()
    async with running(store.append, syslog_udp=ANYWHERE) as sockets:
        sockets.send_datagrams("syslog_udp", b"<11>app: last")
        await until(lambda: bool(sockets.counted("received_bytes")))
        await sockets.server.stop()

        assert lines(store) == ["last"]


@pytest.mark.anyio
async def test_garbage_disturbs_nobody() -> None:
    store = FakeStore()
    async with running(store.append, gelf_udp=ANYWHERE) as sockets:
        garbage = [bytes([n]) * 40 for n in range(256)] + [b"\x1e\x0f", b"\x1e\x0f" + b"\xff" * 20]
        sockets.send_datagrams("gelf_udp", *garbage, b'{"short_message": "good"}')
        await until(lambda: lines(store) == ["good"])

        assert sum(sockets.counted("rejected_items").values()) == len(garbage)


@pytest.mark.anyio
async def test_answers_the_heartbeats_of_fluentd() -> None:
    async with running(FakeStore().append, fluent=ANYWHERE) as sockets:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            await loop.sock_connect(client, sockets.address("fluent"))
            await loop.sock_sendall(client, b"\0")

            assert await loop.sock_recv(client, 10) == b"\0"


@pytest.mark.anyio
async def test_names_no_host_for_what_this_machine_sends() -> None:
    store = FakeStore()
    async with running(store.append, syslog_udp=ANYWHERE) as sockets:
        sockets.send_datagrams("syslog_udp", b"<11>a text")
        await until(lambda: bool(lines(store)))

        assert records(store)[0]["resource"] == {}


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["syslog_udp", "beats"])
async def test_says_that_a_port_is_taken_and_leaves_none_open(name: str) -> None:
    async with running(FakeStore().append, **{name: ANYWHERE}) as first:
        taken = first.server.addresses[name]
        with pytest.raises(ListenError, match=rf"cannot listen on {taken}.*set log_sockets\.{name}"):
            async with running(FakeStore().append, logstash=ANYWHERE, **{name: taken}):
                pass
