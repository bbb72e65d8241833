"""Plain lines over HTTP: ``POST /api/firstlight/v1/logs``, each a record as JSON or as text.

The answer says how many were taken, and of those that were not the number of the line and why.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from starlette.routing import BaseRoute

from firstlight.ingest.http import HttpDoor
from firstlight.ingest.plain_text import STATUSES, retry
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Refusal
from firstlight.model.batch import Batch
from firstlight.wire.ndjson.reader import LINE, NdjsonReader

PATH: Final = "/api/firstlight/v1/logs"
SERVICE: Final = "service"
"""The parameter that names the service of records that name none."""

JSON: Final = {"content-type": "application/json"}


class Ndjson:
    """The receiver of lines."""

    name = "ndjson"
    signal = "logs"

    def __init__(self, reader: NdjsonReader) -> None:
        self._reader = reader

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return the records that lines carry."""
        service = context.query.get(SERVICE, "")
        return self._reader.read(body, tenant=context.tenant, now_ns=context.now_ns, service=service)

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Answer what was taken and what was not; an error, if nothing was."""
        found: dict[str, Any] = {"accepted": batch.items, "rejected": [*map(_told, *_columns(batch))]}
        status = 400 if batch.rejected.total and not batch.items else 200
        return Reply(status, orjson.dumps(found), JSON)

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error; one that will pass says when to come again."""
        return Reply(STATUSES[refusal.cause], orjson.dumps({"error": refusal.words}), {**JSON, **retry(refusal)})


def ndjson_routes(door: HttpDoor, receiver: Ndjson) -> list[BaseRoute]:
    """Return the route of lines. It takes `POST`; the route that answers `GET` there is another."""
    return [door.route(PATH, receiver)]


def _columns(batch: Batch) -> tuple[list[str], list[int]]:
    return list(batch.rejected.counts), list(batch.rejected.counts.values())


def _told(reason: str, count: int) -> dict[str, Any]:
    """Return a refusal with the line it is about; one that is about many says how many."""
    words, _, place = reason.partition(": ")
    if not place.startswith(LINE):
        return {"count": count, "reason": reason}
    number, _, detail = place.removeprefix(LINE).partition(", ")
    return {"line": int(number), "reason": f"{words}: {detail}" if detail else words}
