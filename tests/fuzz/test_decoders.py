"""Whatever bytes come: what is promised, or an error in words."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstlight.model.batch import Batch
from tests.fuzz.hostile import EXPONENTIAL, HISTOGRAM, SUMMARY, TIME, field, metric
from tests.fuzz.targets import NAMES, mutated, targets

TARGETS = targets()

LARGEST = b"\xff" * 8
"""2^64 - 1 as a count, which no double can hold."""

FOUND = [
    # what has been found                        the point                                                           refused
    ("counts beyond doubles",                    metric(HISTOGRAM, field(1, TIME + field(6, LARGEST))),              ""),
    ("counts beyond doubles, exponential",       metric(EXPONENTIAL, field(1, TIME + field(8, field(2, b"\xff" * 9 + b"\x01")))), ""),
    ("more buckets than are good",               metric(HISTOGRAM, field(1, TIME + field(6, bytes(8) * 1001) + field(7, b"".join(struct.pack("<d", n) for n in range(1000))))), "1 refused: 1 more than 1000 buckets"),
    ("more buckets than are good, exponential",  metric(EXPONENTIAL, field(1, TIME + field(9, field(2, bytes(1001))))), "1 refused: 1 more than 1000 buckets"),
    ("more quantiles than are good",             metric(SUMMARY, field(1, TIME + field(6, b"") * 1001)),             "1 refused: 1 more than 1000 buckets"),
]  # fmt: skip

numbers = st.integers(0, 2**63)


@pytest.mark.parametrize("name", NAMES)
def test_takes_its_seeds(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].attempt(seed)


@pytest.mark.parametrize("name", NAMES)
@given(st.binary(max_size=200))
def test_takes_any_bytes(name: str, data: bytes) -> None:
    TARGETS[name].attempt(data)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=max(400, settings().max_examples))
@given(numbers)
def test_takes_what_is_nearly_right(name: str, number: int) -> None:
    """The number is all that is needed to have a finding again: `mutated(TARGETS[name], number)`."""
    TARGETS[name].attempt(mutated(TARGETS[name], number))


@pytest.mark.parametrize(("body", "refused"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
def test_takes_what_has_been_found(body: bytes, refused: str) -> None:
    batch = TARGETS["otlp-metrics"].attempt(body)

    assert isinstance(batch, Batch)
    assert batch.rejected.message.startswith(refused)
    assert bool(batch.items) != bool(refused)
