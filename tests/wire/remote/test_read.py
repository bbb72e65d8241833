"""Remote read: requests, checksums, chunks; and a real Prometheus that reads from us."""

from __future__ import annotations

import asyncio
import math
import shutil
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cramjam
import httpx
import numpy as np
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from firstlight.errors import DecodeError
from firstlight.wire.remote.bits import Bits
from firstlight.wire.remote.castagnoli import by_table, crc32c
from firstlight.wire.remote.chunks import xor_chunk
from firstlight.wire.remote.read import (
    SAMPLES_TYPE,
    STREAMED_TYPE,
    Matcher,
    MatchType,
    ReadQuery,
    ReadRequest,
    ReadRequestMessage,
    ReadResponseMessage,
    ReadSeries,
    ResponseType,
    read_request,
    samples_response,
    streamed_response,
)
from tests.ingest.test_remote_write import free_port
from tests.wire.remote.requests import INT_HISTOGRAM, NOW_MS

QUERY = {"start_timestamp_ms": 5, "end_timestamp_ms": 9, "matchers": [{"type": 2, "name": "a", "value": "b.*"}]}

REQUESTS = [
    # what                        accepted     wanted
    ("says nothing",              [],          ResponseType.SAMPLES),
    ("samples",                   [0],         ResponseType.SAMPLES),
    ("chunks",                    [1, 0],      ResponseType.STREAMED_XOR_CHUNKS),
    ("something newer, or chunks", [7, 1],     ResponseType.STREAMED_XOR_CHUNKS),
]  # fmt: skip


@pytest.mark.parametrize(("accepted", "wanted"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS])
def test_reads_requests(accepted: list[int], wanted: ResponseType) -> None:
    body = ReadRequestMessage(queries=[QUERY], accepted_response_types=accepted).SerializeToString()

    matcher = Matcher("a", MatchType.MATCHES, "b.*")
    assert read_request(body) == ReadRequest((ReadQuery(5, 9, (matcher,)),), wanted)


