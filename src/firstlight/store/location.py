"""Where the engine is: in this process, in a directory, or on a server.

A URL says so: ``chdb:///directory``, or ``clickhouse://user:password@host:8123/database`` and the like. A URL that is
understood here may still lead nowhere; that is found when it is opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import SplitResult, unquote, urlsplit

from firstlight.errors import brief

DATABASE = "firstlight"
"""The database that everything is in, unless a server's URL names another."""

TLS: Mapping[str, bool] = MappingProxyType({"clickhouse": False, "http": False, "clickhouses": True, "https": True})
"""The schemes of a server's URL, and whether they ask for TLS."""

WANTED = "want chdb:///directory, or clickhouse://user:password@host:8123/database"


@dataclass(frozen=True, slots=True)
class Directory:
    """The engine inside this process, with its data in a directory that no other process may have open."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class Server:
    """A ClickHouse server that speaks HTTP."""

    host: str
    port: int
    tls: bool = False
    user: str = "default"
    password: str = field(default="", repr=False)
    database: str = DATABASE

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'clickhouses' if self.tls else 'clickhouse'}://{host}:{self.port}/{self.database}"


Location = Directory | Server


def parse(url: str) -> Location:
    """Return where `url` says the engine is. Raise ValueError if it does not say.

    >>> parse("chdb:///var/lib/firstlight/store")
    Directory(path=PosixPath('/var/lib/firstlight/store'))
    >>> str(parse("clickhouse://me:secret@db.example:8123/telemetry"))
    'clickhouse://db.example:8123/telemetry'
    """
    cannot = f"cannot use {brief(url)} as the store"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{cannot}: {error}; {WANTED}") from None
    if parts.scheme != "chdb" and parts.scheme not in TLS:
        raise ValueError(f"{cannot}: {brief(parts.scheme)} is no scheme known here; {WANTED}")
    if parts.query or parts.fragment:
        raise ValueError(f"{cannot}: nothing is known here that could stand after ? or #; {WANTED}")
    return _directory(parts, cannot) if parts.scheme == "chdb" else _server(parts, port, cannot)


def _directory(parts: SplitResult, cannot: str) -> Directory:
    if parts.netloc:
        raise ValueError(f"{cannot}: {brief(parts.netloc)} stands where a host would; want chdb:///directory, three /")
    path = Path(unquote(parts.path))
    if not path.is_absolute() or path == Path("/"):
        raise ValueError(f"{cannot}: it names no directory; want chdb:///directory, from the root")
    return Directory(path)


def _server(parts: SplitResult, port: int | None, cannot: str) -> Server:
    tls = TLS[parts.scheme]
    database = unquote(parts.path.strip("/"))
    if not parts.hostname:
        raise ValueError(f"{cannot}: it names no host; {WANTED}")
    if database and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,62}", database):
        raise ValueError(f"{cannot}: {brief(database)} is no name of a database; {WANTED}")
    return Server(
        host=parts.hostname,
        port=port or (8443 if tls else 8123),
        tls=tls,
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=database or DATABASE,
    )
