"""Logstash's HTTP input: an event in JSON, a list of them, one a line, or plain lines, posted to any of our paths.

A text that is no JSON is a line of its own, as Logstash has it; so nothing is refused but what is no event in a list.
"""

from __future__ import annotations

from typing import Final

from firstlight.ingest.plain_text import STATUSES, retry, told
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Cause, Refusal
from firstlight.ingest.sockets.station import count_altered
from firstlight.model.batch import Batch
from firstlight.telemetry import IngestInstruments
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logstash.event import read_body
from firstlight.wire.shippers.gathering import Gathering

PATHS: Final = ("/", "/logstash", "/logstash/{rest:path}")
METHODS: Final = ("POST", "PUT")

PLAIN: Final = "text/plain"


class LogstashHttp:
    """The receiver of events over HTTP."""

    name = "logstash_http"
    signal = "logs"

    def __init__(self, book: LogBook, telemetry: IngestInstruments) -> None:
        self._book = book
        self._telemetry = telemetry

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return the records of the events of a body."""
        gathering = Gathering(self._book)
        read_body(body, plain=context.content_type == PLAIN, gathering=gathering)
        gathered = gathering.drain(context.tenant, context.now_ns)
        count_altered(self._telemetry, self.name, gathered.altered)
        return gathered.batch

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Answer as Logstash does, also if some were refused: the sender would send all of them again."""
        return Reply(200, b"ok", {"content-type": "text/plain"})

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error; Logstash says 429 when it has too much to do."""
        status = 429 if refusal.cause in (Cause.OVERLOADED, Cause.STORE_BUSY) else STATUSES[refusal.cause]
        return told(status, refusal.words, retry(refusal))
