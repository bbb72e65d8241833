"""Blocks: every row is in one, and each is of one kind and day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.store.blocks import Piece, blocks, by_day
from tests.store.rows import DAY_NS, logs, table

DAYS = [
    # what                          kind        column   times                                     days
    ("nothing",                     "logs",     "ts",    [],                                       []),
    ("one moment",                  "logs",     "ts",    [5 * DAY_NS],                             [5]),
    ("one day, to its last moment", "logs",     "ts",    [5 * DAY_NS, 6 * DAY_NS - 1],             [5]),
    ("over midnight",               "logs",     "ts",    [6 * DAY_NS - 1, 6 * DAY_NS],             [5, 6]),
    ("before 1970",                 "spans",    "ts",    [-1, 0],                                  [-1, 0]),
    ("far ends of time",            "spans",    "ts",    [-(2**63) + 1, 2**63 - 2**20],            [-106752, 106751]),
    ("milliseconds",                "samples",  "ts",    [86_400_000 - 1, 86_400_000],             [0, 1]),
    ("days",                        "origins",  "day",   [19_000, 19_002, 19_000],                 [19_000, 19_002]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "column", "times", "days"), [row[1:] for row in DAYS], ids=[row[0] for row in DAYS])
def test_days(kind: str, column: str, times: list[int], days: list[int]) -> None:
    found = list(by_day(kind, table(kind, **{column: times})))

    assert [day for day, _ in found] == days
    assert sum(rows.num_rows for _, rows in found) == len(times)


@given(st.lists(st.lists(st.integers(0, 4), max_size=5), max_size=5))
def test_every_row_is_in_one_block(requests: list[list[int]]) -> None:
    """Each request's rows are in the blocks of their days, in the order in which they came."""
    tables = [logs(*(f"{sender}.{row}" for row in range(len(days))), days=days) for sender, days in enumerate(requests)]

    pieces = [Piece(sender, rows) for sender, rows in enumerate(tables)]
    found = list(blocks("logs", pieces, max_rows=1000, max_bytes=2**20))

    stored = [
        [(piece.sender, body) for piece in block.pieces for body in piece.rows["body"].to_pylist()] for block in found
    ]
    assert stored == [
        [
            (sender, f"{sender}.{row}")
            for sender, days in enumerate(requests)
            for row, day in enumerate(days)
            if day == wanted
        ]
        for wanted in sorted({day for days in requests for day in days})
    ]


@given(st.lists(st.integers(1, 60), max_size=8), st.integers(1, 50), st.integers(1000, 20_000))
def test_blocks_are_bounded(sizes: list[int], max_rows: int, max_bytes: int) -> None:
    """None has more rows than allowed, nor more bytes by more than a few rows' worth, and none is lost."""
    tables = [logs(*(f"{sender}.{row}" for row in range(size))) for sender, size in enumerate(sizes)]

    found = list(blocks("logs", [Piece(None, rows) for rows in tables], max_rows=max_rows, max_bytes=max_bytes))

    for block in found:
        assert sum(piece.rows.num_rows for piece in block.pieces) <= max_rows
        assert sum(piece.rows.nbytes for piece in block.pieces) <= max_bytes * 1.5 + 500
    stored = [body for block in found for piece in block.pieces for body in piece.rows["body"].to_pylist()]
    assert stored == [body for rows in tables for body in rows["body"].to_pylist()]
