"""InfluxDB's line protocol over HTTP: ``POST /write`` of version 1, ``POST /api/v2/write`` of version 2.

Organisation, bucket and database are not looked at. A line that is malformed fails alone; the others are kept, and the
answer is 400, as InfluxDB's is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

from firstlight.ingest.plain_text import STATUSES, retry
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Refusal
from firstlight.model.batch import Batch
from firstlight.wire.prometheus.book import Book
from firstlight.wire.pushes.influx import TEXT_FIELD, read_lines
from firstlight.wire.pushes.labelled import Pages

PATH_1: Final = "/write"
PATH_2: Final = "/api/v2/write"


class Influx:
    """The receiver of both versions, which differ in their errors."""

    name = "influx"
    signal = "metrics"

    def __init__(self, book: Book) -> None:
        self._pages = Pages(book)

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return the samples of a body of lines."""
        lines = read_lines(body, precision=context.query.get("precision", ""), now_ms=context.now_ns // 1_000_000)
        return self._pages.batch(context.tenant, lines.samples, rejected=lines.rejected)

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Answer success; an error, if something was refused but texts, of which clients send many."""
        if batch.rejected.counts.keys() - {TEXT_FIELD}:
            return _error(400, f"partial write: {batch.rejected.message}", context)
        return Reply(204)

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error; one that will pass says when to come again."""
        return _error(STATUSES[refusal.cause], refusal.words, context, retry(refusal))


_CODES: Final = {400: "invalid", 413: "request too large", 503: "unavailable"}


def _error(status: int, words: str, context: Context, headers: Mapping[str, str] | None = None) -> Reply:
    if context.path.startswith(PATH_2):
        found = {"code": _CODES.get(status, "invalid"), "message": words}
    else:
        found = {"error": words}
    return Reply(status, orjson.dumps(found), {"content-type": "application/json", **(headers or {})})
