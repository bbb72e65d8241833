"""Records with the same names, column by column: what a program logs is mostly alike, and then no record is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

from firstlight.wire.logs.sheet import MAX_EXACT, typed

Texts = Sequence[str]

TRUTHS: Final[Mapping[bool, str]] = {True: "true", False: "false"}


def texts_of(column: Sequence[Any]) -> tuple[Texts, Texts | str]:
    """Return values of JSON as the texts of attributes, and their letters: one for all, or one each."""
    kinds = set(map(type, column))
    if kinds == {str}:
        return column, "s"
    if kinds == {int} and min(column) >= -MAX_EXACT and max(column) < MAX_EXACT:
        return list(map(str, column)), "i"
    if kinds == {float}:  # there is none in JSON that is not finite
        return list(map(repr, column)), "d"
    if kinds == {bool}:
        return [TRUTHS[value] for value in column], "b"
    pairs = list(map(typed, column))
    return [text for text, _ in pairs], [letter for _, letter in pairs]


def attributes_of(columns: Sequence[Sequence[Any]], count: int) -> tuple[list[str], list[str]]:
    """Return the values of columns, record after record, and the letters of the types of each record."""
    if not columns:
        return [], [""] * count
    found = [texts_of(column) for column in columns]
    values = list(chain.from_iterable(zip(*(texts for texts, _ in found), strict=True)))
    letters = [letter for _, letter in found]
    if all(isinstance(letter, str) for letter in letters):
        return values, ["".join(map(str, letters))] * count
    each = [[letter] * count if isinstance(letter, str) else letter for letter in letters]
    return values, list(map("".join, zip(*each, strict=True)))
