"""Classes of characters as RE2 has them, written as ranges between the brackets of Python's `re`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

_DIGIT, _SPACE, _WORD = "0-9", r"\t\n\f\r ", "0-9A-Za-z_"

PERL: Mapping[str, str] = MappingProxyType({"d": _DIGIT, "s": _SPACE, "w": _WORD})
"""The classes that are a letter after a backslash."""

POSIX: Mapping[str, str] = MappingProxyType({
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": _DIGIT,
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": _WORD,
    "xdigit": "0-9A-Fa-f",
})  # fmt: skip
"""The classes that are ``[:alpha:]`` and its like."""


def in_class(character: str) -> str:
    """Return one character as it is written between brackets."""
    return f"\\U{ord(character):08x}"


@lru_cache(maxsize=64)
def complement(ranges: str) -> str:
    """Return the ranges of all other characters."""
    everything = "".join(map(chr, range(0x110000)))
    # What matches in a row there is one range.
    return "".join(f"{in_class(run[0])}-{in_class(run[-1])}" for run in re.findall(f"[^{ranges}]+", everything))


@lru_cache(maxsize=64)
def category(name: str) -> str:
    """Return the ranges of a Unicode category such as ``Lu`` or ``L``; nothing if there is none of that name."""
    if name == "Any":
        return r"\x00-\U0010ffff"
    return _ranges(code for code in range(0x110000) if name and unicodedata.category(chr(code)).startswith(name))


def _ranges(codes: Iterator[int]) -> str:
    pairs: list[list[int]] = []
    for code in codes:
        if pairs and pairs[-1][1] == code - 1:
            pairs[-1][1] = code
        else:
            pairs.append([code, code])
    return "".join(f"{in_class(chr(low))}-{in_class(chr(high))}" for low, high in pairs)