BAD: list[tuple[str, bytes, str]] = [
    ("no protobuf", b"\xff", "cannot read the body as a remote read request"),
    ("no known type", ReadRequestMessage(accepted_response_types=[7]).SerializeToString(), "cannot answer in one of the response types 7; want 0"),
    ("no known match", ReadRequestMessage(queries=[{"matchers": [{"type": 4, "name": "a"}]}]).SerializeToString(), "cannot match the label 'a': the type is 4"),
    ("too many queries", ReadRequestMessage(queries=[{}] * 1001).SerializeToString(), "cannot answer 1001 queries in one request"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_refuses_requests(body: bytes, words: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read_request(body)

    assert str(caught.value).startswith(words)


@given(st.binary(max_size=70_000))
def test_knows_the_checksum_by_two_ways(data: bytes) -> None:
    assert crc32c(data) == by_table(data)


def test_knows_the_checksum_of_the_standard() -> None:
    assert (crc32c(b"123456789"), crc32c(b"")) == (0xE3069283, 0)


VARINTS = [(0, "00"), (1, "02"), (-1, "01"), (63, "7e"), (-64, "7f"), (64, "8001"), (-(2**63), "ff" * 9 + "01")]


@pytest.mark.parametrize(("value", "written"), VARINTS)
def test_writes_varints_as_go_does(value: int, written: str) -> None:
    bits = Bits()
    bits.varint(value)

    assert bits.bytes().hex() == written


def test_writes_one_message_of_samples() -> None:
    series = ReadSeries({"job": "x", "__name__": "m"}, np.array([NOW_MS]), np.array([1.5]), [INT_HISTOGRAM])
    found = ReadResponseMessage.FromString(bytes(cramjam.snappy.decompress_raw(samples_response([[series], []]))))

    [one] = found.results[0].timeseries
    assert [(label.name, label.value) for label in one.labels] == [("__name__", "m"), ("job", "x")]
    assert [(sample.timestamp, sample.value) for sample in one.samples] == [(NOW_MS, 1.5)]
    assert one.histograms[0].count_int == 12
    assert len(found.results) == 2


def test_names_what_it_cannot_write_as_chunks() -> None:
    series = ReadSeries({"__name__": "m"}, np.zeros(0, np.int64), np.zeros(0), [INT_HISTOGRAM])
    with pytest.raises(DecodeError, match="cannot write native histograms as chunks"):
        list(streamed_response([[series]]))


# --- a real Prometheus -----------------------------------------------------------------------------------------------

COUNT = 1000
RANDOM = np.random.default_rng(7)
START = 1_700_000_000_000
EVEN = START + np.arange(COUNT, dtype=np.int64) * 15_000
UNEVEN = START + np.cumsum(RANDOM.choice([1, 100, 7_000, 15_000, 15_001, 70_000, 600_000], COUNT)).astype(np.int64)

SHAPES: dict[str, tuple[Any, Any]] = {
    "constant": (EVEN, np.full(COUNT, 3.25)),
    "counter": (EVEN, np.cumsum(RANDOM.integers(0, 1000, COUNT)).astype(np.float64)),
    "noise": (UNEVEN, RANDOM.normal(size=COUNT)),
    "powers": (UNEVEN, 2.0 ** RANDOM.integers(-1000, 1000, COUNT)),
    "signs": (EVEN, RANDOM.choice([-1.0, 0.0, -0.0, 1.0, 1e308, 5e-324], COUNT)),
    "infinities": (EVEN, RANDOM.choice([math.inf, -math.inf, 1.0], COUNT)),
    "bits": (EVEN, RANDOM.integers(0, 2**62, COUNT).view(np.float64)),
    "one": (EVEN[:1], np.array([42.0])),
    "two": (UNEVEN[:2], np.array([42.0, 43.0])),
}


def answer(request: ReadRequest) -> Iterator[list[ReadSeries]]:
    for query in request.queries:
        [name] = [one.value for one in query.matchers if one.name == "__name__"]
        time, value = SHAPES[name]
        inside = (time >= query.start) & (time <= query.end)
        yield [ReadSeries({"__name__": name, "job": "x"}, time[inside], value[inside])]


async def read(request: Request) -> Response:
    asked = read_request(bytes(cramjam.snappy.decompress_raw(await request.body())))
    if asked.response_type is ResponseType.SAMPLES or request.url.path == "/samples":
        return Response(
            samples_response(answer(asked)), headers={"content-type": SAMPLES_TYPE, "content-encoding": "snappy"}
        )
    return StreamingResponse(streamed_response(answer(asked)), headers={"content-type": STREAMED_TYPE})


@asynccontextmanager
async def prometheus(tmp_path: Path, path: str) -> Any:
    ours, theirs = free_port(), free_port()
    app = Starlette(routes=[Route("/{path}", read, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=ours, log_level="error"))
    serving = asyncio.create_task(server.serve())
    (tmp_path / "prometheus.yml").write_text(
        f"remote_read: [{{url: 'http://127.0.0.1:{ours}{path}', read_recent: true}}]"
    )
    process = await asyncio.create_subprocess_exec(
        "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{theirs}", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{theirs}") as client, asyncio.timeout(60):
            transport = httpx.AsyncHTTPTransport(retries=20)
            async with httpx.AsyncClient(base_url=client.base_url, transport=transport) as patient:
                while (await patient.get("/-/ready")).status_code != 200:  # noqa: ASYNC110 - it is another process
                    await asyncio.sleep(0.1)
            yield client
    finally:
        process.terminate()
        await process.wait()
        server.should_exit = True
        await serving


@pytest.mark.anyio
@pytest.mark.skipif(not shutil.which("prometheus"), reason="there is no prometheus here: apt-get install prometheus")
@pytest.mark.parametrize("path", ["/chunks", "/samples"])
async def test_prometheus_reads_what_was_written(tmp_path: Path, path: str) -> None:
    """P5: Debian's Prometheus decodes both kinds of answers to the same samples, bit by bit."""
    async with prometheus(tmp_path, path) as client:
        for name, (time, value) in SHAPES.items():
            span = (int(time[-1]) - int(time[0])) // 1000 + 60
            got = await client.get(
                "/api/v1/query", params={"query": f"{name}[{span}s]", "time": str(int(time[-1]) / 1000 + 1)}
            )
            [series] = got.json()["data"]["result"]
            found = [(round(float(at) * 1000), float(text)) for at, text in series["values"]]

            assert series["metric"] == {"__name__": name, "job": "x"}
            assert [at for at, _ in found] == time.tolist(), name
            assert np.array_equal(np.array([one for _, one in found]), value, equal_nan=True), name


@given(st.lists(st.tuples(st.integers(0, 2**40), st.floats()), min_size=1, max_size=50))
def test_writes_any_samples(pairs: list[tuple[int, float]]) -> None:
    time, value = (np.array(column) for column in zip(*sorted(pairs), strict=True))

    data = xor_chunk(time.astype(np.int64), value.astype(np.float64))
    assert int.from_bytes(data[:2]) == len(pairs)
