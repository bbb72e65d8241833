"""Which label a member of a JSON object becomes, by its path: found once a path and remembered."""

from __future__ import annotations

import re
from typing import Final

from firstlight.query.logql.label_sets import EXTRACTED

GO_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
"""White space as Go knows it."""

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_]")

REMEMBERED: Final = 4096
"""How many names a level remembers; of more, each is made anew."""


def sanitized(key: str, *, first: bool = True) -> str:
    """Return `key` as the name of a label: what no name may have as `_`, and no digit at the front.

    >>> sanitized(" 9-lives "), sanitized("a.b")
    ('_9_lives', 'a_b')
    """
    key = key.strip(GO_SPACE)
    if first and key[:1].isdigit() and key[:1].isascii():
        key = f"_{key}"
    return _NOT_IN_NAMES.sub("_", key)


class _Labels(dict[str, str | None]):
    """The label of each key of a level; None if none is wanted."""

    __slots__ = ("level",)

    def __init__(self, level: Level) -> None:
        super().__init__()
        self.level = level

    def __missing__(self, key: str) -> str | None:
        label = self.level.label_of(key)
        if len(self) < REMEMBERED:
            self[key] = label
        return label


class _Levels(dict[str, "Level | None"]):
    """The level below each key; None if nothing below it is wanted."""

    __slots__ = ("level",)

    def __init__(self, level: Level) -> None:
        super().__init__()
        self.level = level

    def __missing__(self, key: str) -> Level | None:
        below = self.level.below(key)
        if len(self) < REMEMBERED:
            self[key] = below
        return below


class Level:
    """The names of the members of an object, given the labels that are taken and those that are wanted."""

    __slots__ = ("labels", "levels", "prefix", "reserved", "top", "wanted")

    def __init__(self, prefix: str, reserved: frozenset[str], wanted: frozenset[str] | None, *, top: bool) -> None:
        self.prefix = prefix
        self.reserved = reserved
        self.wanted = wanted
        self.top = top
        self.labels: Final = _Labels(self)
        self.levels: Final = _Levels(self)

    def path_of(self, key: str) -> str:
        """Return the prefix and the key as one name."""
        if not key.strip(GO_SPACE):
            return self.prefix
        return f"{self.prefix}_{sanitized(key, first=False)}" if self.prefix else sanitized(key)

    def label_of(self, key: str) -> str | None:
        """Return the label that a simple value under `key` becomes; None if it becomes none."""
        name = sanitized(key) if self.top else self.path_of(key)
        if not name and self.top:
            return None
        if name in self.reserved:
            name = self.path_of(key + EXTRACTED)
        return name if self.wanted is None or name in self.wanted else None

    def below(self, key: str) -> Level | None:
        """Return the level below `key`; None if nothing of it is wanted."""
        prefix = self.path_of(key)
        if self.wanted is not None and not any(name.startswith(prefix) for name in self.wanted):
            return None
        return Level(prefix, self.reserved, self.wanted, top=False)
