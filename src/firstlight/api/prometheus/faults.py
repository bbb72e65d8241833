"""Errors as Prometheus' API tells them: a type, words, and the status that HTTP has for the type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import orjson
from starlette.responses import PlainTextResponse, Response

from firstlight.errors import QueryError, StoreError, UserError
from firstlight.http.errors import RequestError
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.refusals import in_prometheus_words
from firstlight.store.faults import QueryFailed


class ErrorType(StrEnum):
    """What kind of error an answer tells."""

    BAD_DATA = "bad_data"
    EXECUTION = "execution"
    CANCELED = "canceled"
    TIMEOUT = "timeout"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    NOT_FOUND = "not_found"


STATUS: Final[Mapping[ErrorType, int]] = MappingProxyType(
    {
        ErrorType.BAD_DATA: 400,
        ErrorType.EXECUTION: 422,
        ErrorType.CANCELED: 503,
        ErrorType.TIMEOUT: 503,
        ErrorType.INTERNAL: 500,
        ErrorType.UNAVAILABLE: 503,
        ErrorType.NOT_FOUND: 404,
    }
)
"""A query is cancelled by its client, who reads no answer, or by a stop of the server: then it may be sent again."""

REASONS: Final[Mapping[Reason, ErrorType]] = MappingProxyType(
    {
        Reason.TIMEOUT: ErrorType.TIMEOUT,
        Reason.MEMORY: ErrorType.EXECUTION,
        Reason.TOO_LARGE: ErrorType.EXECUTION,
        Reason.BUSY: ErrorType.UNAVAILABLE,
        Reason.STOPPED: ErrorType.CANCELED,
        Reason.FAILED: ErrorType.INTERNAL,
    }
)

UNPLACED: Final = "invalid expression type"
"""How a complaint begins that Prometheus tells without a place: only the query as a whole is wrong."""


class ApiFault(UserError):
    """An error of a type."""

    def __init__(self, type_: ErrorType, words: object) -> None:
        super().__init__(str(words))
        self.type = type_


class NoSelector(RequestError):
    """A request that must select series, and does not."""

    def __init__(self) -> None:
        super().__init__("no match[] parameter provided")


def told(error: QueryError) -> str:
    """Return what is wrong with a query, in the words of Prometheus."""
    return error.complaint if error.complaint.startswith(UNPLACED) else in_prometheus_words(error)


def kind_of(error: UserError) -> ErrorType:
    """Return the type of any error."""
    match error:
        case ApiFault():
            return error.type
        case RequestError() | QueryError():
            return ErrorType.BAD_DATA
        case QueryFault():
            return REASONS[error.reason]
        case EvaluationFailed():
            return ErrorType.EXECUTION
        case StoreError() | QueryFailed():
            return ErrorType.INTERNAL
        case _:
            return ErrorType.EXECUTION


def refused(error: UserError) -> Response:
    """Return the answer that tells an error as JSON."""
    kind = kind_of(error)
    words = f'invalid parameter "query": {told(error)}' if isinstance(error, QueryError) else str(error)
    body = orjson.dumps({"status": "error", "errorType": kind, "error": words.encode(errors="replace").decode()})
    return Response(body, _status(error, kind), _headers(error), "application/json")


def refused_in_text(error: UserError) -> Response:
    """Return the answer that tells an error in words only."""
    words = told(error) if isinstance(error, QueryError) else str(error)
    return PlainTextResponse(f"{words}\n".encode(errors="replace"), _status(error, kind_of(error)), _headers(error))


def _status(error: UserError, kind: ErrorType) -> int:
    return int(error.status) if isinstance(error, RequestError) else STATUS[kind]


def _headers(error: UserError) -> dict[str, str]:
    again = error.retry_after if isinstance(error, QueryFault) else None
    return {} if again is None else {"retry-after": str(math.ceil(again))}
