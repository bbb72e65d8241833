"""Labels and texts as references to a table of symbols, which each request of version 2 brings along."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import pyarrow as pa

from firstlight.wire.otlp.columns import offsets
from firstlight.wire.otlp.series import Unfit
from firstlight.wire.remote.labels import BAD_SYMBOL

MAX_REFERENCES = 1024
"""How many places are told apart; more are more labels than can be kept."""

_NOTHING = b"\xff no symbol"

# Always the same: what nobody can guess are the hashes that these are multiplied with.
_WEIGHTS = np.random.default_rng(1).integers(0, 2**63, MAX_REFERENCES, np.uint64) * np.uint64(2) + np.uint64(1)


@dataclass(frozen=True, slots=True)
class Symbols:
    """The texts of one request, by their places."""

    texts: Sequence[bytes]

    def text(self, place: int) -> str:
        """Return one symbol as text; nothing if there is none at that place."""
        return self.texts[place].decode("utf-8", "replace") if place < len(self.texts) else ""

    def pairs(self, references: Sequence[int]) -> list[tuple[bytes, bytes]]:
        """Return the labels that these refer to, a name and a value each. Raise Unfit if they do not."""
        if len(references) % 2 or (references and max(references) >= len(self.texts)):
            raise Unfit(BAD_SYMBOL)
        texts = [self.texts[place] for place in references]
        return list(zip(texts[::2], texts[1::2], strict=True))

    def sound_pairs(self, references: Sequence[int]) -> list[tuple[bytes, bytes]]:
        """Return the labels that these refer to; none if they do not."""
        try:
            return self.pairs(references)
        except Unfit:
            return []

    def keys(self, references: pa.ListArray) -> References:
        """Return what each list of references to symbols is recognised by, wherever these symbols stand.

        The texts' hashes, which have a secret key, are each multiplied with a number for its place, and added up.
        """
        edges = offsets(references).astype(np.int64)
        flat = references.flatten().to_numpy()
        lengths = np.diff(edges)
        # One more than there are stands for all that are not there.
        hashes = np.fromiter(map(hash, [*self.texts, _NOTHING]), np.int64, len(self.texts) + 1).view(np.uint64)
        within = np.arange(len(flat)) - np.repeat(edges[:-1], lengths)
        terms = hashes[np.minimum(flat, np.uint32(len(self.texts)))] * _WEIGHTS[np.minimum(within, MAX_REFERENCES - 1)]
        totals = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms)])
        return References(self, references, (totals[edges[1:]] - totals[edges[:-1]]).view("V8").tolist())


class Labelled(bytes):
    """What a series is recognised by, with the means to read its labels."""

    pairs: Callable[[], list[tuple[bytes, bytes]]]


class References(Sequence[bytes]):
    """The keys of series; one that is looked at on its own is `Labelled`."""

    def __init__(self, symbols: Symbols, references: pa.ListArray, keys: Sequence[bytes]) -> None:
        self._symbols = symbols
        self._references = references
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._keys)

    @overload
    def __getitem__(self, row: int) -> bytes: ...
    @overload
    def __getitem__(self, row: slice) -> References: ...
    def __getitem__(self, row: int | slice) -> bytes | References:
        if isinstance(row, slice):
            return References(self._symbols, self._references[row], self._keys[row])
        found = Labelled(self._keys[row])
        found.pairs = lambda: self._symbols.pairs(self._references[row].as_py())
        return found
