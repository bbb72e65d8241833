"""Instruments: what a program counts, measures and times about itself, read as families of samples.

An instrument is made once, with its label names, and used from any thread: ``requests.add(1, "GET", "/")`` takes the
label values in the order of their names. A use is a lookup of the cell of these values and an addition in it, without
a lock: CPython changes threads at calls and loops, never inside ``cell[0] += amount``, so nothing is lost (without the
global interpreter lock, some may be). Whoever collects meanwhile may see a value in a histogram's buckets that is not
in its sum yet. Label sets are bounded: what comes over the bound is counted together, as `OVERFLOW`.
"""

from __future__ import annotations

import logging
import math
import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from firstlight.wire.exposition import Family, FamilyType, Labels, Sample, float_text

OVERFLOW: Final = "_overflow"
"""The value of every label of what came after `MAX_LABEL_SETS` others."""

MAX_LABEL_SETS: Final = 2000
"""How many different sets of label values one instrument keeps."""

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Histogram bounds that suit how long requests take."""

Readings = Mapping[tuple[str, ...], float]
"""Values by label values; what has no labels has one, under ``()``."""

_METRIC_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME: Final = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")

_log = logging.getLogger(__name__)


class Instrument(ABC):
    """What all instruments have: names, checked once, and a way to be read."""

    __slots__ = ("_help", "_kind", "_labels", "_unit", "name")

    def __init__(self, kind: FamilyType, name: str, help: str, labels: Sequence[str], unit: str) -> None:
        if kind is FamilyType.COUNTER and not name.endswith("_total"):
            raise ValueError(f"cannot make the counter {name!r}: its name does not end in _total; want {name}_total")
        family = name.removesuffix("_total") if kind is FamilyType.COUNTER else name
        if not _METRIC_NAME.fullmatch(family):
            raise ValueError(f"cannot make the instrument {name!r}; want a name of ASCII letters, digits, underscores")
        if unit and not family.endswith(f"_{unit}"):
            raise ValueError(f"cannot make the instrument {name!r}: its unit is not in its name; want …_{unit}")
        if len({*labels}) != len(labels) or not all(map(_LABEL_NAME.fullmatch, labels)):
            raise ValueError(f"cannot label {name!r} with {labels!r}; want different names of ASCII letters, digits")
        if kind is FamilyType.HISTOGRAM and "le" in labels:
            raise ValueError(f'cannot label {name!r} with "le", which is the label of its buckets; want another name')
        self.name = family
        self._kind = kind
        self._help = help
        self._labels = tuple(labels)
        self._unit = unit

    @abstractmethod
    def collect(self) -> Family:
        """Return everything up to now."""

    def _family(self, samples: Sequence[Sample]) -> Family:
        return Family(self.name, self._kind, self._help, tuple(samples), self._unit)

    def _named(self, values: tuple[str, ...]) -> Labels:
        return tuple(zip(self._labels, values, strict=True))

    def _checked(self, values: tuple[str, ...]) -> tuple[str, ...]:
        if len(values) != len(self._labels) or not all(isinstance(value, str) for value in values):
            raise TypeError(f"cannot use {self.name} with labels {values!r}; want strings for {self._labels!r}")
        return values


class _Celled(Instrument):
    """An instrument that keeps its values, in a cell per set of label values."""

    __slots__ = ("_cells",)

    def __init__(self, kind: FamilyType, name: str, help: str, labels: Sequence[str], unit: str) -> None:
        super().__init__(kind, name, help, labels, unit)
        self._cells: dict[tuple[str, ...], list[float]] = {}
        if not labels:
            self._new_cell(())  # there from the start, so that the first increase can be seen

    def _new_cell(self, labels: tuple[str, ...]) -> list[float]:
        """Return a cell for label values that have none. Only now are they checked, as wrong ones never get one."""
        self._checked(labels)
        if len(self._cells) >= MAX_LABEL_SETS:
            labels = (OVERFLOW,) * len(labels)
        return self._cells.setdefault(labels, self._empty_cell())

    def _empty_cell(self) -> list[float]:
        return [0.0]

    def _numbers(self, suffix: str) -> Family:
        cells = self._cells.copy()  # in one go, while under a loop new ones may come up
        return self._family([Sample(suffix, self._named(labels), cell[0]) for labels, cell in cells.items()])


class Counter(_Celled):
    """What only goes up."""

    __slots__ = ()

    def add(self, amount: float, *labels: str) -> None:
        """Add `amount`, which is not negative; 0 makes the series known before anything happens."""
        if not amount >= 0:
            raise ValueError(f"cannot add {amount} to the counter {self.name}; want 0 or more")
        cell = self._cells.get(labels) or self._new_cell(labels)
        cell[0] += amount

    def collect(self) -> Family:
        """Return all counts."""
        return self._numbers("_total")


class Gauge(_Celled):
    """What goes up and down."""

    __slots__ = ()

    def set(self, value: float, *labels: str) -> None:
        """Make it `value`."""
        cell = self._cells.get(labels) or self._new_cell(labels)
        cell[0] = value

    def add(self, amount: float, *labels: str) -> None:
        """Make it `amount` more, or less if that is negative."""
        cell = self._cells.get(labels) or self._new_cell(labels)
        cell[0] += amount

    def collect(self) -> Family:
        """Return all values."""
        return self._numbers("")


class Histogram(_Celled):
    """How many values were how large, in buckets."""

    __slots__ = ("_bounds",)

    def __init__(self, name: str, help: str, labels: Sequence[str], unit: str, bounds: Sequence[float]) -> None:
        if not bounds or sorted({*bounds}) != list(bounds) or not all(map(math.isfinite, bounds)):
            raise ValueError(f"cannot make the histogram {name!r} with bounds {bounds!r}; want rising finite numbers")
        self._bounds = tuple(map(float, bounds))
        super().__init__(FamilyType.HISTOGRAM, name, help, labels, unit)

    def record(self, value: float, *labels: str) -> None:
        """Count `value` in its bucket: the first whose bound is not below it."""
        if math.isnan(value):
            raise ValueError(f"cannot record NaN in the histogram {self.name}; want a number")
        cell = self._cells.get(labels) or self._new_cell(labels)
        bucket = bisect_left(self._bounds, value)
        cell[bucket] += 1
        cell[-1] += value

    def collect(self) -> Family:
        """Return all buckets, sums and counts."""
        cells = self._cells.copy()
        return self._family([sample for labels, cell in cells.items() for sample in self._samples(labels, cell.copy())])

    def _empty_cell(self) -> list[float]:
        """Return the counts of the buckets, then the sum of what is in them."""
        return [0] * (len(self._bounds) + 1) + [0.0]

    def _samples(self, labels: tuple[str, ...], cell: Sequence[float]) -> list[Sample]:
        named = self._named(labels)
        samples: list[Sample] = []
        count: float = 0
        for bound, more in zip((*self._bounds, math.inf), cell[:-1], strict=True):
            count += more
            samples.append(Sample("_bucket", (*named, ("le", float_text(bound))), count))
        return [*samples, Sample("_sum", named, cell[-1]), Sample("_count", named, count)]


class _Observable(Instrument):
    """A counter or gauge whose values are kept elsewhere, and read when they are asked for."""

    __slots__ = ("_read",)

    def __init__(
        self, kind: FamilyType, name: str, help: str, labels: Sequence[str], unit: str, read: Callable[[], Readings]
    ) -> None:
        super().__init__(kind, name, help, labels, unit)
        self._read = read

    def collect(self) -> Family:
        """Return what is read; nothing, and a complaint in the log, if that fails."""
        suffix = "_total" if self._kind is FamilyType.COUNTER else ""
        try:
            readings = self._read()
            samples = [Sample(suffix, self._named(self._checked(labels)), value) for labels, value in readings.items()]
        except Exception:  # a door: what is read is not ours, and one broken reading must not hide all other metrics
            _log.exception("cannot read the metric %s", self.name)
            samples = []
        return self._family(samples)


AnInstrument = TypeVar("AnInstrument", bound=Instrument)


class Registry:
    """The instruments of one program, each under its own name. There is no global one: whoever counts is handed it."""

    def __init__(self) -> None:
        self._instruments: dict[str, Instrument] = {}

    def counter(self, name: str, help: str, labels: Sequence[str] = (), *, unit: str = "") -> Counter:
        """Return a new counter; `name` is that of its series, so it ends in ``_total``."""
        return self._kept(Counter(FamilyType.COUNTER, name, help, labels, unit))

    def gauge(self, name: str, help: str, labels: Sequence[str] = (), *, unit: str = "") -> Gauge:
        """Return a new gauge."""
        return self._kept(Gauge(FamilyType.GAUGE, name, help, labels, unit))

    def histogram(
        self, name: str, help: str, labels: Sequence[str] = (), *, unit: str = "", bounds: Sequence[float] = SECONDS
    ) -> Histogram:
        """Return a new histogram with a bucket up to each of `bounds`, and one for what is larger."""
        return self._kept(Histogram(name, help, labels, unit, bounds))

    def observable_counter(
        self, name: str, help: str, labels: Sequence[str] = (), *, unit: str = "", read: Callable[[], Readings]
    ) -> None:
        """Add a counter whose values are what `read` returns at each collection, in the thread that collects."""
        self._kept(_Observable(FamilyType.COUNTER, name, help, labels, unit, read))

    def observable_gauge(
        self, name: str, help: str, labels: Sequence[str] = (), *, unit: str = "", read: Callable[[], Readings]
    ) -> None:
        """Add a gauge whose values are what `read` returns at each collection, in the thread that collects."""
        self._kept(_Observable(FamilyType.GAUGE, name, help, labels, unit, read))

    def collect(self) -> list[Family]:
        """Return what all instruments have seen up to now, in the order in which they were made."""
        return [instrument.collect() for instrument in list(self._instruments.values())]

    def _kept(self, instrument: AnInstrument) -> AnInstrument:
        if self._instruments.setdefault(instrument.name, instrument) is not instrument:
            raise ValueError(f"cannot make a second instrument {instrument.name}; want one, handed to whoever uses it")
        return instrument
