"""Streams in the store, and which labels a selector wants them to have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from firstlight.model.regex import compiled
from firstlight.query.logql.ast import Matcher, MatchOp

Ids: TypeAlias = npt.NDArray[np.uint64]

WIDE: Final = 0.4
_NOT_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent: the labels of the stream, and what stands `beside` every line of it, as structured metadata."""

    service: str
    labels: Mapping[str, str]
    beside: Mapping[str, str]
    described: bool = True
    """Whether the labels were made of what the sender says of itself, as with OTLP, and not given by it.

    Trace, span and severity are metadata only then. To one who gives labels, as to Loki, they are a part of the line,
    in which they were found when it came.
    """


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Streams, sorted by id."""

    ids: Ids
    origins: Sequence[Origin]
    others: tuple[Matcher, ...] = ()
    """Matchers of what is no label of any stream."""
    share: float = 0.0
    """What part they are of all that the tenant has on these days."""

    def __len__(self) -> int:
        return len(self.origins)

    @property
    def whole(self) -> bool:
        """Whether they are all that there are."""
        return self.share >= 1.0

    @property
    def described(self) -> Sequence[int]:
        """Return the places of the streams that are described by their senders."""
        return [place for place, origin in enumerate(self.origins) if origin.described]

    @property
    def wide(self) -> bool:
        """Whether to read them is to read much of all that there is."""
        return self.share >= WIDE

    def take(self, rows: Sequence[int]) -> Found:
        """Return the streams at `rows`, which ascend."""
        if len(rows) == len(self):
            return self
        return Found(self.ids[np.array(rows, np.int64)], [self.origins[row] for row in rows], self.others)


def matches(matcher: Matcher, value: str) -> bool:
    """Return whether a value of a label satisfies `matcher`. Raise BadRegex."""
    match matcher.op:
        case MatchOp.EQUAL:
            return value == matcher.value
        case MatchOp.NOT_EQUAL:
            return value != matcher.value
        case MatchOp.REGEX:
            return compiled(matcher.value).matches(value)
        case MatchOp.NOT_REGEX:
            return not compiled(matcher.value).matches(value)


def spelled(name: str) -> str:
    """Return the name of an attribute as LogQL spells it.

    >>> spelled("http.route")
    'http_route'
    """
    return _NOT_LABEL.sub("_", name)
