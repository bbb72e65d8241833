"""A store without an engine, for the tests of whoever appends to one."""

from __future__ import annotations

from typing import Any

from firstlight.errors import StoreError
from firstlight.model.batch import Batch, Rejections


class FakeStore:
    """Keeps what is appended to it, or fails as it is told to. Satisfies what `store.writer.Writer` does."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        """What was appended and not refused."""
        self.error: StoreError | None = None
        """What every append raises, if any."""
        self.refused = Rejections()
        """What every append says it would not take."""

    async def append(self, batch: Batch) -> Rejections:
        """Keep `batch`; answer as told."""
        if self.error:
            raise self.error
        self.batches.append(batch)
        return self.refused

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the rows of a kind that were appended, in order."""
        return [row for batch in self.batches if kind in batch.tables for row in batch.tables[kind].to_pylist()]
