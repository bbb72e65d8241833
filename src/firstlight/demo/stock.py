"""The inventory's SQLite database: how many of each product there are, and what is kept for whom.

Each call opens its own connection, since calls come from many threads; SQLite lets one of them write at a time.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from opentelemetry.trace import TracerProvider

from firstlight.demo.catalogue import PRODUCTS, Item

SHELF = 400
"""How many of each product fit on the shelf; below a tenth of it, the shelf is filled again."""

KEPT_RESERVATIONS = 5_000
LOCK_TIMEOUT_S = 5.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, quantity INTEGER NOT NULL, counted_at REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS reservation (
    id INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS reservation_order ON reservation (order_id);
"""


class SoldOut(Exception):
    """There is less on the shelf than was asked for."""


class Stock:
    """The shelf, in a file."""

    def __init__(self, path: Path, traces: TracerProvider) -> None:
        self._path = path
        self._traces = traces
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
            connection.executemany("INSERT OR IGNORE INTO stock VALUES (?, ?, 0)", [(sku, SHELF) for sku in PRODUCTS])

    def levels(self) -> dict[str, int]:
        """Return how many of each product are on the shelf."""
        with self._cursor() as cursor:
            return dict(cursor.execute("SELECT sku, quantity FROM stock").fetchall())

    def reserve(self, order_id: str, items: Sequence[Item]) -> list[str]:
        """Take `items` off the shelf, all or none; return which products had to be filled up for it."""
        filled = []
        with self._cursor() as cursor:
            for item in items:
                cursor.execute(
                    "UPDATE stock SET quantity = quantity - ? WHERE sku = ? AND quantity >= ?",
                    (item.quantity, item.sku, item.quantity),
                )
                if not cursor.rowcount:
                    raise SoldOut(item.sku)
                cursor.execute(
                    "INSERT INTO reservation (order_id, sku, quantity) VALUES (?, ?, ?)",
                    (order_id, item.sku, item.quantity),
                )
                cursor.execute("SELECT quantity FROM stock WHERE sku = ?", (item.sku,))
                if cursor.fetchone()[0] < SHELF // 10:
                    filled.append(item.sku)
                    cursor.execute("UPDATE stock SET quantity = ? WHERE sku = ?", (SHELF, item.sku))
            if filled:
                cursor.execute(
                    "DELETE FROM reservation WHERE id <= (SELECT max(id) FROM reservation) - ?", (KEPT_RESERVATIONS,)
                )
        return filled

    def release(self, order_id: str) -> int:
        """Put back what was kept for an order; return how many things that were."""
        with self._cursor() as cursor:
            # The write comes first: a transaction that reads first and then waits for the lock is refused, not queued.
            cursor.execute("DELETE FROM reservation WHERE order_id = ? RETURNING sku, quantity", (order_id,))
            kept = cursor.fetchall()
            cursor.executemany(
                "UPDATE stock SET quantity = quantity + ? WHERE sku = ?", [(quantity, sku) for sku, quantity in kept]
            )
        return sum(quantity for _, quantity in kept)

    def recount(self, seconds: float) -> None:
        """Count the shelf, which takes `seconds`, with the whole table locked for as long."""
        with self._cursor() as cursor:
            cursor.execute("UPDATE stock SET counted_at = ?", (time.time(),))
            time.sleep(seconds)

    @contextmanager
    def _cursor(self) -> Iterator[sqlite3.Cursor]:
        """Yield an instrumented cursor in a transaction, which is committed unless something is raised."""
        with self._connected() as connection:
            yield SQLite3Instrumentor.instrument_connection(connection, self._traces).cursor()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=LOCK_TIMEOUT_S)
        try:
            connection.execute("PRAGMA synchronous = NORMAL")  # the demo's goods may be lost with the machine
            with connection:
                yield connection
        finally:
            connection.close()
