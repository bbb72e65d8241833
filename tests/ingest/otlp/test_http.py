"""OTLP over HTTP: what is taken, what is refused, with which status and in which words."""

from __future__ import annotations

import gzip
import json
import sys
import zlib

import httpx
import pytest
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from firstlight.errors import StoreBusy, StoreError, StoreFull, StoreRefused
from firstlight.ingest.settings import IngestSettings
from firstlight.model.batch import Rejections
from firstlight.store.fake import FakeStore
from tests.ingest.requests import GOOD, logs, spans
from tests.ingest.rig import Rig, running
from tests.ingest.stores import BrokenStore

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

pytestmark = pytest.mark.anyio

PROTOBUF, JSON = "application/x-protobuf", "application/json"
KIB = 1024
SMALL = IngestSettings(max_body=4 * KIB, max_decompressed=8 * KIB, max_json=2 * KIB, max_in_flight=12 * KIB)
BODY = logs("a", "b").SerializeToString()

ENCODINGS = [
    # encoding    how it is made
    (None,        lambda body: body),
    ("identity",  lambda body: body),
    ("gzip",      gzip.compress),
    ("deflate",   zlib.compress),
    ("zstd",      zstd.compress),
]  # fmt: skip

REFUSED = [
    # what                        type                                encoding  body                                  status  words
    ("no protobuf",               PROTOBUF,                           "",       b"\xff\xff",                          400,    "cannot read the body as an OTLP logs request"),
    ("protobuf, cut",             PROTOBUF,                           "",       BODY[:-1],                            400,    "cannot read the body as an OTLP logs request"),
    ("no JSON",                   JSON,                               "",       b"{",                                 400,    "cannot read the request as JSON"),
    ("JSON, nested deep",         JSON,                               "",       b"[" * 2000,                          400,    "cannot read the request as JSON"),
    ("JSON that is no object",    JSON,                               "",       b"[]",                                400,    "cannot read the request: found []; want an object"),
    ("protobuf called JSON",      JSON,                               "",       BODY,                                 400,    "cannot read the request as JSON"),
    ("gzip that is none",         PROTOBUF,                           "gzip",   BODY,                                 400,    "cannot decompress the gzip body: incorrect header check"),
    ("gzip, cut",                 PROTOBUF,                           "gzip",   gzip.compress(BODY)[:-3],             400,    "cannot decompress the gzip body: it is cut short"),
    ("too large",                 PROTOBUF,                           "",       bytes(4 * KIB + 1),                   413,    "cannot take a body of more than 4096 bytes; send smaller requests"),
    ("too large, decompressed",   PROTOBUF,                           "gzip",   gzip.compress(bytes(9 * KIB)),        413,    "cannot take a body of more than 8192 bytes, decompressed; send smaller requests"),
    ("too large for JSON",        JSON,                               "",       b" " * (2 * KIB + 1),                 413,    "cannot take JSON of more than 2048 bytes; send smaller requests, or protobuf"),
    ("a bomb",                    JSON,                               "zstd",   zstd.compress(bytes(1024 * KIB)),     413,    "cannot take a body of more than 8192 bytes, decompressed; send smaller requests"),
    ("no type",                   "",                                 "",       BODY,                                 415,    "cannot read the content type none; want application/x-protobuf or application/json"),
    ("another type",              "text/plain",                       "",       BODY,                                 415,    "cannot read the content type 'text/plain'; want application/x-protobuf or application/json"),
    ("a form",                    "application/x-www-form-urlencoded", "",      b"a=b",                               415,    "cannot read the content type 'application/x-www-form-urlencoded'"),
    ("another encoding",          PROTOBUF,                           "br",     BODY,                                 415,    "cannot read the content encoding 'br'; want gzip, deflate, zstd, identity"),
]  # fmt: skip

