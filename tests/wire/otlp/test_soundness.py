"""Requests that would end the process if the reader of columns saw them."""

from __future__ import annotations

import pytest

from firstlight.errors import DecodeError
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.messages import readers
from firstlight.wire.otlp.names import Translation
from tests.wire.otlp.test_logs import framed

READERS = readers()

BEYOND_MEMORY = b"\xff" * 9 + b"\x01"
"""The length 2^64 - 1."""

UNSOUND = [
    # what                                     the reader  the request
    ("groups in groups",                       "Logs",     b"\x13" * 1_000_000),
    ("groups in groups, each closed",          "Traces",   b"\x13" * 500_000 + b"\x14" * 500_000),
    ("groups in groups, in a resource",        "Traces",   framed(0x0A, b"\x83\x01" * 500_000)),
    ("groups in groups, in a record",          "Logs",     framed(0x0A, framed(0x12, framed(0x12, b"\xfb\x01" * 500_000)))),
    ("groups in groups, in a data point",      "Metrics",  framed(0x0A, framed(0x12, framed(0x12, framed(0x2A, framed(0x0A, b"\xa3\x01" * 500_000)))))),
    ("a length beyond memory",                 "Logs",     b"\x0a" + BEYOND_MEMORY),
    ("a length beyond memory, unaligned",      "Logs",     b"\x10\x00\x0a" + BEYOND_MEMORY),
    ("a length beyond memory, in a record",    "Traces",   framed(0x0A, framed(0x12, framed(0x12, b"\x0a" + BEYOND_MEMORY)))),
    ("a length beyond memory, not understood", "Metrics",  framed(0x0A, framed(0x12, framed(0x12, b"\x7a" + BEYOND_MEMORY)))),
]  # fmt: skip

SOUND = [
    # what                              the request
    ("nothing",                         b""),
    ("a group",                         b"\x13\x18\x01\x14"),
    ("the largest time there is",       framed(0x0A, framed(0x12, framed(0x12, b"\x09" + b"\xff" * 8)))),
    ("a field of a later version",      framed(0x0A, framed(0x12, framed(0x12, b"\xf8\x3f\x01")))),
    ("a long record",                   framed(0x0A, framed(0x12, framed(0x12, framed(0x1A, b"x" * 100_000))))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body"), [row[1:] for row in UNSOUND], ids=[row[0] for row in UNSOUND])
def test_refuses(name: str, body: bytes) -> None:
    """A process that goes on after this has not run out of stack."""
    with pytest.raises(DecodeError, match="cannot read the body as an OTLP"):
        READERS[name].read(body)


@pytest.mark.parametrize("body", [row[1] for row in SOUND], ids=[row[0] for row in SOUND])
def test_lets_pass(body: bytes) -> None:
    assert READERS["Logs"].read(body) is not None


def test_minds_every_length_of_eight_bytes_set() -> None:
    """Wherever in the body such a length stands, it is found."""
    for before in range(16):
        with pytest.raises(DecodeError):
            READERS["Logs"].read(framed(0x1A, b"x" * before) + b"\x0a" + BEYOND_MEMORY)


def test_bounds_what_one_request_becomes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose records would take too much memory is refused while it is decoded, not when it is stored."""
    monkeypatch.setattr("firstlight.wire.otlp.decoder.MAX_DECODED", 1000)
    body = framed(0x0A, framed(0x12, framed(0x12, b"") * 100))

    with pytest.raises(DecodeError, match="take more than 1000 bytes of memory; send smaller requests"):
        OtlpDecoder(Translation()).decode("logs", body, json=False, tenant="default", now_ns=1)
