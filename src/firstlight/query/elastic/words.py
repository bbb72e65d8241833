"""Texts as words: Elasticsearch's standard analyser, here and in the engine.

Words are Unicode's: runs of letters, digits and underscores, joined by a dot, a colon or an apostrophe between
letters, and by a dot, a comma or an apostrophe between digits; in lower case.
"""

from __future__ import annotations

import re
from typing import Final

_LETTER = r"[^\W\d_]"
_WORD: Final = re.compile(
    rf"(?:{_LETTER}(?:[.:'’·]{_LETTER})+|\d(?:[.,;'’]\d)+|\w)+"  # noqa: RUF001 - an apostrophe
)

SQL_WORD: Final = r"(?:\pL(?:[.:'’·]\pL)+|\pN(?:[.,;'’]\pN)+|[\pL\pM\pN_])+"  # noqa: RUF001 - an apostrophe
"""The same for the engine."""

MAX_WORDS: Final = 1_024


def words(text: str) -> list[str]:
    """Return the words of a text.

    >>> words("GET /api/v1.2 by Ann's host.example.com")
    ['get', 'api', 'v1.2', 'by', "ann's", 'host.example.com']
    """
    return _WORD.findall(text.lower())[:MAX_WORDS]


def word_regex(word: str) -> str:
    """Return a regular expression of the engine that finds a word where it stands as one, whatever its case.

    A letter or digit beside it makes it another word, and so does what joins it with one.
    """
    before, after = _edge(word[0]), _edge(word[-1])
    left = f"(?:^|[^{_PART}{before[0]}]|(?:^|[^{before[1]}])[{before[0]}])" if before else f"(?:^|[^{_PART}])"
    right = f"(?:$|[^{_PART}{after[0]}]|[{after[0]}](?:$|[^{after[1]}]))" if after else f"(?:$|[^{_PART}])"
    return f"(?is){left}{re.escape(word)}{right}"


_PART: Final = r"\pL\pM\pN_"


def _edge(char: str) -> tuple[str, str] | None:
    """Return what may join a character with others, and which others."""
    if char.isdigit():
        return ".,;'’", r"\pN"  # noqa: RUF001 - an apostrophe
    return (".:'’·", r"\pL") if char.isalpha() else None  # noqa: RUF001 - an apostrophe
