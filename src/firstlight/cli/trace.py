"""One trace as a tree: which span called which, how long each took and when, and what went wrong where.

Whatever was sent is shown once and without end: spans whose parent is missing, spans that are each other's parents, and
ids that were given twice. Nothing here recurses, since a trace may be as deep as it has spans.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Any, Final, Self

from firstlight.cli.render import Screen, cells, count, cut, duration, harmless, local_time, moment, one_line, padded

MOST_LINES: Final = 200
"""Spans of a trace that is shown whole without being asked to."""

MOST_CHILDREN: Final = 10
"""Spans shown of those that one span called, in a larger trace."""

DEEPEST: Final = 16
"""Levels that are indented; below, a number says how deep it is."""

BAR: Final = 24
LABEL: Final = 80
"""Cells that the names of spans take at most."""

LEAST_LABEL: Final = 20
"""Cells that they may have however narrow the terminal is."""

GAP: Final = "  "
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
    """One line of the tree: a span, or words about spans."""

    depth: int
    span: Span | None
    words: str = ""


class Tree:
    """The spans of one trace, by who called whom. A span is known by its place in the order of their beginning."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = sorted(spans, key=lambda span: (span.begin_ns, -span.duration_ns))
        self._children: list[list[int]] = [[] for _ in self.spans]
        self.starts: Mapping[str, list[int]] = {"": [], MISSING: [], CIRCLE: []}
        """Where the tree begins, by why there."""
        self._arrange()
        # How many spans, and how many that failed, there are from each on downwards.
        self._sizes = [1] * len(self.spans)
        self._failed = [int(span.failed) for span in self.spans]
        self._add_up()

    def lines(self, most: int | None) -> Iterator[Line]:
        """Yield the tree from top to bottom, of each span at most so many of those that it called."""
        for title, starts in self.starts.items():
            if title and starts:
                yield Line(0, None, title)
            stack = self._stacked(starts, int(bool(title)), most)
            while stack:
                depth, one = stack.pop()
                if isinstance(one, str):
                    yield Line(depth, None, one)
                    continue
                yield Line(depth, self.spans[one])
                stack += self._stacked(self._children[one], depth + 1, most)

    def _arrange(self) -> None:
        """Find the children of each, and where the tree begins."""
        owners: dict[str, int] = {}
        for number, span in enumerate(self.spans):
            owners.setdefault(span.id, number)  # of an id that was given twice, the first is called by its children
        parents = [owners.get(span.parent) for span in self.spans]
        for number, parent in enumerate(parents):
            if parent is not None:
                self._children[parent].append(number)
            else:
                self.starts[MISSING if self.spans[number].parent else ""].append(number)
        reached: set[int] = set()
        for starts in (self.starts[""], self.starts[MISSING]):
            reached.update(*(self._below(start) for start in starts))
        for number in range(len(self.spans)):
            if number not in reached:
                start = _on_the_circle(number, parents)
                self._children[parents[start] or 0].remove(start)  # cut open, the circle is a tree
                self.starts[CIRCLE].append(start)
                reached.update(self._below(start))

    def _below(self, start: int) -> Iterator[int]:
        """Yield a span and all below it, each before those that it called."""
        stack = [start]
        while stack:
            number = stack.pop()
            yield number
            stack += self._children[number]

    def _add_up(self) -> None:
        for starts in self.starts.values():
            for start in starts:
                for number in reversed(list(self._below(start))):
                    self._sizes[number] += sum(self._sizes[child] for child in self._children[number])
                    self._failed[number] += sum(self._failed[child] for child in self._children[number])

    def _stacked(self, numbers: Sequence[int], depth: int, most: int | None) -> list[tuple[int, int | str]]:
        """Return what comes next, the first at the end: spans, and words about those that are left out.

        Those with a failure below them are the last to be left out.
        """
        shown: Sequence[int] = numbers
        if most is not None and len(numbers) > most:
            shown = sorted(sorted(numbers, key=lambda number: not self._failed[number])[:most])
        items: list[tuple[int, int | str]] = [(depth, number) for number in shown]
        if len(shown) < len(numbers):
            left_out = set(numbers) - set(shown)
            items.append(
                (
                    depth,
                    _left_out(
                        sum(map(self._sizes.__getitem__, left_out)), sum(map(self._failed.__getitem__, left_out))
                    ),
                )
            )
        return items[::-1]


def _left_out(spans: int, failed: int) -> str:
    return f"… {count(spans, 'more span')}{f', {count(failed)} failed' if failed else ''} (--all shows them)"


