"""Names with wildcards, as requests name indices and fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from firstlight.errors import UserError


class NoSuchIndex(UserError):
    """An index that was named and is not there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no such index [{name}]")
        self.index = name


@lru_cache(1024)
def wildcard(pattern: str) -> re.Pattern[str]:
    """Return what matches as `pattern` does, in which ``*`` is any text.

    >>> bool(wildcard("logs-*").fullmatch("logs-app"))
    True
    """
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def matches(pattern: str, name: str) -> bool:
    """Say whether `name` is what `pattern` means."""
    return wildcard(pattern).fullmatch(name) is not None


def chosen(
    expression: str, known: Iterable[str], aliases: Iterable[tuple[str, str]] = (), *, lenient: bool = False
) -> Sequence[str]:
    """Return the indices that an expression such as ``logs-*,-logs-old`` names; raise `NoSuchIndex`.

    `aliases` are pairs of alias and index. A `lenient` request may name indices that are not there.
    """
    names, pairs = list(known), list(aliases)
    found: dict[str, None] = {}
    parts = [part.strip() for part in expression.split(",") if part.strip()] or ["_all"]
    for number, part in enumerate(parts):
        if part.startswith("-") and number and any("*" in before for before in parts[:number]):
            for name in [name for name in found if matches(part[1:], name)]:
                del found[name]
            continue
        pattern = "*" if part == "_all" else part
        here = [name for name in names if matches(pattern, name)]
        here += [index for alias, index in pairs if matches(pattern, alias)]
        if not here and "*" not in pattern and not lenient:
            raise NoSuchIndex(part)
        found.update(dict.fromkeys(here))
    return list(found)
