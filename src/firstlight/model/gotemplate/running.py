"""What the parts of a compiled template are, and what they share while it is executed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from firstlight.errors import UserError

GO_ON: Final = 0
BREAK: Final = 1
CONTINUE: Final = 2

MOST_STEPS: Final = 100_000
"""How many times the loops of a template may go round, all together, and how many pieces it may write."""

DEEPEST: Final = 60
"""How deep templates may call templates."""


class ExecutionError(UserError):
    """What went wrong while a template was executed, and where, in Go's words."""


class Run:
    """An execution of a template: what it has written, the variables of the template that is at work."""

    __slots__ = ("depth", "out", "steps", "variables")

    def __init__(self, slots: int, data: Any) -> None:
        self.out: list[str] = []
        self.variables: list[Any] = [data] * slots
        self.depth = 0
        self.steps = 0


Value: TypeAlias = Callable[[Run, Any], Any]
"""An operand: the run and dot to a value."""

Command: TypeAlias = Callable[[Run, Any, Any], Any]
"""A command: the run, dot and what the command before gave, to a value."""

Write: TypeAlias = Callable[[Run, Any], int]
"""A node: it writes; GO_ON, BREAK or CONTINUE."""
