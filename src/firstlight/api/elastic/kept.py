"""What the API needs of whoever keeps the state of indices."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from firstlight.model.elastic.index import Index
from firstlight.model.elastic.state import State


class Kept(Protocol):
    """The state, and how it is changed: `ingest.elastic.keeper.Keeper`."""

    def change(self) -> AbstractContextManager[State]:
        """Let one change the state; it is on disk when the block ends."""
        ...

    def reading(self) -> AbstractContextManager[State]:
        """Hold the state as it is."""
        ...

    def made(self, name: str) -> Index:
        """Return a new index, as templates have it."""
        ...
