"""What a protocol must be, to be received.

A receiver turns bytes into a batch, and what became of them into an answer, and knows nothing else: no socket, no
clock, no store, no counter. `ingest.server` admits the request, reads and decompresses the body within its limits,
calls `decode` in a worker thread, waits until the batch is durable, counts, and sends what `reply` or `refuse` return.
So all protocols are limited, counted and acknowledged alike, and each is tested with bytes alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from firstlight.ingest.refusal import Refusal
from firstlight.model.batch import Batch, Rejections

Answer_co = TypeVar("Answer_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Context:
    """What a receiver is told about a request besides its body."""

    tenant: str
    now_ns: int
    content_type: str = ""
    """The media type, in lower case and without parameters."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The parameters of the media type, their names in lower case."""
    method: str = "POST"
    path: str = ""
    """The path as it was sent, its escapes and all."""
    query: Mapping[str, str] = field(default_factory=dict)
    """The parameters of the query, the last of each name."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Receiver(Protocol[Answer_co]):
    """One kind of request of one wire protocol. What it answers with is the protocol's own."""

    @property
    def name(self) -> str:
        """The protocol, as the metrics call it."""
        ...

    @property
    def signal(self) -> str:
        """What such a request carries: `traces`, `metrics`, `logs`, or what else the protocol tells apart."""
        ...

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return what `body` carries; raise `DecodeError` or `UnknownType` if it cannot be read.

        Must not change anything but caches, and must allow several threads at once. Every row returned fits the
        store, since one that does not delays its neighbours. What is quoted of the body is cut short.
        """
        ...

    def reply(self, batch: Batch, context: Context) -> Answer_co:
        """Return the answer for a batch that is durable, but for what its `rejected` says. Never called before."""
        ...

    def refuse(self, refusal: Refusal, context: Context) -> Answer_co:
        """Return the answer for a request of which nothing was kept."""
        ...


Append = Callable[[Batch], Awaitable[Rejections]]
"""Returns once the batch is durable, with what of it the store would not take; raises a `StoreError` if nothing is.

Goes on to its end when whoever awaits it is cancelled.
"""
