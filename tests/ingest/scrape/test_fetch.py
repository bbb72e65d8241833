"""Fetching from real servers, good and bad ones (P5); what fails is told in Prometheus' words."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import prometheus_client
import pytest
from aiohttp import web

from firstlight.ingest.scrape.client import Client
from firstlight.ingest.scrape.fetch import Answer, HttpFetch, LocalFetch, ScrapeFailed
from firstlight.ingest.scrape.reading import Reading
from firstlight.ingest.scrape.targets import Target, target_of
from tests.ingest.scrape.hand import NOON, Rig, job
from tests.ingest.scrape.serving import serving
from tests.ingest.scrape.test_client import certificates

__all__ = ["certificates"]

pytestmark = pytest.mark.anyio

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def fetched(url: str, more: str = "") -> Answer:
    """Return what is fetched of a server, or raise why it is not."""
    of = job(more)
    made = target_of({"__address__": url.partition("://")[2]}, of)
    assert isinstance(made, Target), made
    async with Client(of.client) as client:
        return await HttpFetch.of(client, of)(made)


async def ok(request: web.Request) -> web.Response:
    """Answer a sample."""
    return web.Response(text="a 1\n", headers={"Content-Type": "text/plain; version=0.0.4"})


async def hanging(request: web.Request) -> web.StreamResponse:
    """Answer never."""
    await asyncio.sleep(60)
    raise AssertionError


async def slow(request: web.Request) -> web.StreamResponse:
    """Begin, and never end."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    await answer.write(b"a 1\n")
    await asyncio.sleep(60)
    raise AssertionError


async def endless(request: web.Request) -> web.StreamResponse:
    """Answer without an end."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b"a 1\n" * 10_000)


async def cut_short(request: web.Request) -> web.StreamResponse:
    """Promise more than comes."""
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await answer.write(b"a 1\n")
    assert request.transport
    request.transport.close()
    return answer


async def large(request: web.Request) -> web.Response:
    """Answer a large body, and say so."""
    return web.Response(body=b"a 1\n" * 10_000)


def answering(status: int, location: str = "") -> Handle:
    """Answer a status."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location} if location else {})

    return handle


FAILURES: tuple[tuple[str, str, Handle, str], ...] = (
    # what it shows, settings of the job, the server, the error; URL is the server's
    ("nothing there", "", answering(404), "server returned HTTP status 404 Not Found"),
    ("an error of the server", "", answering(500), "server returned HTTP status 500 Internal Server Error"),
    ("no content is no answer", "", answering(204), "server returned HTTP status 204 No Content"),
    ("it hangs", ", scrape_timeout: 100ms", hanging, 'Get "URL/metrics": context deadline exceeded'),
    ("it hangs on its way", ", scrape_timeout: 100ms", slow, 'Get "URL/metrics": context deadline exceeded'),
    ("it does not end", ", body_size_limit: 1MB", endless, "body size limit exceeded"),
    ("it is too large", ", body_size_limit: 1KB", large, "body size limit exceeded"),
    ("it is cut short", "", cut_short, 'Get "URL/metrics": unexpected EOF'),
    ("a redirect that is not followed", ", follow_redirects: false", answering(302, "/else"), "server returned HTTP status 302 Found"),
    ("redirects in a circle", "", answering(302, "/metrics"), 'Get "URL/metrics": stopped after 10 redirects'),
    ("a redirect to something else", "", answering(302, "file:///etc/passwd"), 'Get "URL/metrics": cannot follow a redirect to file; want http or https'),
)  # fmt: skip


