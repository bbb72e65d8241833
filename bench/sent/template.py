"""Requests that are the same work each time and never the same bytes.

A request is built and serialised once. What differs whenever it is sent (ids, times, measured values, digits in
texts) stands in *slots*: eight bytes each, which is how wide all of these are on the wire. Filling the slots of a
request of a thousand spans takes some tens of microseconds, so the sender leaves the processor to the receiver.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
"""What is to stand in slots: eight bytes each, little-endian."""

MAGIC: Final = b"\x1c\x1d\x1e"
"""What an unfilled slot begins with; then its group and its number. All of it is ASCII, so a text may hold it."""

BITS: Final = 7  # of each of the four bytes that are the number
MAX_NUMBER: Final = 2**18  # below it no number, nor the group before it, looks like the magic


@dataclass(frozen=True, slots=True)
class Slot:
    """Eight bytes of a request, in whichever form a field wants them."""

    raw: bytes

    @property
    def text(self) -> str:
        """The slot within a text."""
        return self.raw.decode("ascii")

    @property
    def fixed64(self) -> int:
        """The slot as a fixed64 or sfixed64."""
        return int.from_bytes(self.raw, "little")

    @property
    def double(self) -> float:
        """The slot as a double."""
        value: float = struct.unpack("<d", self.raw)[0]
        return value


class Slots:
    """Hands out the slots of one request while it is built. The slots of a group are numbered from 0."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def take(self, group: str) -> Slot:
        """Return the next slot of `group`."""
        number = self.counts.get(group, 0)
        self.counts[group] = number + 1
        place = list(self.counts).index(group) + 1
        if number >= MAX_NUMBER or place >= MAGIC[0]:
            raise ValueError(
                f"cannot give out slot {number} of {group}: want fewer than {MAX_NUMBER}; send less at once"
            )
        return Slot(MAGIC + bytes([place, *((number >> BITS * digit) & 0x7F for digit in range(4))]))


@dataclass(frozen=True, slots=True)
class Template:
    """A serialised request with open slots. A slot that stands in several places is filled alike in all of them."""

    body: bytes
    groups: Mapping[str, int]
    _positions: npt.NDArray[np.int64]
    _sources: npt.NDArray[np.int64]

    @classmethod
    def of(cls, body: bytes, slots: Slots) -> Template:
        """Return the template that `body` is, built with `slots`."""
        lanes = _lanes(bytearray(body))
        magic = np.uint64(int.from_bytes(MAGIC, "little"))
        positions = np.flatnonzero((lanes & np.uint64(0xFFFFFF)) == magic)
        found = lanes[positions]
        starts = np.cumsum([0, 0, *slots.counts.values()])  # by the number of the group, which begins at 1
        group = (found >> np.uint64(24) & np.uint64(0x7F)).astype(np.int64)
        number = np.zeros(len(found), np.int64)
        for digit in range(4):
            bits = (found >> np.uint64(32 + 8 * digit) & np.uint64(0x7F)).astype(np.int64)
            number += bits << BITS * digit
        return cls(body, dict(slots.counts), positions, starts[group] + number)

    def fill(self, words: Mapping[str, Words]) -> bytearray:
        """Return the request with these words in the slots of each group."""
        for group, count in self.groups.items():
            if len(words[group]) != count:
                raise ValueError(f"{len(words[group])} words for the {count} slots of {group}")
        body = bytearray(self.body)
        if len(self._positions):
            _lanes(body)[self._positions] = np.concatenate([words[group] for group in self.groups])[self._sources]
        return body


def _lanes(body: bytearray) -> Words:
    """Return the eight bytes that begin at each place of `body`, as a view of it."""
    return np.ndarray((max(0, len(body) - 7),), "<u8", buffer=body, strides=(1,))
