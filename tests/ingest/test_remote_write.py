"""Remote write over HTTP: what is taken, what is refused, in which words; and from a real Prometheus."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import cramjam
import httpx
import pytest
from starlette.routing import Route

from firstlight.errors import StoreBusy, StoreError, StoreFull, StoreRefused
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.remote_write import DEFAULT_ENCODING, PATH, RemoteWrite
from firstlight.ingest.settings import IngestSettings
from firstlight.model.batch import Batch, Rejections
from firstlight.store.fake import FakeStore
from firstlight.wire.prometheus.book import Book
from firstlight.wire.remote.decoder import RemoteWriteDecoder
from tests.ingest.pushing import Pushing, serving
from tests.wire.remote.requests import INT_HISTOGRAM, Symbols, named, sample, series_1, version_1, version_2

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

pytestmark = pytest.mark.anyio

PROTOBUF = "application/x-protobuf"
TYPE_1 = f"{PROTOBUF};proto=prometheus.WriteRequest"
TYPE_2 = f"{PROTOBUF};proto=io.prometheus.write.v2.Request"
SYMBOLS = Symbols()
UP = SYMBOLS.refs(named("up", job="x"))
BODY_1 = version_1(series_1(named("up", job="x"), samples=[sample(1)], histograms=[INT_HISTOGRAM]))
BODY_2 = version_2(SYMBOLS, {"labels_refs": UP, "samples": [sample(1)], "histograms": [INT_HISTOGRAM]})
BAD_1 = version_1(series_1(named("up"), samples=[sample(1), sample(2, -1)]), series_1({"a": "b"}, samples=[sample(1)]))
SMALL = IngestSettings(max_body=4096, max_decompressed=8192, max_json=2048, max_in_flight=12288)


def snappy(body: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(body))


def routes(door: HttpDoor) -> Sequence[Route]:
    receiver = RemoteWrite(RemoteWriteDecoder(Book()))
    return [door.route(PATH, receiver, default_encoding=DEFAULT_ENCODING)]


async def post(rig: Pushing, body: bytes, content_type: str = TYPE_1, encoding: str = "snappy") -> httpx.Response:
    headers = {name: value for name, value in (("content-type", content_type), ("content-encoding", encoding)) if value}
    async with httpx.AsyncClient() as client:
        return await client.post(f"{rig.url}{PATH}", content=body, headers=headers)


def written(got: httpx.Response) -> list[str]:
    return [got.headers[f"x-prometheus-remote-write-{kind}-written"] for kind in ("samples", "histograms", "exemplars")]


TAKEN = [
    # what                                 type                             encoding    body
    ("version 1",                          TYPE_1,                          "snappy",   snappy(BODY_1)),
    ("version 1 as it was before 2",       PROTOBUF,                        "snappy",   snappy(BODY_1)),
    ("version 1 without a type",           "",                              "snappy",   snappy(BODY_1)),
    ("version 1 without an encoding",      TYPE_1,                          "",         snappy(BODY_1)),
    ("version 1, zstd",                    TYPE_1,                          "zstd",     zstd.compress(BODY_1)),
    ("version 1, gzip",                    TYPE_1,                          "gzip",     gzip.compress(BODY_1)),
    ("version 1, plain",                   TYPE_1,                          "identity", BODY_1),
    ("version 2",                          TYPE_2,                          "snappy",   snappy(BODY_2)),
    ("version 2, spelled otherwise",       f'{PROTOBUF} ; Proto="io.prometheus.write.v2.Request"', "Snappy", snappy(BODY_2)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content_type", "encoding", "body"), [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN]
)
async def test_takes(content_type: str, encoding: str, body: bytes) -> None:
    store = FakeStore()
    async with serving(store.append, routes) as rig:
        got = await post(rig, body, content_type, encoding)
        items = rig.counted("firstlight_ingest_items")

    assert (got.status_code, got.content) == (204, b"")
    assert written(got) == ["1", "1", "0"]
    assert items == {("remote_write", "metrics"): 2}
    assert [row["value"] for row in store.rows("samples")] == [1.0]


async def test_takes_what_is_good_and_tells_what_is_not() -> None:
    store = FakeStore()
    async with serving(store.append, routes) as rig:
        got = await post(rig, snappy(BAD_1))

    assert got.status_code == 400
    assert got.text.startswith("cannot take all of the request: 2 refused: 1 ")
    assert "1 series without a metric name" in got.text
    assert "1 time before 1970 or after 2262" in got.text
    assert written(got) == ["1", "0", "0"]
    assert len(store.rows("samples")) == 1


REFUSED = [
    # what                       type                             encoding  body                         status  words
    ("text",                     "text/plain",                    "snappy", snappy(BODY_1),              415,    "cannot read the content type 'text/plain'; want application/x-protobuf"),
    ("another message",          f"{PROTOBUF};proto=a.B",         "snappy", snappy(BODY_1),              415,    "cannot read the message 'a.B'; want one of prometheus.WriteRequest, io.prometheus.write.v2.Request"),
    ("another encoding",         TYPE_1,                          "br",     snappy(BODY_1),              415,    "cannot read the content encoding 'br'; want gzip, deflate, zstd, identity, snappy"),
    ("snappy that is none",      TYPE_1,                          "snappy", b"\xff\xff\xff",             400,    "cannot decompress the snappy body: corrupt input (invalid header)"),
    ("snappy cut short",         TYPE_1,                          "snappy", snappy(BODY_1)[:-2],         400,    "cannot decompress the snappy body: corrupt input"),
    ("snappy that promises more", TYPE_1,                         "snappy", b"\xff\xff\xff\xff\x0f",     413,    "cannot take a body of more than 8192 bytes, decompressed; send smaller requests"),
    ("no protobuf",              TYPE_1,                          "snappy", snappy(b"\xff\xff"),         400,    "cannot read the body as a remote write request (prometheus.WriteRequest)"),
    ("no protobuf, version 2",   TYPE_2,                          "snappy", snappy(b"\xff\xff"),         400,    "cannot read the body as a remote write request (io.prometheus.write.v2.Request)"),
    ("too large",                TYPE_1,                          "snappy", bytes(5000),                 413,    "cannot take a body of more than 4096 bytes; send smaller requests"),
    ("too large, decompressed",  TYPE_1,                          "snappy", snappy(bytes(9000)),         413,    "cannot take a body of more than 8192 bytes, decompressed; send smaller requests"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content_type", "encoding", "body", "status", "words"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
async def test_refuses(content_type: str, encoding: str, body: bytes, status: int, words: str) -> None:
    store = FakeStore()
    async with serving(store.append, routes, SMALL) as rig:
        got = await post(rig, body, content_type, encoding)

    assert (got.status_code, got.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert got.text.startswith(words)
    assert written(got) == ["0", "0", "0"]
    assert store.batches == []


# What the store says, and what the sender is told: Prometheus sends again on 5xx, and on nothing else.
STORE_ERRORS = [
    # what           error                                              status  retry after
    ("busy",         StoreBusy("it is busy", retry_after=1.2),          503,    "2"),
    ("full",         StoreFull("the disk is full"),                     503,    "30"),
    ("refuses all",  StoreRefused("it makes no sense"),                 400,    None),
    ("fails",        StoreError("it does not work"),                    400,    None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status", "retry_after"), [row[1:] for row in STORE_ERRORS], ids=[row[0] for row in STORE_ERRORS]
)
async def test_answers_for_the_store(error: StoreError, status: int, retry_after: str | None) -> None:
    store = FakeStore()
    store.error = error
    async with serving(store.append, routes) as rig:
        got = await post(rig, snappy(BODY_1))

    assert (got.status_code, got.headers.get("retry-after")) == (status, retry_after)
    assert written(got) == ["0", "0", "0"]


async def test_tells_what_the_store_refused() -> None:
    store = FakeStore()
    store.refused = Rejections({"too old": 1})
    async with serving(store.append, routes) as rig:
        got = await post(rig, snappy(BODY_1))

    assert (got.status_code, got.text) == (400, "cannot take all of the request: 1 refused: 1 too old\n")
    assert written(got) == ["0", "1", "0"]


# --- a real Prometheus -----------------------------------------------------------------------------------------------

CONFIG = """
global: {{scrape_interval: 1s, external_labels: {{cluster: test}}}}
scrape_configs:
  - job_name: itself
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
remote_write:
  - url: {url}/api/v1/write
    send_exemplars: true
    send_native_histograms: true
    metadata_config: {{send_interval: 1s}}
    queue_config: {{batch_send_deadline: 500ms}}
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Enough(FakeStore):
    """A store that says when it has samples of a scrape and metadata."""

    def __init__(self) -> None:
        super().__init__()
        self.full = asyncio.Event()

    async def append(self, batch: Batch) -> Rejections:
        """Keep `batch`."""
        answer = await super().append(batch)
        kinds = {kind for one in self.batches for kind in one.tables}
        if kinds >= {"series", "samples", "metadata"} and sum(one.items for one in self.batches) > 1000:
            self.full.set()
        return answer


@pytest.mark.skipif(not shutil.which("prometheus"), reason="there is no prometheus here: apt-get install prometheus")
async def test_takes_what_prometheus_sends(tmp_path: Path) -> None:
    """P5: a real Prometheus scrapes itself and writes to us; nothing of it is refused."""
    store, port = Enough(), free_port()
    async with serving(store.append, routes) as rig:
        (tmp_path / "prometheus.yml").write_text(CONFIG.format(port=port, url=rig.url))
        process = await asyncio.create_subprocess_exec(
            "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(60):
                await store.full.wait()
        finally:
            process.terminate()
            await process.wait()
        answers = rig.counted("firstlight_ingest_requests")

    assert {labels[-1] for labels in answers} == {"accepted"}
    series = {row["series_id"]: row for row in store.rows("series")}
    assert {dict(row["labels"])["cluster"] for row in series.values()} == {"test"}
    assert {row["series_id"] for row in store.rows("samples")} <= series.keys()
    ups = [row for row in store.rows("samples") if series[row["series_id"]]["metric"] == "up"]
    assert {row["value"] for row in ups} <= {0.0, 1.0}
    told = {row["metric"]: row["type"] for row in store.rows("metadata")}
    assert told["prometheus_http_requests_total"] == "counter"
