"""The settings of the sockets, and TLS."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from firstlight.ingest.sockets.settings import COMPAT, LogSocketSettings
from firstlight.ingest.sockets.tls import CertificatesUnusable
from firstlight.store.fake import FakeStore
from tests.ingest.sockets.certificates import certificates, files
from tests.ingest.sockets.rig import ANYWHERE, lines, running
from tests.wire.beats.lumberjack import ack, event, window

__all__ = ["certificates"]
"""A fixture, which stands here to be found."""

BAD = [
    # what                       settings                                          complaint
    ("other machines",           {"beats": "0.0.0.0:5044"},                        "cannot listen on 0.0.0.0:5044"),
    ("other machines, by UDP",   {"syslog_udp": ":1514"},                          "cannot listen on :1514"),
    ("TLS without certificates", {"beats_tls": "127.0.0.1:5044"},                  "beats_tls is set, and tls is not"),
    ("a zone that is none",      {"syslog_time_zone": "Mars/Olympus"},             "'Mars/Olympus' is no time zone"),
    ("a zone out of its folder", {"syslog_time_zone": "../../etc/passwd"},         "is no time zone"),
    ("an unknown name",          {"beat": "127.0.0.1:5044"},                       "beat"),
    ("no connections",           {"max_connections": 0},                           "max_connections"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "complaint"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_complains_of_settings(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as raised:
        LogSocketSettings(**settings)

    assert complaint in str(raised.value)


def test_listens_nowhere_by_default_and_where_others_do_with_compat() -> None:
    settings = LogSocketSettings()
    listening = LogSocketSettings.model_validate(dict(COMPAT))

    assert [
        name for name in type(settings).model_fields if getattr(settings, name) is not None and name in COMPAT
    ] == []
    assert str(listening.beats) == "127.0.0.1:5044"


NAMES = ["beats_tls", "logstash_tls", "syslog_tls", "gelf_tls", "fluent_tls"]


@pytest.mark.anyio
async def test_speaks_tls(certificates: Path) -> None:
    store, context = FakeStore(), ssl.create_default_context(cafile=certificates / "cert.pem")
    async with running(store.append, **dict.fromkeys(NAMES, ANYWHERE), tls=files(certificates)) as sockets:
        assert list(sockets.server.addresses) == [*NAMES[:2], "gelf_tls", "fluent_tls", "syslog_tls"]
        sender = await sockets.connect("beats_tls", context)
        await sender.say(window(1) + event(1, {"message": "secret"}))
        assert await sender.hear(6) == ack(1)
        other = await sockets.connect("syslog_tls", context)
        await other.say(b"14 <11>app: other")
        other.writer.close()
        plain = await sockets.connect("beats_tls")
        await plain.say(window(1) + event(1, {"message": "plain"}))
        assert await plain.hear(6) != ack(1)
        await sockets.server.stop()

        assert lines(store) == ["secret", "other"]


@pytest.mark.anyio
async def test_asks_for_a_certificate_of_the_client(certificates: Path) -> None:
    context = ssl.create_default_context(cafile=certificates / "cert.pem")
    tls = files(certificates, client_ca_file=certificates / "cert.pem")
    async with running(FakeStore().append, beats_tls=ANYWHERE, tls=tls) as sockets:
        stranger = await sockets.connect("beats_tls", context)
        stranger.writer.write(window(1) + event(1, {"message": "a"}))
        with suppress(ssl.SSLError):  # with TLS 1.3 it is told later that it should have had one
            assert await stranger.hear(6) == b""
        context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
        known = await sockets.connect("beats_tls", context)
        await known.say(window(1) + event(1, {"message": "a"}))

        assert await known.hear(6) == ack(1)


@pytest.mark.anyio
@pytest.mark.parametrize("missing", ["cert_file", "key_file", "client_ca_file"])
async def test_says_which_certificates_cannot_be_used(certificates: Path, missing: str) -> None:
    nowhere = certificates / "nowhere.pem"
    with pytest.raises(CertificatesUnusable, match=r"nowhere\.pem.*: No such file"):
        async with running(FakeStore().append, beats_tls=ANYWHERE, tls=files(certificates, **{missing: nowhere})):
            pass
