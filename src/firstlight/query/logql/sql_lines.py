"""Line filters as conditions on the column `body`: exact where they can be, else such that no line is missed.

A text index on the column knows the words in it. `LIKE` uses it: rows are found by the words that stand whole in the
text sought, and else the text is looked for in all words that there are. `position` does not, and reads every line. To
look at all words takes half of what it takes to read all lines, but much longer than to read some.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from firstlight.model.regex import choices
from firstlight.query.logql.ast import LineFilter, LineMatch, LineOp
from firstlight.query.logql.sql_terms import TRUE, Bindings, both, either, negated

ID_LENGTH: Final = 6
"""How long a word with a digit in it is at least, to be taken for one that few lines have."""

_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_WHOLE_WORD: Final = re.compile(r"\\b([A-Za-z0-9]+)\\b")
_SPECIAL: Final = re.compile(r"[\\%_]")
_CAPTURE: Final = re.compile(r"<[a-zA-Z_][a-zA-Z0-9_]*>")


@dataclass(frozen=True, slots=True)
class Filtered:
    """A condition, and whether it is all that the filter means; if not, it lets more through."""

    sql: str
    exact: bool


def line_filter(filter_: LineFilter, bound: Bindings, *, wide: bool = False) -> Filtered:
    """Return the condition that a line passes `filter_`; `wide`: most lines that there are may be looked at."""
    found = [_one(filter_.op, each, bound, wide=wide) for each in filter_.matches]
    # As in Loki, what is in every line says nothing beside others in a chain of `or`.
    telling = [each for each in found if each != Filtered(TRUE, exact=True)] or found
    exact = all(each.exact for each in telling)
    if filter_.op.negated:
        # What may be too wide must not be taken away.
        return Filtered(negated(either(each.sql for each in telling)) if exact else TRUE, exact)
    return Filtered(either(each.sql for each in telling), exact)


def _one(op: LineOp, sought: LineMatch, bound: Bindings, *, wide: bool) -> Filtered:
    if sought.is_ip:
        return Filtered(TRUE, exact=False)
    match op:
        case LineOp.CONTAINS | LineOp.NOT_CONTAINS:
            return Filtered(contains(sought.text, bound, wide=wide), exact=True)
        case LineOp.REGEX | LineOp.NOT_REGEX:
            return Filtered(_regex(sought.text, bound, wide=wide), exact=True)
        case LineOp.PATTERN | LineOp.NOT_PATTERN:
            literals = _CAPTURE.split(sought.text)
            return Filtered(both(contains(text, bound) for text in literals), exact=False)


def contains(text: str, bound: Bindings, *, wide: bool = False) -> str:
    """Return the condition that a line has `text` in it."""
    if not text:
        return TRUE
    if _is_indexed(text, wide=wide):
        return f"body LIKE {bound.text(f'%{_SPECIAL.sub(_escaped, text)}%')}"
    return f"position(body, {bound.text(text)}) > 0"


def _is_indexed(text: str, *, wide: bool) -> bool:
    """Return whether a text is sooner found by the index: if lines are many, or if a word like an id is whole in it."""
    return wide or any(
        len(found[0]) >= ID_LENGTH and not found[0].isalpha() and 0 < found.start() < found.end() < len(text)
        for found in _WORD.finditer(text)
    )


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _regex(regex: str, bound: Bindings, *, wide: bool) -> str:
    if word := _WHOLE_WORD.fullmatch(regex):
        whole = f"hasToken(body, {bound.text(word[1])})"
        return both([whole, f"match(body, {bound.text(regex)})"])
    if (texts := choices(regex)) is not None:
        if len(texts) == 1 or "" in texts:
            return either(contains(text, bound, wide=wide) for text in texts)
        if len(texts) < 256:
            return f"multiSearchAny(body, {bound.texts(texts)})"
    if regex == ".*":
        return TRUE
    # A dot is no line end, as in Loki; the engine would take it for one.
    return f"match(body, {bound.text(f'(?-s:{regex})')})"
