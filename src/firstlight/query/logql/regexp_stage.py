"""`| regexp "(?P<method>[A-Z]+)"`: the named groups of a regular expression are labels."""

from __future__ import annotations

import re
from typing import Final

import re2

from firstlight.model.regex import BadRegex, check
from firstlight.query.logql.ast import RegexpParser
from firstlight.query.logql.errors_stage import BadStage
from firstlight.query.logql.json_names import sanitized
from firstlight.query.logql.label_sets import LabelSet
from firstlight.query.logql.pattern_stage import labelled
from firstlight.query.logql.pipeline_block import Parse

_NAME: Final = re.compile(r"\\.|\(\?P?<(?P<name>[^>=!]*)>", re.DOTALL)


def compile_regexp(stage: RegexpParser, wanted: frozenset[str] | None) -> Parse:
    """Return what gives a line's labels the groups; raise BadStage if the expression is wrong or has none."""
    try:
        check(stage.regex)
    except BadRegex as error:
        raise BadStage(str(error), span=stage.span) from None
    if wrong := _wrong_name(stage.regex):
        raise BadStage(wrong, span=stage.span)
    options = re2.Options()
    options.log_errors = False
    machine = re2.compile(stage.regex.encode(), options)
    groups = sorted((number, name.decode()) for name, number in machine.groupindex.items())
    if not groups:
        raise BadStage("at least one named capture must be supplied", span=stage.span)
    numbers = tuple(number for number, _ in groups)
    names = tuple(sanitized(name) for _, name in groups)
    single = len(numbers) == 1

    def parse(text: str, labels: LabelSet) -> LabelSet:
        found = machine.search(text.encode("utf-8", "surrogateescape"))
        if found is None:
            return labels
        caught = (found.group(numbers[0]),) if single else found.group(*numbers)
        texts = [(value or b"").decode("utf-8", "replace") for value in caught]
        return labelled(labels, zip(names, texts, strict=True), wanted)

    return parse


def _wrong_name(regex: str) -> str:
    """Return what Loki says of a name that two groups have, or that no group may have; empty if all are good."""
    seen: set[str] = set()
    for found in _NAME.finditer(regex):
        name = found["name"]
        if name is None:
            continue
        if not (name.isascii() and name.isidentifier()) and not re.fullmatch(r"[A-Za-z0-9_]+", name):
            return f"error parsing regexp: invalid named capture: `{found.group()}`"
        if name in seen:
            return f"duplicate extracted label name '{name}'"
        seen.add(name)
    return ""
