"""The routes that documents are sent to."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import Route

from firstlight.ingest.elastic import bulk, documents
from firstlight.ingest.elastic.bulk import Bulk
from firstlight.ingest.elastic.documents import SingleDocument
from firstlight.ingest.elastic.keeper import Keeper
from firstlight.ingest.http import HttpDoor
from firstlight.wire.elastic.book import ElasticBook
from firstlight.wire.logs.book import LogBook


def elastic_ingest_routes(door: HttpDoor, book: LogBook, keeper: Keeper) -> Sequence[Route]:
    """Return the routes; they are to stand before those of searches, whose paths are wider."""
    made = ElasticBook(book, keeper.learn)
    many, one = Bulk(made, keeper), SingleDocument(made, keeper)
    return [
        *(door.route(path, many, methods=bulk.METHODS) for path in bulk.PATHS),
        *(door.route(path, one, methods=documents.METHODS) for path in documents.PATHS),
    ]
