"""How a query that is no PromQL is refused: for people, and in the words of Prometheus."""

from __future__ import annotations

from typing import Final

from firstlight.errors import QueryError, Span

LANGUAGE: Final = "PromQL"

LONGEST_COMPLAINT: Final = 1000
"""How much is told of a query that is quoted: one could be a single word of half a megabyte."""


def refusal(complaint: str, text: str, span: Span) -> QueryError:
    """Return the error about `span` of the query `text`."""
    if len(complaint) > LONGEST_COMPLAINT:
        complaint = f"{complaint[: LONGEST_COMPLAINT - 1]}…"
    return QueryError(complaint, query=text, span=span, language=LANGUAGE)


def in_prometheus_words(error: QueryError) -> str:
    """Return `error` as the API of Prometheus tells it: `1:5: parse error: …`, the column counted in bytes."""
    before = error.query[: error.span.start]
    line = before.count("\n") + 1
    column = len(before[before.rfind("\n") + 1 :].encode(errors="replace")) + 1
    return f"{line}:{column}: parse error: {error.complaint}"
