"""An engine that takes inserts as the real one does: all rows of one or none, and not before its gate is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pyarrow as pa

from firstlight.errors import StoreError
from firstlight.store.client import Insert

Judge = Callable[[str, pa.Table], StoreError | None]


class FakeEngine:
    """Keeps what is inserted into it, by table, in order."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.judge: Judge = lambda table, rows: None
        """Returns what an insert raises, if anything."""
        self.attempts: list[tuple[str, int]] = []
        """Table and number of rows of every insert that was begun."""
        self.inserts: list[tuple[str, pa.Table]] = []
        """Table and rows of every insert that was done."""

    def lane(self, _name: str) -> Insert:
        """Return a way to insert, as `Client.lane` does."""

        async def insert(table: str, rows: pa.Table) -> None:
            self.attempts.append((table, rows.num_rows))
            await self.gate.wait()
            if error := self.judge(table, rows):
                raise error
            self.inserts.append((table, rows))

        return insert

    @property
    def tables(self) -> list[str]:
        """The tables of the inserts that were done."""
        return [table for table, _ in self.inserts]

    @property
    def bodies(self) -> list[list[str]]:
        """The bodies of the log records that went in, insert by insert."""
        return [rows["body"].to_pylist() for table, rows in self.inserts if table == "log_records"]


def refuses_body(*bad: str, error: Callable[[str], StoreError]) -> Judge:
    """Return a judge that does not take log records with these bodies."""

    def judge(table: str, rows: pa.Table) -> StoreError | None:
        found = sorted(set(bad) & set(rows["body"].to_pylist())) if table == "log_records" else []
        return error(f"cannot store {found}") if found else None

    return judge