@pytest.mark.parametrize(("more", "handle", "words"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
async def test_failures(more: str, handle: Handle, words: str) -> None:
    """Why there is no answer is told as Prometheus tells it."""
    async with serving(handle) as url:
        with pytest.raises(ScrapeFailed) as error:
            await fetched(url, more)

        assert str(error.value) == words.replace("URL", url)


async def test_nobody_listens() -> None:
    """A port where nobody listens refuses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(ScrapeFailed) as error:
        await fetched(f"http://127.0.0.1:{port}")

    words = f'Get "http://127.0.0.1:{port}/metrics": dial tcp 127.0.0.1:{port}: connect: connection refused'
    assert str(error.value) == words


async def test_no_such_host() -> None:
    """A name that is none is told as that."""
    with pytest.raises(ScrapeFailed, match=r"dial tcp: lookup shop.invalid: no such host"):
        await fetched("http://shop.invalid:80")


async def test_who_cannot_be_believed(certificates: Path) -> None:
    """A server whose certificate nobody vouches for is not believed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    async with serving(ok, ssl=context) as url:
        with pytest.raises(ScrapeFailed, match=r'Get "https://.*/metrics": tls: .*certificate verify failed'):
            await fetched(url, ", scheme: https")

        answer = await fetched(url, ", scheme: https, tls_config: {insecure_skip_verify: true}")
    assert answer.body == b"a 1\n"


ASKED: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    # what it shows, settings of the job, headers that the server is sent
    ("compressed, within the timeout", ", scrape_timeout: 2500ms", {"Accept-Encoding": "gzip", "X-Prometheus-Scrape-Timeout-Seconds": "2.5"}),
    ("not compressed", ", enable_compression: false", {"Accept-Encoding": "identity"}),
    ("the formats", ", scrape_protocols: [PrometheusText0.0.4]", {"Accept": "text/plain;version=0.0.4;q=0.6,*/*;q=0.5"}),
    ("the best format first", "", {"Accept": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"}),
)  # fmt: skip


@pytest.mark.parametrize(("more", "headers"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
async def test_asked(more: str, headers: Mapping[str, str]) -> None:
    """A target is asked as Prometheus asks."""
    asked: list[web.Request] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request)
        return await ok(request)

    async with serving(handle) as url:
        await fetched(url, more)

    assert {name: asked[0].headers[name] for name in headers} == headers


async def test_a_compressed_answer() -> None:
    """What is compressed is handed on as it is."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"a 1\n"), headers={"Content-Encoding": "gzip"})

    async with serving(handle) as url:
        answer = await fetched(url)

    assert (answer.encoding, gzip.decompress(answer.body)) == ("gzip", b"a 1\n")


async def test_a_redirect() -> None:
    """A redirect is followed."""

    async def handle(request: web.Request) -> web.Response:
        return await ok(request) if request.path == "/else" else await answering(307, "/else")(request)  # type: ignore[return-value]

    async with serving(handle) as url:
        assert (await fetched(url)).body == b"a 1\n"


@asynccontextmanager
async def exposing(registry: prometheus_client.CollectorRegistry) -> AsyncIterator[str]:
    """Serve a registry with the server of Prometheus' own client."""
    server, thread = prometheus_client.start_http_server(0, "127.0.0.1", registry)
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    "protocol", ["OpenMetricsText1.0.0", "PrometheusText0.0.4", "PrometheusText1.0.0", "OpenMetricsText0.0.1"]
)
async def test_prometheus_own_client(protocol: str) -> None:
    """What the official client exposes is read in every format of its own."""
    registry = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("orders", "Orders.", ["kind"], registry=registry).labels("book").inc(3)
    prometheus_client.Histogram("took_seconds", "Time.", buckets=(0.5, 1), registry=registry).observe(0.7)
    of, rig = job(f", scrape_protocols: [{protocol}], metric_relabel_configs: [{{regex: .*_created, source_labels: [__name__], action: drop}}]"), Rig()  # fmt: skip
    async with exposing(registry) as url:
        answer = await fetched(url, f", scrape_protocols: [{protocol}]")
    made = target_of({"__address__": "a:1"}, of)
    assert isinstance(made, Target)

    taken = Reading(rig.book, "default", of, made).take(answer, NOON * 1000, lambda: 0.0)
    await rig.store.append(taken.batch)

    assert not taken.error
    assert {name: value for name, value in rig.store.values().items() if name != "up"} == {
        'orders_total{kind="book"}': 3,
        'took_seconds_bucket{le="0.5"}': 0,
        'took_seconds_bucket{le="1.0"}': 1,
        'took_seconds_bucket{le="+Inf"}': 1,
        "took_seconds_count": 1,
        "took_seconds_sum": 0.7,
    }


async def test_what_this_process_exposes() -> None:
    """Without HTTP, what fails is a scrape that failed as well."""

    def broken() -> Answer:
        raise OSError("cannot look at the host")

    made = target_of({"__address__": "a:1"}, job())
    assert isinstance(made, Target)

    assert (await LocalFetch(lambda: Answer(b"a 1\n", "text/plain"))(made)).body == b"a 1\n"
    with pytest.raises(ScrapeFailed, match="cannot look at the host"):
        await LocalFetch(broken)(made)
