"""Samples are put in order and made unique, however they come."""

from __future__ import annotations

import numpy as np
import pytest

from firstlight.query.metrics.rows import Rows

ORDERS = [
    # what                              series and time, as they come                       as they are to be
    ("none",                            [],                                                 []),
    ("in order",                        ["a1", "a2", "b1", "b2"],                           ["a1", "a2", "b1", "b2"]),
    ("runs of time",                    ["a1", "b1", "a2", "b2"],                           ["a1", "a2", "b1", "b2"]),
    ("a later run first",               ["a3", "a4", "b3", "a1", "a2", "b1"],               ["a1", "a2", "a3", "a4", "b1", "b3"]),
    ("runs that overlap",               ["a1", "a4", "b1", "a2", "a3"],                     ["a1", "a2", "a3", "a4", "b1"]),
    ("runs in order that overlap",      ["a1", "a4", "a2", "a3", "b1"],                     ["a1", "a2", "a3", "a4", "b1"]),
    ("twice in a run",                  ["a1", "a1", "a2"],                                 ["a1", "a2"]),
    ("twice in two runs",               ["a1", "a2", "b1", "a2", "a3"],                     ["a1", "a2", "a3", "b1"]),
    ("runs that are the same",          ["a1", "a2", "a1", "a2"],                           ["a1", "a2"]),
]  # fmt: skip


@pytest.mark.parametrize(("came", "wanted"), [case[1:] for case in ORDERS], ids=[case[0] for case in ORDERS])
def test_samples_are_put_in_order(came: list[str], wanted: list[str]) -> None:
    """By series and time, each once."""
    rows = np.array(["ab".index(text[0]) for text in came], np.int64)
    ts = np.array([int(text[1:]) for text in came], np.int64)

    found = Rows(rows, ts, ts.astype(float), None, ts).ordered().once()

    assert [f"{'ab'[row]}{time}" for row, time in zip(found.rows.tolist(), found.ts.tolist(), strict=True)] == wanted
    assert found.floats.tolist() == found.ts.tolist()
    assert found.starts is not None
    assert found.starts.tolist() == found.ts.tolist()


def test_random_samples_are_put_in_order() -> None:
    """As sorting each of them would."""
    dice = np.random.default_rng(1)
    for _ in range(200):
        rows, ts = dice.integers(0, 4, 30), dice.integers(0, 9, 30)
        edges = np.sort(dice.integers(0, 30, 3))
        for part in np.split(np.arange(30), edges):
            order = np.lexsort((ts[part], rows[part]))
            rows[part], ts[part] = rows[part][order], ts[part][order]

        found = Rows(rows, ts, ts.astype(float)).ordered().once()

        assert list(zip(found.rows.tolist(), found.ts.tolist(), strict=True)) == sorted(
            set(zip(rows.tolist(), ts.tolist(), strict=True))
        )
