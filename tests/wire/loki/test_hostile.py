"""Whatever bytes come: a batch that the store can take, or an error in words."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstlight.errors import DecodeError
from firstlight.model.batch import Batch, join
from firstlight.model.tables import SCHEMAS
from firstlight.wire.logs.book import LogBook
from firstlight.wire.loki.intake import PushIntake
from firstlight.wire.loki.json_push import read_legacy_push, read_push
from firstlight.wire.loki.protobuf import ProtobufPushes
from firstlight.wire.ndjson.reader import NdjsonReader
from tests.fuzz import mutate
from tests.fuzz.targets import LONGEST_COMPLAINT
from tests.wire.loki.pushes import NOW, in_json, in_protobuf

INTAKE = PushIntake(LogBook())
PROTOBUF = ProtobufPushes()
LINES = NdjsonReader(LogBook())

Read = Callable[[bytes], Batch]


def taken(read: Callable[[bytes], object]) -> Read:
    """Return what makes a batch of a push in JSON."""
    return lambda body: INTAKE.batch(read(body), tenant="t", now_ns=NOW)  # type: ignore[arg-type]  # each returns a Push


def of_protobuf(body: bytes) -> Batch:
    """Return the batch of a push in protobuf."""
    return join(INTAKE.batch(push, tenant="t", now_ns=NOW) for push in PROTOBUF.read(body))


READERS: dict[str, tuple[Read, list[bytes], mutate.Mutation]] = {
    "JSON": (
        taken(read_push),
        [in_json(({"app": "a"}, [["1", "x", {"k": "v"}], ["2", "y"]]), ({}, [["3", "z"]])), b'{"streams":[]}'],
        mutate.otlp_json,
    ),
    "JSON of before": (
        taken(read_legacy_push),
        [b'{"streams":[{"labels":"{a=\\"b\\"}","entries":[{"ts":"2026-11-20T20:30:00.5Z","line":"x"}]}]}'],
        mutate.otlp_json,
    ),
    "protobuf": (
        of_protobuf,
        [in_protobuf(('{a="b"}', [(NOW, "x", {"k": "v"}), (NOW, "y", {})]), ("{}", [(NOW, "z", {})])), b"", b"\x0a\x00"],
        mutate.protobuf,
    ),
    "lines": (
        lambda body: LINES.read(body, tenant="t", now_ns=NOW),
        [
            b'{"time":"2026-11-20T20:30:00Z","msg":"x","level":"info","trace_id":"' + b"ab" * 16 + b'","n":1,"o":{"p":[1]}}',
            b'{"ts":1795206600.5,"resource":{"service.name":"s"},"attributes":{"a":null}}\nplain\n{}',
            b'[{"msg":"a"},{"msg":2}]',
        ],
        mutate.bytewise,
    ),
}  # fmt: skip

EVERY = pytest.mark.parametrize("name", READERS)


def look_at(complaint: str) -> None:
    """Look at what a sender is told: our words, or Loki's, and never too many."""
    assert complaint.startswith(("cannot ", "loghttp.PushRequest"))
    assert len(complaint) < LONGEST_COMPLAINT


def attempt(name: str, body: bytes) -> None:
    """Read a body, and look at what comes of it."""
    try:
        batch = READERS[name][0](body)
    except DecodeError as error:
        look_at(str(error))
        return
    for kind, table in batch.tables.items():
        assert table.schema.equals(SCHEMAS[kind])
        assert table.num_rows
        table.validate(full=True)
        assert not any(table[column].null_count for column in table.column_names), kind
    assert all(count > 0 for count in batch.rejected.counts.values())


@EVERY
@given(st.binary(max_size=200))
def test_takes_any_bytes(name: str, data: bytes) -> None:
    """Most of which are nothing."""
    attempt(name, data)


@EVERY
@settings(max_examples=max(400, settings().max_examples))
@given(st.integers(0, 2**63))
def test_takes_what_is_nearly_right(name: str, number: int) -> None:
    """What is right but for a few changes."""
    random = Random(number)
    _, seeds, mutation = READERS[name]
    attempt(name, mutation(random.choice(seeds), random))


@EVERY
def test_takes_what_is_cut_anywhere(name: str) -> None:
    """As when a connection breaks behind a proxy."""
    whole = READERS[name][1][0]
    for end in range(len(whole)):
        attempt(name, whole[:end])
