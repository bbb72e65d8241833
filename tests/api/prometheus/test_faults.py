"""Every error has the type and the status that clients of Prometheus know."""

from __future__ import annotations

import orjson
import pytest

from firstlight.api.prometheus.faults import REASONS, ApiFault, ErrorType, NoSelector, refused, refused_in_text
from firstlight.errors import QueryError, Span, StoreBusy, UserError
from firstlight.http.errors import BodyTooLarge
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.store.faults import QueryFailed

WRONG = QueryError("unknown", query="a\nbü c", span=Span(5, 6), language="PromQL")

FAULTS = {
    "a wrong query": (WRONG, 400, "bad_data", 'invalid parameter "query": 2:5: parse error: unknown'),
    "a missing selector": (NoSelector(), 400, "bad_data", "no match[] parameter provided"),
    "a body that is too large": (BodyTooLarge("too large"), 413, "bad_data", "too large"),
    "a failed evaluation": (EvaluationFailed("no"), 422, "execution", "no"),
    "too long": (QueryFault("late", Reason.TIMEOUT), 503, "timeout", "late"),
    "too much memory": (QueryFault("much", Reason.MEMORY), 422, "execution", "much"),
    "too many at once": (QueryFault("busy", Reason.BUSY, retry_after=0.5), 503, "unavailable", "busy"),
    "a stop": (QueryFault("stop", Reason.STOPPED), 503, "canceled", "stop"),
    "a store that fails": (QueryFault("oh", Reason.FAILED), 500, "internal", "oh"),
    "a statement that fails": (QueryFailed("oh"), 500, "internal", "oh"),
    "a store that is busy": (StoreBusy("oh"), 500, "internal", "oh"),
    "what is told with its type": (ApiFault(ErrorType.NOT_FOUND, "gone"), 404, "not_found", "gone"),
    "half a character": (ApiFault(ErrorType.BAD_DATA, "\udc80"), 400, "bad_data", "?"),
}


@pytest.mark.parametrize(("error", "status", "kind", "words"), FAULTS.values(), ids=FAULTS)
def test_errors_are_told(error: UserError, status: int, kind: str, words: str) -> None:
    answer = refused(error)

    assert orjson.loads(answer.body) == {"status": "error", "errorType": kind, "error": words}
    assert (answer.status_code, refused_in_text(error).status_code) == (status, status)


def test_who_is_turned_away_is_told_when_to_come_again() -> None:
    assert refused(QueryFault("busy", Reason.BUSY, retry_after=0.5)).headers["retry-after"] == "1"


def test_an_error_of_the_query_is_told_in_text_without_the_parameter() -> None:
    assert refused_in_text(WRONG).body == b"2:5: parse error: unknown\n"


def test_every_reason_has_a_type() -> None:
    assert set(REASONS) == set(Reason)
