"""OTLP over gRPC: what is taken, what is refused, with which code and in which words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from firstlight.config.units import ListenAddress
from firstlight.errors import StoreBusy, StoreError, StoreFull, StoreRefused
from firstlight.http.grpc_server import GrpcServer
from firstlight.http.listen import ListenError
from firstlight.http.settings import HttpSettings
from firstlight.ingest.settings import IngestSettings
from firstlight.model.batch import Rejections
from firstlight.store.fake import FakeStore
from tests.ingest.requests import GOOD, logs
from tests.ingest.rig import Rig, running
from tests.ingest.stores import BrokenStore, SlowStore

pytestmark = pytest.mark.anyio

KIB = 1024
SMALL = IngestSettings(max_body=4 * KIB, max_decompressed=8 * KIB, max_in_flight=12 * KIB)
SERVICES = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
}
BODY = logs("a", "b").SerializeToString()

STORE_ERRORS = [
    # what           error                                              code                                  wait in ms
    ("busy",         StoreBusy("it is busy", retry_after=1.5),          grpc.StatusCode.UNAVAILABLE,          1500),
    ("full",         StoreFull("the disk is full"),                     grpc.StatusCode.UNAVAILABLE,          30_000),
    ("refuses all",  StoreRefused("it makes no sense"),                 grpc.StatusCode.INVALID_ARGUMENT,     None),
    ("fails",        StoreError("it does not work"),                    grpc.StatusCode.INTERNAL,             None),
]  # fmt: skip


async def export(
    rig: Rig, body: bytes, signal: str = "logs", compression: grpc.Compression | None = None, seconds: float = 30
) -> bytes:
    async with grpc.aio.insecure_channel(rig.grpc) as channel:
        method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{SERVICES[signal]}/Export")
        return await method(body, timeout=seconds, compression=compression)


async def refusal(rig: Rig, body: bytes, compression: grpc.Compression | None = None) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await export(rig, body, compression=compression)
    return caught.value


def trailer(error: grpc.aio.AioRpcError, name: str) -> bytes | None:
    found = dict(error.trailing_metadata() or ()).get(name)
    return found if isinstance(found, bytes) else None


@pytest.mark.parametrize(("signal", "request_"), GOOD.items(), ids=GOOD)
@pytest.mark.parametrize(
    "compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip, grpc.Compression.Deflate]
)
async def test_takes(signal: str, request_: Message, compression: grpc.Compression) -> None:
    store = FakeStore()
    async with running(store.append) as rig:
        got = await export(rig, request_.SerializeToString(), signal, compression)
        items = rig.counted("firstlight_ingest_items")

    assert got == b""
    assert items == {("otlp_grpc", signal): 2}
    assert sum(batch.items for batch in store.batches) == 2


async def test_refuses_what_is_no_request() -> None:
    async with running(FakeStore().append) as rig:
        error = await refusal(rig, b"\xff\xff")

    status = Status.FromString(trailer(error, "grpc-status-details-bin") or b"")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (error.details() or "").startswith("cannot read the body as an OTLP logs request")
    assert (status.code, status.message, len(status.details)) == (3, error.details(), 0)


TOO_LARGE = [
    # what                     compression                      size
    ("as it is sent",          grpc.Compression.NoCompression,  9 * KIB),
    ("when it is unpacked",    grpc.Compression.Gzip,           9 * KIB),
    ("a bomb",                 grpc.Compression.Gzip,           10_000 * KIB),
]  # fmt: skip


@pytest.mark.parametrize(("compression", "size"), [row[1:] for row in TOO_LARGE], ids=[row[0] for row in TOO_LARGE])
async def test_refuses_what_is_too_large(compression: grpc.Compression, size: int) -> None:
    """By grpc itself, and without the RetryInfo that would make RESOURCE_EXHAUSTED worth another try."""
    store = FakeStore()
    async with running(store.append, SMALL) as rig:
        error = await refusal(rig, bytes(size), compression)
        assert await export(rig, BODY) == b""

    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert trailer(error, "grpc-status-details-bin") is None


@pytest.mark.parametrize(
    ("error", "code", "wait_ms"), [row[1:] for row in STORE_ERRORS], ids=[row[0] for row in STORE_ERRORS]
)
async def test_tells_what_the_store_says(error: StoreError, code: grpc.StatusCode, wait_ms: int | None) -> None:
    store = FakeStore()
    store.error = error
    async with running(store.append) as rig:
        got = await refusal(rig, BODY)

    status = Status.FromString(trailer(got, "grpc-status-details-bin") or b"")
    assert (got.code(), got.details(), status.message) == (code, str(error), str(error))
    told = [trailer(got, "google.rpc.retryinfo-bin"), *(detail.value for detail in status.details)]
    waits = [RetryInfo.FromString(one).retry_delay.ToMilliseconds() for one in told if one]
    assert waits == ([wait_ms, wait_ms] if wait_ms else [])


async def test_tells_what_was_refused() -> None:
    store = FakeStore()
    store.refused = Rejections({"refused by the store": 1})
    async with running(store.append) as rig:
        got = await export(rig, BODY)

    partial = ExportLogsServiceResponse.FromString(got).partial_success
    assert (partial.rejected_log_records, partial.error_message) == (1, "1 refused: 1 refused by the store")


async def test_a_bug_is_told_without_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    async with running(BrokenStore().append) as rig:
        error = await refusal(rig, BODY)

    assert error.code() is grpc.StatusCode.INTERNAL
    assert error.details() == "cannot take the request: the server has a bug; its log tells more"
    assert [record.getMessage() for record in caplog.records] == ["cannot take a request of otlp_grpc logs"]


async def test_a_call_without_a_message_is_not_waited_for() -> None:
    async def silence() -> AsyncIterator[bytes]:
        await asyncio.sleep(1000)
        yield b""

    async with (
        running(FakeStore().append, http=HttpSettings(body_timeout=0.1)) as rig,
        grpc.aio.insecure_channel(rig.grpc) as channel,
    ):
        method: grpc.aio.StreamUnaryMultiCallable[bytes, bytes] = channel.stream_unary(f"/{SERVICES['logs']}/Export")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(silence())

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "cannot wait any longer for the message: it did not come in 0.1 s"


async def test_what_is_under_way_is_stored_though_its_sender_has_gone() -> None:
    store = SlowStore()
    async with running(store.append) as rig:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await export(rig, BODY, seconds=0.2)
        await store.entered.wait()
        store.released.set()
        await rig.ingest.drain()
        under_way = rig.counted("firstlight_ingest_in_flight_requests")

    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert len(store.batches) == 1
    assert not under_way


async def test_a_second_server_does_not_share_the_port() -> None:
    """Linux would let it, and give each half of the calls."""
    async with running(FakeStore().append) as rig:
        other = GrpcServer([], ListenAddress.parse(rig.grpc), "otlp.grpc", max_message=KIB)
        with pytest.raises(ListenError, match=r"another program listens there; .* set otlp\.grpc"):
            await other.start()
        await other.stop(0)
