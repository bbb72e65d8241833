"""Metrics in Prometheus' formats, posted: ``POST /api/firstlight/v1/import/prometheus``.

Text, OpenMetrics and protobuf by their content types; what has none is text. Samples without a timestamp are of now.
"""

from __future__ import annotations

from typing import Final

from firstlight.ingest.plain_text import refused, told
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Refusal
from firstlight.model.batch import Batch
from firstlight.wire.prometheus.book import Book
from firstlight.wire.pushes.expositions import batch_of, read_exposition

PATH: Final = "/api/firstlight/v1/import/prometheus"


class ImportText:
    """The receiver of expositions."""

    name = "import_prometheus"
    signal = "metrics"

    def __init__(self, book: Book) -> None:
        self._book = book

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return the samples of a body."""
        page, told = read_exposition(self._book, context.tenant, body, context.content_type, context.parameters)
        return batch_of(page, told, context.now_ns // 1_000_000)

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Answer success; an error, if something was refused."""
        if batch.rejected.total:
            return told(400, f"cannot take all of the metrics: {batch.rejected.message}")
        return Reply(204)

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error; one that will pass says when to come again."""
        return refused(refusal)
