"""Requests as settings say them: who asks, by which way, and what is never told to others."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from firstlight import __version__
from firstlight.ingest.scrape.client import FAILURES, Client, failure
from firstlight.ingest.scrape.client_settings import ClientSettings, ProxySettings
from firstlight.ingest.scrape.proxy import proxy_for
from tests.ingest.scrape.serving import serving

SAID: tuple[tuple[str, dict[str, Any], dict[str, str | None]], ...] = (
    # what it shows, the settings, headers as they come
    ("nobody", {}, {"Authorization": None, "Accept-Encoding": "identity", "User-Agent": f"firstlight/{__version__}"}),
    ("a user", {"basic_auth": {"username": "é", "password": "p:q"}}, {"Authorization": f"Basic {b64encode('é:p:q'.encode()).decode()}"}),
    ("a user of files", {"basic_auth": {"username_file": "user", "password_file": "secret"}}, {"Authorization": f"Basic {b64encode(b'me:hush').decode()}"}),
    ("a token", {"authorization": {"credentials": "t"}}, {"Authorization": "Bearer t"}),
    ("another scheme", {"authorization": {"type": "Token", "credentials_file": "secret"}}, {"Authorization": "Token hush"}),
    ("the old way", {"bearer_token_file": "secret"}, {"Authorization": "Bearer hush"}),
    ("headers", {"http_headers": {"X-A": {"values": ["1"]}, "X-B": {"secrets": ["2"]}, "X-C": {"files": ["secret"]}}}, {"X-A": "1", "X-B": "2", "X-C": "hush"}),
)  # fmt: skip


@pytest.mark.parametrize(("settings", "headers"), [row[1:] for row in SAID], ids=[row[0] for row in SAID])
def test_said(tmp_path: Path, settings: dict[str, Any], headers: dict[str, str | None]) -> None:
    """A server is told who asks."""
    (tmp_path / "user").write_text("me\n")
    (tmp_path / "secret").write_text("hush\n")
    text = json.dumps(settings)
    for name in ("user", "secret"):
        text = text.replace(f'_file": "{name}"', f'_file": "{tmp_path / name}"').replace(
            f'["{name}"]', f'["{tmp_path / name}"]'
        )

    async def run() -> Mapping[str, str]:
        asked, handle = recording()
        async with serving(handle) as url, Client(ClientSettings.model_validate_json(text)) as client:
            await fetched(client, url)
        return asked[0].headers

    found = asyncio.run(run())

    assert {name: found.get(name) for name in headers} == headers


def test_redirects() -> None:
    """A redirect is followed; to another host, nobody is told who asks."""

    async def run() -> None:
        elsewhere, other = recording()
        async with serving(other) as far:
            asked, handle = recording(
                lambda request: (
                    web.Response(status=302, headers={"Location": far if request.path == "/far" else "/near"})
                    if request.path != "/near"
                    else web.Response(text="near")
                )
            )
            settings = ClientSettings.model_validate({"bearer_token": "t", "http_headers": {"X-A": {"secrets": ["b"]}}})
            async with serving(handle) as url, Client(settings) as client:
                assert await fetched(client, f"{url}/a") == (200, b"near")
                assert await fetched(client, f"{url}/far") == (200, b"here")
            assert asked[1].headers["Authorization"] == "Bearer t"
            assert "Authorization" not in elsewhere[0].headers
            assert "X-A" not in elsewhere[0].headers
            async with serving(handle) as url, Client(ClientSettings(follow_redirects=False)) as client:
                assert (await fetched(client, f"{url}/a"))[0] == 302

    asyncio.run(run())


def test_redirects_without_end() -> None:
    """A server that redirects without end is left."""

    async def run() -> None:
        _, handle = recording(lambda request: web.Response(status=302, headers={"Location": "/again"}))
        async with serving(handle) as url, Client(ClientSettings()) as client:
            await fetched(client, url)

    with pytest.raises(FAILURES) as caught:
        asyncio.run(run())

    assert failure(caught.value) == "stopped after 10 redirects"


def test_slow() -> None:
    """A server that does not answer in time has failed."""

    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async def run() -> None:
        async with serving(slow) as url, Client(ClientSettings()) as client, client.get(url, seconds=0.05):
            pass

    with pytest.raises(FAILURES) as caught:
        asyncio.run(run())

    assert failure(caught.value) == "it took too long"


def test_oauth2() -> None:
    """A token is fetched once, used until it ends, and fetched again then."""
    now = 0.0
    count = 0
    forms: list[dict[str, object]] = []

    async def issue(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        forms.append({**dict(await request.post()), "as": request.headers["Authorization"]})
        return web.json_response({"access_token": f"t{count}", "token_type": "bearer", "expires_in": 60})

    async def run() -> list[str]:
        nonlocal now
        asked, handle = recording()
        async with serving(issue) as issuer, serving(handle) as url:
            settings = ClientSettings.model_validate({
                "oauth2": {"client_id": "me", "client_secret": "hu/sh", "token_url": f"{issuer}/token", "scopes": ["a", "b"], "endpoint_params": {"x": "y"}}
            })  # fmt: skip
            async with Client(settings, clock=lambda: now) as client:
                await fetched(client, url)
                await fetched(client, url)
                now = 55.0
                await fetched(client, url)
        return [one.headers["Authorization"] for one in asked]

    assert asyncio.run(run()) == ["Bearer t1", "Bearer t1", "Bearer t2"]
    assert forms[0] == {
        "grant_type": "client_credentials", "scope": "a b", "x": "y", "as": f"Basic {b64encode(b'me:hu%2Fsh').decode()}",
    }  # fmt: skip


REFUSED = (
    ("a status", web.Response(status=401, text="who?"), "the issuer of tokens answered 401: 'who?'"),
    ("no token", web.json_response({"a": 1}), "the issuer of tokens answered without an access_token"),
)


@pytest.mark.parametrize(("answer", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_oauth2_refused(answer: web.Response, words: str) -> None:
    """A token that is not given is told."""

    async def run() -> None:
        _, issue = recording(lambda request: answer)
        async with serving(issue) as issuer:
            settings = ClientSettings.model_validate({"oauth2": {"client_id": "me", "token_url": issuer}})
            async with Client(settings) as client:
                await fetched(client, issuer)

    with pytest.raises(FAILURES, match="the issuer") as caught:
        asyncio.run(run())

    assert failure(caught.value) == words


def test_proxy() -> None:
    """A proxy is asked in place of the server, with the user and the password of its URL."""

    async def run() -> web.Request:
        asked, handle = recording()
        async with serving(handle) as proxy:
            settings = ClientSettings(proxy_url=proxy.replace("//", "//u:p@"))
            async with Client(settings) as client:
                await fetched(client, "http://target.test/metrics")
        return asked[0]

    request = asyncio.run(run())

    assert request.host == "target.test"
    assert request.headers["Proxy-Authorization"] == f"Basic {b64encode(b'u:p').decode()}"


PROXIES: tuple[tuple[str, dict[str, Any], str, str | None], ...] = (
    ("none", {}, "http://a/", None),
    ("for all", {"proxy_url": "http://p:1"}, "https://a/", "http://p:1"),
    ("not for a host", {"proxy_url": "http://p:1", "no_proxy": "b, a"}, "http://a/", None),
    ("not for a domain", {"proxy_url": "http://p:1", "no_proxy": "example.com"}, "http://x.example.com/", None),
    ("only below a domain", {"proxy_url": "http://p:1", "no_proxy": ".example.com"}, "http://example.com/", "http://p:1"),
    ("not for a network", {"proxy_url": "http://p:1", "no_proxy": "10.0.0.0/8"}, "http://10.2.3.4/", None),
    ("not for a port", {"proxy_url": "http://p:1", "no_proxy": "a:80"}, "http://a:81/", "http://p:1"),
    ("for nobody", {"proxy_url": "http://p:1", "no_proxy": "*"}, "http://a/", None),
    ("of the environment", {"proxy_from_environment": True}, "https://a/", "http://e:2"),
    ("of the environment, not for this machine", {"proxy_from_environment": True}, "https://127.0.0.1/", None),
    ("of the environment, with exceptions", {"proxy_from_environment": True}, "https://far.test/", None),
)  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "target", "wanted"), [row[1:] for row in PROXIES], ids=[row[0] for row in PROXIES]
)
def test_which_proxy(settings: dict[str, Any], target: str, wanted: str | None) -> None:
    """Which proxy is asked depends on the target."""
    environ = {"HTTPS_PROXY": "e:2", "NO_PROXY": "far.test"}

    assert proxy_for(ProxySettings.model_validate(settings), URL(target), environ) == wanted


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip(reason="openssl makes the certificates")
    folder = tmp_path_factory.mktemp("certificates")
    for name, subject in (("server", "/CN=shop.test"), ("client", "/CN=me")):
        subprocess.run(
            [
                *f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {name}.key -out {name}.pem -subj {subject}".split(),
                "-addext", f"subjectAltName=DNS:{subject.removeprefix('/CN=')}",
            ],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
    return folder


TLS: tuple[tuple[str, dict[str, Any], str], ...] = (
    # what it shows, tls_config, what a failure says
    ("an authority and a name", {"ca_file": "server.pem", "server_name": "shop.test", "cert_file": "client.pem", "key_file": "client.key"}, ""),
    ("nothing is checked", {"insecure_skip_verify": True, "cert_file": "client.pem", "key_file": "client.key"}, ""),
    ("an authority that is not known", {"cert_file": "client.pem", "key_file": "client.key", "server_name": "shop.test"}, "certificate verify failed"),
    ("another name", {"ca_file": "server.pem", "cert_file": "client.pem", "key_file": "client.key"}, "certificate verify failed"),
    ("a file that is not there", {"ca_file": "none.pem"}, "cannot use the certificates of tls_config"),
)  # fmt: skip


@pytest.mark.parametrize(("settings", "words"), [row[1:] for row in TLS], ids=[row[0] for row in TLS])
def test_tls(certificates: Path, settings: dict[str, Any], words: str) -> None:
    """A server proves itself, and so does the client."""
    whole = {name: str(certificates / value) if name.endswith("_file") else value for name, value in settings.items()}
    if not words:
        assert asyncio.run(_over_tls(certificates, whole)) == (200, b"here")
    else:
        with pytest.raises(FAILURES) as caught:
            asyncio.run(_over_tls(certificates, whole))
        assert words in failure(caught.value)


def test_tls_as_text(certificates: Path) -> None:
    """Certificates may be written in the settings."""
    texts = {
        name: (certificates / path).read_text()
        for name, path in (("ca", "server.pem"), ("cert", "client.pem"), ("key", "client.key"))
    }

    assert asyncio.run(_over_tls(certificates, {**texts, "server_name": "shop.test"})) == (200, b"here")


async def _over_tls(folder: Path, settings: dict[str, Any]) -> tuple[int, bytes]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "client.pem")
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    _, handle = recording()
    client = Client(ClientSettings.model_validate({"tls_config": settings}))
    async with serving(handle, ssl=context) as url, client:
        return await fetched(client, url)


def recording(
    answer: Callable[[web.Request], web.Response] = lambda request: web.Response(text="here"),
) -> tuple[list[web.Request], Callable[[web.Request], Any]]:
    """Return a list, and a handler that notes in it what it was asked."""
    asked: list[web.Request] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request)
        return answer(request)

    return asked, handle


async def fetched(client: Client, url: str) -> tuple[int, bytes]:
    async with client.get(url, seconds=10) as answer:
        return answer.status, await answer.read()
