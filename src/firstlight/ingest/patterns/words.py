"""A line as words, those that differ from line to line left open."""

from __future__ import annotations

import re
from typing import Final

OPEN: Final = "<_>"
"""What stands for a word, or a part of one, that differs."""

MAX_WORDS: Final = 80
"""How many words are looked at; the others are one open word."""
MAX_TEXT: Final = 2_000

_VALUE: Final = re.compile(r"(?P<name>[\w.@/-]{1,64}[=:])(?P<value>.+)", re.DOTALL)
_DIGIT: Final = re.compile(r"\d")
_LONG_HEX: Final = re.compile(r"[0-9a-fA-F-]{16,}")
_EDGES: Final = re.compile(r"(?P<before>[\"'(\[{<]*)(?P<word>.*?)(?P<after>[\"')\]}>,;:.!?]*)", re.DOTALL)


def words_of(line: str) -> tuple[str, ...]:
    """Return the words of a line; what has a digit in it is open, but not its name, quotes and brackets.

    >>> " ".join(words_of('GET /a/17 took 12ms (attempt 3) user="u7" ok'))
    'GET <_> took <_> (attempt <_>) user="<_>" ok'
    """
    first = line[:MAX_TEXT].partition("\n")[0]
    found = first.split()
    if len(found) > MAX_WORDS:
        found = [*found[:MAX_WORDS], OPEN]
    return tuple([_open(word) if _DIGIT.search(word) or len(word) > 64 else word for word in found])


def common(one: str, other: str) -> str:
    """Return what two words have in common: themselves, their name, or nothing.

    >>> common("user=a", "user=b"), common("a", "b"), common("a", "a")
    ('user=<_>', '<_>', 'a')
    """
    if one == other:
        return one
    name, value = _VALUE.fullmatch(one), _VALUE.fullmatch(other)
    if name and value and name["name"] == value["name"]:
        return name["name"] + OPEN
    return OPEN


def shown(words: tuple[str, ...]) -> str:
    """Return words as a pattern, several open ones in a row as one."""
    return " ".join(word for place, word in enumerate(words) if word != OPEN or place == 0 or words[place - 1] != OPEN)


def _open(word: str) -> str:
    named = _VALUE.fullmatch(word)
    name, value = (named["name"], named["value"]) if named and not _DIGIT.search(named["name"]) else ("", word)
    edges = _EDGES.fullmatch(value)
    if edges is None or not edges["word"]:
        return name + OPEN
    inner = edges["word"]
    if not _DIGIT.search(inner) and not _LONG_HEX.fullmatch(inner):
        return word
    return f"{name}{edges['before']}{OPEN}{edges['after']}"
