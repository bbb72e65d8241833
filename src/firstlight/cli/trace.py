"""One trace as a tree: which span called which, how long each took and when, and what went wrong where.

Whatever was sent is shown once and without end: spans whose parent is missing, spans that are each other's parents, and
ids that were given twice. Nothing here recurses, since a trace may be as deep as it has spans.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from firstlight.cli.render import Screen, count, cut, duration, harmless, local_time, moment, one_line

MOST_LINES: Final = 200
"""Spans of a trace that is shown whole without being asked to."""

MOST_CHILDREN: Final = 10
"""Spans shown of those that one span called, in a larger trace."""

DEEPEST: Final = 24
"""Levels that are indented; below, a number says how deep it is."""

BAR: Final = 24
NAME: Final = 60
STACK_LINES: Final = 3

MISSING: Final = "(parent missing)"
CIRCLE: Final = "(parents in a circle)"


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception that a span recorded."""

    type: str
    message: str
    stack: str


@dataclass(frozen=True, slots=True)
class Span:
    """One span, as much of it as is shown."""

    id: str
    parent: str
    ts: str
    begin_ns: int
    duration_ns: int
    service: str
    name: str
    kind: str
    status: str
    message: str
    failures: Sequence[Failure]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return the span in a row of the view `spans`."""
        exceptions = [event["attributes"] for event in row["events"] if event["name"] == "exception"]
        return cls(
            id=row["span_id"],
            parent=row["parent_span_id"],
            ts=row["ts"],
            begin_ns=_nanoseconds(row["ts"]),
            duration_ns=int(row["duration_ns"]),
            service=row["service"],
            name=row["name"],
            kind=row["kind"],
            status=row["status"],
            message=row["status_message"],
            failures=[
                Failure(*(told.get(f"exception.{name}", "") for name in ("type", "message", "stacktrace")))
                for told in exceptions
            ],
        )

    @property
    def end_ns(self) -> int:
        """When it ended; not before it began, whatever was sent."""
        return self.begin_ns + max(self.duration_ns, 0)

    @property
    def failed(self) -> bool:
        """Whether it says of itself that it did."""
        return self.status == "error"


def _nanoseconds(text: str) -> int:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return int(moment(whole).timestamp()) * 10**9 + int(f"{fraction:0<9}"[:9])


@dataclass(frozen=True, slots=True)
class Line:
    """What stands in one line of the tree: a span, or words about spans that are not shown."""

    depth: int
    span: Span | None
    words: str = ""


class Tree:
    """The spans of one trace, by who called whom."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = sorted(spans, key=lambda span: (span.begin_ns, -span.duration_ns))
        self._children: dict[str, list[int]] = defaultdict(list)
        self._owners: dict[str, int] = {}
        for number, span in enumerate(self.spans):
            self._owners.setdefault(span.id, number)  # of an id given twice, the first has the children
            self._children[span.parent].append(number)
        self.begins = [("", self._children.pop("", []))]
        orphans = [n for n, span in enumerate(self.spans) if span.parent and span.parent not in self._owners]
        self.begins.append((MISSING, orphans))
        self._errors = self._count_errors()

    def lines(self, *, shows_all: bool) -> Iterator[Line]:
        """Yield the tree from top to bottom."""
        most = None if shows_all or len(self.spans) <= MOST_LINES else MOST_CHILDREN
        left = None if most is None else MOST_LINES
        for title, starts in self.begins:
            if title and starts:
                yield Line(0, None, title)
            stack: list[tuple[int, int | str]] = self._stacked(starts, 1 if title else 0, most)
            while stack:
                depth, item = stack.pop()
                if isinstance(item, str):
                    yield Line(depth, None, item)
                    continue
                if left is not None and left <= 0:
                    break
                left = None if left is None else left - 1
                yield Line(depth, self.spans[item])
                stack += self._stacked(self._children_of(item), depth + 1, most)
