"""Answers in plain text, as the protocols of Prometheus have them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from firstlight.ingest.receiver import Reply
from firstlight.ingest.refusal import Cause, Refusal

# Prometheus sends again what is answered with 5xx. With 429 it drops it, unless it is told otherwise; so what can be
# taken later is 503, and nothing else is 5xx.
STATUSES: Final = {
    Cause.MALFORMED: 400,
    Cause.TOO_LARGE: 413,
    Cause.TOO_SLOW: 408,
    Cause.CUT_SHORT: 400,
    Cause.UNKNOWN_TYPE: 415,
    Cause.REFUSED: 400,
    Cause.OVERLOADED: 503,
    Cause.STORE_BUSY: 503,
    Cause.STORE_FULL: 503,
    Cause.STORE_FAILED: 503,
    Cause.STOPPING: 503,
    Cause.BUG: 400,
}


def told(status: int, words: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an answer of one line."""
    return Reply(status, f"{words}\n".encode(), {"content-type": "text/plain; charset=utf-8", **(headers or {})})


def refused(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Reply:
    """Return the answer to a request of which nothing was kept; one that will pass says when to come again."""
    return told(STATUSES[refusal.cause], refusal.words, {**(headers or {}), **retry(refusal)})


def retry(refusal: Refusal) -> dict[str, str]:
    """Return the header that says when to come again, if that makes sense."""
    return {"retry-after": str(math.ceil(refusal.retry_after))} if refusal.cause.retryable else {}