# What the store says, and what the sender is told.
STORE_ERRORS = [
    # what           error                                              status  code  retry after
    ("busy",         StoreBusy("it is busy", retry_after=1.2),          429,    14,   "2"),
    ("full",         StoreFull("the disk is full"),                     503,    14,   "30"),
    ("refuses all",  StoreRefused("it makes no sense"),                 400,    3,    None),
    ("fails",        StoreError("it does not work"),                    500,    13,   None),
]  # fmt: skip


async def post(
    rig: Rig, signal: str, body: bytes, content_type: str = PROTOBUF, encoding: str | None = None
) -> httpx.Response:
    headers = {"content-type": content_type} | ({"content-encoding": encoding} if encoding else {})
    async with httpx.AsyncClient() as client:
        return await client.post(f"{rig.http}/v1/{signal}", content=body, headers=headers)


def status_of(answer: httpx.Response) -> Status:
    """Return the Status in an answer, whichever way it is encoded."""
    if answer.headers["content-type"] == PROTOBUF:
        return Status.FromString(answer.content)
    found = json.loads(answer.content)
    status = Status(code=found["code"], message=found["message"])
    for detail in found.get("details", []):
        info = RetryInfo()
        info.retry_delay.FromJsonString(detail["retryDelay"])
        status.details.add().Pack(info)
    return status


@pytest.mark.parametrize(("signal", "request_"), GOOD.items(), ids=GOOD)
@pytest.mark.parametrize(("encoding", "encode"), ENCODINGS, ids=[str(row[0]) for row in ENCODINGS])
async def test_takes_protobuf(signal: str, request_: Message, encoding: str | None, encode: object) -> None:
    store = FakeStore()
    async with running(store.append) as rig:
        got = await post(rig, signal, encode(request_.SerializeToString()), encoding=encoding)  # type: ignore[operator]
        items = rig.counted("firstlight_ingest_items")

    assert (got.status_code, got.headers["content-type"], got.content) == (200, PROTOBUF, b"")
    assert items == {("otlp_http", signal): 2}
    assert sum(batch.items for batch in store.batches) == 2


@pytest.mark.parametrize(("signal", "request_"), GOOD.items(), ids=GOOD)
@pytest.mark.parametrize("content_type", [JSON, "Application/JSON; charset=utf-8"])
async def test_takes_json(signal: str, request_: Message, content_type: str) -> None:
    store = FakeStore()
    body = hexadecimal_ids(json.loads(MessageToJson(request_)))
    async with running(store.append) as rig:
        got = await post(rig, signal, json.dumps(body).encode(), content_type)

    assert (got.status_code, got.headers["content-type"], got.content) == (200, JSON, b"{}")
    assert sum(batch.items for batch in store.batches) == 2


def hexadecimal_ids(value: object) -> object:
    """Return protobuf's JSON as OTLP's: ids are hexadecimal there."""
    if isinstance(value, list):
        return [hexadecimal_ids(entry) for entry in value]
    if isinstance(value, dict):
        ids = {"traceId": "01" * 16, "spanId": "01" * 8}
        return {name: ids.get(name) or hexadecimal_ids(entry) for name, entry in value.items()}
    return value


