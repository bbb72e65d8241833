"""Patterns of the lines of one service, found online as Drain does it.

P. He, J. Zhu, Z. Zheng, M. Lyu, "Drain: An Online Log Parsing Approach with Fixed Depth Tree", ICWS 2017: lines of the
same length that begin alike are compared with the patterns there are, and change the nearest if it is near enough. Here
words with digits are open from the start, and an open word counts as half alike.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from firstlight.ingest.patterns.words import OPEN, common, shown

ALIKE: Final = 0.55
"""What part of its words a line must share with a pattern to belong to it."""
DEPTH: Final = 1
"""How many words at the beginning lines of one pattern share, as far as these are not open."""
MAX_PATTERNS: Final = 400

Words = tuple[str, ...]
Branch = tuple[int, Words]


@dataclass(slots=True, eq=False)
class Pattern:
    """What lines have in common."""

    words: Words

    @property
    def text(self) -> str:
        """The pattern as people read it."""
        return shown(self.words)


class Tree:
    """The patterns of one service; at most `MAX_PATTERNS`, the one least lately seen goes first."""

    def __init__(self, limit: int = MAX_PATTERNS) -> None:
        self._limit = limit
        self._branches: dict[Branch, list[Pattern]] = {}
        self._seen: OrderedDict[Pattern, Branch] = OrderedDict()
        self._exact: dict[Words, Pattern] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, words: Words) -> Pattern:
        """Return the pattern of a line with these words; what it looks like may have changed with it."""
        found = self._exact.get(words)
        if found is not None and found in self._seen:
            self._seen.move_to_end(found)
            return found
        branch = (len(words), tuple(OPEN if OPEN in word else word for word in words[:DEPTH]))
        found = self._nearest(self._branches.get(branch, []), words)
        if found is None:
            found = Pattern(words)
            self._branches.setdefault(branch, []).append(found)
            self._seen[found] = branch
            self._trim()
        else:
            found.words = tuple(map(common, found.words, words))
            self._seen.move_to_end(found)
        if len(self._exact) > 4 * self._limit:
            self._exact.clear()
        self._exact[words] = found
        return found

    def _nearest(self, patterns: list[Pattern], words: Words) -> Pattern | None:
        best, most = None, ALIKE
        for pattern in patterns:
            alike = _alike(pattern.words, words)
            if alike >= most:
                best, most = pattern, alike
        return best

    def _trim(self) -> None:
        while len(self._seen) > self._limit:
            pattern, branch = self._seen.popitem(last=False)
            self._branches[branch].remove(pattern)
            if not self._branches[branch]:
                del self._branches[branch]


def _alike(pattern: Words, words: Words) -> float:
    if not words:
        return 1.0
    same = sum(0.5 if one == OPEN else 1.0 for one, other in zip(pattern, words, strict=True) if one in (OPEN, other))
    return same / len(words)
