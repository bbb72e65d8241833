"""What systemd-journal-upload sends: entries of the journal in one request, which may last as long as the sender does.

So its entries are stored as they come, and not when the request ends. The answer says that all of them are durable. A
sender that is refused sends again what came after the last answer that it had.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from firstlight.errors import DecodeError, UserError
from firstlight.http.errors import BodyTooSlow, UnknownEncoding
from firstlight.ingest.admission import Admission, Ticket
from firstlight.ingest.plain_text import STATUSES, retry
from firstlight.ingest.receiver import Append
from firstlight.ingest.refusal import Stopping, UnknownType, refusal_of
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.ingest.sockets.delivery import Delivery, NotStored
from firstlight.ingest.sockets.settings import LogSocketSettings
from firstlight.ingest.sockets.station import SIGNAL, Station
from firstlight.telemetry import IngestInstruments
from firstlight.wire.journal.export import ExportReader
from firstlight.wire.logs.book import LogBook
from firstlight.wire.shippers.gathering import Gathered, Gathering

PATH: Final = "/upload"
PROTOCOL: Final = "journal"
CONTENT_TYPE: Final = "application/vnd.fdo.journal"

BUSY: Final = "cannot store the entries now; send those again that came after the last answer"
STOPPING: Final = "cannot take more entries: the server is stopping; send again what came after the last answer"


class JournalUpload:
    """The route that entries are sent to."""

    def __init__(
        self,
        append: Append,
        book: LogBook,
        telemetry: IngestInstruments,
        now_ns: Callable[[], int],
        workers: Executor,
        admission: Admission,
        settings: LogSocketSettings,
    ) -> None:
        self._station = Station(settings, append, book, telemetry, workers, now_ns)
        self._delivery = Delivery(PROTOCOL, self._station, acknowledges=True)
        self._admission = admission
        self._reading: set[asyncio.Timeout] = set()
        self._stopping = False

    def route(self) -> Route:
        """Return the route."""
        return Route(PATH, self._answer, methods=["POST"])

    def stop(self) -> None:
        """Let no request last any longer: each is answered when what came of it is stored."""
        self._stopping = True
        for patience in self._reading:
            patience.reschedule(asyncio.get_running_loop().time())

    async def _answer(self, request: Request) -> Response:
        try:
            media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type != CONTENT_TYPE:
                raise UnknownType(f"cannot read entries of type {media_type or 'none'}; want {CONTENT_TYPE}")
            if encoding := request.headers.get("content-encoding", ""):
                raise UnknownEncoding(f"cannot read the content encoding {encoding!r} of entries; send them plain")
            with self._admission.enter() as ticket:
                await self._take(request, ticket)
        except ClientDisconnect:
            return Response(status_code=400)
        except NotStored:
            return PlainTextResponse(f"{BUSY}\n", 503, {"retry-after": "1", "connection": "close"})
        except UserError as error:
            refusal = refusal_of(error)
            self._station.telemetry.requests.add(1, PROTOCOL, SIGNAL, refusal.cause.value)
            headers = {"connection": "close", **retry(refusal)}
            return PlainTextResponse(f"{refusal.words}\n", STATUSES[refusal.cause], headers)
        return PlainTextResponse("OK.\n", 202)

    async def _take(self, request: Request, ticket: Ticket) -> None:
        reader, gathering = ExportReader(), Gathering(self._station.book)
        loop = asyncio.get_running_loop()
        more = True
        while more:
            data, more = await self._read(request, reader.held)
            self._station.telemetry.received_bytes.add(len(data), PROTOCOL, SIGNAL)
            size = len(data)
            ticket.hold(size)
            try:
                work = partial(self._decode, reader, gathering, data)
                gathered, fault = await loop.run_in_executor(self._station.workers, work)
                for one in gathered:
                    await self._delivery.deliver(one)
                if fault:
                    raise fault
            finally:
                ticket.release(size)
        for record in reader.end(gathering):
            gathering.add(record)
        await self._delivery.deliver(gathering.drain(DEFAULT_TENANT, self._station.now_ns()))

    async def _read(self, request: Request, held: int) -> tuple[bytes, bool]:
        """Return what comes next, and whether there may be more; raise a `UserError` if it does not come."""
        settings = self._station.settings
        patience = asyncio.timeout(settings.message_timeout if held else settings.idle_timeout)
        if self._stopping:
            raise Stopping(STOPPING)
        try:
            async with patience:
                self._reading.add(patience)
                message = await request.receive()
        except TimeoutError:
            if self._stopping:
                raise Stopping(STOPPING) from None
            raise BodyTooSlow("cannot wait any longer for entries; send what there is, and then begin anew") from None
        finally:
            self._reading.discard(patience)
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message.get("body", b""), message.get("more_body", False)

    def _decode(
        self, reader: ExportReader, gathering: Gathering, data: bytes
    ) -> tuple[list[Gathered], DecodeError | None]:
        """Return the entries that end in `data`, and what is wrong after them, if something is."""
        now_ns = self._station.now_ns()
        found: list[Gathered] = []
        fault = None
        try:
            for record in reader.take(data, gathering):
                gathering.add(record)
                if gathering.full:
                    found.append(gathering.drain(DEFAULT_TENANT, now_ns))
        except DecodeError as error:
            fault = error
        found.append(gathering.drain(DEFAULT_TENANT, now_ns))
        return found, fault
