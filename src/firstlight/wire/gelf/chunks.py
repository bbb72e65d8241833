"""GELF in datagrams: whole, compressed, or in chunks that are put together here.

A chunk begins with 0x1e 0x0f, eight bytes that name its message, its number and how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MAX_CHUNKS: Final = 128
TIMEOUT_NS: Final = 5 * 10**9
"""How long the chunks of a message may take to come."""

MAX_MESSAGES: Final = 4_096
MAX_BYTES: Final = 32 * 1024 * 1024
"""How much may wait to be put together, of all senders."""

MAGIC: Final = b"\x1e\x0f"
HEADER: Final = 12

TIMED_OUT: Final = "message of which chunks are missing"
MALFORMED: Final = "malformed chunk"
CROWDED_OUT: Final = "message crowded out by the chunks of others"


@dataclass(slots=True)
class _Parts:
    since_ns: int
    count: int
    parts: dict[int, bytes] = field(default_factory=dict)
    size: int = 0


class Chunks:
    """Puts messages together. Those that are never whole go after a time, or when there is too much."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, bytes], _Parts] = {}
        self._bytes = 0
        self.refused: dict[str, int] = {}
        """How many messages were given up, by reason, since it was last taken by `take_refused`."""

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their message."""
        return self._bytes

    def take(self, data: bytes, peer: str, now_ns: int) -> bytes | None:
        """Return the message that is whole with this chunk of a sender, or None if it is not whole yet."""
        number, count = (data[10], data[11]) if len(data) >= HEADER else (0, 0)
        if not 0 < count <= MAX_CHUNKS or number >= count:
            self._refuse(MALFORMED)
            return None
        key = (peer, data[2:10])
        found = self._waiting.get(key)
        if found is None:
            self._make_room(len(data))
            found = self._waiting[key] = _Parts(now_ns, count)
        if found.count != count:
            self._refuse(MALFORMED)
            return None
        if number not in found.parts:
            found.parts[number] = data[HEADER:]
            found.size += len(data)
            self._bytes += len(data)
        if len(found.parts) < count:
            return None
        self._drop(key)
        return b"".join(found.parts[place] for place in range(count))

    def expire(self, now_ns: int) -> None:
        """Give up the messages that have waited too long."""
        # They stand in the order in which they began.
        while self._waiting:
            key, oldest = next(iter(self._waiting.items()))
            if now_ns - oldest.since_ns < TIMEOUT_NS:
                return
            self._drop(key)
            self._refuse(TIMED_OUT)

    def take_refused(self) -> dict[str, int]:
        """Return how many messages were given up since the last time, by reason."""
        found, self.refused = self.refused, {}
        return found

    def _make_room(self, size: int) -> None:
        while self._waiting and (len(self._waiting) >= MAX_MESSAGES or self._bytes + size > MAX_BYTES):
            self._drop(next(iter(self._waiting)))
            self._refuse(CROWDED_OUT)

    def _drop(self, key: tuple[str, bytes]) -> None:
        self._bytes -= self._waiting.pop(key).size

    def _refuse(self, reason: str) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + 1
