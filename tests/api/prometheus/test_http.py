"""Methods, pages of other origins, packing, paths that lead nowhere, health, reload, and what changes the store."""

from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest

from firstlight.api.prometheus.admin import admin_routes
from firstlight.api.prometheus.routes import common_of
from firstlight.api.prometheus.syntax import syntax_routes
from tests.api.prometheus.conftest import Api
from tests.http.serving import Serving, serving
from tests.query.metrics.shop import NOW

pytestmark = pytest.mark.anyio

V1 = "/api/v1"
MIN_MS, MAX_MS = -9223372036854776, 9223372036854775

METHODS = [
    # what                       method     path                            status  allowed
    ("HEAD of the API",          "HEAD",    f"{V1}/query",                  405,    "GET, OPTIONS, POST"),
    ("POST of values",           "POST",    f"{V1}/label/job/values",       405,    "GET, OPTIONS"),
    ("POST of metadata",         "POST",    f"{V1}/metadata",               405,    "GET, OPTIONS"),
    ("POST of targets",          "POST",    f"{V1}/targets",                405,    "GET, OPTIONS"),
    ("DELETE of series",         "DELETE",  f"{V1}/series",                 405,    "GET, OPTIONS, POST"),
    ("GET of a deletion",        "GET",     f"{V1}/admin/tsdb/snapshot",    405,    "OPTIONS, POST, PUT"),
    ("GET of a reload",          "GET",     "/-/reload",                    405,    "OPTIONS, POST, PUT"),
    ("POST of a federation",     "POST",    "/federate",                    405,    "GET, OPTIONS"),
    ("OPTIONS of anything",      "OPTIONS", f"{V1}/query",                  204,    None),
    ("OPTIONS of nothing",       "OPTIONS", f"{V1}/nope/nope",              204,    None),
    ("HEAD of health",           "HEAD",    "/-/healthy",                   200,    None),
    ("HEAD of readiness",        "HEAD",    "/-/ready",                     200,    None),
    ("a path that leads nowhere", "GET",    f"{V1}/nope",                   404,    None),
    ("a POST to nowhere",        "POST",    f"{V1}/nope",                   404,    None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"), [row[1:] for row in METHODS], ids=[r[0] for r in METHODS]
)
async def test_methods(api: Api, method: str, path: str, status: int, allowed: str | None) -> None:
    answer = await api.ask(method, path)

    assert (answer.status_code, answer.headers.get("allow")) == (status, allowed)


async def test_what_is_not_there_is_told_in_text(api: Api) -> None:
    nowhere, wrong = await api.get(f"{V1}/nope"), await api.ask("PUT", f"{V1}/query")

    assert (nowhere.text, nowhere.headers["content-type"]) == ("404 page not found\n", "text/plain; charset=utf-8")
    assert (wrong.text, wrong.headers["content-type"]) == ("Method Not Allowed\n", "text/plain; charset=utf-8")


@pytest.mark.parametrize("path", [f"{V1}/query?query=1", f"{V1}/query?query=("], ids=["an answer", "a refusal"])
async def test_a_page_of_this_machine_may_read_answers(api: Api, path: str) -> None:
    answer = await api.get(path, origin="http://localhost:3000")

    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "Accept, Authorization, Content-Type, Origin"
    assert "Origin" in answer.headers["vary"]


async def test_no_page_no_word_of_origins(api: Api) -> None:
    assert "access-control-allow-origin" not in (await api.get(f"{V1}/query?query=1")).headers


ORIGINS = [("http://localhost:3000", "http://localhost:3000"), ("http://localhost:4000", None)]


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS, ids=["one of them", "another"])
async def test_origins_can_be_few(origin: str, allowed: str | None) -> None:
    common = common_of(lambda: NOW, r"http://localhost:3\d+")
    async with serving(syntax_routes(common, V1, experimental=False)) as server:
        answer = await asked(server, "GET", f"{V1}/format_query?query=1", origin=origin)

    assert answer.headers.get("access-control-allow-origin") == allowed
    assert answer.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"


async def asked(server: Serving, method: str, path: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=server.url) as client:
        return await client.request(method, path, headers=headers)


async def raw(api: Api, path: str, encoding: str) -> tuple[httpx.Headers, bytes]:
    async with (
        httpx.AsyncClient(base_url=api.url) as client,
        client.stream("GET", path, headers={"accept-encoding": encoding}) as answer,
    ):
        return answer.headers, b"".join([piece async for piece in answer.aiter_raw()])


LARGE = f"{V1}/query_range?query=up&start={NOW // 1000 - 200}&end={NOW // 1000}&step=1"

PACKED = [
    ("a large answer", LARGE, "gzip, deflate", "gzip"),
    ("to who does not ask", LARGE, "identity", None),
    ("to who refuses", LARGE, "gzip;q=0", None),
    ("a small answer", f"{V1}/query?query=1", "gzip", None),
]


