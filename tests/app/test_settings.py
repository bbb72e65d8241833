"""Settings as a whole: what cannot be, and where it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstlight.app.settings import Settings
from firstlight.config.read import read
from firstlight.errors import ConfigError

REFUSED = [
    # what                             text                                                          complaint
    ("another machine's address",      "http:\n  listen: 0.0.0.0:1610",                              "firstlight.yaml:2: http.listen: cannot listen on 0.0.0.0:1610: authentication is not configured"),
    ("every interface",                "otlp: {grpc: ':4317'}",                                      "firstlight.yaml:1: otlp.grpc: cannot listen on :4317: authentication is not configured"),
    ("one address for two",            "otlp: {http: 127.0.0.1:1610}",                               "firstlight.yaml: http.listen and otlp.http are both 127.0.0.1:1610; want another port, or null for otlp.http, whose requests http.listen takes as well"),
    ("one address for two of logs",    "log_sockets: {beats: 127.0.0.1:5044, fluent: 127.0.0.1:5044}", "firstlight.yaml: log_sockets.beats and log_sockets.fluent are both 127.0.0.1:5044; want another port"),
    ("logs where HTTP is",             "log_sockets: {gelf_tcp: 127.0.0.1:1610}",                    "firstlight.yaml: http.listen and log_sockets.gelf_tcp are both 127.0.0.1:1610; want another port"),
    ("no room for one request",        "ingest: {max_in_flight: 1MiB}",                              "firstlight.yaml:1: ingest: max_in_flight is 1MiB, and one request of the largest size needs max_body + max_decompressed; want 128MiB or more"),
    ("labels of all and of some",      "otlp: {promote_all_resource_attributes: true, promote_resource_attributes: [a]}", "exclude each other; want one"),
    ("all but some, of none",          "otlp: {ignore_resource_attributes: [a]}",                    "ignore_resource_attributes has a meaning only with promote_all_resource_attributes: true"),
    ("an unknown strategy",            "otlp: {translation_strategy: NoTranslatoin}",                'unknown value "NoTranslatoin"; did you mean "NoTranslation"?'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(Settings, text=text)

    assert complaint in str(caught.value)


def test_everything_has_a_default() -> None:
    assert read(Settings) == Settings()


def test_what_is_not_opened_cannot_collide() -> None:
    settings = read(Settings, text="otlp: {http: null, grpc: null}")

    assert (settings.otlp.http, settings.otlp.grpc) == (None, None)


def test_datagrams_and_connections_share_a_port() -> None:
    read(
        Settings, text="log_sockets: {gelf_udp: 127.0.0.1:1610, syslog_udp: 127.0.0.1:1514, syslog_tcp: 127.0.0.1:1514}"
    )


def test_ports_that_the_system_chooses_do_not_collide() -> None:
    read(Settings, text="http: {listen: '127.0.0.1:0'}\notlp: {http: '127.0.0.1:0', grpc: '127.0.0.1:0'}")


def test_says_how_metrics_are_named() -> None:
    text = "otlp: {promote_resource_attributes: [service.name], translation_strategy: NoTranslation}"
    translation = read(Settings, text=text).otlp.translation

    assert translation.promoted == {"service.name"}
    assert translation.strategy == "NoTranslation"


def test_the_store_is_in_the_data_directory(tmp_path: Path) -> None:
    assert read(Settings, overrides=[f"data={tmp_path}"]).store_directory == tmp_path / "store"
