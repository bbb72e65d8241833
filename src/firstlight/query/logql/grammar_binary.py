"""The grammar of binary operators and of what says how their sides match."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, cast

from firstlight.query.logql.ast import BinaryOp, Matching
from firstlight.query.logql.grammar_labels import labels
from firstlight.query.logql.parser_cursor import Cursor


class Binding(NamedTuple):
    """How tight an operator binds, and whether `a ^ b ^ c` is `a ^ (b ^ c)`."""

    tightness: int
    from_right: bool = False


class Operator(NamedTuple):
    """An operator with its modifiers."""

    op: BinaryOp
    matching: Matching
    returns_bool: bool


BINARY_OPERATORS: Final = {
    "or": Binding(1),
    "and": Binding(2),
    "unless": Binding(2),
    **dict.fromkeys(("==", "!=", ">", ">=", "<", "<="), Binding(3)),
    **dict.fromkeys("+-", Binding(4)),
    **dict.fromkeys("*/%", Binding(5)),
    "^": Binding(6, from_right=True),
}


def operator(cursor: Cursor) -> Operator:
    """Read an operator, `bool`, `on (…)` or `ignoring (…)`, and `group_left (…)` or `group_right (…)`."""
    op = cast(BinaryOp, cursor.take().kind)
    returns_bool = cursor.takes("bool")
    if cursor.kind not in ("on", "ignoring"):
        return Operator(op, Matching(), returns_bool)
    on = cursor.take().kind == "on"
    names = labels(cursor)
    group: Literal["", "left", "right"] = ""
    include: tuple[str, ...] = ()
    if cursor.kind in ("group_left", "group_right"):
        group = "left" if cursor.take().kind == "group_left" else "right"
        if cursor.kind == "(":
            include = labels(cursor)
    return Operator(op, Matching(on=on, labels=names, group=group, include=include), returns_bool)
