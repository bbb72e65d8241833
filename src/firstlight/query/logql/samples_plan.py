"""What a metric query needs of the store: its range aggregations, and which labels their answers may depend on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from firstlight.query.logql.ast import (
    Binary,
    Grouping,
    JsonParser,
    LabelFilterStage,
    LabelReplace,
    LogfmtParser,
    LogRange,
    MetricExpr,
    PatternParser,
    RangeAggregate,
    RangeOp,
    RegexpParser,
    Stage,
    UnpackParser,
    Variants,
    VectorAggregate,
    VectorOp,
)
from firstlight.query.logql.label_filters import names_of
from firstlight.query.logql.pipeline_stages import names_in

EXTRACTED: Final = "_extracted"
VARIANT: Final = "__variant__"

COUNTING: Final = frozenset({RangeOp.COUNT_OVER_TIME, RangeOp.RATE, RangeOp.BYTES_OVER_TIME, RangeOp.BYTES_RATE})
"""What is made of lines without looking at values in them."""

_SUMMED: Final = COUNTING | {RangeOp.SUM_OVER_TIME}
"""Aggregations of which the sum over series is the same aggregation over their lines together."""

_PARSERS: Final = (JsonParser, LogfmtParser, PatternParser, RegexpParser, UnpackParser)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A range aggregation of a query. `grouping` is its own, or that of a sum around it."""

    node: RangeAggregate
    range: LogRange
    grouping: Grouping | None

    @property
    def names(self) -> frozenset[str] | None:
        """The labels that its answer depends on; None if that may be any."""
        if self.grouping is None or self.grouping.without:
            return None
        names = set(self.grouping.labels)
        for stage in self.range.query.stages:
            names |= names_of(stage.filter) if isinstance(stage, LabelFilterStage) else names_in(stage)
        if self.range.unwrap is not None:
            names.add(self.range.unwrap.label)
            for filter_ in self.range.unwrap.filters:
                names |= names_of(filter_)
        # A name that is taken gets its ending when the label is found; who gave it has none.
        return frozenset(names | {name.removesuffix(EXTRACTED) for name in names})

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that matter: as in Loki, parsers do not when no label does."""
        stages = self.range.query.stages
        if self.names is None or self.names:
            return stages
        return tuple(stage for stage in stages if not isinstance(stage, _PARSERS))


def leaves(expr: MetricExpr | Variants) -> Iterator[Leaf]:
    """Yield the range aggregations of a query."""
    match expr:
        case Variants():
            for variant in expr.variants:
                for leaf in leaves(variant):
                    yield replace(leaf, range=_of_variant(leaf.range, expr.of))
        case RangeAggregate():
            yield Leaf(expr, expr.range, expr.grouping)
        case VectorAggregate(op=VectorOp.SUM, expr=RangeAggregate(op=op, grouping=None) as inner) if op in _SUMMED:
            yield Leaf(inner, inner.range, expr.grouping or Grouping(without=False, labels=(), span=expr.span))
        case VectorAggregate() | LabelReplace():
            yield from leaves(expr.expr)
        case Binary():
            yield from leaves(expr.left)
            yield from leaves(expr.right)


def _of_variant(own: LogRange, common: LogRange) -> LogRange:
    """Return the range of a variant: the lines are those that all variants are made of."""
    stages = common.query.stages
    more = own.query.stages
    # A variant may say again what is said of all.
    more = more[len(stages) :] if more[: len(stages)] == stages else more
    query = replace(common.query, stages=(*stages, *more))
    return replace(common, query=query, unwrap=own.unwrap or common.unwrap)
