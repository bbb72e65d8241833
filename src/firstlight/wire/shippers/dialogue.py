"""What a protocol over a stream must be, to be served: one connection's side of it, without its socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from firstlight.wire.shippers.gathering import Gathering


class Dialogue(Protocol):
    """What is said on one connection. It knows no socket, no clock and no store."""

    @property
    def acknowledges(self) -> bool:
        """Whether the sender is told what is durable, so that it sends again what is not."""
        ...

    @property
    def fault(self) -> str:
        """Why the connection must end, after what was answered is sent; empty as long as it need not."""
        ...

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of what they are part of."""
        ...

    def greet(self) -> bytes:
        """Return what the server says first."""
        ...

    def take(self, data: bytes, now_ns: int, gathering: Gathering) -> Iterator[bytes]:
        """Read what came. Each answer that is yielded, be it empty, is sent when what is gathered by then is durable.

        Yields when so much is gathered that it should go, and at the end. Whoever asks drains `gathering` in between.
        """
        ...

    def end(self, now_ns: int, gathering: Gathering) -> None:
        """Take note that nothing more will come; what is left is gathered, or refused as cut short."""
        ...

    def keep_alive(self) -> bytes:
        """Return what tells a sender that waits for its answer to go on waiting."""
        ...
