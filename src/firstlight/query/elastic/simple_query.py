"""`simple_query_string`: a syntax of which every text is a query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from firstlight.query.elastic.ast import Bool, Everything, Match, Pattern, Phrase, Query, any_of

_TOKEN: Final = re.compile(
    r'\s+|([+|\-()])|"((?:\\.|[^"\\])*)"(?:~(\d+))?|((?:\\.|[^\s"+|()\\~])+)(?:~(\d*))?|(.)', re.DOTALL
)
MAX_PARTS: Final = 1_024


def parse_simple(text: str, fields: Sequence[str], *, and_by_default: bool = False) -> Query:
    """Return the query that a text is; what makes no sense in it is left out."""
    parts = [found for found in _TOKEN.finditer(text) if not found[0].isspace()][:MAX_PARTS]
    found, _ = _group(parts, 0, fields, and_by_default=and_by_default, depth=0)
    return found


def _group(
    parts: Sequence[re.Match[str]], place: int, fields: Sequence[str], *, and_by_default: bool, depth: int
) -> tuple[Query, int]:
    clauses: list[tuple[str, Query]] = []
    joint, negative = "", False
    while place < len(parts):
        mark = parts[place][1]
        place += 1
        if mark == ")" and depth:
            break
        if mark in ("+", "|"):
            joint = mark
            continue
        if mark == "-":
            negative = not negative
            continue
        if mark == ")":
            continue
        if mark == "(" and depth < 20:
            one, place = _group(parts, place, fields, and_by_default=and_by_default, depth=depth + 1)
        else:
            leaf = _leaf(parts[place - 1], fields, all_words=and_by_default)
            if leaf is None:
                continue
            one = leaf
        both = joint == "+" or (not joint and and_by_default)
        if both and clauses and clauses[-1][0] == "should":
            clauses[-1] = ("must", clauses[-1][1])
        one = Bool(must_not=(one,)) if negative else one
        clauses.append(("must" if both and clauses else "should", one))
        joint, negative = "", False
    if not clauses:
        return Everything() if depth else any_of(()), place
    must = tuple(one for occur, one in clauses if occur == "must")
    should = tuple(one for occur, one in clauses if occur == "should")
    if must and should:
        return any_of((Bool(must=must), *should)), place
    return Bool(must=must, should=should), place


def _leaf(part: re.Match[str], fields: Sequence[str], *, all_words: bool) -> Query | None:
    phrase, slop, word, edits = part[2], part[3], part[4], part[5]
    if phrase is not None:
        text = re.sub(r"\\(.)", r"\1", phrase)
        return any_of([Phrase(name, text, int(slop or 0)) for name in fields])
    if word is None:
        return None
    text = re.sub(r"\\(.)", r"\1", word)
    if text.endswith("*") and len(text) > 1 and not word.endswith("\\*"):
        return any_of([Pattern(name, "prefix", text[:-1].lower()) for name in fields])
    if text == "*":
        return Everything()
    fuzzy = None if edits is None else min(2, int(edits or 2))
    return any_of([Match(name, text, all=all_words, fuzzy=fuzzy) for name in fields])
