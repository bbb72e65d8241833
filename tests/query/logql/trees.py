"""Trees of LogQL without the places of their nodes, so that they can be compared."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Final

from firstlight.errors import Span

ANYWHERE: Final = Span(0, 0)


def placeless(tree: Any) -> Any:
    """Return `tree`, a node or several, with every span `ANYWHERE`."""
    if isinstance(tree, tuple):
        return tuple(placeless(one) for one in tree)
    if isinstance(tree, Span):
        return ANYWHERE
    if is_dataclass(tree) and not isinstance(tree, type):
        return type(tree)(**{field.name: placeless(getattr(tree, field.name)) for field in fields(tree)})
    return tree