@pytest.mark.parametrize(("path", "asked", "encoding"), [row[1:] for row in PACKED], ids=[row[0] for row in PACKED])
async def test_answers_are_packed(api: Api, path: str, asked: str, encoding: str | None) -> None:
    headers, body = await raw(api, path, asked)
    _, plain = await raw(api, path, "identity")

    assert headers.get("content-encoding") == encoding
    assert headers["vary"] == "Accept-Encoding"
    assert (gzip.decompress(body) if encoding else body) == plain


async def test_health_and_readiness(api: Api) -> None:
    healthy, ready = await api.get("/-/healthy"), await api.get("/-/ready")
    api.complaints.told = "it does not answer"
    unready, still_healthy = await api.get("/-/ready"), await api.get("/-/healthy")
    api.complaints.told = ""

    assert (healthy.status_code, healthy.text) == (200, "Prometheus Server is Healthy.\n")
    assert (ready.status_code, ready.text) == (200, "Prometheus Server is Ready.\n")
    assert (unready.status_code, unready.text) == (503, "Service Unavailable\n")
    assert still_healthy.status_code == 200


async def test_reload(api: Api) -> None:
    posted, put = await api.ask("POST", "/-/reload"), await api.ask("PUT", "/-/reload")
    api.config.wrong = "prometheus.yml:3: no such job"
    wrong = await api.ask("POST", "/-/reload")
    api.config.wrong = ""

    assert [(one.status_code, one.text) for one in (posted, put)] == [(200, ""), (200, "")]
    assert api.config.reloads == 2
    assert (wrong.status_code, wrong.text) == (500, "failed to reload config: prometheus.yml:3: no such job\n")


async def test_nobody_stops_the_server_by_a_request(api: Api) -> None:
    answer = await api.ask("POST", "/-/quit")

    assert (answer.status_code, answer.text) == (403, "Lifecycle API is not enabled.\n")


@pytest.mark.parametrize("name", ["delete_series?match[]=up", "clean_tombstones", "snapshot"])
async def test_what_changes_the_store_is_off_at_first(name: str) -> None:
    async with serving(admin_routes(common_of(lambda: NOW), None, V1, "default")) as server:
        answer = await asked(server, "POST", f"{V1}/admin/tsdb/{name}")

    assert answer.status_code == 503
    assert answer.json() == {"status": "error", "errorType": "unavailable", "error": "admin APIs disabled"}


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_what_changes_the_store(api: Api, method: str) -> None:
    deleted = await api.ask(method, f"{V1}/admin/tsdb/delete_series?match[]=up&match[]=down&start=1&end=2.5")
    everywhen = await api.ask(method, f"{V1}/admin/tsdb/delete_series", "match[]=up")
    cleaned = await api.ask(method, f"{V1}/admin/tsdb/clean_tombstones")
    kept = await api.ask(method, f"{V1}/admin/tsdb/snapshot?skip_head=true")
    taken_down, api.notes.asked = api.notes.asked, []

    assert [one.status_code for one in (deleted, everywhen, cleaned)] == [204, 204, 204]
    assert kept.json() == {"status": "success", "data": {"name": "20241004T120000Z"}}
    assert taken_down == [
        ("delete", "default", "up", 1000, 2500),
        ("delete", "default", "down", 1000, 2500),
        ("delete", "default", "up", MIN_MS, MAX_MS),
        ("clean",),
        ("snapshot", True),
    ]


WRONG = [
    ("delete_series", "no match[] parameter provided"),
    ("delete_series?match[]=up&match[]=x%7B", 'invalid parameter "match[]": 1:3: parse error: unexpected end of input inside braces'),
    ("snapshot?skip_head=perhaps", 'invalid parameter "skip_head": unable to parse boolean: strconv.ParseBool: parsing "perhaps": invalid syntax'),
]  # fmt: skip


@pytest.mark.parametrize(("path", "words"), WRONG, ids=["no selector", "no selector that is one", "no boolean"])
async def test_a_wrong_request_changes_nothing(api: Api, path: str, words: str) -> None:
    answer = await api.ask("POST", f"{V1}/admin/tsdb/{path}")

    assert (answer.status_code, answer.json()["error"], api.notes.asked) == (400, words, [])


@pytest.fixture
async def held(api: Api, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Hold the store's answers back, and tell whether somebody has taken his question back."""
    cancelled = asyncio.Event()

    async def hang(*args: object, **more: object) -> object:
        try:
            return await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    monkeypatch.setattr(api.shop.source, "fetch", hang)
    return cancelled


async def test_who_leaves_takes_his_query_with_him(api: Api, held: asyncio.Event) -> None:
    async with httpx.AsyncClient(base_url=api.url) as client:
        asking = asyncio.create_task(client.get(f"{V1}/query?query=up"))
        await asyncio.sleep(0.1)
        asking.cancel()
    async with asyncio.timeout(10):
        await held.wait()


async def test_a_query_that_is_not_done_in_time(api: Api, held: asyncio.Event) -> None:
    answer = await api.get(f"{V1}/query?query=up&timeout=10ms")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "error", "errorType": "timeout", "error": "query timed out in expression evaluation"
    }  # fmt: skip
