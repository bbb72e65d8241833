"""How many different values there are, about, in little memory: HyperLogLog, one sketch for each label.

After Flajolet and others, <https://algo.inria.fr/flajolet/Publications/FlFuGaMe07.pdf>: of each value's hash, some bits
choose a register, which keeps the longest run of zeros that the other bits began with. A label takes 256 bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

_INDEX_BITS: Final = 8
_REGISTERS: Final = 2**_INDEX_BITS
_REST_BITS: Final = 64 - _INDEX_BITS
_BIAS: Final = 0.7213 / (1 + 1.079 / _REGISTERS)
_FEW: Final = 2.5 * _REGISTERS
"""Up to here the registers that are still empty tell more than the others do."""

MAX_LABELS: Final = 512


class Distinct:
    """Counts different texts, within about 7 percent; few of them nearly exactly."""

    def __init__(self) -> None:
        self._registers = bytearray(_REGISTERS)

    def add(self, text: str) -> None:
        """Take note of a text."""
        mixed = hash(text) & (2**64 - 1)
        place, rest = mixed & (_REGISTERS - 1), mixed >> _INDEX_BITS
        rank = _REST_BITS - rest.bit_length() + 1
        self._registers[place] = max(self._registers[place], rank)

    def __len__(self) -> int:
        """Return about how many different texts there were."""
        registers = np.frombuffer(self._registers, np.uint8)
        found = _BIAS * _REGISTERS**2 / float(np.exp2(-registers.astype(np.float64)).sum())
        empty = int((registers == 0).sum())
        if found <= _FEW and empty:
            found = _REGISTERS * math.log(_REGISTERS / empty)
        return round(found)


class LabelSketch:
    """Counts the different values of each label, of the first `MAX_LABELS` labels that there are."""

    def __init__(self) -> None:
        self._labels: dict[str, Distinct] = {}

    def add(self, labels: Mapping[str, str]) -> None:
        """Take note of the labels of a series."""
        for name, value in labels.items():
            distinct = self._labels.get(name)
            if distinct is None:
                if len(self._labels) >= MAX_LABELS:
                    continue
                distinct = self._labels[name] = Distinct()
            distinct.add(value)

    def most(self) -> tuple[str, int] | None:
        """Return the label with the most values, and about how many these are; None if no series had labels."""
        counted = [(len(distinct), name) for name, distinct in self._labels.items()]
        if not counted:
            return None
        count, name = max(counted, key=lambda one: (one[0], one[1]))
        return name, count
