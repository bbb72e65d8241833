"""Whatever bytes come: what is promised, or an error in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import NAMES, mutated, targets

TARGETS = targets()

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
