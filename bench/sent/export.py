"""The law of what is sent: an export is one sender's request, made anew each time it is sent."""

from __future__ import annotations

from typing import Protocol


class Export(Protocol):
    """The requests of one sender, one after the other."""

    @property
    def items(self) -> int:
        """How many spans, log records or data points each request carries."""

    def body(self, now_ns: int) -> bytearray:
        """Return the next request, as protobuf. It differs from all before it."""
