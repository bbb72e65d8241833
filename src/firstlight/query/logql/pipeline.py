"""The stages of a query, compiled: from lines to the lines that are kept, or to their samples.

What depends on labels alone is asked once a set of labels; line filters look at whole columns; and labels are not
looked at before a stage needs them. Stages that may drop a line by its labels run right after the parser that gave
them, line by line, so that what a dropped line had need not be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial, reduce
from typing import Literal

import numpy as np
import pyarrow.compute as pc

from firstlight.query.logql.ast import Grouping, LabelFilterStage, Stage, Unwrap
from firstlight.query.logql.label_filters import names_of
from firstlight.query.logql.label_sets import EXTRACTED, LabelSet
from firstlight.query.logql.lines import ERROR, Labels, LineLabels, Lines, Places, Processed, Samples
from firstlight.query.logql.pipeline_block import Block, Relabel, Then
from firstlight.query.logql.pipeline_stages import Compiled, Needs, Parsing, Relabelling, compile_stage, names_in
from firstlight.query.logql.unwrap import compile_grouping, compile_unwrap

Step = Callable[[Block], None]


class Pipeline:
    """Compiled stages, and what they have made of label sets so far."""

    def __init__(self, steps: Sequence[Step], unwrap: Unwrap | None, grouping: Grouping | None) -> None:
        self._steps = steps
        self._unwrap = compile_unwrap(unwrap) if unwrap else None
        self._group = compile_grouping(grouping, unwrap.label if unwrap else None)
        self._line_labels: list[LineLabels] = []
        self._labels: list[Labels] = []
        self._failed: set[int] = set()
        self._places: dict[Hashable, int] = {}
        self._orders: dict[tuple[str, ...], tuple[str, ...]] = {}

    def run(self, lines: Lines) -> Processed:
        """Return the lines that are kept, with what they say and their labels."""
        block = self._through(lines)
        place_of = np.array([self._place_of_line_labels(labels) for labels in block.sets], np.int32)
        return Processed(block.rows, block.array, place_of[block.set_of], self._line_labels)

    def samples(self, lines: Lines, *, measure: Literal["count", "bytes"] = "count") -> Samples:
        """Return the samples of the lines that are kept: what is unwrapped if anything is, or else the `measure`."""
        block = self._through(lines)
        if self._unwrap is not None:
            return self._unwrapped(block)
        place_of = np.array([self._place_of_labels(labels) for labels in block.sets], np.int32)
        if measure == "bytes":
            values = pc.binary_length(block.array).to_numpy(zero_copy_only=False).astype(np.float64)
        else:
            values = np.ones(len(block))
        return Samples(block.rows, values, place_of[block.set_of], self._labels, frozenset(self._failed))

    def _unwrapped(self, block: Block) -> Samples:
        assert self._unwrap is not None  # asked only then
        values = np.zeros(len(block.sets))
        place_of: Places = np.full(len(block.sets), -1, np.int32)
        for place, labels in enumerate(block.sets):
            sample = self._unwrap(labels)
            if sample is not None:
                values[place], left = sample
                place_of[place] = self._place_of_labels(left)
        set_of = block.set_of
        kept = place_of[set_of] >= 0
        set_of = set_of[kept]
        return Samples(block.rows[kept], values[set_of], place_of[set_of], self._labels, frozenset(self._failed))

    def _through(self, lines: Lines) -> Block:
        block = Block(lines)
        for step in self._steps:
            if not len(block):
                break
            step(block)
        return block

    def _place_of_line_labels(self, labels: LabelSet) -> int:
        content = self._content
        key = content(labels.parsed), content(labels.metadata), content(labels.stream), labels.error, labels.details
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self._line_labels)
            self._line_labels.append(labels.line_labels())
        return place

    def _content(self, part: Mapping[str, str]) -> tuple[object, ...]:
        """Return what is equal for parts with equal labels, in whichever order; few objects for many labels."""
        names = tuple(part)
        order = self._orders.get(names)
        if order is None:
            order = self._orders[names] = tuple(sorted(names))
        return order, *[part[name] for name in order]

    def _place_of_labels(self, labels: LabelSet) -> int:
        pairs = self._group(labels)
        place = self._places.get(pairs)
        if place is None:
            place = self._places[pairs] = len(self._labels)
            self._labels.append(pairs)
            if labels.error:
                self._failed.add(place)
        return place


def compile_stages(
    stages: Sequence[Stage], *, unwrap: Unwrap | None = None, grouping: Grouping | None = None, now_ns: int = 0
) -> Pipeline:
    """Return the pipeline of `stages`; raise BadStage if one of them cannot be meant.

    `unwrap` and `grouping` are those of a range aggregation. `grouping` None keeps all labels. `now_ns` is the time of
    the query, which templates call `now`.
    """
    needs = Needs(*_needs(stages, unwrap, grouping), now_ns)
    return Pipeline(_steps([compile_stage(stage, needs) for stage in stages]), unwrap, grouping)


def _needs(
    stages: Sequence[Stage], unwrap: Unwrap | None, grouping: Grouping | None
) -> tuple[frozenset[str] | None, bool]:
    """Return which labels parsers must give, None if all, and whether errors are asked for."""
    if grouping is None or grouping.without:
        return None, False
    names = set(grouping.labels)
    for stage in stages:
        names |= names_of(stage.filter) if isinstance(stage, LabelFilterStage) else names_in(stage)
    if unwrap is not None:
        names.add(unwrap.label)
        for one in unwrap.filters:
            names |= names_of(one)
    # A name that is taken gets its ending when the label is found; the key in the line has none.
    names |= {name.removesuffix(EXTRACTED) for name in names}
    return frozenset(names), ERROR in names


def _steps(compiled: Sequence[Compiled]) -> list[Step]:
    """Return what to do with a block, with the changes of labels that follow a parser as part of it."""
    steps: list[Step] = []
    parsing: Parsing | None = None
    changes: list[Relabelling] = []

    def flush() -> None:
        nonlocal parsing
        if parsing is not None:
            steps.append(partial(parsing.apply, then=_then(changes)))
        elif changes:
            change = _chain([one.change for one in changes])
            steps.append(lambda block: block.relabel(change))
        parsing = None
        changes.clear()

    for one in compiled:
        if isinstance(one, Relabelling):
            changes.append(one)
            continue
        flush()
        if isinstance(one, Parsing):
            parsing = one
        else:
            steps.append(one)
    flush()
    return steps


def _then(changes: Sequence[Relabelling]) -> Then | None:
    """Return the changes that follow a parser as one; None if there is none."""
    if not changes:
        return None
    first = changes[0]
    return Then(_chain([one.change for one in changes]), first.names, first.change if first.names else None)


def _chain(changes: Sequence[Relabel]) -> Relabel:
    """Return the changes as one."""

    def both(first: Relabel, second: Relabel) -> Relabel:
        def change(labels: LabelSet) -> LabelSet | None:
            changed = first(labels)
            return None if changed is None else second(changed)

        return change

    return reduce(both, changes)
