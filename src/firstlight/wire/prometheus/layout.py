"""How the lines of a sender's last body looked, to recognise those of the next, which mostly differ in values alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

_Pick = Callable[[Sequence[bytes]], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The lines of a body: which are samples, each with the series part it starts with, and the others as they are."""

    count: int
    keys: list[bytes]
    values: list[slice]
    samples: _Pick
    others: _Pick
    others_were: tuple[bytes, ...]

    @classmethod
    def of(cls, lines: Sequence[bytes], keys: list[bytes]) -> Layout | None:
        """Return the layout of `lines`, whose samples have these keys; None if there is too little to gain."""
        rows = [row for row, line in enumerate(lines) if line and line[0] != ord("#")]
        rest = [row for row, line in enumerate(lines) if not line or line[0] == ord("#")]
        if len(rows) < 2 or len(rest) < 2:
            return None
        after = [slice(length, None) for length in range(max(map(len, keys)) + 1)]
        values = [after[len(key)] for key in keys]
        others = itemgetter(*rest)
        return cls(len(lines), keys, values, itemgetter(*rows), others, others(lines))

    def values_of(self, lines: Sequence[bytes]) -> list[bytes] | None:
        """Return what follows the series part of each sample; None if `lines` are laid out otherwise."""
        if len(lines) != self.count or self.others(lines) != self.others_were:
            return None
        samples = self.samples(lines)
        if not all(map(bytes.startswith, samples, self.keys)):
            return None
        return list(map(bytes.__getitem__, samples, self.values))
