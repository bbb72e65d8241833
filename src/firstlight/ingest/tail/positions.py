"""How far each file has been read, kept in a file of its own.

What is about to be stored is noted before it is (`Intent`), with a time that all its records have as the time they
were observed. If the process dies, the store can say whether it has records of that time, so nothing is lost or stored
twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from firstlight.config.files import replace_file
from firstlight.errors import UserError
from firstlight.ingest.tail.identity import Head, Inode

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Position:
    """How far a file has been read. Of a compressed file, `offset` counts the bytes that were unpacked."""

    path: str
    inode: Inode
    head: Head
    offset: int
    skipping: frozenset[int] = frozenset()
    """The ways of writing on which the rest of a line too long comes there; 0 in what is not wrapped."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What was about to be stored, and how far the files are read with it."""

    observed_ns: int
    positions: Sequence[Position]


class PositionsUnreadable(UserError):
    """A file of positions that cannot be understood."""


@dataclass(slots=True)
class Positions:
    """The positions of all files."""

    file: Path
    by_inode: dict[Inode, Position] = field(default_factory=dict)
    intent: Intent | None = None

    @classmethod
    def load(cls, file: Path) -> Positions:
        """Return what was saved, nothing if nothing was; raise PositionsUnreadable."""
        if not file.exists():
            return cls(file)
        try:
            saved = orjson.loads(file.read_bytes())
            if saved["version"] != VERSION:
                raise ValueError(f"version {saved['version']}")
            found = [_position(one) for one in saved["files"]]
            intent = saved["intent"]
            return cls(
                file,
                {one.inode: one for one in found},
                intent and Intent(intent["observed_ns"], [_position(one) for one in intent["files"]]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PositionsUnreadable(
                f"cannot read how far log files were read: {file}: {error}; want what firstlight {VERSION} wrote; "
                "delete it to read all files from their beginning"
            ) from None

    def save(self) -> None:
        """Write it down; return when it is on disk. Raise OSError."""
        text = {
            "version": VERSION,
            "files": [_saved(one) for one in self.by_inode.values()],
            "intent": self.intent
            and {
                "observed_ns": self.intent.observed_ns,
                "files": [_saved(one) for one in self.intent.positions],
            },
        }
        replace_file(self.file, orjson.dumps(text))

    def settle(self, done: Iterable[Position]) -> None:
        """Take over the positions of what is stored now, and have no intent any more."""
        for one in done:
            self.by_inode.pop(one.inode, None)  # for the order of the dictionary to be that of the last change
            self.by_inode[one.inode] = one
        self.intent = None


def _saved(position: Position) -> dict[str, Any]:
    head = position.head
    return {
        "path": position.path,
        "inode": list(position.inode),
        "head": [head.size, head.digest],
        "offset": position.offset,
        "skipping": sorted(position.skipping),
    }


def _position(saved: Mapping[str, Any]) -> Position:
    skipping = frozenset(saved.get("skipping", ()))
    return Position(saved["path"], Inode(*saved["inode"]), Head(*saved["head"]), int(saved["offset"]), skipping)
