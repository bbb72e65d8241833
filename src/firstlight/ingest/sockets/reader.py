"""A stream of bytes that keeps what came before it broke."""

from __future__ import annotations

import asyncio


class PatientReader(asyncio.StreamReader):
    """Hands out what came before the connection broke; asyncio's own forgets it.

    Some libraries close with an answer unread, and the system tells that as a break: what they sent is here all the
    same.
    """

    broken = False
    """Whether the end is a break."""

    def set_exception(self, exc: Exception) -> None:
        """Take note that the connection broke, and end after what came."""
        self.broken = True
        self.feed_eof()
