"""Which fields of documents become columns: those that have the right name, and values that the column can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from firstlight.model.elastic.layout import MILLIS, form_of
from firstlight.model.elastic.names import SPELLINGS, Column
from firstlight.wire.elastic.plans import Candidate, Plan

MAX_SHORT: Final = 256
"""How many characters a service or a host may have: what is longer is no name."""

AFTER_1973: Final = 10**11
"""From here on a number is taken for milliseconds since 1970, if its name is no clear one."""

NOWHERE: Final = -1
"""The place of a column that no field is good for."""

TIME: Final = SPELLINGS[Column.TIME][0]
"""The name of the time that means nothing else."""

_HEX: Final = {32: re.compile("[0-9a-f]{32}"), 16: re.compile("[0-9a-f]{16}")}

Columns = Sequence[Sequence[Any]]
Kinds = Sequence[set[type]]
Time = tuple[int, str, int]
"""The field that is the time, how it is written, and the field that it is read from, which may be one that is not."""

NO_TIME: Final[Time] = (NOWHERE, "", NOWHERE)


def chosen(plan: Plan, columns: Columns, kinds: Kinds, column: Column) -> int | list[int]:
    """Return which field is a column, of each document if not all have the same."""
    found: list[int] | None = None
    for place, _ in plan.candidates[column]:
        good = _CHECKS[column](columns[place], kinds[place])
        if good is True and found is None:
            return place
        if good is False:
            continue
        found = found or [NOWHERE] * len(columns[place])
        good_rows = [True] * len(found) if good is True else good
        found = [
            place if before == NOWHERE and good_one else before
            for before, good_one in zip(found, good_rows, strict=True)
        ]
    return NOWHERE if found is None else found


def chosen_time(plan: Plan, columns: Columns, kinds: Kinds) -> Time | list[Time]:
    """Return which field is the time, and how it is written; of each document if not all have the same."""
    if plan.has_odd_time:
        return NO_TIME
    candidates = plan.candidates[Column.TIME]
    for first in candidates[:1]:
        form = _form(columns[first.place], kinds[first.place], first.spelled)
        if form:
            return (first.place, form, first.place)
    if not candidates:
        return NO_TIME
    forms = [_forms(columns[one.place], kinds[one.place], one.spelled) for one in candidates]
    values = [columns[one.place] for one in candidates]
    rows = zip(zip(*forms, strict=True), zip(*values, strict=True), strict=True)
    return [_time_of(candidates, *row) for row in rows]


def _time_of(candidates: Sequence[Candidate], forms: Sequence[str], values: Sequence[Any]) -> Time:
    for (place, spelled), form, value in zip(candidates, forms, values, strict=True):
        if form:
            return (place, form, place)
        if value is not None and spelled == TIME:
            # It stays among the attributes as it was written, since it is written in no way that could be told again.
            return (NOWHERE, "", place)
    return NO_TIME


def _forms(column: Sequence[Any], kinds: set[type], spelled: str) -> list[str]:
    """Return how each time of a field is written."""
    if kinds == {str}:
        # Many programs leave the zeros at the end of a fraction away: times of one length are alike nevertheless.
        lengths = list(map(len, column))
        alike: dict[int, list[str]] = {}
        for value, length in zip(column, lengths, strict=True):
            alike.setdefault(length, []).append(value)
        forms = {length: _form(values, kinds, spelled) for length, values in alike.items()}
        if all(forms.values()):
            return list(map(forms.__getitem__, lengths))
    return [_form([value], {type(value)}, spelled) for value in column]


def _form(column: Sequence[Any], kinds: set[type], spelled: str) -> str:
    """Return how the times of a field are written, nothing if they are written differently or are none."""
    if kinds == {int}:
        return MILLIS if min(column) > (0 if spelled == TIME else AFTER_1973) else ""
    if kinds != {str}:
        return ""
    first = column[0]
    form = form_of(first)
    count, length = len(column), len(first)
    if not form or count == 1:
        return form
    # Texts of the same length stand below each other in their join, so that whole columns of characters are compared.
    joined = "".join(column)
    if len(set(map(len, column))) > 1 or not joined.isascii():
        return ""
    zone = length - len(form[2:])
    for place, character in enumerate(first):
        below = joined[place::length]
        if not (below.isdigit() if character.isdigit() and place < zone else below == character * count):
            return ""
    return form


def _is_text(column: Sequence[Any], kinds: set[type]) -> bool | list[bool]:
    if str not in kinds:
        return False
    return True if len(kinds) == 1 else [type(value) is str for value in column]


def _is_short(column: Sequence[Any], kinds: set[type]) -> bool | list[bool]:
    if str not in kinds:
        return False
    if len(kinds) == 1 and "" not in column and max(map(len, column)) <= MAX_SHORT:
        return True
    return [type(value) is str and 0 < len(value) <= MAX_SHORT for value in column]


def _is_id(length: int) -> Callable[[Sequence[Any], set[type]], bool | list[bool]]:
    none = "0" * length
    pattern = _HEX[length]

    def check(column: Sequence[Any], kinds: set[type]) -> bool | list[bool]:
        if str not in kinds:
            return False
        if len(kinds) == 1 and set(map(len, column)) == {length} and none not in column:
            joined = "".join(column)
            try:
                if bytes.fromhex(joined).hex() == joined:
                    return True
            except ValueError:
                pass
        return [type(value) is str and bool(pattern.fullmatch(value)) and value != none for value in column]

    return check


_CHECKS: Final[dict[Column, Callable[[Sequence[Any], set[type]], bool | list[bool]]]] = {
    Column.BODY: _is_text,
    Column.LEVEL: _is_short,
    Column.SERVICE: _is_short,
    Column.HOST: _is_short,
    Column.TRACE: _is_id(32),
    Column.SPAN: _is_id(16),
}
OTHERS: Final = tuple(_CHECKS)
"""All columns but the time."""
