"""Pushes in protobuf: columns without an object an entry, and what could end the process."""

from __future__ import annotations

import pytest

from firstlight.errors import DecodeError
from firstlight.wire.fields import framed
from firstlight.wire.loki.protobuf import PIECE, ProtobufPushes
from tests.wire.loki.pushes import Entry, entries, in_protobuf, refused, taken

A = '{app="a"}'
A_NAMED = {"app": "a", "service_name": "a"}

GOOD: list[tuple[str, bytes, list[Entry]]] = [
    ("an entry", in_protobuf((A, [(5, "x", {})])), [(A_NAMED, 5, "x", {})]),
    ("seconds and nanoseconds", in_protobuf((A, [(7 * 10**9 + 3, "x", {})])), [(A_NAMED, 7 * 10**9 + 3, "x", {})]),
    (
        "metadata of some, streams with the same labels",
        in_protobuf((A, [(5, "x", {"k": "v", "l": ""}), (6, "", {})]), (A, [(7, "z", {})])),
        [(A_NAMED, 5, "x", {"k": "v", "l": ""}), (A_NAMED, 6, "", {}), (A_NAMED, 7, "z", {})],
    ),
    ("no time", framed(b"\x0a", framed(b"\x0a", A.encode()) + framed(b"\x12", framed(b"\x12", b"x"))), []),
    ("bytes that are not UTF-8", in_protobuf((A, [(5, b"x\xff", {})])), [(A_NAMED, 5, "x\ufffd", {})]),
    ("no streams", b"", []),
    ("a stream without entries", in_protobuf((A, [])), []),
]


@pytest.mark.parametrize(("body", "wanted"), [row[1:] for row in GOOD[:3] + GOOD[4:]], ids=[r[0] for r in GOOD[:3] + GOOD[4:]])  # fmt: skip
def test_entries_are_read(body: bytes, wanted: list[Entry]) -> None:
    """A push comes to the entries that it says."""
    found = [entry for push in ProtobufPushes().read(body) for entry in entries(taken(push))]
    assert found == wanted


def test_an_entry_without_a_time_is_of_now() -> None:
    """What says no time gets that of its arrival."""
    (push,) = ProtobufPushes().read(GOOD[3][1])
    assert [line for _, time, line, _ in entries(taken(push)) if time > 10**18] == ["x"]


def test_a_stream_with_bad_labels_fails_alone() -> None:
    """The other streams of the push are taken."""
    body = in_protobuf(("{a=}", [(5, "x", {}), (6, "y", {})]), (A, [(7, "z", {})]))
    (push,) = ProtobufPushes().read(body)
    batch = taken(push)
    assert [line for _, _, line, _ in entries(batch)] == ["z"]
    assert refused(batch) == {
        "labels malformed: Error parsing labels '{a=}' with error: parse error at line 1, col 4: unexpected '}',"
        " expecting a label's value in quotes": 2
    }


def test_times_that_cannot_be_kept_are_refused() -> None:
    """Neither before 1970 nor beyond what 64 bits of nanoseconds say."""
    reader = ProtobufPushes().reader
    request = reader.request()
    stream = request.streams.add(labels=A.encode())  # type: ignore[attr-defined]  # as the descriptor has it
    for second in (-5, 2**40, 3):
        stream.entries.add(line=b"x").timestamp.seconds = second
    (push,) = ProtobufPushes().read(request.SerializeToString())
    batch = taken(push)
    assert (batch.items, refused(batch)) == (1, {"time before 1970": 2})


def test_large_pushes_are_read_in_parts() -> None:
    """A stream of more than a part is cut into several, all with its labels."""
    lines: list[tuple[int, str, dict[str, str]]] = [
        (number + 1, f"{number}" + "x" * 3000, {}) for number in range(PIECE // 2000)
    ]
    body = in_protobuf((A, lines), ('{app="b"}', [(1, "last", {})]))
    pushes = list(ProtobufPushes().read(body))
    found = [entry for push in pushes for entry in zip(push.ts.tolist(), push.line.to_pylist(), strict=True)]
    assert len(pushes) > 1
    assert found == [*((time, line) for time, line, _ in lines), (1, "last")]
    assert all(one in ({"app": "a"}, {"app": "b"}) for push in pushes for one in push.labels)


HOSTILE = [
    ("noise", b"\xff" * 40),
    ("an end too early", in_protobuf((A, [(5, "x", {})]))[:-2]),
    ("groups in groups", framed(b"\x0a", b"\x1b" * 200_000)),
    ("a length beyond memory", framed(b"\x0a", b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")),
    ("entries of nothing", framed(b"\x0a", b"\x12\x00" * 1_000_000)),
    ("streams of nothing", b"\x0a\x00" * 1_000_000),
    ("one entry larger than a part", framed(b"\x0a", framed(b"\x12", framed(b"\x12", b"x" * (PIECE + 1))))),
    ("JSON", b'{"streams":[]}'),
]


@pytest.mark.parametrize("body", [row[1] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_what_is_hostile_is_refused(body: bytes) -> None:
    """Nothing ends the process or takes much memory."""
    with pytest.raises(DecodeError, match="cannot read the body as a push request of protobuf"):
        list(ProtobufPushes().read(body))
