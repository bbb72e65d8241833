"""Entries of the journal, out of a stream that is cut anywhere."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.errors import DecodeError
from firstlight.wire.journal.entry import entry_record
from firstlight.wire.journal.export import MAX_ENTRY, ExportReader
from firstlight.wire.logs.book import LogBook
from firstlight.wire.shippers.gathering import MAX_LINE, Gathering
from tests.wire.shippers.gathered import NOW, Told, cut, told_record


def field(name: str, value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    if isinstance(value, str) and "\n" not in value:
        return name.encode() + b"=" + raw + b"\n"
    return name.encode() + b"\n" + len(raw).to_bytes(8, "little") + raw + b"\n"


def entry(**fields: str | bytes) -> bytes:
    return b"".join(field(name, value) for name, value in fields.items()) + b"\n"


def read(*parts: bytes) -> Told:
    reader, gathering, told = ExportReader(), Gathering(LogBook()), Told()
    for part in parts:
        for record in reader.take(part, gathering):
            gathering.add(record)
    for record in reader.end(gathering):
        gathering.add(record)
    told.add(gathering.drain("default", NOW))
    return told


STREAMS = [
    # what                       stream                                                  lines
    ("a text",                   entry(MESSAGE="a"),                                     ["a"]),
    ("two entries",              entry(MESSAGE="a") + entry(MESSAGE="b"),                ["a", "b"]),
    ("empty lines between",      entry(MESSAGE="a") + b"\n\n" + entry(MESSAGE="b"),      ["a", "b"]),
    ("over lines",               entry(MESSAGE="a\nb"),                                  ["a\nb"]),
    ("an equals sign",           entry(MESSAGE="a=b"),                                   ["a=b"]),
    ("an empty text",            entry(MESSAGE=""),                                      [""]),
    ("no bytes",                 entry(MESSAGE=b""),                                     [""]),
    ("bytes, no UTF-8",          entry(MESSAGE=b"\xff\n"),                               ["\ufffd\n"]),
    ("an entry in the value",    entry(MESSAGE="a\n\nMESSAGE=b\n\n"),                    ["a\n\nMESSAGE=b\n\n"]),
    ("no empty line at the end", entry(MESSAGE="a")[:-1],                                ["a"]),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(("stream", "wanted"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS])
def test_finds_entries(stream: bytes, wanted: list[str], size: int) -> None:
    told = read(*cut(stream, size))

    assert (told.column("body"), told.refused) == (wanted, {})


def as_row(**fields: str) -> dict[str, Any]:
    return told_record(entry_record({"MESSAGE": "m", **fields}))


PLACES = [
    # what                   fields                                                                column        is
    ("the time",             {"__REALTIME_TIMESTAMP": "1795206080368104"},                         "ts",         1_795_206_080_368_104_000),
    ("no time",              {"__REALTIME_TIMESTAMP": "soon"},                                     "ts",         0),
    ("a priority",           {"PRIORITY": "4"},                                                    "severity",   13),
    ("its word",             {"PRIORITY": "4"},                                                    "word",       "warning"),
    ("no priority",          {"PRIORITY": "x"},                                                    "severity",   0),
    ("the host",             {"_HOSTNAME": "h", "_MACHINE_ID": "1"},                               "resource",   {"host.name": "h", "host.id": "1"}),
    ("a unit",               {"_SYSTEMD_UNIT": "ssh.service", "SYSLOG_IDENTIFIER": "sshd"},        "resource",   {"service.name": "ssh"}),
    ("a unit of a user",     {"_SYSTEMD_UNIT": "user@1000.service", "_SYSTEMD_USER_UNIT": "a.service"}, "resource", {"service.name": "a"}),
    ("a session",            {"_SYSTEMD_UNIT": "session-3.scope", "SYSLOG_IDENTIFIER": "sudo"},    "resource",   {"service.name": "sudo"}),
    ("a command",            {"_COMM": "cat"},                                                     "resource",   {"service.name": "cat"}),
    ("a container",          {"_SYSTEMD_UNIT": "docker.service", "CONTAINER_NAME": "web"},         "resource",   {"service.name": "web", "container.name": "web"}),
    ("all else",             {"_PID": "7", "__CURSOR": "s=1", "_UID": "0"},                        "attributes", {"_PID": "7", "_UID": "0"}),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "column", "wanted"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_puts_fields_in_their_places(fields: dict[str, str], column: str, wanted: object) -> None:
    assert as_row(**fields)[column] == wanted


def test_a_field_that_is_told_twice_has_both_values() -> None:
    [row] = read(entry(MESSAGE="a")[:-1] + field("X", "1") + field("X", "2") + b"\n").rows

    assert row["attributes"] == {"X": "1,2"}


BAD = [
    # what                   stream                           refused
    ("no message",           entry(_PID="7"),                 {"entry without a MESSAGE": 1}),
    ("cut in a name",        b"MESS",                         {"cut short": 1}),
    ("cut in a length",      b"MESSAGE\n\5\0",                {"cut short": 1}),
    ("cut in a value",       b"MESSAGE\n\5\0\0\0\0\0\0\0ab",  {"cut short": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("stream", "refused"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_refuses_entries_alone(stream: bytes, refused: dict[str, int]) -> None:
    told = read(entry(MESSAGE="good") + stream)

    assert (told.column("body"), told.refused) == (["good"], refused)


FAULTS = [
    # what                   stream                                   complaint
    ("no name",              b"=x\n",                                 "is no name of a field"),
    ("JSON",                 b'{"MESSAGE": "a"}\n',                   "is no name of a field"),
    ("garbage",              b"\xff\xfe\n",                           "is no name of a field"),
    ("no end of a value",    b"A\n\1\0\0\0\0\0\0\0ab",                "want a line feed"),
    ("a huge value",         b"A\n" + b"\xff" * 8,                    "18446744073709551615 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("stream", "complaint"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_says_what_cannot_be_read(stream: bytes, complaint: str) -> None:
    with pytest.raises(DecodeError, match=complaint):
        read(stream)


def test_holds_so_much_of_an_entry_and_marks_it() -> None:
    big = b"x" * (MAX_LINE + 10)
    reader, gathering, told, held = ExportReader(), Gathering(LogBook()), Told(), 0
    stream = entry(MESSAGE="a", A=big, B=big, C=big, D=big, E=big) + entry(MESSAGE="b")
    for part in cut(stream, 100_000):
        for record in reader.take(part, gathering):
            gathering.add(record)
        held = max(held, reader.held)
    told.add(gathering.drain("default", NOW))

    assert told.column("body") == ["a", "b"]
    assert told.rows[0]["attributes"].keys() == {"A", "B", "C", "log.truncated"}
    assert told.altered == {"truncated": 1}
    assert held <= MAX_ENTRY + MAX_LINE


@given(
    st.lists(
        st.sampled_from([b"MESSAGE", b"=", b"\n", b"\3\0\0\0\0\0\0\0", b"abc", b"\xff", b"__REALTIME_TIMESTAMP=5\n"]),
        max_size=20,
    ).map(b"".join),
    st.integers(1, 9),
)
def test_takes_or_refuses_any_garbage(data: bytes, size: int) -> None:
    with suppress(DecodeError):
        read(*cut(data, size))
