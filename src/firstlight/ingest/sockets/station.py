"""What all sockets of log shippers share: where records go, what is counted, what is bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final

from firstlight.ingest.receiver import Append
from firstlight.ingest.sockets.settings import LogSocketSettings
from firstlight.telemetry import IngestInstruments
from firstlight.wire.logs.book import LogBook

SIGNAL: Final = "logs"


class Budget:
    """How many connections there are, and how many bytes of unfinished messages they hold."""

    def __init__(self, max_connections: int, max_held: int) -> None:
        self._max_connections = max_connections
        self._max_held = max_held
        self._connections = 0
        self._held = 0

    def enter(self) -> bool:
        """Count a connection, if there may be one more."""
        if self._connections >= self._max_connections:
            return False
        self._connections += 1
        return True

    def leave(self, held: int) -> None:
        """Count a connection less, with what it holds."""
        self._connections -= 1
        self._held -= held

    def change(self, before: int, after: int) -> bool:
        """Count that a connection holds another number of bytes; say whether it may."""
        self._held += after - before
        return after <= before or self._held <= self._max_held


@dataclass(frozen=True, slots=True)
class Station:
    """The shared things."""

    settings: LogSocketSettings
    append: Append
    book: LogBook
    telemetry: IngestInstruments
    workers: Executor
    now_ns: Callable[[], int]
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        budget = Budget(self.settings.max_connections, self.settings.max_held)
        object.__setattr__(self, "budget", budget)


def count_altered(telemetry: IngestInstruments, protocol: str, altered: Mapping[str, int]) -> None:
    """Count records that are kept otherwise than they were sent."""
    for what, count in altered.items():
        telemetry.altered_items.add(count, protocol, SIGNAL, what)
