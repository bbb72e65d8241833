"""Errors as Loki tells them: the words alone, as plain text, and a status."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.responses import Response

from firstlight.errors import QueryError, StoreError, UserError
from firstlight.http.errors import RequestError
from firstlight.query.faults import QueryFault, Reason
from firstlight.store.faults import QueryFailed

STATUS: Final[Mapping[Reason, int]] = MappingProxyType(
    {
        Reason.TIMEOUT: 504,
        Reason.MEMORY: 400,
        Reason.TOO_LARGE: 400,
        Reason.BUSY: 429,
        Reason.STOPPED: 503,
        Reason.FAILED: 500,
    }
)
"""What of the engine's complaints is whose fault; what may be asked again is 429, 503 or 504."""


TEXT: Final = "text/plain; charset=utf-8"


class ApiFault(UserError):
    """An error that has a status of its own."""

    def __init__(self, status: int, words: str, media_type: str = TEXT) -> None:
        super().__init__(words)
        self.status = status
        self.media_type = media_type


def refused(error: UserError) -> Response:
    """Return the answer that tells an error."""
    words = loki_words(error) if isinstance(error, QueryError) else str(error)
    again = error.retry_after if isinstance(error, QueryFault) else None
    headers = {} if again is None else {"retry-after": str(math.ceil(again))}
    media_type = error.media_type if isinstance(error, ApiFault) else TEXT
    return Response(words.encode(errors="replace"), status_of(error), headers, media_type)


def status_of(error: UserError) -> int:
    """Return the status that tells an error."""
    match error:
        case ApiFault():
            return error.status
        case RequestError():
            return int(error.status)
        case QueryFault():
            return STATUS[error.reason]
        case QueryFailed() | StoreError():
            return 500
        case _:
            return 400


def loki_words(error: QueryError) -> str:
    """Return what is wrong with a query, in the words of Loki, which the parser has put there."""
    return error.complaint
