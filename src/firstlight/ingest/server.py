"""The path of every request that brings telemetry, whatever its protocol.

Admit, read, decompress, decode (in a worker thread), append, count, answer: in this order, and the answer never before
the rows are durable. A request goes on to its end when its sender hangs up, because what it holds is given back there;
only if nothing of it is decoded yet, it is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeVar

from firstlight.errors import DecodeError, UserError
from firstlight.http.decompress import decompress
from firstlight.http.errors import BodyCutShort
from firstlight.ingest.admission import Admission, Ticket
from firstlight.ingest.receiver import Append, Context, Receiver
from firstlight.ingest.refusal import Cause, Refusal, refusal_of
from firstlight.model.batch import Batch
from firstlight.telemetry import IngestInstruments

DEFAULT_TENANT: Final = "default"
"""Whose everything is, as long as there is nobody to tell apart."""

BUG: Final = "cannot take the request: the server has a bug; its log tells more"

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


def as_it_is(batch: Batch) -> Batch:
    """Return a batch unprocessed."""
    return batch


@dataclass(slots=True)
class Incoming:
    """A request as its protocol's server hands it over."""

    read: Callable[[Ticket], Awaitable[bytes]]
    """Returns the body as it was sent, having held its bytes with the ticket; raises a `UserError` if it cannot."""
    content_type: str = ""
    encoding: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    abandoned: bool = False
    """Whether the sender is known to be gone."""


class IngestServer:
    """Takes requests in. Belongs to the event loop that it is first used in."""

    def __init__(
        self,
        append: Append,
        admission: Admission,
        telemetry: IngestInstruments,
        workers: Executor,
        now_ns: Callable[[], int],
        process: Callable[[Batch], Batch] = as_it_is,
    ) -> None:
        """Take what makes batches durable, and what is done to each between decoding and that, in a worker thread."""
        self._append = append
        self._process = process
        self._admission = admission
        self._telemetry = telemetry
        self._workers = workers
        self._now_ns = now_ns
        self._under_way: set[asyncio.Task[object]] = set()

    async def answer(self, receiver: Receiver[Answer], incoming: Incoming) -> Answer:
        """Return the answer to one request, and never an exception but when the caller is cancelled."""
        context = Context(
            DEFAULT_TENANT,
            self._now_ns(),
            incoming.content_type,
            incoming.parameters,
            incoming.method,
            incoming.path,
            incoming.query,
        )
        task = asyncio.create_task(self._answer(receiver, incoming, context))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            incoming.abandoned = True
            raise

    async def drain(self) -> None:
        """Admit nothing from now on, and return when everything under way is answered."""
        self._admission.close()
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _answer(self, receiver: Receiver[Answer], incoming: Incoming, context: Context) -> Answer:
        labels = (receiver.name, receiver.signal)
        try:
            with self._admission.enter() as ticket:
                batch = await self._take(receiver, incoming, context, ticket)
        except UserError as error:
            refusal = refusal_of(error)
        except Exception:  # a door: what nobody expected ends here, logged once and told to the sender in a few words
            _log.exception("cannot take a request of %s %s", *labels)
            refusal = Refusal(Cause.BUG, BUG)
        else:
            self._telemetry.requests.add(1, *labels, "partial" if batch.rejected.total else "accepted")
            return receiver.reply(batch, context)
        self._telemetry.requests.add(1, *labels, refusal.cause.value)
        return receiver.refuse(refusal, context)

    async def _take(self, receiver: Receiver[Answer], incoming: Incoming, context: Context, ticket: Ticket) -> Batch:
        """Return what of a request is durable, counted."""
        labels = (receiver.name, receiver.signal)
        body = await incoming.read(ticket)
        self._telemetry.received_bytes.add(len(body), *labels)
        limit = self._admission.settings.max_decompressed
        work = partial(_decode, receiver, incoming, context, ticket, body, limit, self._process)
        del body  # it may be large, and goes when the work is done
        self._admission.upcoming += 1
        try:
            decoded = await asyncio.get_running_loop().run_in_executor(self._workers, work)
        finally:
            self._admission.upcoming -= 1
            del work
        batch = decoded.batch
        self._telemetry.decode_seconds.record(decoded.seconds, *labels)
        self._telemetry.decompressed_bytes.add(decoded.size, *labels)
        if batch.tables:
            refused = await self._append(batch)
            if refused.total:
                batch = replace(batch, items=max(0, batch.items - refused.total), rejected=batch.rejected + refused)
        self._telemetry.items.add(batch.items, *labels)
        for reason, count in batch.rejected.counts.items():
            self._telemetry.rejected_items.add(count, *labels, _label(reason))
        return batch


@dataclass(frozen=True, slots=True)
class _Decoded:
    batch: Batch
    size: int
    seconds: float


def _decode(
    receiver: Receiver[Answer],
    incoming: Incoming,
    context: Context,
    ticket: Ticket,
    sent: bytes,
    limit: int,
    process: Callable[[Batch], Batch],
) -> _Decoded:
    """Return what a body carries, processed; runs in a worker thread."""
    if incoming.abandoned:
        raise BodyCutShort("cannot take the request: its sender is gone")
    started = time.perf_counter()
    body = decompress(sent, incoming.encoding, limit=limit, grow=ticket.hold)
    try:
        batch = receiver.decode(body, context)
    except BaseException as error:
        # What is written in Rust panics on some input, which Python sees as no Exception. It is the input's fault.
        if type(error).__name__ != "PanicException":
            raise
        raise DecodeError(f"cannot read the body: the decoder of {receiver.signal} gave up on it") from error
    return _Decoded(process(batch), len(body), time.perf_counter() - started)


def _label(reason: str) -> str:
    """Return a reason for the metrics: without what was found, and without the number of the record it was found in."""
    return re.sub(r"\[\d+\]", "[]", reason.partition(": ")[0])
