"""URLs of stores: what is understood, and what is refused in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from firstlight.store.location import Directory, Location, Server, parse
from firstlight.store.settings import StoreSettings

READ: list[tuple[str, str, Location]] = [
    # what                        URL                                              means
    ("a directory",               "chdb:///var/lib/firstlight",                    Directory(Path("/var/lib/firstlight"))),
    ("a directory with a space",  "chdb:///my%20data",                             Directory(Path("/my data"))),
    ("a server",                  "clickhouse://db",                               Server("db", 8123)),
    ("its port and database",     "clickhouse://db:9000/telemetry",                Server("db", 9000, database="telemetry")),
    ("a user",                    "clickhouse://me:s%40cret@db/x",                 Server("db", 8123, user="me", password="s@cret", database="x")),
    ("HTTP by name",              "http://127.0.0.1:8123",                         Server("127.0.0.1", 8123)),
    ("TLS",                       "clickhouses://db",                              Server("db", 8443, tls=True)),
    ("TLS as HTTPS",              "https://db/",                                   Server("db", 8443, tls=True)),
    ("IPv6",                      "clickhouse://[::1]:8123",                       Server("::1", 8123)),
]  # fmt: skip

REFUSED = [
    # what                     URL                               complaint
    ("no scheme",              "/var/lib/firstlight",            "'' is no scheme known here; want chdb:///directory"),
    ("another scheme",         "postgresql://db/x",              "'postgresql' is no scheme known here"),
    ("two slashes",            "chdb://data",                    "'data' stands where a host would; want chdb:///directory, three /"),
    ("no directory",           "chdb:///",                       "it names no directory"),
    ("the root by nothing",    "chdb:",                          "it names no directory"),
    ("no host",                "clickhouse:///telemetry",        "it names no host"),
    ("a port that is none",    "clickhouse://db:70000",          "Port out of range"),
    ("a database of SQL",      "clickhouse://db/a`; DROP",       "is no name of a database"),
    ("options",                "clickhouse://db/x?secure=1",     "nothing is known here that could stand after ? or #"),
]  # fmt: skip

SHOWN = [
    # what           URL                               shown
    ("a directory",  "chdb:///var/lib/firstlight",     "/var/lib/firstlight"),
    ("a server",     "clickhouse://me:secret@db/x",    "clickhouse://db:8123/x"),
    ("TLS, IPv6",    "https://[::1]/x",                "clickhouses://[::1]:8443/x"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "location"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_reads(url: str, location: Location) -> None:
    assert parse(url) == location


@pytest.mark.parametrize(("url", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses(url: str, complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        StoreSettings(url=url)

    assert complaint in str(caught.value)


@pytest.mark.parametrize(("url", "shown"), [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN])
def test_shows_no_secret(url: str, shown: str) -> None:
    assert str(parse(url)) == shown
    assert "secret" not in repr(parse(url)) + repr(StoreSettings(url=url))


def test_a_bad_url_is_refused_without_its_password() -> None:
    with pytest.raises(ValueError, match="cannot use") as caught:
        parse("clickhouse://me:secret@db:70000")

    assert "secret" not in str(caught.value)
