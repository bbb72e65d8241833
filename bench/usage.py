"""What a process has used: its own CPU clock, and its memory over time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

import psutil

MIB: Final = 1024**2
CROWDED: Final = 0.05
"""Above this share of the machine for others, figures are said to be disturbed."""


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time of all threads of a process and of its children, user and system."""
    return sum(_of_family(process, lambda member: float(sum(member.cpu_times()[:2]))))


def resident_mib(process: psutil.Process) -> float:
    """Return how much memory of a process and of its children is in RAM."""
    return sum(_of_family(process, lambda member: float(member.memory_info().rss))) / MIB


def _of_family(process: psutil.Process, read: Callable[[psutil.Process], float]) -> Iterator[float]:
    yield read(process)
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it may have ended just now
            yield read(child)


@dataclass(frozen=True, slots=True)
class Machine:
    """How long the machine's processors have been busy, whoever with."""

    busy: float
    total: float

    @classmethod
    def now(cls) -> Machine:
        """Return it as of now."""
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        return cls(total - idle, total)

    def others_share(self, before: Machine, ours: Iterable[float]) -> float:
        """Return which share of the machine's time since `before` went to others than those who used `ours`."""
        spent = self.total - before.total
        return max(0.0, self.busy - before.busy - sum(ours)) / spent if spent else 0.0


class Meanwhile:
    """How busy others have kept the machine since this was made, this process and its children that ended apart."""

    def __init__(self) -> None:
        self._machine, self._own = Machine.now(), self._used()

    def remarks(self) -> list[str]:
        """Return what to know of that when reading the figures."""
        return disturbances(Machine.now().others_share(self._machine, (self._used() - self._own,)))

    def _used(self) -> float:
        times = psutil.Process().cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)


def disturbances(others: float) -> list[str]:
    """Return a remark if others had so large a share of the machine that the figures are too high."""
    if others <= CROWDED:
        return []
    return [f"other programs used {others:.0%} of the machine meanwhile; measure again when it is quiet"]


@dataclass(slots=True)
class MemoryWatch:
    """Looks at a process's memory again and again while the block runs."""

    process: psutil.Process
    interval: float = 0.25
    samples: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since the block began, and MiB."""
    _stop: Event = field(default_factory=Event)
    _thread: Thread | None = None

    @property
    def peak(self) -> float:
        """The most there was, in MiB."""
        return max((size for _, size in self.samples), default=0.0)

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _look(self) -> None:
        began = time.monotonic()
        while True:
            try:
                self.samples.append((time.monotonic() - began, resident_mib(self.process)))
            except psutil.NoSuchProcess:
                return
            if self._stop.wait(self.interval):
                return


def growth_per_minute(samples: Iterable[tuple[float, float]]) -> float:
    """Return the slope of the line nearest to `samples` (seconds, size), a minute."""
    points = list(samples)
    if len(points) < 2:
        return 0.0
    mean_time = sum(moment for moment, _ in points) / len(points)
    mean_size = sum(size for _, size in points) / len(points)
    spread = sum((moment - mean_time) ** 2 for moment, _ in points)
    together = sum((moment - mean_time) * (size - mean_size) for moment, size in points)
    return 60 * together / spread if spread else 0.0
