"""What can be wrong with a request as such, whatever it asks, and the JSON in which clients are told so."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse

from firstlight.errors import UserError


class RequestError(UserError):
    """A request that cannot be served; `status` is how HTTP calls that."""

    status = HTTPStatus.BAD_REQUEST


class BodyTooLarge(RequestError):
    """A body over its limit, as it was sent or decompressed."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class BodyTooSlow(RequestError):
    """A body that did not come in time."""

    status = HTTPStatus.REQUEST_TIMEOUT


class BodyCutShort(RequestError):
    """A client that left before its body was whole. Nobody reads the answer."""


class BodyMalformed(RequestError):
    """A body that is not what its content encoding says."""


class UnknownEncoding(RequestError):
    """A content encoding that is not understood."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def error_response(status: int, words: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the answer that tells a client what went wrong, as every API of our own does."""
    return JSONResponse({"error": words}, status_code=status, headers=dict(headers or {}))
