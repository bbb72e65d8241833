"""Binary operators: how strongly they bind, and what may stand behind one to say how the sides match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from firstlight.query.promql import grammar_durations
from firstlight.query.promql.ast import Matching
from firstlight.query.promql.cursor import Cursor
from firstlight.query.promql.grammar_labels import label_names
from firstlight.query.promql.tokens import BEGINNINGS, DURATION, NUMBER, Token

UNARY: Final = 5
POWER: Final = 6

COMPARISONS: Final = frozenset(("==", "!=", "<=", "<", ">=", ">"))
SETS: Final = frozenset(("and", "or", "unless"))

PRECEDENCE: Final = {
    "or": 1,
    **dict.fromkeys(("and", "unless"), 2),
    **dict.fromkeys(COMPARISONS | {"</", ">/"}, 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), UNARY),
    "^": POWER,
}

_FILLS: Final = frozenset(("fill", "fill_left", "fill_right"))
_DEFAULT: Final = Matching()


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator with its modifiers. `sign` says that it has no left side."""

    token: Token
    precedence: int
    sign: bool = False
    returns_bool: bool = False
    matching: Matching = _DEFAULT


def operator(cursor: Cursor) -> Operator:
    """Read a binary operator and what follows it, up to its right side."""
    token = cursor.take()
    precedence = PRECEDENCE[token.kind]
    if cursor.kind not in {"bool", "on", "ignoring"} | _FILLS:
        return Operator(token, precedence)
    returns_bool = cursor.takes("bool")
    on = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    group: Literal["", "left", "right"] = ""
    if cursor.kind in ("on", "ignoring"):
        on = cursor.take().kind == "on"
        labels = label_names(cursor)
        if cursor.kind in ("group_left", "group_right"):
            group = "left" if cursor.take().kind == "group_left" else "right"
            if cursor.kind == "(" or cursor.kind not in BEGINNINGS | _FILLS:
                include = label_names(cursor)
    left, right = _filled(cursor)
    matching = Matching(on=on, labels=labels, group=group, include=include, fill_left=left, fill_right=right)
    return Operator(token, precedence, returns_bool=returns_bool, matching=matching)


def _filled(cursor: Cursor) -> tuple[float | None, float | None]:
    """Read what is filled in on the left and on the right."""
    values: dict[str, float] = {}
    if cursor.kind == "fill":
        value = _fill(cursor)
        return value, value
    while cursor.kind in ("fill_left", "fill_right") and cursor.kind not in values:
        side = cursor.kind
        values[side] = _fill(cursor)
    return values.get("fill_left"), values.get("fill_right")


def _fill(cursor: Cursor) -> float:
    cursor.take()
    cursor.expect("(")
    sign = -1.0 if cursor.kind == "-" else 1.0
    if cursor.kind in ("+", "-"):
        cursor.take()
    if cursor.kind not in (NUMBER, DURATION):
        cursor.unexpected()
    value = sign * grammar_durations.seconds(cursor, cursor.take())
    cursor.expect(")")
    return value
