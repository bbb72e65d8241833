"""Conversations in Lumberjack: windows, what is answered, and what ends them."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.wire.beats.dialogue import BeatsDialogue
from firstlight.wire.beats.frames import FrameReader
from firstlight.wire.logs.book import LogBook
from firstlight.wire.shippers.gathering import Gathering
from tests.wire.beats.lumberjack import ack, compressed, event, pairs, window
from tests.wire.shippers.gathered import NOW, Told, converse, cut

MIB = 1024 * 1024


def spoken(*parts: bytes) -> tuple[Told, BeatsDialogue]:
    dialogue = BeatsDialogue(MIB)
    return converse(dialogue, *parts), dialogue


def events(*lines: str, first: int = 1) -> bytes:
    return b"".join(event(first + place, {"message": line}) for place, line in enumerate(lines))


CONVERSATIONS = [
    # what                          stream                                                       lines                  answers
    ("a window",                    window(2) + events("a", "b"),                                ["a", "b"],            ack(2)),
    ("compressed",                  window(2) + compressed(events("a", "b")),                    ["a", "b"],            ack(2)),
    ("in two compressed frames",    window(2) + compressed(events("a")) + compressed(events("b", first=2)), ["a", "b"], ack(2)),
    ("two windows",                 (window(1) + events("a")) * 2,                               ["a", "a"],            ack(1) + ack(1)),
    ("a count that goes on",        window(1) + events("a", first=7) + window(1) + events("b", first=8), ["a", "b"],    ack(7) + ack(8)),
    ("announced once",              window(2) + events("a", "b", "c", "d"),                      ["a", "b", "c", "d"],  ack(2) + ack(4)),
    ("not whole",                   window(3) + events("a", "b"),                                ["a", "b"],            b""),
    ("begun anew",                  window(3) + events("a") + window(1) + events("b"),           ["a", "b"],            ack(1)),
    ("empty",                       window(0) + compressed(b""),                                 [],                    b""),
    ("not announced",               events("a"),                                                 ["a"],                 ack(1)),
    ("version 1",                   window(1, 1) + pairs(1, {"line": "a"}),                      ["a"],                 ack(1, 1)),
    ("version 1, compressed",       window(1, 1) + compressed(pairs(1, {"line": "a"}), 1),       ["a"],                 ack(1, 1)),
    ("the greatest number",         window(1) + events("a", first=2**32 - 1),                    ["a"],                 ack(2**32 - 1)),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 5, 10_000])
@pytest.mark.parametrize(
    ("stream", "lines", "answers"), [row[1:] for row in CONVERSATIONS], ids=[row[0] for row in CONVERSATIONS]
)
def test_answers_windows(stream: bytes, lines: list[str], answers: bytes, size: int) -> None:
    told, dialogue = spoken(*cut(stream, size))

    assert (told.column("body"), told.answers) == (lines, answers)
    assert (dialogue.fault, dialogue.held, told.refused) == ("", 0, {})


def test_reads_a_document_of_filebeat() -> None:
    document = {
        "@timestamp": "2026-11-20T20:21:17.969Z", "@metadata": {"beat": "filebeat", "type": "_doc", "version": "8.17.0"},
        "message": "GET /cart 500", "log": {"level": "error", "offset": 120, "file": {"path": "/var/log/shop.log"}},
        "host": {"name": "web-1", "os": {"type": "linux"}}, "agent": {"type": "filebeat", "version": "8.17.0"},
        "fields": {"team": "cart"}, "labels": {"env": "prod"}, "service": {"name": "shop"}, "ecs": {"version": "8.0.0"},
        "trace": {"id": "0af7651916cd43dd8448eb211c80319c"}, "span": {"id": "b7ad6b7169203331"}, "input": {"type": "log"},
    }  # fmt: skip
    told, _ = spoken(window(1) + event(1, document))

    assert told.rows == [
        {
            "body": "GET /cart 500", "ts": 1_795_206_077_969_000_000, "severity": 17, "word": "error",
            "resource": {
                "host.name": "web-1", "host.os.type": "linux", "service.name": "shop", "agent.type": "filebeat",
                "agent.version": "8.17.0", "ecs.version": "8.0.0",
            },
            "attributes": {
                "@metadata.type": "_doc", "log.offset": "120", "log.file.path": "/var/log/shop.log",
                "fields.team": "cart", "labels.env": "prod", "input.type": "log",
            },
            "types": "sissss", "trace": "af7651916cd43dd8448eb211c80319c", "span": "b7ad6b7169203331",
        }
    ]  # fmt: skip


def test_reads_an_event_of_version_1() -> None:
    told, _ = spoken(window(1, 1) + pairs(1, {"line": "it", "file": "/a.log", "offset": "7", "host": "h", "team": "x"}))

    [row] = told.rows
    assert (row["body"], row["resource"]) == ("it", {"host.name": "h"})
    assert row["attributes"] == {"log.file.path": "/a.log", "log.offset": "7", "team": "x"}


BAD_EVENTS = [
    # what                document            why
    ("no JSON",           b"{",               "event that is no JSON object"),
    ("a list",            b"[1]",             "event that is no JSON object"),
    ("nothing",           b"",                "event that is no JSON object"),
    ("a time too late",   b'{"message": "m", "@timestamp": "9999-01-01T00:00:00Z"}', "time after 2262"),
    ("a time too early",  b'{"message": "m", "@timestamp": "1900-01-01T00:00:00Z"}', "time before 1970"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "why"), [row[1:] for row in BAD_EVENTS], ids=[row[0] for row in BAD_EVENTS])
def test_refuses_events_alone_and_answers_all_the_same(raw: bytes, why: str) -> None:
    told, dialogue = spoken(window(3) + event(1, {"message": "a"}) + event(2, raw) + event(3, {"message": "b"}))

    assert told.column("body") == ["a", "b"]
    assert told.refused == {why: 1}
    assert (told.answers, dialogue.fault) == (ack(3), "")


FAULTS = [
    # what                          stream                                              complaint
    ("HTTP",                        b"GET / HTTP/1.1\r\n",                              "want version 1 or 2"),
    ("TLS",                         b"\x16\x03\x01\x02\x00",                            "TLS only on a port"),
    ("an unknown type",             b"2X",                                              "its type is b'X'; want W, C, J or D"),
    ("JSON in version 1",           b"1J",                                              "want W, C or D"),
    ("too large an event",          struct.pack(">2sII", b"2J", 1, 2**31),              "an event of 2147483648 bytes"),
    ("too large a frame",           struct.pack(">2sI", b"2C", 2**31),                  "a compressed frame of 2147483648 bytes"),
    ("too many pairs",              struct.pack(">2sII", b"1D", 1, 2**31),              "2147483648 pairs"),
    ("too large a text",            struct.pack(">2sIII", b"1D", 1, 1, 2**31),          "a text of an event of 2147483648 bytes"),
    ("no zlib",                     struct.pack(">2sI", b"2C", 5) + b"hello",           "want zlib or gzip"),
    ("a bomb",                      compressed(event(1, b" " * 2 * MIB)),               "more than 1048576 bytes"),
    ("a frame in a frame",          compressed(compressed(event(1, {}))),               "within another"),
    ("cut short within",            compressed(event(1, {})[:-1]),                      "what it holds is cut short"),
    ("garbage within",              compressed(b"garbage"),                             "want version 1 or 2"),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 1000_000])
@pytest.mark.parametrize(("stream", "complaint"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_says_what_ends_a_conversation_and_keeps_what_came_before(stream: bytes, complaint: str, size: int) -> None:
    dialogue = BeatsDialogue(MIB)
    bodies, answers = [], b""
    for part in cut(window(1) + event(1, {"message": "before"}) + stream, size):
        told = converse(dialogue, part, end=False)
        bodies += told.column("body")
        answers += told.answers
        if dialogue.fault:
            break

    assert complaint in dialogue.fault
    assert (bodies, answers) == (["before"], ack(1))


def test_a_pack_of_tiny_events_goes_in_parts() -> None:
    """A compressed frame may hold many more events than fit in memory as records."""
    data = window(50_000) + compressed(b"".join(event(n, b"{}") for n in range(1, 50_001)))
    gathering = Gathering(LogBook())
    steps = BeatsDialogue(MIB).take(data, NOW, gathering)
    sizes = [(gathering.drain("default", NOW).batch.items, answer) for answer in steps]

    assert sizes == [(20_000, b""), (20_000, b""), (10_000, ack(50_000))]


def test_asks_to_wait_those_who_understand_it() -> None:
    dialogue = BeatsDialogue(MIB)
    converse(dialogue, window(1) + events("a"), end=False)
    assert dialogue.keep_alive() == ack(0)
    converse(dialogue, window(1, 1) + pairs(1, {"line": "a"}), end=False)
    assert dialogue.keep_alive() == b""


def test_an_event_that_is_cut_short_is_counted_and_not_answered() -> None:
    told, _ = spoken(window(1) + events("a")[:-1])

    assert (told.rows, told.answers, told.refused) == ([], b"", {"cut short": 1})


def test_holds_one_frame_at_most() -> None:
    reader = FrameReader()
    list(reader.take(window(1) + events("a") + events("b")[:9]))

    assert reader.held == 9


@given(st.lists(st.binary(max_size=60), max_size=6), st.integers(1, 30))
def test_takes_any_garbage(parts: list[bytes], size: int) -> None:
    dialogue = BeatsDialogue(MIB)
    for part in cut(window(3) + b"".join(parts) + zlib.compress(b"".join(parts)), size):
        converse(dialogue, part)
        if dialogue.fault:
            break
