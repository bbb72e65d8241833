"""What a client would like to be answered in: headers like `Accept`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Clause(NamedTuple):
    """One wish: a name in lower case, and its parameters, their names in lower case."""

    name: str
    parameters: Mapping[str, str]


def clauses(header: str) -> list[Clause]:
    """Return what a header lists, the most wanted first; what is not wanted is left out.

    >>> [clause.name for clause in clauses("text/csv;q=0.5, application/json; charset=utf-8, text/html;q=0")]
    ['application/json', 'text/csv']
    """
    weighed: list[tuple[float, Clause]] = []
    for part in header.split(","):
        name, *words = (word.strip() for word in part.split(";"))
        parameters = {key.strip().lower(): value.strip() for key, _, value in (word.partition("=") for word in words)}
        quality = parameters.get("q", "1")
        weight = float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0
        if name and weight > 0:
            weighed.append((-weight, Clause(name.lower(), parameters)))
    return [clause for _, clause in sorted(weighed, key=lambda row: row[0])]


def media_types(accept: str) -> list[str]:
    """Return the media types that an `Accept` header lists, without their parameters, the most wanted first."""
    return [clause.name for clause in clauses(accept)]