@pytest.mark.parametrize(
    ("content_type", "encoding", "body", "status", "words"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
async def test_refuses(content_type: str, encoding: str, body: bytes, status: int, words: str) -> None:
    store = FakeStore()
    async with running(store.append, SMALL) as rig:
        got = await post(rig, "logs", body, content_type, encoding)

    found = status_of(got)
    assert (got.status_code, found.code) == (status, 3)
    assert found.message.startswith(words)
    assert got.headers["content-type"] == (PROTOBUF if content_type == PROTOBUF else JSON)
    assert "retry-after" not in got.headers
    assert not found.details
    assert not store.batches


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"), [row[1:] for row in STORE_ERRORS], ids=[row[0] for row in STORE_ERRORS]
)
async def test_tells_what_the_store_says(
    error: StoreError, status: int, code: int, retry_after: str | None, content_type: str
) -> None:
    store = FakeStore()
    store.error = error
    async with running(store.append) as rig:
        body = BODY if content_type == PROTOBUF else MessageToJson(logs("a")).encode()
        got = await post(rig, "logs", body, content_type)

    found = status_of(got)
    assert (got.status_code, found.code, found.message) == (status, code, str(error))
    assert got.headers.get("retry-after") == retry_after
    assert bool(found.details) == bool(retry_after)


async def test_says_how_long_to_wait() -> None:
    store = FakeStore()
    store.error = StoreBusy("it is busy", retry_after=1.5)
    async with running(store.append) as rig:
        got = await post(rig, "logs", BODY)

    info = RetryInfo()
    assert status_of(got).details[0].Unpack(info)
    assert info.retry_delay.ToMilliseconds() == 1500


async def test_tells_what_of_a_request_was_refused() -> None:
    store = FakeStore()
    request = spans("good")
    request.MergeFrom(spans("bad", "worse", span_id=b"\x01"))
    async with running(store.append) as rig:
        got = await post(rig, "traces", request.SerializeToString())
        counted = rig.counted("firstlight_ingest_rejected_items")
        outcomes = rig.counted("firstlight_ingest_requests")

    partial = ExportTraceServiceResponse.FromString(got.content).partial_success
    assert (got.status_code, partial.rejected_spans) == (200, 2)
    assert partial.error_message == "2 refused: 2 span_id not 8 bytes or all zero"
    assert [row["name"] for row in store.rows("spans")] == ["good"]
    assert counted == {("otlp_http", "traces", "span_id not 8 bytes or all zero"): 2}
    assert outcomes == {("otlp_http", "traces", "partial"): 1}


async def test_tells_what_the_store_would_not_take() -> None:
    store = FakeStore()
    store.refused = Rejections({"refused by the store": 1})
    async with running(store.append) as rig:
        got = await post(rig, "logs", BODY)
        items = rig.counted("firstlight_ingest_items")

    partial = ExportLogsServiceResponse.FromString(got.content).partial_success
    assert (partial.rejected_log_records, partial.error_message) == (1, "1 refused: 1 refused by the store")
    assert items == {("otlp_http", "logs"): 1}


async def test_says_in_json_what_was_refused() -> None:
    store = FakeStore()
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "soon"}, {"timeUnixNano": "1"}]}]}]}
    async with running(store.append) as rig:
        got = await post(rig, "logs", json.dumps(body).encode(), JSON)
        counted = rig.counted("firstlight_ingest_rejected_items")

    partial = got.json()["partialSuccess"]
    assert int(partial["rejectedLogRecords"]) == 1
    assert "resourceLogs[0].scopeLogs[0].logRecords[0].timeUnixNano: found 'soon'" in partial["errorMessage"]
    reason = "cannot read resourceLogs[].scopeLogs[].logRecords[].timeUnixNano"
    assert counted == {("otlp_http", "logs", reason): 1}


async def test_takes_a_request_with_nothing_in_it() -> None:
    store = FakeStore()
    async with running(store.append) as rig:
        got = await post(rig, "logs", b"")

    assert (got.status_code, got.content) == (200, b"")
    assert not store.batches


async def test_a_bug_is_told_without_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    async with running(BrokenStore().append) as rig:
        got = await post(rig, "logs", BODY)
        counted = rig.counted("firstlight_ingest_requests")

    assert (got.status_code, status_of(got).code) == (500, 13)
    assert status_of(got).message == "cannot take the request: the server has a bug; its log tells more"
    assert [record.getMessage() for record in caplog.records] == ["cannot take a request of otlp_http logs"]
    assert counted == {("otlp_http", "logs", "bug"): 1}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_takes_posts_only(method: str) -> None:
    async with running(FakeStore().append) as rig, httpx.AsyncClient() as client:
        got = await client.request(method, f"{rig.http}/v1/logs")

    assert (got.status_code, got.headers["allow"]) == (405, "POST")
