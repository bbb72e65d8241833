"""Messages of GELF, in datagrams whole and in chunks, and over a stream."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.wire.gelf.chunks import MAX_BYTES, MAX_MESSAGES, TIMEOUT_NS, Chunks
from firstlight.wire.gelf.dialogue import GelfDatagrams, GelfDialogue, gather_body
from firstlight.wire.gelf.message import gelf_record
from firstlight.wire.logs.book import LogBook
from firstlight.wire.shippers.gathering import Gathering
from tests.wire.shippers.gathered import NOW, Told, converse, cut, told, told_record

TRACE = "0af7651916cd43dd8448eb211c80319c"


def message(**fields: object) -> bytes:
    return json.dumps({"version": "1.1", "host": "h", "short_message": "it", **fields}).encode()


def read(**fields: object) -> dict[str, Any]:
    return told_record(gelf_record(message(**fields), Gathering(LogBook())))


PLACES = [
    # what                            fields                                              column        is
    ("the short message",             {},                                                 "body",       "it"),
    ("a full one that begins so",     {"full_message": "it\nand more"},                   "body",       "it\nand more"),
    ("another full one",              {"full_message": "Traceback"},                      "attributes", {"full_message": "Traceback"}),
    ("beside the short one",          {"full_message": "Traceback"},                      "body",       "it"),
    ("an empty full one",             {"full_message": ""},                               "body",       "it"),
    ("a time",                        {"timestamp": 1795206080.3681047},                  "ts",         1_795_206_080_368_105_000),
    ("a time as text",                {"timestamp": "2026-11-20T20:21:20Z"},              "ts",         1_795_206_080_000_000_000),
    ("no time",                       {"timestamp": None},                                "ts",         0),
    ("a level",                       {"level": 3},                                       "severity",   17),
    ("its word",                      {"level": 3},                                       "word",       "err"),
    ("a level as text",               {"level": "4"},                                     "severity",   13),
    ("a level as a word",             {"level": "Warning"},                               "severity",   13),
    ("a level that is none",          {"level": 9},                                       "severity",   0),
    ("no level",                      {},                                                 "severity",   0),
    ("the host",                      {},                                                 "resource",   {"host.name": "h"}),
    ("a service",                     {"_service": "s"},                                  "resource",   {"host.name": "h", "service.name": "s"}),
    ("an application",                {"_application_name": "s"},                         "resource",   {"host.name": "h", "service.name": "s"}),
    ("Docker's driver",               {"_container_name": "c", "_container_id": "1"},     "resource",   {"host.name": "h", "container.name": "c", "container.id": "1"}),
    ("what is added",                 {"_a": 1, "facility": "f", "line": 3, "_n": None},  "attributes", {"a": "1", "facility": "f", "line": "3"}),
    ("nested",                        {"_a": {"b": [1]}},                                 "attributes", {"a.b": "[1]"}),
    ("a trace",                       {"_trace_id": TRACE},                               "trace",      TRACE.strip("0")),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "column", "wanted"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_puts_fields_in_their_places(fields: dict[str, object], column: str, wanted: object) -> None:
    assert read(**fields)[column] == wanted


STREAMS = [
    # what                   stream                                               lines            refused
    ("NULs",                 message() + b"\0" + message() + b"\0",               ["it", "it"],    {}),
    ("a last one, no end",   message() + b"\0" + message(),                       ["it", "it"],    {}),
    ("line feeds as well",   message() + b"\n\0" + message() + b"\0\n",           ["it", "it"],    {}),
    ("no JSON",              b"oops\0" + message() + b"\0",                       ["it"],          {"message that is no JSON object": 1}),
    ("not UTF-8",            b'{"short_message": "\xff"}\0',                      ["\ufffd"],      {}),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(("stream", "lines", "refused"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS])
def test_reads_a_stream(stream: bytes, lines: list[str], refused: dict[str, int], size: int) -> None:
    found = converse(GelfDialogue(), *cut(stream, size))

    assert (found.column("body"), found.refused) == (lines, refused)


def chunks(data: bytes, count: int, name: bytes = b"12345678") -> list[bytes]:
    size = -(-len(data) // count)
    return [b"\x1e\x0f" + name + bytes([n, count]) + data[n * size : (n + 1) * size] for n in range(count)]


def received(*datagrams: bytes, later: int = 0) -> Told:
    """Return what comes of datagrams, the last of them `later`."""
    reader = GelfDatagrams()

    def fill(gathering: Gathering) -> None:
        for place, data in enumerate(datagrams):
            reader.take(data, "a", NOW + (later if place == len(datagrams) - 1 else 0), gathering)

    return told(fill)


WHOLE = zlib.compress(message())
A, B, C = chunks(WHOLE, 3)

DATAGRAMS = [
    # what                          datagrams                                    lines       refused
    ("plain",                       [message()],                                 ["it"],     {}),
    ("zlib",                        [WHOLE],                                     ["it"],     {}),
    ("gzip",                        [gzip.compress(message())],                  ["it"],     {}),
    ("in chunks",                   [A, B, C],                                   ["it"],     {}),
    ("in another order",            [C, A, B],                                   ["it"],     {}),
    ("a chunk twice",               [A, A, B, B, C],                             ["it"],     {}),
    ("one chunk",                   chunks(message(), 1),                        ["it"],     {}),
    ("two, mixed",                  [A, chunks(message(), 2, b"87654321")[0], B, chunks(message(), 2, b"87654321")[1], C], ["it", "it"], {}),
    ("one is missing",              [A, B],                                      [],         {}),
    ("number over count",           [b"\x1e\x0f12345678\x05\x02x"],              [],         {"malformed chunk": 1}),
    ("no chunks",                   [b"\x1e\x0f12345678\x00\x00x"],              [],         {"malformed chunk": 1}),
    ("too many",                    [b"\x1e\x0f12345678\x00\xffx"],              [],         {"malformed chunk": 1}),
    ("cut short",                   [b"\x1e\x0f1234"],                           [],         {"malformed chunk": 1}),
    ("another count",               [A, chunks(WHOLE, 2)[1], B, C],              ["it"],     {"malformed chunk": 1}),
    ("garbage",                     [b"garbage"],                                [],         {"message that cannot be decompressed": 1}),
    ("no JSON",                     [zlib.compress(b"oops")],                    [],         {"message that is no JSON object": 1}),
    ("a bomb",                      [zlib.compress(b"{" + b" " * 20_000_000)],   [],         {"message that cannot be decompressed": 1}),
    ("nothing",                     [b""],                                       [],         {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("datagrams", "lines", "refused"), [row[1:] for row in DATAGRAMS], ids=[row[0] for row in DATAGRAMS]
)
def test_reads_datagrams(datagrams: list[bytes], lines: list[str], refused: dict[str, int]) -> None:
    found = received(*datagrams)

    assert (found.column("body"), found.refused) == (lines, refused)


def test_gives_up_chunks_that_take_too_long() -> None:
    assert received(A, B, C, later=TIMEOUT_NS - 1).column("body") == ["it"]
    late = received(A, B, C, later=TIMEOUT_NS)
    assert (late.rows, late.refused) == ([], {"message of which chunks are missing": 1})


@pytest.mark.parametrize(
    ("size", "count"), [(1, MAX_MESSAGES + 10), (60_000, MAX_BYTES // 60_000 + 10)], ids=["many", "large"]
)
def test_bounds_what_waits(size: int, count: int) -> None:
    waiting, most = Chunks(), 0
    for number in range(count):
        waiting.take(b"\x1e\x0f" + number.to_bytes(8) + b"\0\2" + b"x" * size, "a", NOW)
        most = max(most, waiting.held)

    assert most <= MAX_BYTES
    assert 1 <= waiting.take_refused()["message crowded out by the chunks of others"] <= 20


def test_does_not_mix_senders() -> None:
    waiting = Chunks()
    assert waiting.take(A, "a", NOW) is None
    assert waiting.take(B, "b", NOW) is None
    assert waiting.take(C, "a", NOW) is None


BODIES = [
    # what             body                                    lines
    ("a message",      message(),                              ["it"]),
    ("over lines",     json.dumps({"short_message": "it"}, indent=1).encode(), ["it"]),
    ("one a line",     message() + b"\n" + message() + b"\n",  ["it", "it"]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "lines"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_reads_bodies(body: bytes, lines: list[str]) -> None:
    found = told(lambda gathering: gather_body(body, gathering))

    assert (found.column("body"), found.refused) == (lines, {})


@given(
    st.lists(
        st.one_of(st.binary(max_size=30), st.binary(max_size=30).map(lambda data: b"\x1e\x0f" + data)), max_size=10
    )
)
def test_takes_any_garbage(datagrams: list[bytes]) -> None:
    found = received(*datagrams, b'{"short_message": "good"}')

    assert found.column("body")[-1] == "good"


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(["short_message", "full_message", "host", "timestamp", "level", "_a", "_id", "facility", ""]),
        VALUES,
    )
)
def test_takes_any_values(document: dict[str, object]) -> None:
    found = told(lambda gathering: gather_body(json.dumps(document).encode(), gathering))

    assert len(found.rows) + sum(found.refused.values()) == 1
