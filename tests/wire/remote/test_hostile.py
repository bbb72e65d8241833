"""Whatever bytes come: what is promised, or an error in words; and the quick way reads what the exact one reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstlight.errors import DecodeError
from firstlight.http.decompress import decompress
from firstlight.http.errors import RequestError
from firstlight.model.batch import Batch
from firstlight.model.tables import SCHEMAS
from firstlight.wire.prometheus.book import Book
from firstlight.wire.pushes.grouping import read_grouping
from firstlight.wire.pushes.groups import Groups
from firstlight.wire.pushes.influx import read_lines
from firstlight.wire.pushes.labelled import Pages
from firstlight.wire.pushes.statsd import Statsd
from firstlight.wire.remote.decoder import RemoteWriteDecoder, WriteMessage
from firstlight.wire.remote.read import ReadRequestMessage, read_request
from tests.fuzz import mutate
from tests.fuzz.targets import complain_well
from tests.wire.remote.requests import (
    CUSTOM_HISTOGRAM,
    FLOAT_HISTOGRAM,
    INT_HISTOGRAM,
    NOW_MS,
    NOW_NS,
    STALE,
    Symbols,
    named,
    sample,
    series_1,
    version_1,
    version_2,
)

EXEMPLAR = {"value": 0.5, "timestamp": NOW_MS}
HISTOGRAMS = [INT_HISTOGRAM, FLOAT_HISTOGRAM, CUSTOM_HISTOGRAM]


def full_1() -> bytes:
    pairs = [{"name": b"trace_id", "value": b"0af7651916cd43dd8448eb211c80319c"}]
    return version_1(
        series_1(named("up", job="x"), samples=[sample(1)]),
        series_1(named("zero", job="y"), samples=[sample(0)]),
        series_1(named("stale"), samples=[sample(STALE)]),
        series_1(named("m"), samples=[sample(1), sample(2, NOW_MS + 1)], exemplars=[{**EXEMPLAR, "labels": pairs}]),
        series_1(named("h"), histograms=HISTOGRAMS),
        metadata=[{"type": 1, "metric_family_name": b"up", "help": b"Up.", "unit": b"s"}],
    )


def plain_1() -> bytes:
    return version_1(*(series_1(named("m", i=str(i)), samples=[sample(i % 2)]) for i in range(4)))


def full_2() -> bytes:
    symbols = Symbols()
    told = {"type": 2, "help_ref": symbols("Up."), "unit_ref": symbols("s")}
    exemplar = {**EXEMPLAR, "labels_refs": symbols.refs({"user": "x"})}
    return version_2(
        symbols,
        {"labels_refs": symbols.refs(named("up")), "samples": [sample(1, start_timestamp=5)], "metadata": told},
        {"labels_refs": symbols.refs(named("m")), "samples": [sample(1), sample(0)], "exemplars": [exemplar]},
        {"labels_refs": symbols.refs(named("h")), "histograms": HISTOGRAMS, "created_timestamp": 7},
    )


SEEDS: dict[str, tuple[WriteMessage, list[bytes]]] = {
    "version 1": (WriteMessage.VERSION_1, [full_1(), plain_1(), b"", b"\x0a\x00"]),
    "version 2": (WriteMessage.VERSION_2, [full_2(), b"", b"\x2a\x00", b"\x22\x00"]),
}
DECODERS = {name: RemoteWriteDecoder(Book()) for name in SEEDS}

EVERY = pytest.mark.parametrize("name", SEEDS)


def attempt(name: str, body: bytes, decoder: RemoteWriteDecoder | None = None) -> Batch | None:
    try:
        batch = (decoder or DECODERS[name]).decode(body, SEEDS[name][0], tenant="default", now_ns=NOW_NS)
    except DecodeError as error:
        complain_well(str(error))
        return None
    assert list(batch.tables) == [kind for kind in SCHEMAS if kind in batch.tables]
    for kind, table in batch.tables.items():
        assert table.schema.equals(SCHEMAS[kind])
        assert table.num_rows
        table.validate(full=True)
        assert not any(table[column].null_count for column in table.column_names), kind
        if "ts" in table.column_names:
            times = table["ts"].cast(pa.int64()).to_numpy()
            assert times.min() >= 0
            assert len(np.unique(times // 86_400_000)) <= 64
    assert all(count > 0 for count in batch.rejected.counts.values())
    return batch


@EVERY
@given(st.binary(max_size=200))
def test_takes_any_bytes(name: str, data: bytes) -> None:
    attempt(name, data)


@EVERY
@settings(max_examples=max(400, settings().max_examples))
@given(st.integers(0, 2**63))
def test_takes_what_is_nearly_right(name: str, number: int) -> None:
    random = Random(number)
    attempt(name, mutate.protobuf(random.choice(SEEDS[name][1]), random))


@EVERY
def test_takes_what_is_cut_anywhere(name: str) -> None:
    whole = SEEDS[name][1][0]
    for end in range(len(whole)):
        attempt(name, whole[:end])


def rows(batch: Batch) -> Counter[Any]:
    if "samples" not in batch.tables:
        return Counter()
    table = batch.tables["samples"]
    values = table["value"].to_numpy().view(np.uint64).tolist()
    return Counter(zip(table["series_id"].to_pylist(), table["ts"].cast(pa.int64()).to_pylist(), values, strict=True))


@settings(max_examples=max(400, settings().max_examples))
@given(st.integers(0, 2**63))
def test_reads_the_same_in_the_quick_way_and_in_the_exact_one(number: int) -> None:
    """A field that is not known to anybody sends the same request the exact way."""
    random = Random(number)
    body = mutate.protobuf(random.choice(SEEDS["version 1"][1][:2]), random)
    quick, exact = attempt("version 1", body), attempt("version 1", body + b"\xf8\x01\x00", RemoteWriteDecoder(Book()))

    assert (quick is None) == (exact is None)
    if quick and exact:
        assert rows(quick) == rows(exact)
        assert quick.rejected.counts == exact.rejected.counts


READ = ReadRequestMessage(
    queries=[{"start_timestamp_ms": 1, "matchers": [{"type": 1, "name": "a", "value": "b"}]}],
    accepted_response_types=[1],
).SerializeToString()


def _read(data: bytes) -> None:
    read_request(data)


def _snappy(data: bytes) -> None:
    held: list[int] = []
    found = decompress(data, "snappy", limit=100_000, grow=held.append)
    assert len(found) == sum(held) <= 100_000


def _influx(data: bytes) -> None:
    lines = read_lines(data, precision="s", now_ms=NOW_MS)
    batch = Pages(Book()).batch("default", lines.samples, rejected=lines.rejected)
    assert batch.items + batch.rejected.total >= len(lines.samples)


def _statsd(data: bytes) -> None:
    statsd = Statsd()
    statsd.take(data, NOW_MS)
    samples, metadata = statsd.flush("default", NOW_MS)
    Pages(Book()).batch("default", samples, metadata=metadata)


def _grouping(data: bytes) -> None:
    labels = read_grouping("/metrics/" + data.decode("latin-1"))
    assert labels["job"]


def _groups(data: bytes) -> None:
    Groups.load(data)


OTHERS: dict[str, tuple[Callable[[bytes], None], bytes]] = {
    "remote read": (_read, READ),
    "snappy": (_snappy, b"\x05\x10hello"),
    "influx": (_influx, b'cpu,host=a\\ b value=1,x="y \\" z",n=7i,t=true 1780000000\n# c\nm v=1'),
    "statsd": (_statsd, b"a:1|c|@0.5|#x:y,z\nb:+3|g\nc:1:2:3|ms\nd:x|s\n_e{1,1}:a|b"),
    "grouping": (_grouping, b"job/a/x@base64/Yg==/y/%2F"),
    "groups": (_groups, b'{"version":1,"groups":[{"tenant":"a","labels":{"job":"b"},"pushed":1,"failed":0,"families":{}}]}'),
}  # fmt: skip


def _complains_well(attempted: Callable[[bytes], None], data: bytes) -> None:
    try:
        attempted(data)
    except (DecodeError, RequestError) as error:
        complain_well(str(error))


@pytest.mark.parametrize("name", OTHERS)
@given(st.binary(max_size=200))
def test_others_take_any_bytes(name: str, data: bytes) -> None:
    _complains_well(OTHERS[name][0], data)


@pytest.mark.parametrize("name", OTHERS)
@settings(max_examples=max(300, settings().max_examples))
@given(st.integers(0, 2**63))
def test_others_take_what_is_nearly_right(name: str, number: int) -> None:
    _complains_well(OTHERS[name][0], mutate.bytewise(OTHERS[name][1], Random(number)))


@pytest.mark.parametrize("name", OTHERS)
def test_others_take_their_seeds(name: str) -> None:
    OTHERS[name][0](OTHERS[name][1])
