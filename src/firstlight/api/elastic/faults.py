"""Errors as Elasticsearch's clients read them."""

from __future__ import annotations

import math
from typing import Any, Final

from firstlight.errors import QueryError, StoreError, UserError
from firstlight.http.errors import RequestError
from firstlight.model.elastic.patterns import NoSuchIndex
from firstlight.query.elastic.faults import SearchFault
from firstlight.query.faults import QueryFault, Reason

_REASONS: Final = {
    Reason.TIMEOUT: (503, "timeout_exception"),
    Reason.MEMORY: (429, "circuit_breaking_exception"),
    Reason.TOO_LARGE: (400, "illegal_argument_exception"),
    Reason.BUSY: (429, "es_rejected_execution_exception"),
    Reason.STOPPED: (503, "task_cancelled_exception"),
    Reason.FAILED: (500, "exception"),
}


def told(error: UserError) -> tuple[int, dict[str, Any]]:
    """Return the status of an error, and its answer."""
    match error:
        case NoSuchIndex():
            more = {"resource.type": "index_or_alias", "resource.id": error.index, "index_uuid": "_na_"}
            return as_error(404, "index_not_found_exception", str(error), **more, index=error.index)
        case SearchFault():
            return as_error(error.status, error.kind, str(error), **error.more)
        case QueryFault():
            status, kind = _REASONS[error.reason]
            return as_error(status, kind, str(error))
        case QueryError():
            return as_error(400, "parsing_exception", str(error))
        case RequestError():
            return as_error(int(error.status), "illegal_argument_exception", str(error))
        case StoreError():
            return as_error(503, "unavailable_shards_exception", str(error))
    return as_error(400, "illegal_argument_exception", str(error))


def as_error(status: int, kind: str, reason: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """Return an answer that tells an error."""
    cause = {"type": kind, "reason": reason.encode(errors="replace").decode(), **more}
    return status, {"error": {"root_cause": [cause], **cause}, "status": status}


def again(error: UserError) -> dict[str, str]:
    """Return the header that says when to come again, if that makes sense."""
    after = error.retry_after if isinstance(error, QueryFault) else None
    return {} if after is None else {"retry-after": str(math.ceil(after))}
