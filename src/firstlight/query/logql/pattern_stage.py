"""`| pattern "<ip> - <_>"`: what the captures catch are labels."""

from __future__ import annotations

from firstlight.query.logql.ast import PatternParser
from firstlight.query.logql.errors_stage import BadStage
from firstlight.query.logql.label_sets import EXTRACTED, LabelSet
from firstlight.query.logql.pattern_language import BadPattern, extractor
from firstlight.query.logql.pipeline_block import Parse


def compile_pattern(stage: PatternParser, wanted: frozenset[str] | None) -> Parse:
    """Return what gives a line's labels the captures; raise BadStage if the pattern is wrong."""
    try:
        pattern = extractor(stage.pattern)
    except BadPattern as error:
        raise BadStage(str(error), span=stage.span) from None
    names, captures = pattern.names, pattern.captures

    def parse(text: str, labels: LabelSet) -> LabelSet:
        if wanted is not None and all(name in labels.parsed or name in labels.gone for name in wanted):
            return labels
        return labelled(labels, zip(names, captures(text), strict=False), wanted)

    return parse


def labelled(labels: LabelSet, found: zip[tuple[str, str]], wanted: frozenset[str] | None) -> LabelSet:
    """Return `labels` with what a parser found: names that are taken get their ending, and the first one counts."""
    parsed = dict(labels.parsed)
    gone, reserved = labels.gone, labels.reserved
    for name, value in found:
        if name in reserved:
            name += EXTRACTED  # noqa: PLW2901 - the name it has from here on
        if name in parsed or name in gone or (wanted is not None and name not in wanted):
            continue
        parsed[name] = value
    return labels.with_parsed(parsed)
