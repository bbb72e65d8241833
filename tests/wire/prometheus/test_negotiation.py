"""Which formats are asked for, and in which one an answer is."""

from __future__ import annotations

import pytest

from firstlight.errors import DecodeError
from firstlight.wire.prometheus.book import Book
from firstlight.wire.prometheus.negotiation import DEFAULT, Protocol, accept_header, protocol_of
from firstlight.wire.prometheus.sender import Sender

PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


@pytest.mark.parametrize(
    ("content_type", "protocol"),
    [
        ("text/plain", Protocol.TEXT_0),
        ("text/plain; version=0.0.4; charset=utf-8; escaping=values", Protocol.TEXT_0),
        ("text/plain;version=1.0.0", Protocol.TEXT_1),
        ('Text/Plain; Version="1.0.0"', Protocol.TEXT_1),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", Protocol.OPENMETRICS_1),
        ("application/openmetrics-text; version=0.0.1", Protocol.OPENMETRICS_0),
        ("application/openmetrics-text", Protocol.OPENMETRICS_1),
        (PROTOBUF, Protocol.PROTOBUF),
    ],
)
def test_an_answer_is_in_the_format_that_its_type_says(content_type: str, protocol: Protocol) -> None:
    assert protocol_of(content_type) is protocol
    assert protocol_of(content_type, Protocol.TEXT_0) is protocol


@pytest.mark.parametrize("content_type", ["", "text/html", "application/vnd.google.protobuf", ";"])
def test_an_answer_of_another_type_is_read_only_as_the_fallback(content_type: str) -> None:
    assert protocol_of(content_type, Protocol.OPENMETRICS_1) is Protocol.OPENMETRICS_1
    with pytest.raises(DecodeError, match="fallback_scrape_protocol"):
        protocol_of(content_type)


def test_what_is_asked_for() -> None:
    assert accept_header() == (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    )
    assert accept_header((Protocol.PROTOBUF, *DEFAULT)).startswith(
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    )


def test_a_sender_may_change_its_format() -> None:
    sender = Sender(Book(), "default")
    ids = []
    for body, protocol in (
        (b'a{b="c"} 1\n', Protocol.TEXT_0),
        (b'a{b="c"} 1\n# EOF\n', Protocol.OPENMETRICS_1),
        (b'\x1a\x0a\x01a\x18\x01"\x13\x0a\x06\x0a\x01b\x12\x01c\x12\x09\x09' + bytes(6) + b"\xf0\x3f", Protocol.PROTOBUF),
    ):  # fmt: skip
        found, page = sender.read(body, protocol)
        assert found.values.tolist() == [1.0]
        ids.append(page.find(found.keys).ids.tolist())

    assert ids[0] == ids[1] == ids[2]


def test_series_that_come_and_go_do_not_pile_up() -> None:
    sender = Sender(Book(), "default")
    pages = set()
    for number in range(1100):
        found, page = sender.read(f"a{number} 1\n".encode(), Protocol.TEXT_0)
        page.find(found.keys)
        pages.add(page)

    [page] = pages
    assert page.known([b"a0 "]) == [None]
