"""Why a request was not taken: one list of causes, which each protocol translates into its own answers.

A cause that says `retryable` promises that nothing of the request was stored, and that the same request may succeed
later. All others say: do not send this again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from firstlight.errors import DecodeError, StoreBusy, StoreError, StoreFull, StoreRefused, UserError
from firstlight.http.errors import BodyCutShort, BodyTooLarge, BodyTooSlow, RequestError, UnknownEncoding


class Cause(StrEnum):
    """Why; the value is its label in the metrics."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    CUT_SHORT = "cut_short"
    UNKNOWN_TYPE = "unknown_type"
    REFUSED = "refused"
    OVERLOADED = "overloaded"
    STORE_BUSY = "store_busy"
    STORE_FULL = "store_full"
    STORE_FAILED = "store_failed"
    STOPPING = "stopping"
    BUG = "bug"

    @property
    def retryable(self) -> bool:
        """Whether the sender may send the same again."""
        return self in _RETRYABLE


_RETRYABLE = {Cause.OVERLOADED, Cause.STORE_BUSY, Cause.STORE_FULL, Cause.STORE_FAILED, Cause.STOPPING}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was not taken: why, in words for its sender, and when to come again."""

    cause: Cause
    words: str
    retry_after: float = 1.0


class Overloaded(UserError):
    """More is under way than may be."""

    def __init__(self, words: str, *, retry_after: float) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class Stopping(UserError):
    """The server stops, and takes nothing any more."""


class UnknownType(UserError):
    """A content type that the protocol does not have."""


_CAUSES: tuple[tuple[type[UserError], Cause], ...] = (
    (Overloaded, Cause.OVERLOADED),
    (Stopping, Cause.STOPPING),
    (UnknownType, Cause.UNKNOWN_TYPE),
    (UnknownEncoding, Cause.UNKNOWN_TYPE),
    (BodyTooLarge, Cause.TOO_LARGE),
    (BodyTooSlow, Cause.TOO_SLOW),
    (BodyCutShort, Cause.CUT_SHORT),
    (RequestError, Cause.MALFORMED),
    (DecodeError, Cause.MALFORMED),
    (StoreBusy, Cause.STORE_BUSY),
    (StoreFull, Cause.STORE_FULL),
    (StoreRefused, Cause.REFUSED),
)


def refusal_of(error: UserError) -> Refusal:
    """Return what the sender of a request that ended in `error` is told."""
    cause = next((cause for kind, cause in _CAUSES if isinstance(error, kind)), Cause.BUG)
    if cause is Cause.BUG and isinstance(error, StoreError) and error.retryable:
        cause = Cause.STORE_FAILED
    return Refusal(cause, str(error), getattr(error, "retry_after", 1.0))
