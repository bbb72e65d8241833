"""Keeps what clients have set up, and what fields documents have, in a file that is replaced as a whole.

A change is on disk before it is answered. Fields are learned while documents are read, and written before these are
stored: so a search after the answer knows them, and so does the server after a restart.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from firstlight.model.elastic.index import Index
from firstlight.model.elastic.lifecycle import retention_of
from firstlight.model.elastic.names import OTHERS
from firstlight.model.elastic.state import MAX_KEPT, State


class Keeper:
    """Keeps the state in `file`, which need not be there yet. Raises DecodeError if what is in it cannot be read.

    Safe to use from several threads.
    """

    def __init__(
        self,
        file: Path,
        now_ns: Callable[[], int],
        retain: Callable[[Mapping[str, float]], None] | None = None,
    ) -> None:
        """Take a file, a clock, and who is told how many seconds which index is kept, now and after each change."""
        self.state = State.load(file.read_bytes()) if file.exists() else State(cluster_uuid=uuid.uuid4().hex[:22])
        self._file = file
        self._now_ns = now_ns
        self._retain = retain
        self._lock = RLock()
        self._dirty = False
        self._tell()

    @contextmanager
    def change(self) -> Iterator[State]:
        """Let one change the state; it is on disk when the block ends, unless it raises."""
        with self._lock:
            yield self.state
            self._write()
            self._tell()

    @contextmanager
    def reading(self) -> Iterator[State]:
        """Hold the state as it is."""
        with self._lock:
            yield self.state

    def open_index(self, name: str) -> tuple[str, str]:
        """Return the index that documents for `name` go into, made if need be, or what keeps it from being made."""
        with self._lock:
            state = self.state
            written = state.written(name)
            if written in state.indices:
                return written, ""
            if name == OTHERS:
                return name, ""  # it is always there
            if not state.may_create(name):
                return name, "missing"
            if len(state.indices) >= MAX_KEPT:
                return name, "full"
            state.indices[name] = self.made(name)
            self._dirty = True
            return name, ""

    def made(self, name: str) -> Index:
        """Return a new index, as templates have it."""
        template = self.state.template_of(name)
        index = Index(name, uuid.uuid4().hex[:22], self._now_ns() // 1_000_000)
        index.map(template.get("mappings") or {})
        index.settings = dict(template.get("settings") or {})
        index.aliases = {alias: dict(value or {}) for alias, value in (template.get("aliases") or {}).items()}
        index.data_stream = bool(template.get("data_stream"))
        return index

    def learn(self, index: str, fields: dict[str, str], columns: dict[str, str]) -> None:
        """Take note of the fields of an index."""
        with self._lock:
            known = self.state.indices.get(index)
            if known is None:
                return
            for name, letters in fields.items():
                self._dirty |= known.learn(name, letters)
            if not columns.items() <= known.columns.items():
                known.columns.update(columns)
                self._dirty = True

    def settle(self) -> None:
        """Return when everything learned is on disk."""
        with self._lock:
            if self._dirty:
                self._write()
                self._tell()

    def _tell(self) -> None:
        if self._retain:
            self._retain(retention_of(self.state))

    def _write(self) -> None:
        self._dirty = False
        temporary = self._file.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(self.state.dump())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._file)
        directory = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
