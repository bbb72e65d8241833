"""The path: what happens under overload, at a stop, and when a decoder breaks."""

from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest

from firstlight.ingest.settings import IngestSettings
from firstlight.model.batch import Batch
from firstlight.store.fake import FakeStore
from firstlight.wire.otlp.json import Signal
from tests.ingest.requests import logs
from tests.ingest.rig import Rig, running
from tests.ingest.stores import SlowStore
from tests.waiting import until

pytestmark = pytest.mark.anyio

KIB = 1024
BODY = logs("a", "b").SerializeToString()


class PanicException(BaseException):
    """As pyo3's, which is no Exception either."""


class PanickingDecoder:
    """A decoder that breaks on everything."""

    def decode(self, signal: Signal, body: bytes, *, json: bool, tenant: str, now_ns: int) -> Batch:
        """Break."""
        raise PanicException("called `Option::unwrap()` on a `None` value")


async def post(client: httpx.AsyncClient, rig: Rig, body: bytes = BODY) -> httpx.Response:
    return await client.post(f"{rig.http}/v1/logs", content=body, headers={"content-type": "application/x-protobuf"})


async def test_what_is_too_much_is_refused_and_the_rest_stored() -> None:
    """Of twenty at once, three are taken; the others are told to come again, and every one is counted."""
    store = SlowStore()
    async with running(store.append, IngestSettings(max_requests=3)) as rig, httpx.AsyncClient() as client:
        asked = [asyncio.create_task(post(client, rig)) for _ in range(20)]
        done: set[asyncio.Task[httpx.Response]] = set()
        while len(done) < 17:
            done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED, timeout=0.1)
        store.released.set()
        answers = [await one for one in asked]
        counted = rig.counted("firstlight_ingest_requests")

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 17
    assert {answer.headers.get("retry-after") for answer in answers if answer.status_code == 429} == {"1"}
    assert len(store.batches) == 3
    assert counted == {("otlp_http", "logs", "accepted"): 3, ("otlp_http", "logs", "overloaded"): 17}


async def test_bytes_are_bounded_too() -> None:
    store = SlowStore()
    settings = IngestSettings(max_body=4 * KIB, max_decompressed=4 * KIB, max_in_flight=8 * KIB)
    large = logs("x" * 3 * KIB).SerializeToString()
    async with running(store.append, settings) as rig, httpx.AsyncClient() as client:
        first = [asyncio.create_task(post(client, rig, large)) for _ in range(2)]
        await store.entered.wait()
        await until(lambda: rig.counted("firstlight_ingest_in_flight_requests") == {(): 2})
        third = await post(client, rig, large)
        store.released.set()
        answers = [await one for one in first]
        held = rig.counted("firstlight_ingest_in_flight_bytes")

    assert (third.status_code, [answer.status_code for answer in answers]) == (429, [200, 200])
    assert not held


async def test_a_stop_waits_for_what_is_under_way_and_takes_nothing_new() -> None:
    store = SlowStore()
    async with running(store.append) as rig, httpx.AsyncClient() as client:
        asking = asyncio.create_task(post(client, rig))
        await store.entered.wait()
        draining = asyncio.create_task(rig.ingest.drain())
        await asyncio.sleep(0)
        late = await post(client, rig)
        assert not draining.done()
        store.released.set()
        await draining
        got = await asking

    assert (got.status_code, late.status_code, late.headers["retry-after"]) == (200, 503, "1")
    assert len(store.batches) == 1


async def test_a_decoder_that_panics_refuses_the_request() -> None:
    store = FakeStore()
    async with running(store.append, decoder=PanickingDecoder()) as rig, httpx.AsyncClient() as client:
        answers = [await post(client, rig) for _ in range(3)]
        counted = rig.counted("firstlight_ingest_requests")

    assert [answer.status_code for answer in answers] == [400] * 3
    assert b"cannot read the body: the decoder of logs gave up on it" in answers[0].content
    assert counted == {("otlp_http", "logs", "malformed"): 3}


async def test_counts_what_came_and_what_it_was() -> None:
    store = FakeStore()
    sent = gzip.compress(BODY)
    async with running(store.append) as rig, httpx.AsyncClient() as client:
        headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
        await client.post(f"{rig.http}/v1/logs", content=sent, headers=headers)
        received = rig.counted("firstlight_ingest_received_bytes")
        decompressed = rig.counted("firstlight_ingest_decompressed_bytes")

    assert received == {("otlp_http", "logs"): len(sent)}
    assert decompressed == {("otlp_http", "logs"): len(BODY)}
