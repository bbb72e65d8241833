"""How an HTTP client of Prometheus is set: TLS, who it says it is, proxies, headers. Its checks are Prometheus'."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]

RESERVED_HEADERS = frozenset(
    "authorization host content-encoding content-length content-type user-agent connection keep-alive"
    " proxy-authenticate proxy-authorization www-authenticate accept-encoding x-prometheus-remote-write-version"
    " x-prometheus-remote-read-version x-prometheus-scrape-timeout-seconds x-amz-date x-amz-security-token"
    " x-amz-content-sha256".split()
)
"""Headers that are the client's own."""


class Section(BaseModel):
    """Settings that cannot change, and nothing that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def one_of(section: Section, *names: str) -> None:
    """Raise `ValueError` if more than one of these settings is set."""
    found = [name for name in names if is_set(getattr(section, name))]
    if len(found) > 1:
        raise ValueError(f"{' and '.join(found)} exclude each other; want one of them")


def is_set(value: object) -> bool:
    """Return whether there is a value, and not only an empty text."""
    if isinstance(value, SecretStr):
        return bool(value.get_secret_value())
    return value not in (None, "", Path(), False, ())


class TlsSettings(Section):
    """How a client proves itself and is proven to."""

    ca: str | None = Field(default=None, description="certificates that are trusted, as text")
    ca_file: Path | None = Field(default=None, description="certificates that are trusted")
    cert: str | None = Field(default=None, description="the client's certificate, as text")
    cert_file: Path | None = Field(default=None, description="the client's certificate")
    key: SecretStr | None = Field(default=None, description="the client's key, as text")
    key_file: Path | None = Field(default=None, description="the client's key")
    server_name: str | None = Field(default=None, description="the name that the server must prove to have")
    insecure_skip_verify: bool = Field(default=False, description="believe any server")
    min_version: TlsVersion | None = Field(default=None, description="the oldest version of TLS; TLS12 by default")
    max_version: TlsVersion | None = Field(default=None, description="the newest version of TLS")

    @model_validator(mode="after")
    def _has_pairs(self) -> Self:
        one_of(self, "ca", "ca_file")
        one_of(self, "cert", "cert_file")
        one_of(self, "key", "key_file")
        certificate, key = is_set(self.cert) or is_set(self.cert_file), is_set(self.key) or is_set(self.key_file)
        if certificate != key:
            raise ValueError(
                "a client's certificate and its key go together; want cert or cert_file, with key or key_file"
            )
        return self


class BasicAuthSettings(Section):
    """A user and a password."""

    username: str = Field(default="", description="the user")
    username_file: Path | None = Field(default=None, description="the user, read from a file")
    password: SecretStr | None = Field(default=None, description="the password")
    password_file: Path | None = Field(default=None, description="the password, read from a file at each request")

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        one_of(self, "username", "username_file")
        one_of(self, "password", "password_file")
        return self


class AuthorizationSettings(Section):
    """What the header Authorization says."""

    type: str = Field(default="Bearer", description="the scheme")
    credentials: SecretStr | None = Field(default=None, description="what follows it")
    credentials_file: Path | None = Field(default=None, description="what follows it, read at each request")

    @field_validator("type")
    @classmethod
    def _check_type(cls, scheme: str) -> str:
        if scheme.strip().lower() == "basic":
            raise ValueError('cannot use the type "basic"; want basic_auth for a user and a password')
        return scheme.strip() or "Bearer"

    @model_validator(mode="after")
    def _says_it_once(self) -> Self:
        one_of(self, "credentials", "credentials_file")
        return self


class ProxySettings(Section):
    """By which way a server is reached."""

    proxy_url: str | None = Field(default=None, repr=False, description="the proxy that is asked")
    no_proxy: str | None = Field(default=None, description="hosts, domains and networks that are reached without it")
    proxy_from_environment: bool = Field(default=False, description="take the proxy from HTTP_PROXY and its like")
    proxy_connect_header: Mapping[str, tuple[SecretStr, ...]] = Field(
        default_factory=dict, description="headers that are sent to the proxy when it is asked for a tunnel"
    )

    @field_validator("proxy_url")
    @classmethod
    def _check_proxy(cls, url: str | None) -> str | None:
        return check_url(url) if url else url

    @model_validator(mode="after")
    def _has_one_proxy(self) -> Self:
        one_of(self, "proxy_url", "proxy_from_environment")
        if self.no_proxy and self.proxy_from_environment:
            raise ValueError("no_proxy and proxy_from_environment exclude each other; set NO_PROXY in the environment")
        if self.no_proxy and not self.proxy_url:
            raise ValueError("no_proxy has a meaning only with a proxy_url")
        if self.proxy_connect_header and not (self.proxy_url or self.proxy_from_environment):
            raise ValueError("proxy_connect_header has a meaning only with a proxy; want proxy_url")
        return self


class OAuth2Settings(ProxySettings):
    """A token that is fetched from an issuer, and fetched anew when it ends."""

    client_id: str = Field(default="", description="who asks")
    client_secret: SecretStr | None = Field(default=None, description="its secret")
    client_secret_file: Path | None = Field(default=None, description="its secret, read from a file")
    client_certificate_key_id: str = Field(default="", description="not used: for tokens that are signed here")
    client_certificate_key: SecretStr | None = Field(default=None, description="not used: as above")
    client_certificate_key_file: Path | None = Field(default=None, description="not used: as above")
    grant_type: str = Field(default="client_credentials", description="how the token is got")
    signature_algorithm: str = Field(default="", description="not used: for tokens that are signed here")
    iss: str = Field(default="", description="not used: for tokens that are signed here")
    audience: str = Field(default="", description="not used: for tokens that are signed here")
    claims: Mapping[str, str] = Field(default_factory=dict, description="not used: for tokens that are signed here")
    scopes: tuple[str, ...] = Field(default=(), description="what the token is to be good for")
    token_url: str = Field(default="", description="where the token is fetched")
    endpoint_params: Mapping[str, str] = Field(default_factory=dict, description="what else is told there")
    tls_config: TlsSettings = TlsSettings()

    @model_validator(mode="after")
    def _knows_whom_to_ask(self) -> Self:
        one_of(self, "client_secret", "client_secret_file")
        one_of(self, "client_certificate_key", "client_certificate_key_file")
        if not self.client_id:
            raise ValueError("oauth2 needs a client_id")
        if not self.token_url:
            raise ValueError("oauth2 needs a token_url, where the token is fetched")
        return self

    @property
    def is_signed(self) -> bool:
        """Whether the token would be asked for by a signature, which is not done here."""
        return self.grant_type not in ("", "client_credentials") or is_set(self.client_certificate_key)


class HeaderSettings(Section):
    """The values of one header."""

    values: tuple[str, ...] = Field(default=(), description="values")
    secrets: tuple[SecretStr, ...] = Field(default=(), description="values that are not shown")
    files: tuple[Path, ...] = Field(default=(), description="files whose contents are values")


class ClientSettings(ProxySettings):
    """How requests are made."""

    basic_auth: BasicAuthSettings | None = Field(default=None, description="a user and a password")
    authorization: AuthorizationSettings | None = Field(default=None, description="the header Authorization")
    oauth2: OAuth2Settings | None = Field(default=None, description="a token from an issuer")
    bearer_token: SecretStr | None = Field(default=None, description="as authorization.credentials")
    bearer_token_file: Path | None = Field(default=None, description="as authorization.credentials_file")
    tls_config: TlsSettings = TlsSettings()
    follow_redirects: bool = Field(default=True, description="go where an answer of 3xx says")
    enable_http2: bool = Field(default=True, description="understood; requests are made by HTTP/1.1")
    http_headers: Mapping[str, HeaderSettings] = Field(default_factory=dict, description="headers that are sent")

    @field_validator("http_headers")
    @classmethod
    def _check_headers(cls, headers: Mapping[str, HeaderSettings]) -> Mapping[str, HeaderSettings]:
        for name in headers:
            if name.lower() in RESERVED_HEADERS:
                raise ValueError(f"cannot set the header {name}: it is the client's own")
        return headers

    @model_validator(mode="after")
    def _says_who_it_is_once(self) -> Self:
        one_of(self, "bearer_token", "bearer_token_file")
        for token in ("bearer_token", "bearer_token_file"):
            one_of(self, "basic_auth", "authorization", "oauth2", token)
        return self

    @property
    def bearer(self) -> AuthorizationSettings | None:
        """What the header Authorization says, however it was set."""
        if is_set(self.bearer_token) or is_set(self.bearer_token_file):
            return AuthorizationSettings(credentials=self.bearer_token, credentials_file=self.bearer_token_file)
        return self.authorization

    @property
    def client(self) -> ClientSettings:
        """What of these settings is about requests."""
        names = ClientSettings.model_fields
        return ClientSettings.model_construct(**{name: getattr(self, name) for name in names})

    @property
    def sets_client(self) -> bool:
        """Whether anything is not as it is by default."""
        return self.client != ClientSettings()


def check_url(url: str, *, schemes: tuple[str, ...] = ()) -> str:
    """Return `url` if it is one, with a host and one of `schemes`; raise `ValueError` if not."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"cannot read the URL: {error}") from None
    if schemes and parts.scheme not in schemes:
        found = f"its scheme is {parts.scheme!r}" if parts.scheme else "it has no scheme"
        raise ValueError(f"cannot use the URL: {found}; want {' or '.join(f'{one}://' for one in schemes)}")
    if schemes and not host:
        raise ValueError(f"cannot use the URL: it names no host; want {schemes[0]}://host/path")
    return url
