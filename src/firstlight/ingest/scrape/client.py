"""HTTP requests as settings say them: who asks, by which proxy, with which headers and certificates.

Answers are not decompressed and not read here: whoever asks knows how much he wants of them.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from multidict import CIMultiDict
from pydantic import SecretStr
from yarl import URL

from firstlight import __version__
from firstlight.errors import UserError
from firstlight.ingest.scrape.client_settings import ClientSettings, is_set
from firstlight.ingest.scrape.proxy import proxy_for
from firstlight.ingest.scrape.tls import Tls
from firstlight.ingest.scrape.token import Tokens

MAX_REDIRECTS = 10
FAILURES = (aiohttp.ClientError, OSError, TimeoutError, ValueError, ssl.SSLError, UserError)
"""What a request can fail with; `failure` says it in words."""


class RequestFailed(UserError):
    """A request that cannot be made as its settings want it."""


@dataclass(slots=True)
class Client:
    """Makes requests as one `ClientSettings` says. It is opened and closed in the loop that it is used in."""

    settings: ClientSettings
    environ: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = lambda: asyncio.get_running_loop().time()
    unix_socket: str | None = None
    connections: int = 0
    """How many at once; 0 for any."""
    user_agent: str = f"firstlight/{__version__}"
    _session: aiohttp.ClientSession | None = None
    _tls: Tls = field(init=False)
    _tokens: Tokens | None = field(init=False)

    def __post_init__(self) -> None:
        self._tls = Tls(self.settings.tls_config)
        self._tokens = Tokens(self.settings.oauth2, self.environ, self.clock) if self.settings.oauth2 else None

    async def __aenter__(self) -> Self:
        connector: aiohttp.BaseConnector
        if self.unix_socket:
            connector = aiohttp.UnixConnector(self.unix_socket, limit=self.connections)
        else:
            connector = aiohttp.TCPConnector(limit=self.connections, ttl_dns_cache=30, keepalive_timeout=300)
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": self.user_agent},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            requote_redirect_url=False,
            max_line_size=64 * 1024,
            max_field_size=64 * 1024,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()
        if self._tokens:
            await self._tokens.close()

    @asynccontextmanager
    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | list[str]] | None = None,
        seconds: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask, follow redirects if wanted, and hand over the answer; raise one of `FAILURES` if there is none in time.

        Who asks is told to no other host than the one that was asked.
        """
        if self._session is None:
            raise RequestFailed("BUG: the client is not open")
        target = URL(url, encoded=True)
        if params:
            target = target.update_query([(name, one) for name, value in params.items() for one in _values(value)])
        asked = target.origin()
        for _ in range(MAX_REDIRECTS + 1):
            trusted = target.origin() == asked
            answer = await self._session.get(
                target,
                headers=await self._headers(headers or {}, trusted=trusted),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
                **self._connection(target),
            )
            location = answer.headers.get("Location") if answer.status in (301, 302, 303, 307, 308) else None
            if not (location and self.settings.follow_redirects):
                break
            answer.release()
            target = target.join(URL(location, encoded=True))
            if target.scheme not in ("http", "https"):
                raise RequestFailed(f"cannot follow a redirect to {target.scheme}; want http or https")
        else:
            raise RequestFailed(f"stopped after {MAX_REDIRECTS} redirects")
        async with answer:
            yield answer

    def _connection(self, target: URL) -> dict[str, Any]:
        proxy = None if self.unix_socket else proxy_for(self.settings, target, self.environ)
        told: dict[str, Any] = {}
        if proxy:
            told["proxy"] = proxy
            if self.settings.proxy_connect_header:
                told["proxy_headers"] = CIMultiDict(
                    (name, _secret(one))
                    for name, values in self.settings.proxy_connect_header.items()
                    for one in values
                )
        if target.scheme == "https" or (proxy and proxy.startswith("https")):
            told["ssl"] = self._tls.context()
            if self.settings.tls_config.server_name:
                told["server_hostname"] = self.settings.tls_config.server_name
        return told

    async def _headers(self, own: Mapping[str, str], *, trusted: bool) -> CIMultiDict[str]:
        headers: CIMultiDict[str] = CIMultiDict({"Accept-Encoding": "identity"})
        headers.update(own)
        if not trusted:
            return headers
        for name, said in self.settings.http_headers.items():
            for value in (*said.values, *map(_secret, said.secrets), *[_read(path) for path in said.files]):
                headers.add(name, value)
        if self.settings.basic_auth:
            headers["Authorization"] = self._basic()
        elif bearer := self.settings.bearer:
            credentials = _one(bearer.credentials, bearer.credentials_file)
            if credentials:
                headers["Authorization"] = f"{bearer.type} {credentials}"
        elif self._tokens:
            headers["Authorization"] = await self._tokens.authorization()
        return headers

    def _basic(self) -> str:
        auth = self.settings.basic_auth
        if auth is None:
            return ""
        user = _read(auth.username_file) if auth.username_file and is_set(auth.username_file) else auth.username
        password = _one(auth.password, auth.password_file)
        return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def failure(error: BaseException) -> str:
    """Return in words why a request failed."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    return str(error) or type(error).__name__


def _values(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _secret(secret: SecretStr) -> str:
    return secret.get_secret_value()


def _one(secret: SecretStr | None, path: Path | None) -> str:
    if path and is_set(path):
        return _read(path)
    return _secret(secret) if secret else ""


def _read(path: Path) -> str:
    # A small file of this host, read at each request so that it can be renewed: no more than its page in memory.
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RequestFailed(f"cannot read {path}: {error}") from None
