"""Why a query has no answer, other than that it was asked wrongly, which is `errors.QueryError`."""

from __future__ import annotations

from enum import StrEnum

from firstlight.errors import UserError


class Reason(StrEnum):
    """What kept a query from its answer, as it is counted and as clients are told."""

    TIMEOUT = "timed_out"
    MEMORY = "out_of_memory"
    TOO_LARGE = "too_large"
    BUSY = "busy"
    STOPPED = "stopped"
    FAILED = "failed"


class QueryFault(UserError):
    """A query that was understood and not answered, for `reason`; if that passes, try again after `retry_after`."""

    def __init__(self, words: str, reason: Reason, *, retry_after: float | None = None) -> None:
        super().__init__(words)
        self.reason = reason
        self.retry_after = retry_after


class Refused(UserError):
    """What a query asks for and may not have. `word` is what it names that by, to be pointed at."""

    def __init__(self, words: str, word: str = "") -> None:
        super().__init__(words)
        self.word = word
