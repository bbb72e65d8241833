"""Conversations in Fluentd's forward protocol: every mode, what is answered, the handshake, and what ends them."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.wire.fluent.dialogue import FluentDialogue
from firstlight.wire.fluent.handshake import Handshake
from firstlight.wire.fluent.unpack import MAX_MESSAGE
from tests.wire.shippers.gathered import Told, converse, cut

MIB = 1024 * 1024
SECOND = 10**9
EVENT_TIME = msgpack.ExtType(0, (5).to_bytes(4) + (7).to_bytes(4))


def packed(*values: object) -> bytes:
    return b"".join(msgpack.packb(value) for value in values)


def spoken(*parts: bytes) -> tuple[Told, FluentDialogue]:
    dialogue = FluentDialogue(MIB)
    return converse(dialogue, *parts), dialogue


A, B = {"log": "a"}, {"log": "b"}
ENTRIES = packed([5, A], [EVENT_TIME, B])

MODES = [
    # what                        messages                                                         lines        times                    answers
    ("one message",               [["t", 5, A]],                                                   ["a"],       [5 * SECOND],            []),
    ("with nanoseconds",          [["t", EVENT_TIME, A]],                                          ["a"],       [5 * SECOND + 7],        []),
    ("with a float",              [["t", 5.25, A]],                                                ["a"],       [5_250_000_000],         []),
    ("wants an answer",           [["t", 5, A, {"chunk": "id=="}]],                                ["a"],       [5 * SECOND],            ["id=="]),
    ("options of nothing",        [["t", 5, A, None]],                                             ["a"],       [5 * SECOND],            []),
    ("forward",                   [["t", [[5, A], [EVENT_TIME, B]]]],                              ["a", "b"],  [5 * SECOND, 5 * SECOND + 7], []),
    ("forward, answered",         [["t", [[5, A]], {"chunk": "x", "size": 1}]],                    ["a"],       [5 * SECOND],            ["x"]),
    ("packed",                    [["t", ENTRIES]],                                                ["a", "b"],  [5 * SECOND, 5 * SECOND + 7], []),
    ("packed, answered",          [["t", ENTRIES, {"chunk": "x"}]],                                ["a", "b"],  [5 * SECOND, 5 * SECOND + 7], ["x"]),
    ("compressed",                [["t", gzip.compress(ENTRIES), {"compressed": "gzip", "chunk": "x"}]], ["a", "b"], [5 * SECOND, 5 * SECOND + 7], ["x"]),
    ("compressed in members",     [["t", gzip.compress(packed([5, A])) + gzip.compress(packed([5, B])), {"compressed": "gzip"}]], ["a", "b"], [5 * SECOND] * 2, []),
    ("Fluent Bit's metadata",     [["t", [[[EVENT_TIME, {"m": 1}], A]]]],                          ["a"],       [5 * SECOND + 7],        []),
    ("a heartbeat between",       [None, ["t", 5, A]],                                             ["a"],       [5 * SECOND],            []),
    ("bytes for texts",           [[b"t", 5, {b"log": b"a"}]],                                     ["a"],       [5 * SECOND],            []),
    ("no entries",                [["t", b"", {"chunk": "x"}]],                                    [],          [],                      ["x"]),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize(
    ("messages", "lines", "times", "answers"), [row[1:] for row in MODES], ids=[row[0] for row in MODES]
)
def test_reads_every_mode(
    messages: list[Any], lines: list[str], times: list[int], answers: list[str], size: int
) -> None:
    told, dialogue = spoken(*cut(packed(*messages), size))

    assert (told.column("body"), told.column("ts")) == (lines, times)
    assert told.answers == packed(*({"ack": chunk} for chunk in answers))
    assert (dialogue.fault, dialogue.held, told.refused) == ("", 0, {})


def test_reads_packed_entries_that_old_senders_write_as_a_text() -> None:
    entries = packed([5, {"log": "\u00e9", "n": 200}])
    told, dialogue = spoken(msgpack.packb(["t", entries.decode("latin-1")], use_bin_type=False)[:2] + _raw(entries))

    assert (told.column("body"), dialogue.fault) == (["\u00e9"], "")


def _raw(data: bytes) -> bytes:
    """Return the tag and `data` as texts of MessagePack, whatever is in it."""
    return b"t" + bytes([0xDA]) + len(data).to_bytes(2) + data


RECORDS = [
    # what                     record                                                                   column         is
    ("log",                    {"log": "it\n", "stream": "stdout"},                                     "body",        "it"),
    ("message",                {"message": "it"},                                                       "body",        "it"),
    ("no line",                {"from": "userA"},                                                       "body",        '{"from":"userA"}'),
    ("the tag is the service", {"log": "it"},                                                           "resource",    {"service.name": "t"}),
    ("or the container",       {"log": "it", "container_name": "/web", "container_id": "1"},            "resource",    {"service.name": "web", "container.name": "/web", "container.id": "1"}),
    ("or its service",         {"log": "it", "service": "s"},                                           "resource",    {"service.name": "s"}),
    ("Kubernetes",             {"log": "it", "kubernetes": {"pod_name": "p", "container_name": "c"}},   "resource",    {"service.name": "c", "k8s.pod.name": "p", "k8s.container.name": "c"}),
    ("the tag",                {"log": "it"},                                                           "attributes",  {"fluent.tag": "t"}),
    ("nested",                 {"log": "it", "a": {"b": 1}},                                            "attributes",  {"a.b": "1", "fluent.tag": "t"}),
    ("a level",                {"log": "it", "level": "error"},                                         "severity",    17),
    ("bytes, no UTF-8",        {"log": b"\xff"},                                                        "body",        "\ufffd"),
    ("another extension",      {"log": "it", "x": msgpack.ExtType(9, b"\1")},                           "attributes",  {"x": "01", "fluent.tag": "t"}),
    ("a time of MessagePack",  {"log": "it", "x": msgpack.Timestamp(5, 0)},                             "attributes",  {"x": "5.0", "fluent.tag": "t"}),
    ("the journal",            {"MESSAGE": "it", "_HOSTNAME": "h", "PRIORITY": "3", "_SYSTEMD_UNIT": "ssh.service"}, "resource", {"service.name": "ssh", "host.name": "h"}),
]  # fmt: skip


@pytest.mark.parametrize(("record", "column", "wanted"), [row[1:] for row in RECORDS], ids=[row[0] for row in RECORDS])
def test_reads_records(record: dict[str, object], column: str, wanted: object) -> None:
    [row] = spoken(packed(["t", 5, record]))[0].rows

    assert row[column] == wanted


CHUNK, GZIP = {"chunk": "x"}, {"chunk": "x", "compressed": "gzip"}

BAD_ENTRIES = [
    # what                   message                                                lines       why
    ("no pair",              ["t", [[5, A], [5], [5, B]], CHUNK],                   ["a", "b"], {"entry that is no pair of a time and a record": 1}),
    ("no time",              ["t", "x", A, CHUNK],                                  [],         {"entry that is no pair of a time and a record": 1}),
    ("no record",            ["t", [[5, "text"]], CHUNK],                           [],         {"entry that is no pair of a time and a record": 1}),
    ("packed garbage",       ["t", packed([5, A]) + b"\xc1", CHUNK],                ["a"],      {"malformed packed entries": 1}),
    ("packed, cut short",    ["t", packed([5, A]) + packed([5, B])[:-1], CHUNK],    ["a"],      {"cut short": 1}),
    ("no gzip",              ["t", b"hello", GZIP],                                 [],         {"malformed packed entries": 1}),
    ("a bomb",               ["t", gzip.compress(packed("x" * 2 * MIB)), GZIP],     [],         {"malformed packed entries": 1}),
    ("before 1970",          ["t", [[-5, A], [5, B]], CHUNK],                       ["b"],      {"time before 1970": 1}),
    ("a huge time",          ["t", [[2**63, A], [5, B]], CHUNK],                    ["b"],      {"time after 2262": 1}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "lines", "why"), [row[1:] for row in BAD_ENTRIES], ids=[row[0] for row in BAD_ENTRIES]
)
def test_refuses_entries_alone_and_answers_all_the_same(
    message: list[Any], lines: list[str], why: dict[str, int]
) -> None:
    told, dialogue = spoken(packed(message))

    assert (told.column("body"), dialogue.fault, told.refused) == (lines, "", why)
    assert told.answers == packed({"ack": "x"})


FAULTS = [
    # what                  stream                                     complaint
    ("no message",          packed({"a": 1}),                          "want a tag with a time and a record"),
    ("a number",            packed(5),                                 "want a tag with a time and a record"),
    ("too short",           packed(["t"]),                             "want a tag with a time and a record"),
    ("too long",            packed(["t", 5, A, None, None]),           "want a tag with a time and a record"),
    ("JSON",                b'{"a": 1}',                               "want a tag with a time and a record"),
    ("no MessagePack",      b"\xc1",                                   "cannot read MessagePack"),
    ("a number as a name",  packed(["t", 5, {5: 1}]),                  "cannot read MessagePack"),
    ("nested without end",  b"\x91" * 100_000,                         "cannot read MessagePack"),
    ("a huge array",        b"\xdd\xff\xff\xff\xff",                   "cannot read MessagePack"),
    ("a huge map",          b"\xdf\xff\xff\xff\xff",                   "cannot read MessagePack"),
]  # fmt: skip


@pytest.mark.parametrize(("stream", "complaint"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_says_what_ends_a_conversation_and_keeps_what_came_before(stream: bytes, complaint: str) -> None:
    told, dialogue = spoken(packed(["t", 5, A]) + stream)

    assert complaint in dialogue.fault
    assert told.column("body") == ["a"]


def test_a_message_without_end_is_too_long() -> None:
    dialogue = FluentDialogue(MIB)
    converse(dialogue, b"\x92\xa1t\xc6\x7f\xff\xff\xff", end=False)
    for _ in range(MAX_MESSAGE // MIB + 1):
        converse(dialogue, b"x" * MIB, end=False)

    assert dialogue.fault


def handshaken(key: str) -> tuple[bytes, FluentDialogue]:
    """Return what is answered to a client that knows `key`, and is asked for "secret"."""
    dialogue = FluentDialogue(MIB, Handshake("secret", b"0123456789abcdef"))
    hello = msgpack.unpackb(dialogue.greet())
    assert hello[0] == "HELO"
    digest = hashlib.sha512(b"salt" + b"client" + hello[1]["nonce"] + key.encode()).hexdigest()
    told = converse(dialogue, packed(["PING", "client", "salt", digest, "", ""]), packed(["t", 5, A, {"chunk": "x"}]))
    assert told.column("body") == (["a"] if key == "secret" else [])
    return told.answers, dialogue


def test_lets_those_in_who_know_the_key() -> None:
    answers, dialogue = handshaken("secret")
    pong, answer = _unpacked(answers)

    assert pong[:4] == ["PONG", True, "", "firstlight"]
    assert pong[4] == hashlib.sha512(b"saltfirstlight0123456789abcdefsecret").hexdigest()
    assert answer == {"ack": "x"}
    assert dialogue.fault == ""


def test_keeps_those_out_who_do_not_know_the_key() -> None:
    answers, dialogue = handshaken("guess")

    assert next(iter(_unpacked(answers)))[:3] == ["PONG", False, "shared_key mismatch"]
    assert "shared key" in dialogue.fault


def test_takes_nothing_before_the_handshake() -> None:
    dialogue = FluentDialogue(MIB, Handshake("secret", b"n"))
    told = converse(dialogue, packed(["t", 5, A]))

    assert (told.rows, told.answers) == ([], b"")
    assert "before the handshake" in dialogue.fault


def _unpacked(data: bytes) -> Any:
    unpacker = msgpack.Unpacker()
    unpacker.feed(data)
    return unpacker


@given(st.binary(max_size=200), st.integers(1, 50))
def test_takes_any_garbage(data: bytes, size: int) -> None:
    dialogue = FluentDialogue(MIB)
    for part in cut(data, size):
        converse(dialogue, part)
        if dialogue.fault:
            break
