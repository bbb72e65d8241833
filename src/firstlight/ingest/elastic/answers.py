"""Answers to who sends documents: items, errors, and the headers without which clients do not believe us."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import orjson

from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Cause, Refusal
from firstlight.wire.elastic.bulk import MalformedBulk
from firstlight.wire.elastic.filter_path import filtered

PRODUCT: Final = {"x-elastic-product": "Elasticsearch"}

STATUSES: Final = {
    Cause.MALFORMED: 400,
    Cause.TOO_LARGE: 413,
    Cause.TOO_SLOW: 408,
    Cause.CUT_SHORT: 400,
    Cause.UNKNOWN_TYPE: 406,
    Cause.REFUSED: 400,
    Cause.OVERLOADED: 429,
    Cause.STORE_BUSY: 429,
    Cause.STORE_FULL: 429,
    Cause.STORE_FAILED: 503,
    Cause.STOPPING: 503,
    Cause.BUG: 500,
}
"""Clients send again what is answered with 429 and 503; 500 they do not."""

KINDS: Final = {
    400: "illegal_argument_exception",
    404: "index_not_found_exception",
    406: "media_type_header_exception",
    408: "illegal_argument_exception",
    413: "content_too_large_exception",
    429: "es_rejected_execution_exception",
    500: "exception",
    503: "unavailable_shards_exception",
}

SHARDS: Final = {"total": 1, "successful": 1, "failed": 0}


def told(status: int, answer: Mapping[str, Any], context: Context, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an answer in the form that the client has asked in."""
    wanted = context.query.get("filter_path", "")
    body = orjson.dumps(filtered(answer, wanted) if wanted else answer)
    return Reply(status, body, {**PRODUCT, "content-type": content_type(context), **(headers or {})})


def content_type(context: Context) -> str:
    """Return the content type of an answer: that of the client's version of the API, if it names one."""
    version = context.parameters.get("compatible-with", "")
    if context.content_type.startswith("application/vnd.elasticsearch+") and version.isdigit():
        return f"application/vnd.elasticsearch+json;compatible-with={version}"
    return "application/json"


def error(status: int, kind: str, reason: str, **more: Any) -> dict[str, Any]:
    """Return an error as Elasticsearch tells it."""
    cause = {"type": kind, "reason": reason, **more}
    return {"error": {"root_cause": [cause], **cause}, "status": status}


def refused(refusal: Refusal, context: Context) -> Reply:
    """Return the answer to a request of which nothing was kept."""
    status = STATUSES[refusal.cause]
    kind, words = KINDS[status], refusal.words
    if refusal.cause is Cause.MALFORMED and words.startswith("["):
        # What was found wrong has its type before it, in brackets: a refusal has no other room for it.
        kind, _, words = words[1:].partition("] ")
    again = {"retry-after": str(math.ceil(refusal.retry_after))} if refusal.cause.retryable else {}
    return told(status, error(status, kind, words), context, again)


def typed(malformed: MalformedBulk) -> MalformedBulk:
    """Return a complaint with its type before its words, for `refused` to find."""
    return MalformedBulk(f"[{malformed.kind}] {malformed}", malformed.kind)


def item_error(kind: str, reason: str, index: str) -> dict[str, Any]:
    """Return what an item has instead of a result."""
    found: dict[str, Any] = {"type": kind, "reason": reason}
    return {**found, "index": index} if kind == "index_not_found_exception" else found
