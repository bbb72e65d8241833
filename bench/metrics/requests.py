"""Bodies of remote write, version 1, made of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import cramjam
import numpy as np
import numpy.typing as npt

from bench.metrics.fleet import INTERVAL_MS, Target
from firstlight.wire.fields import framed, varint

SAMPLE_BYTES: Final = 18
"""What a sample takes: tag and length, a double with its tag, a time with its tag, which has six bytes until 2109."""
AT_ONCE: Final = 100
"""How many samples of a series a request has that loads what is long past."""


def label_bytes(labels: Mapping[str, str]) -> bytes:
    """Return the labels of a time series as its message has them, sorted by name."""
    pairs = (framed(b"\x0a", name.encode()) + framed(b"\x12", labels[name].encode()) for name in sorted(labels))
    return b"".join(framed(b"\x0a", pair) for pair in pairs)


def sample_bytes(values: npt.NDArray[np.float64], times_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Return the samples of each series as its message has them: a row of bytes for a row of values."""
    series, steps = values.shape
    made = np.empty((series, steps, SAMPLE_BYTES), np.uint8)
    made[..., :3] = (0x12, SAMPLE_BYTES - 2, 0x09)
    made[..., 3:11] = np.ascontiguousarray(values, "<f8").view(np.uint8).reshape(series, steps, 8)
    made[..., 11] = 0x10
    for place in range(6):
        digits = (times_ms >> (7 * place)) & 0x7F
        made[..., 12 + place] = digits | (0x80 if place < 5 else 0)
    return made.reshape(series, steps * SAMPLE_BYTES)


def body(labels: Sequence[bytes], values: npt.NDArray[np.float64], times_ms: npt.NDArray[np.int64]) -> bytes:
    """Return a request: series by their `label_bytes`, a row of values for each, all at the same times."""
    samples = sample_bytes(values, times_ms)
    size = samples.shape[1]
    parts = (
        b"\x0a" + varint(len(head) + size) + head + row.tobytes() for head, row in zip(labels, samples, strict=True)
    )
    return bytes(cramjam.snappy.compress_raw(b"".join(parts)))


def history(targets: Sequence[Target], began_ms: int, senders: int) -> Iterator[list[list[bytes]]]:
    """Yield what loads all that `targets` were, a stretch of time after the other: the requests of each sender."""
    heads = [[label_bytes(labels) for labels in target.labels] for target in targets]
    scrapes = targets[0].values.shape[1]
    for first in range(0, scrapes, AT_ONCE):
        times = began_ms + INTERVAL_MS * np.arange(first, min(scrapes, first + AT_ONCE))
        bodies = [
            body(head, target.values[:, first : first + AT_ONCE], times + target.offset_ms)
            for head, target in zip(heads, targets, strict=True)
        ]
        yield [bodies[sender::senders] for sender in range(senders)]
