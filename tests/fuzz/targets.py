"""What is fuzzed, and what must hold of each whatever it is given.

A decoder returns what it promises or raises the error it promises, in words; anything else is a finding: another
exception, a panic of what is written in Rust, a row that the store would not take.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import pyarrow as pa

from firstlight.app.settings import Settings
from firstlight.config.read import read
from firstlight.errors import ConfigError, DecodeError
from firstlight.http.decompress import decompress
from firstlight.http.errors import RequestError
from firstlight.model.batch import Batch
from firstlight.model.tables import SCHEMAS
from firstlight.wire.otlp.columns import MAX_TIME_NS
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.json import Signal
from firstlight.wire.otlp.names import Translation
from firstlight.wire.otlp.records import MAX_DAYS
from tests.fuzz import mutate, seeds
from tests.fuzz.mutate import Mutation

LONGEST_COMPLAINT = 2_000
DECOMPRESSED = 100_000
FULLEST = 0.75
DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads bytes. `attempt` raises whatever should not have been."""

    attempt: Callable[[bytes], object]
    seeds: Sequence[bytes]
    mutation: Mutation


class OtlpTarget:
    """The decoder of one signal and encoding."""

    def __init__(self, signal: Signal, *, json: bool) -> None:
        self._signal = signal
        self._json = json
        self._decoder = OtlpDecoder(Translation())

    def __call__(self, body: bytes) -> Batch | None:
        """Return what was read, which is fit for the store; None if nothing could be."""
        try:
            batch = self._decoder.decode(self._signal, body, json=self._json, tenant="default", now_ns=seeds.NOW_NS)
        except DecodeError as error:
            complain_well(str(error))
            return None
        check(batch)
        return batch


def complain_well(words: str) -> None:
    """Assert that `words` can be shown to whoever sent the input."""
    assert words.startswith("cannot "), words
    assert len(words) < LONGEST_COMPLAINT, words


def check(batch: Batch) -> None:
    """Assert that a batch is what `model` says of batches, and that its rows fit the store."""
    assert list(batch.tables) == [kind for kind in SCHEMAS if kind in batch.tables], "not in the order of insertion"
    assert batch.items >= 0
    assert bool(batch.items) == bool(batch.tables), "rows without records, or records without rows"
    for kind, table in batch.tables.items():
        assert table.num_rows, f"{kind} is there, and empty"
        assert table.schema.equals(SCHEMAS[kind]), f"{kind} has other columns: {table.schema}"
        table.validate(full=True)
        assert {column: table[column].null_count for column in table.column_names if table[column].null_count} == {}
        assert set(table["tenant"].to_pylist()) == {"default"}
        _check_times(kind, table)
        _check_types(table)
    for kind in batch.tables.keys() & {"logs", "spans"}:
        assert batch.tables[kind].num_rows == batch.items
    if (total := batch.rejected.total) or batch.rejected.counts:
        assert batch.rejected.message.startswith(f"{total} refused: ")
        assert all(count > 0 for count in batch.rejected.counts.values())


def _check_times(kind: str, table: pa.Table) -> None:
    if "ts" in table.column_names:
        unit = DAY_NS if table["ts"].type == pa.timestamp("ns") else DAY_NS // 10**6
        times = table["ts"].cast(pa.int64()).to_numpy()
        assert times.min() >= 0, f"{kind} has times before 1970"
        days = times // unit
    else:
        days = table["day"].cast(pa.int32()).to_numpy()
        assert days.min() >= 0
        assert days.max() <= MAX_TIME_NS // DAY_NS, f"{kind} has days after the last"
    assert len(np.unique(days)) <= MAX_DAYS, f"{kind} falls on too many days"


def _check_types(table: pa.Table) -> None:
    for column, types in (
        ("attributes", "attribute_types"),
        ("resource", "resource_types"),
        ("scope_attributes", "scope_types"),
    ):
        if column in table.column_names:
            for pairs, letters in zip(table[column].to_pylist(), table[types].to_pylist(), strict=True):
                assert len(pairs) == len(letters), f"{column} {pairs} have types {letters!r}"
                assert set(letters) <= set("sbidakxn")


def read_compressed(body: bytes) -> None:
    """Undo every encoding that `body` may claim to have: what comes out is bounded, or a complaint."""
    for encoding in ("gzip", "deflate", "zstd"):
        held: list[int] = []
        try:
            found = decompress(body, encoding, limit=DECOMPRESSED, grow=held.append)
        except RequestError as error:
            complain_well(str(error))
        else:
            assert len(found) == sum(held) <= DECOMPRESSED


def read_configuration(body: bytes) -> None:
    """Read `body` as the file of settings."""
    try:
        read(Settings, text=body.decode("utf-8", "replace"))
    except ConfigError as error:
        complain_of_settings(error)


def complain_of_settings(error: ConfigError) -> None:
    """Assert that each complaint says something."""
    assert error.complaints
    assert all(str(complaint).strip() for complaint in error.complaints)


def _otlp(signal: Signal, *, json: bool) -> Target:
    attempt = OtlpTarget(signal, json=json)
    if json:
        return Target(attempt, seeds.otlp_json(signal), mutate.otlp_json)
    return Target(attempt, seeds.protobuf(signal), mutate.protobuf)


def targets() -> dict[str, Target]:
    """Return everything that is fuzzed, by name, with nothing learned yet."""
    return {
        "otlp-logs": _otlp("logs", json=False),
        "otlp-traces": _otlp("traces", json=False),
        "otlp-metrics": _otlp("metrics", json=False),
        "otlp-logs-json": _otlp("logs", json=True),
        "otlp-traces-json": _otlp("traces", json=True),
        "otlp-metrics-json": _otlp("metrics", json=True),
        "decompress": Target(read_compressed, seeds.compressed(), mutate.bytewise),
        "config": Target(read_configuration, seeds.configurations(), mutate.bytewise),
    }


NAMES = tuple(targets())


def mutated(target: Target, seed: int) -> bytes:
    """Return one of the target's seeds, most often the first, with a few faults; the same for the same number."""
    random = Random(seed)
    chosen = target.seeds[0] if random.random() < FULLEST else random.choice(target.seeds)
    return target.mutation(chosen, random)
