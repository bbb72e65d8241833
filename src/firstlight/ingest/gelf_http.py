"""GELF over HTTP: a message in JSON, or one a line.

The usual libraries compress with zlib and call it ``gzip,deflate``; so it is what the body looks like that counts, and
not what it is called.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.errors import DecodeError
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.plain_text import refused
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Refusal
from firstlight.ingest.sockets.station import count_altered
from firstlight.model.batch import Batch
from firstlight.telemetry import IngestInstruments
from firstlight.wire.gelf.dialogue import MAX_MESSAGE, gather_body
from firstlight.wire.logs.book import LogBook
from firstlight.wire.shippers.gathering import Gathering
from firstlight.wire.shippers.inflate import inflated

PATH: Final = "/gelf"

MAGIC: Final = frozenset({b"\x1f", b"\x78"})
"""With what gzip and zlib begin, and JSON does not."""

LOOSE_ENCODINGS: Final = frozenset({"gzip", "deflate"})


class GelfHttp:
    """The receiver of messages over HTTP."""

    name = "gelf_http"
    signal = "logs"

    def __init__(self, book: LogBook, telemetry: IngestInstruments) -> None:
        self._book = book
        self._telemetry = telemetry

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return the records of the messages of a body; raise DecodeError if not one of them is a message."""
        gathering = Gathering(self._book)
        if body[:1] in MAGIC:
            body = b"".join(inflated(body, MAX_MESSAGE))
        gather_body(body, gathering)
        gathered = gathering.drain(context.tenant, context.now_ns)
        if not gathered.batch.items and gathered.batch.rejected.total:
            raise DecodeError(
                f"cannot read the body as GELF: {gathered.batch.rejected.message}; want JSON such as "
                '{"host": "web-1", "short_message": "it happened"}'
            )
        count_altered(self._telemetry, self.name, gathered.altered)
        return gathered.batch

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Answer as Graylog does: accepted."""
        return Reply(202)

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error; one that will pass says when to come again."""
        return refused(refusal)


def gelf_route(door: HttpDoor, book: LogBook, telemetry: IngestInstruments) -> Route:
    """Return the route that messages are posted to."""
    strict = door.route(PATH, GelfHttp(book, telemetry))

    async def endpoint(request: Request) -> Response:
        named = {one.strip().lower() for one in request.headers.get("content-encoding", "").split(",")}
        if named <= LOOSE_ENCODINGS:
            headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-encoding"]
            request = Request({**request.scope, "headers": headers}, request.receive)
        answer: Response = await strict.endpoint(request)
        return answer

    return Route(PATH, endpoint, methods=["POST"])
