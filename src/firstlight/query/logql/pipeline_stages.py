"""Each kind of stage to what it does to a block of lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from firstlight.query.logql.ast import (
    Decolorize,
    DropLabels,
    JsonParser,
    KeepLabels,
    LabelFilterStage,
    LabelFormat,
    LineFilter,
    LineFormat,
    LogfmtParser,
    PatternParser,
    RegexpParser,
    Stage,
    UnpackParser,
)
from firstlight.query.logql.decolorize import decolorize
from firstlight.query.logql.drop_keep import compile_drop, compile_keep
from firstlight.query.logql.filters import compile_line_filter
from firstlight.query.logql.formats import compile_label_format, compile_line_format, fields_of, reads_lines
from firstlight.query.logql.json_expressions import compile_json_expressions
from firstlight.query.logql.json_stage import JsonReader
from firstlight.query.logql.label_filters import compile_label_filter, names_of
from firstlight.query.logql.label_sets import LabelSet
from firstlight.query.logql.logfmt_stage import compile_logfmt
from firstlight.query.logql.pattern_stage import compile_pattern
from firstlight.query.logql.pipeline_block import Block, Parse, Relabel, Rewrite, Then
from firstlight.query.logql.regexp_stage import compile_regexp
from firstlight.query.logql.unpack_stage import compile_unpack


@dataclass(frozen=True, slots=True)
class Needs:
    """What stages know of the query that they are part of: which labels parsers must give, and what time it is."""

    wanted: frozenset[str] | None
    """Only these; None: all. If empty, parsers need not look at lines."""
    preserve: bool
    """Whether the query asks for `__error__`, so that a line that fails is marked with `__preserve_error__`."""
    now_ns: int
    """What templates call `now`."""


class Applies(Protocol):
    """A parser's work on a block."""

    def __call__(self, block: Block, then: Then | None = None) -> None:
        """Give the lines of `block` their labels, and do `then` with those."""


@dataclass(frozen=True, slots=True)
class Parsing:
    """A stage that gives lines labels out of what they say."""

    apply: Applies


@dataclass(frozen=True, slots=True)
class Relabelling:
    """A stage that only looks at labels."""

    change: Relabel
    names: frozenset[str] = frozenset()
    """If it is a filter, the labels that it asks for."""


Compiled: TypeAlias = Parsing | Relabelling | Callable[[Block], None]
"""A stage that is ready to be used."""


def compile_stage(stage: Stage, needs: Needs) -> Compiled:
    """Return what `stage` does; raise BadStage if it cannot be meant."""
    match stage:
        case LineFilter():
            return compile_line_filter(stage)
        case Decolorize():
            return decolorize
        case LabelFilterStage():
            return Relabelling(compile_label_filter(stage.filter), names_of(stage.filter))
        case DropLabels():
            return Relabelling(compile_drop(stage))
        case KeepLabels():
            return Relabelling(compile_keep(stage))
        case LineFormat():
            return _rewriting(compile_line_format(stage, needs.now_ns))
        case LabelFormat():
            rewrite = compile_label_format(stage, needs.now_ns)
            return _rewriting(rewrite) if reads_lines(stage) else Relabelling(lambda labels: rewrite("", 0, labels)[1])
        case _:
            return _compile_parser(stage, needs)


def names_in(stage: Stage) -> frozenset[str]:
    """Return the labels that a stage other than a filter asks for."""
    return fields_of(stage) if isinstance(stage, LineFormat | LabelFormat) else frozenset()


def _compile_parser(
    stage: JsonParser | LogfmtParser | RegexpParser | PatternParser | UnpackParser, needs: Needs
) -> Compiled:
    wanted, preserve = needs.wanted, needs.preserve
    compiled: Compiled
    match stage:
        case JsonParser(extractions=()):
            compiled = Parsing(JsonReader(wanted, preserve=preserve).apply)
        case JsonParser():
            compiled = _parsing(compile_json_expressions(stage, wanted, preserve=preserve))
        case LogfmtParser():
            compiled = _parsing(compile_logfmt(stage, wanted, preserve=preserve))
        case PatternParser():
            compiled = _parsing(compile_pattern(stage, wanted))
        case RegexpParser():
            compiled = _parsing(compile_regexp(stage, wanted))
        case UnpackParser():
            compiled = _rewriting(compile_unpack(wanted, preserve=preserve))
    return _nothing if wanted is not None and not wanted else compiled


def _nothing(block: Block) -> None:
    """Do nothing."""


def _parsing(parse: Parse) -> Parsing:
    def apply(block: Block, then: Then | None = None) -> None:
        if then is None:
            block.parse(parse)
            return
        change = then.change

        def both(text: str, labels: LabelSet) -> LabelSet | None:
            parsed = parse(text, labels)
            return None if parsed is None else change(parsed)

        block.parse(both)

    return Parsing(apply)


def _rewriting(rewrite: Rewrite) -> Callable[[Block], None]:
    return lambda block: block.rewrite(rewrite)
