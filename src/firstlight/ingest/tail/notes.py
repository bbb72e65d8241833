"""How far each source of logs that is no file has been read, kept in a file of its own.

As with the positions of files, what is about to be stored is noted before it is, with a time that all its records have
as the time they were observed; so after a crash the store can say whether it has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from firstlight.config.files import replace_file
from firstlight.ingest.tail.delivery import Stored
from firstlight.ingest.tail.positions import PositionsUnreadable

VERSION: Final = 1


@dataclass(slots=True)
class Notes:
    """A mark for each source: whatever JSON can hold, as the source understands it."""

    file: Path
    marks: dict[str, Any] = field(default_factory=dict)
    intent: tuple[int, Mapping[str, Any]] | None = None
    """When what was about to be stored was observed, and the marks that hold when it is."""

    @classmethod
    def load(cls, file: Path) -> Notes:
        """Return what was saved, nothing if nothing was; raise PositionsUnreadable."""
        if not file.exists():
            return cls(file)
        try:
            saved = orjson.loads(file.read_bytes())
            if saved["version"] != VERSION:
                raise ValueError(f"version {saved['version']}")
            intent = saved["intent"]
            return cls(file, dict(saved["marks"]), intent and (int(intent["observed_ns"]), dict(intent["marks"])))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PositionsUnreadable(
                f"cannot read how far logs were read: {file}: {error}; want what firstlight {VERSION} wrote; "
                "delete it to read all of them from their beginning"
            ) from None

    def save(self) -> None:
        """Write it down; return when it is on disk. Raise OSError."""
        intent = self.intent and {"observed_ns": self.intent[0], "marks": self.intent[1]}
        replace_file(self.file, orjson.dumps({"version": VERSION, "marks": self.marks, "intent": intent}))

    def settle(self, *, is_stored: bool = True) -> None:
        """Have no intent any more; take over its marks if what was meant is stored."""
        if self.intent is not None and is_stored:
            self.marks |= self.intent[1]
        self.intent = None

    async def recover(self, stored: Stored) -> None:
        """Find out what became of what was about to be stored when the process ended."""
        if self.intent is not None:
            self.settle(is_stored=await stored(self.intent[0]))