def _on_the_circle(number: int, parents: Sequence[int | None]) -> int:
    """Return a span that is its own ancestor, from one whose ancestors have no beginning."""
    seen: set[int] = set()
    while number not in seen:
        seen.add(number)
        parent = parents[number]
        assert parent is not None, "who has a beginning was reached from it"
        number = parent
    return number


def print_trace(screen: Screen, trace_id: str, spans: Sequence[Span], *, shows_all: bool) -> None:
    """Print a trace as a tree; of a large one a part, unless all is asked for."""
    tree = Tree(spans)
    begin, end = min(span.begin_ns for span in spans), max(span.end_ns for span in spans)
    services, failed = {span.service for span in spans}, sum(span.failed for span in spans)
    screen.line(f"trace {screen.paint(trace_id, 'bold')}")
    facts = [
        local_time(tree.spans[0].ts),
        duration(end - begin),
        count(len(spans), "span"),
        count(len(services), "service"),
    ]
    screen.line(", ".join([*facts, *([screen.paint(f"{count(failed)} failed", "red")] if failed else [])]))
    screen.line()
    lines = list(tree.lines(None if shows_all or len(spans) <= MOST_LINES else MOST_CHILDREN))
    if not shows_all and len(lines) > MOST_LINES:
        cut_off = Line(0, None, f"… these are not all of the {count(len(spans))} spans (--all shows them)")
        lines = [*lines[:MOST_LINES], cut_off]
    _Rows(screen, lines, begin, end).print()


class _Rows:
    """Prints the lines of a tree under each other."""

    def __init__(self, screen: Screen, lines: Sequence[Line], begin: int, end: int) -> None:
        self._screen = screen
        self._lines = lines
        self._begin = begin
        self._length = max(end - begin, 1)
        shown = [(line.depth, line.span) for line in lines if line.span]
        self._kind = max((len(span.kind) for _, span in shown), default=0)
        self._took = max((len(duration(span.duration_ns)) for _, span in shown), default=0)
        left = (screen.width or 1_000) - self._kind - self._took - BAR - 3 * len(GAP)
        longest = max((cells(_label(depth, span)) for depth, span in shown), default=0)
        self._label = min(longest, max(left, LEAST_LABEL), LABEL)

    def print(self) -> None:
        """Print all of them."""
        for line in self._lines:
            if line.span is None:
                self._screen.line(_indented(line.depth) + self._screen.paint(line.words, "dim"))
            else:
                self._print_span(line.depth, line.span)

    def _print_span(self, depth: int, span: Span) -> None:
        paint = self._screen.paint
        label = padded(cut(_label(depth, span), self._label), self._label)
        row = [
            paint(label, "red" if span.failed else ""),
            paint(span.kind.ljust(self._kind), "dim"),
            duration(span.duration_ns).rjust(self._took),
            paint(self._bar(span), "red" if span.failed else "cyan"),
        ]
        self._screen.line(GAP.join(row).rstrip())
        for words in _failures(span):
            self._screen.line(f"{_indented(depth)}    {paint(words, 'red')}")

    def _bar(self, span: Span) -> str:
        """Return where in the trace the span lies: at least one cell, whatever was sent."""
        first = min((span.begin_ns - self._begin) * BAR // self._length, BAR - 1)
        last = max(-(-(span.end_ns - self._begin) * BAR // self._length), first + 1)
        return "·" * first + "█" * (last - first) + "·" * (BAR - last)


def _label(depth: int, span: Span) -> str:
    return f"{_indented(depth)}{one_line(span.service)}  {one_line(span.name)}"


def _indented(depth: int) -> str:
    return "  " * depth if depth <= DEEPEST else f"{'  ' * DEEPEST}({depth}) "


def _failures(span: Span) -> Iterator[str]:
    """Yield what the span says of what went wrong, line by line."""
    if span.failed:
        yield f"error: {one_line(span.message)}" if span.message else "error"
    for failure in span.failures:
        yield one_line(": ".join(part for part in (failure.type, failure.message) if part)) or "exception"
        # The last line of a stack says again what was raised.
        stack = [line for line in harmless(failure.stack).rstrip().split("\n") if line.strip()]
        if len(stack) > 1 and failure.type and failure.type.rpartition(".")[2] in stack[-1]:
            stack.pop()
        last = dedent("\n".join(line.expandtabs(4) for line in stack[-STACK_LINES:]))
        yield from (f"  {line}" for line in last.split("\n") if line)
