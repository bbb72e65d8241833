"""What is wrong with a search, as Elasticsearch's clients are told: a type, a status and a reason."""

from __future__ import annotations

from typing import Any

from firstlight.errors import UserError


class SearchFault(UserError):
    """A search that cannot be answered."""

    def __init__(self, kind: str, reason: str, *, status: int = 400, **more: Any) -> None:
        super().__init__(reason)
        self.kind = kind
        self.status = status
        self.more = more


def parsing(reason: str) -> SearchFault:
    """Return the fault of a query whose form is wrong."""
    return SearchFault("parsing_exception", reason)


def malformed(reason: str) -> SearchFault:
    """Return the fault of a body, of which some part is not as it must be."""
    return SearchFault("x_content_parse_exception", reason)


def illegal(reason: str) -> SearchFault:
    """Return the fault of a value that makes no sense."""
    return SearchFault("illegal_argument_exception", reason)


def unsupported(kind: str, name: str, known: str) -> SearchFault:
    """Return the fault of something that Elasticsearch has and firstlight has not."""
    return SearchFault(
        "parsing_exception", f"cannot answer [{name}]: firstlight has no {kind} of that name; want {known}"
    )


def unknown_query(name: str) -> SearchFault:
    """Return the fault of a query that nobody has."""
    return parsing(f"unknown query [{name[:100]}]")
