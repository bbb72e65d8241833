"""Queries, whatever language they were written in: frozen values, of which `lower` makes SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Everything:
    """Every document."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No document."""


@dataclass(frozen=True, slots=True)
class Match:
    """Documents with the words of a text in a field: any of them, or as many as `minimum` says."""

    field: str
    text: str
    all: bool = False
    minimum: str = ""
    empty_matches: bool = False
    """Whether a text without words is found everywhere."""
    prefix: bool = False
    """Whether the last word may go on."""
    fuzzy: int | None = None
    """How many edits a word may differ by; -1 for as many as its length allows."""
    lenient: bool = False
    """Whether a field finds nothing whose values cannot be such a text, instead of complaining."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Documents with the words of a text in a field, one after the other, with at most `slop` others between them."""

    field: str
    text: str
    slop: int = 0
    prefix: bool = False
    """Whether the last word may go on."""
    expansions: int | None = None
    """With how many different words the last may be gone on, the first in their order."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Documents with one of some values in a field; of a text, one of its words."""

    field: str
    values: Sequence[Any]
    ignore_case: bool = False
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """Documents with a value in a field between two; a bound is None where there is none."""

    field: str
    low: Any = None
    high: Any = None
    low_open: bool = False
    high_open: bool = False
    format: str = ""
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Exists:
    """Documents with a value in a field."""

    field: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Documents with a value, or a word of a text, that a pattern matches whole.

    `kind` is `prefix`, `wildcard` or `regexp`.
    """

    field: str
    kind: str
    pattern: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Ids:
    """Documents with one of some ids."""

    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Bool:
    """Documents for which all of `must` hold, none of `must_not`, and of `should` as many as `minimum` says."""

    must: Sequence[Query] = ()
    should: Sequence[Query] = ()
    must_not: Sequence[Query] = ()
    minimum: str = ""


Query = Everything | Nothing | Match | Phrase | Terms | Range | Exists | Pattern | Ids | Bool


def any_of(queries: Sequence[Query]) -> Query:
    """Return what holds if one of `queries` does."""
    return queries[0] if len(queries) == 1 else Bool(should=tuple(queries), minimum="1") if queries else Nothing()
