"""Paths into JSON such as `a.b[0]["c"]`, which the expressions of `| json` have: read, and followed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from firstlight.errors import UserError
from firstlight.query.logql.json_scan import (
    MALFORMED,
    BadJson,
    Kind,
    block_end,
    each_element,
    each_member,
    next_token,
    string_end,
    unescaped,
    value_at,
)

Path = tuple[str | int, ...]

Visit = Callable[[int, bytes, Kind], None]
"""Called with the number of a path, and the raw value that it leads to and its kind."""

_TOKEN: Final = re.compile(
    r"[ \t\n]*(?:(?P<INDEX>[0-9]+)(?=[ \t\n.\]])(?!\.)|(?P<LSB>\[)|(?P<RSB>\])|(?P<DOT>\.)"
    r'|(?P<FIELD>[A-Za-z_][A-Za-z0-9_]*)|"(?P<STRING>[^"\]]*)["\]]?|(?P<end>\Z)|(?P<wrong>.))',
    re.DOTALL,
)
# Which tokens may follow, by the token before; where a path may end, Loki does not say what it expected.
_FOLLOWING: Final = {
    "": ("LSB", "FIELD"),
    "DOT": ("FIELD",),
    "LSB": ("STRING", "INDEX"),
    "STRING": ("RSB",),
    "INDEX": ("RSB",),
    "FIELD": ("DOT", "LSB", "end"),
    "RSB": ("DOT", "LSB", "end"),
}
_MARK: Final = re.compile(rb'["{}\[\]]')


class BadPath(UserError):
    """A text that is no path, in Loki's words."""


def path_of(text: str) -> Path:
    """Return the keys and places that `text` names; raise BadPath if it is no path.

    >>> path_of('a.b[0]["c d"]')
    ('a', 'b', 0, 'c d')
    """
    steps: list[str | int] = []
    place, before = 0, ""
    while before != "end":
        found = _TOKEN.match(text, place)
        assert found is not None  # the last choice is every character
        kind, place = found.lastgroup or "", found.end()
        following = _FOLLOWING[before]
        if kind == "wrong" and "end" in following:
            raise BadPath(f"unexpected char {found['wrong']}")
        if kind not in following:
            shown = "$end" if kind in ("end", "wrong") else kind
            wanted = "" if "end" in following else f", expecting {' or '.join(following)}"
            raise BadPath(f"syntax error: unexpected {shown}{wanted}")
        if kind in ("FIELD", "STRING"):
            steps.append(found[kind])
        elif kind == "INDEX":
            steps.append(int(found["INDEX"]))
        before = kind
    return tuple(steps)


def follow_all(data: bytes, paths: Sequence[Path], visit: Visit) -> None:
    """Call `visit` for each path that leads to a value; raise BadJson at a value that is none.

    As Loki does it, the text is gone through once, whether it is proper JSON or not; of several values of a path the
    first is meant.
    """
    _Walk(data, paths, visit).walk()


class _Walk:
    def __init__(self, data: bytes, paths: Sequence[Path], visit: Visit) -> None:
        self.data = data
        self.paths = paths
        self.visit = visit
        self.left = set(range(len(paths)))
        self.deepest = max(map(len, paths))
        self.level = 0
        self.trail: dict[int, str] = {}

    def walk(self) -> None:
        place = 0
        while self.left and (found := _MARK.search(self.data, place)):
            mark, place = found.group(), found.end()
            if mark == b'"':
                place = self.string(place)
            elif mark == b"[":
                place = self.array(place - 1)
            elif mark == b"{":
                self.level += 1
            else:
                self.level -= 1
            if place < 0:
                return

    def string(self, start: int) -> int:
        """Look at a text, which may be a key; return where to go on, or -1."""
        end = string_end(self.data, start)
        following = next_token(self.data, end) if end >= 0 else -1
        if following < 0:
            return -1
        if self.data[following] != ord(":"):
            return following
        try:
            key = unescaped(self.data[start : end - 1])
        except BadJson:
            return -1
        if self.deepest >= self.level:
            if self.level < 1:
                raise BadJson(MALFORMED)
            self.trail[self.level - 1] = key
            for number in sorted(self.left):
                path = self.paths[number]
                if len(path) == self.level and path[-1] == key and self.on_trail(path):
                    self.left.discard(number)
                    value, kind, _ = value_at(self.data, following + 1)
                    self.visit(number, value, kind)
        return following + 1

    def on_trail(self, path: Path) -> bool:
        """Return whether a path begins as the keys that lead here."""
        return all(
            (f"[{step}]" if isinstance(step, int) else step) == self.trail.get(depth, "")
            for depth, step in enumerate(path[: max(self.level, 0)])
        )

    def array(self, start: int) -> int:
        """Look at an array, whose elements paths may name; return where to go on, or -1."""
        level = self.level
        if level < 0:
            raise BadJson(MALFORMED)
        numbers = [
            number
            for number in sorted(self.left)
            if len(self.paths[number]) > level and isinstance(self.paths[number][level], int)
            if self.on_trail(self.paths[number])
        ]
        end = block_end(self.data, start)
        if not numbers:
            return end
        for place, (value, kind) in enumerate(each_element(self.data[start:])):
            for number in numbers:
                path = self.paths[number]
                if path[level] == place:
                    self.left.discard(number)
                    if found := _deeper(value, kind, path[level + 1 :]):
                        self.visit(number, *found)
        return end


def _follow(data: bytes, path: Path) -> tuple[bytes, Kind] | None:
    """Return the raw value at `path` of the object or array `data`; None if there is none before the first fault."""
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        if data[:1] == b"[":
            for place, (value, kind) in enumerate(each_element(data)):
                if place == step:
                    return _deeper(value, kind, rest)
        return None
    return _member(data, step.encode(), rest) if data[:1] == b"{" else None


def _deeper(value: bytes, kind: Kind, rest: Path) -> tuple[bytes, Kind] | None:
    if not rest:
        return value, kind
    return _follow(value, rest) if kind in (Kind.OBJECT, Kind.ARRAY) else None


class _Stop(Exception):
    """The member has been found."""


def _member(data: bytes, name: bytes, rest: Path) -> tuple[bytes, Kind] | None:
    found: list[tuple[bytes, Kind]] = []

    def visit(key: bytes, value: bytes, kind: Kind) -> None:
        if key == name and (deeper := _deeper(value, kind, rest)):
            found.append(deeper)
            raise _Stop

    with suppress(BadJson, _Stop):
        each_member(data, visit)
    return found[0] if found else None
