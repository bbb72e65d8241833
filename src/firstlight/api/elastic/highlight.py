"""Words of a query, marked in the texts of a hit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from firstlight.api.elastic.hits import flat_values, source_of
from firstlight.model.elastic.patterns import matches
from firstlight.query.elastic.ast import Bool, Match, Pattern, Phrase, Query, Terms
from firstlight.query.elastic.rows import Row
from firstlight.query.elastic.words import words

MAX_WORDS: Final = 100
MAX_TEXT: Final = 100_000


def highlighted(row: Row, said: Mapping[str, Any], query: Query) -> dict[str, list[str]]:
    """Return the texts of wanted fields in which words of a query are, with marks around these."""
    before, after = (
        str((said.get(name) or [mark])[0]) for name, mark in (("pre_tags", "<em>"), ("post_tags", "</em>"))
    )
    wanted = said.get("fields") or {}
    patterns = [name for one in wanted for name in one] if isinstance(wanted, list) else list(wanted)
    found_words = list(dict.fromkeys(_words(query)))[:MAX_WORDS]
    if not found_words:
        return {}
    word = re.compile(rf"(?<!\w)(?:{'|'.join(found_words)})(?!\w)", re.IGNORECASE)
    found: dict[str, list[str]] = {}
    for name, value in flat_values(source_of(row)):
        if isinstance(value, str) and any(matches(pattern, name) for pattern in patterns):
            marked, count = word.subn(lambda match: f"{before}{match[0]}{after}", value[:MAX_TEXT])
            if count:
                found.setdefault(name, []).append(marked)
    return found


def _words(query: Query) -> Iterator[str]:
    match query:
        case Bool():
            for one in (*query.must, *query.should):
                yield from _words(one)
        case Match() | Phrase():
            yield from map(re.escape, words(query.text))
        case Terms():
            yield from (re.escape(str(value)) for value in query.values if str(value))
        case Pattern(kind="prefix" | "wildcard"):
            yield _loose(query)


def _loose(query: Pattern) -> str:
    pattern = query.pattern + ("*" if query.kind == "prefix" else "")
    marks = {"*": r"\w*", "?": r"\w"}
    return "".join(marks.get(part) or re.escape(part) for part in re.split(r"([*?])", pattern))
