"""How much may be under way at once, counted in requests and in bytes.

A request is admitted, holds its bytes while they are in memory, and gives everything back when it is answered. What
does not fit is refused at once and never waits: whoever waits here would hold memory too. Bytes are counted before
they are held, so that the bound holds at every moment.
"""

from __future__ import annotations

from threading import Lock
from types import TracebackType
from typing import Self

from firstlight.ingest.refusal import Overloaded, Stopping
from firstlight.ingest.settings import IngestSettings
from firstlight.telemetry import IngestInstruments


class Admission:
    """The bound on what is under way. Used from any thread."""

    def __init__(self, settings: IngestSettings, telemetry: IngestInstruments) -> None:
        self.settings = settings
        """Read at each request, so a reload replaces them."""
        self.upcoming = 0
        """How many requests are read and not yet appended: the store may wait for them. Kept by `ingest.server`."""
        self._telemetry = telemetry
        self._lock = Lock()
        self._requests = 0
        self._bytes = 0
        self._closed = False

    def close(self) -> None:
        """Admit nobody from now on."""
        self._closed = True

    def enter(self) -> Ticket:
        """Return the place of one more request; raise `Overloaded` or `Stopping` if there is none."""
        if self._closed:
            raise Stopping("cannot take the request: the server is stopping; send it again")
        with self._lock:
            if self._requests >= self.settings.max_requests:
                raise self._overloaded(f"{self._requests} requests are under way")
            self._requests += 1
            self._telemetry.in_flight_requests.set(self._requests)
        return Ticket(self)

    def hold(self, size: int) -> None:
        """Count `size` bytes more; raise `Overloaded` if they do not fit."""
        with self._lock:
            if self._bytes + size > self.settings.max_in_flight:
                raise self._overloaded(f"{self._bytes} bytes of requests are under way")
            self._bytes += size
            self._telemetry.in_flight_bytes.set(self._bytes)

    def give_back(self, *, requests: int = 0, size: int = 0) -> None:
        """Count `requests` and `size` bytes less."""
        with self._lock:
            self._requests -= requests
            self._bytes -= size
            self._telemetry.in_flight_requests.set(self._requests)
            self._telemetry.in_flight_bytes.set(self._bytes)

    def _overloaded(self, found: str) -> Overloaded:
        words = f"cannot take the request now: {found}; send it again in {self.settings.retry_after:g} s"
        return Overloaded(words, retry_after=self.settings.retry_after)


class Ticket:
    """The place of one request, from admission to answer."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._held = 0

    def hold(self, size: int) -> None:
        """Count `size` bytes more as held by this request; raise `Overloaded` if they do not fit."""
        self._admission.hold(size)
        self._held += size

    def release(self, size: int) -> None:
        """Give back `size` of the bytes held."""
        self._held -= size
        self._admission.give_back(size=size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._admission.give_back(requests=1, size=self._held)
        self._held = 0
