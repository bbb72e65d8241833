"""Tokens of OAuth 2, fetched by a client's id and secret, and again before they end."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
from pydantic import SecretStr
from yarl import URL

from firstlight.errors import UserError, brief
from firstlight.ingest.scrape.client_settings import OAuth2Settings, is_set
from firstlight.ingest.scrape.proxy import proxy_for
from firstlight.ingest.scrape.tls import Tls

EARLY = 10.0
"""How many seconds before its end a token is fetched again."""

MAX_ANSWER = 1024 * 1024
TIMEOUT = 30.0


class TokenRefused(UserError):
    """A token that was not given."""


@dataclass(slots=True)
class Tokens:
    """The token that is in use."""

    settings: OAuth2Settings
    environ: Mapping[str, str]
    clock: Callable[[], float]
    _session: aiohttp.ClientSession | None = None
    _said: str = ""
    _ends: float = 0.0
    _tls: Tls = field(init=False)

    def __post_init__(self) -> None:
        self._tls = Tls(self.settings.tls_config)

    async def authorization(self) -> str:
        """Return what the header Authorization is to say."""
        if not self._said or self.clock() >= self._ends:
            answer = await self._fetch()
            kind = str(answer.get("token_type") or "Bearer")
            self._said = f"{'Bearer' if kind.lower() == 'bearer' else kind} {answer['access_token']}"
            lasts = answer.get("expires_in")
            known = isinstance(lasts, int | float | str) and str(lasts).replace(".", "", 1).isdecimal()
            self._ends = self.clock() + float(str(lasts)) - EARLY if known else float("inf")
        return self._said

    async def close(self) -> None:
        """Let go of the connection to the issuer."""
        if self._session:
            await self._session.close()

    async def _fetch(self) -> dict[str, Any]:
        settings = self.settings
        if settings.is_signed:
            raise TokenRefused("cannot ask for a token by a signature (oauth2.grant_type); want client_credentials")
        self._session = self._session or aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        form = {"grant_type": "client_credentials", **settings.endpoint_params}
        if settings.scopes:
            form["scope"] = " ".join(settings.scopes)
        url = URL(settings.token_url)
        told: dict[str, Any] = {"ssl": self._tls.context()} if url.scheme == "https" else {}
        identity = f"{quote(settings.client_id, safe='')}:{quote(self._secret(), safe='')}"
        headers = {"Authorization": f"Basic {b64encode(identity.encode()).decode()}"}
        proxy = proxy_for(settings, url, self.environ)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        async with self._session.post(
            url, data=form, headers=headers, proxy=proxy, timeout=timeout, allow_redirects=False, **told
        ) as answer:
            body = await answer.content.read(MAX_ANSWER)
            if not answer.ok:
                raise TokenRefused(
                    f"the issuer of tokens answered {answer.status}: {brief(body.decode(errors='replace'))}"
                )
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not found.get("access_token"):
            raise TokenRefused("the issuer of tokens answered without an access_token")
        return found

    def _secret(self) -> str:
        path = self.settings.client_secret_file
        if path and is_set(path):
            try:
                return path.read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise TokenRefused(f"cannot read client_secret_file: {error}") from None
        return (self.settings.client_secret or SecretStr("")).get_secret_value()
