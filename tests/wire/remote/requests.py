"""Remote write requests, made with the official protobuf library."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from firstlight.wire.remote.messages import reader_1, reader_2

NOW_MS = 1_780_000_000_000
NOW_NS = NOW_MS * 10**6
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]

REQUEST_1: Any = reader_1().request
REQUEST_2: Any = reader_2().request

Labels = Mapping[str, str]


def named(name: str, **labels: str) -> dict[str, str]:
    """Return the labels of a series."""
    return {"__name__": name, **labels}


def series_1(labels: Labels, **parts: Any) -> dict[str, Any]:
    """Return a series of version 1: its labels sorted, and samples, histograms, exemplars."""
    pairs = [{"name": name.encode(), "value": value.encode()} for name, value in sorted(labels.items())]
    return {"labels": [label(one) for one in pairs], **parts}


def label(pair: Mapping[str, bytes]) -> bytes:
    """Return one label as bytes."""
    return b"".join(_field(number, pair[part]) for number, part in ((1, "name"), (2, "value")) if part in pair)


def _field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def version_1(*series: Mapping[str, Any], metadata: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """Return a request of version 1."""
    body: bytes = REQUEST_1(timeseries=series, metadata=metadata).SerializeToString()
    return body


class Symbols:
    """A table of symbols that grows as texts are asked for."""

    def __init__(self) -> None:
        self.texts = [""]

    def __call__(self, text: str) -> int:
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text)

    def refs(self, labels: Labels) -> list[int]:
        """Return the references of labels."""
        return [self(text) for pair in sorted(labels.items()) for text in pair]


def version_2(symbols: Symbols, *series: Mapping[str, Any]) -> bytes:
    """Return a request of version 2."""
    body: bytes = REQUEST_2(symbols=[text.encode() for text in symbols.texts], timeseries=series).SerializeToString()
    return body


def sample(value: float, time: int = NOW_MS, **more: int) -> dict[str, Any]:
    """Return a sample."""
    return {"value": value, "timestamp": time, **more}


INT_HISTOGRAM: dict[str, Any] = {
    "count_int": 12,
    "sum": 18.5,
    "schema": 1,
    "zero_threshold": 0.001,
    "zero_count_int": 2,
    "positive_spans": [{"offset": 0, "length": 2}, {"offset": 1, "length": 2}],
    "positive_deltas": [1, 1, -1, 0],
    "negative_spans": [{"offset": -1, "length": 2}],
    "negative_deltas": [2, 1],
    "timestamp": NOW_MS,
}
"""Positive buckets 0, 1, 3, 4 of 1, 2, 1, 1 observations, negative ones -1, 0 of 2, 3."""

FLOAT_HISTOGRAM: dict[str, Any] = {
    "count_float": 3.5,
    "sum": math.pi,
    "schema": 3,
    "zero_threshold": 1e-128,
    "zero_count_float": 0.5,
    "positive_spans": [{"offset": 5, "length": 2}],
    "positive_counts": [1.5, 1.5],
    "timestamp": NOW_MS,
}

CUSTOM_HISTOGRAM: dict[str, Any] = {
    "count_int": 6,
    "sum": 40.0,
    "schema": -53,
    "positive_spans": [{"offset": 1, "length": 2}],
    "positive_deltas": [2, 2],
    "custom_values": [1.0, 2.0, 5.0],
    "timestamp": NOW_MS,
}
"""Buckets up to 2 and 5 of 2 and 4 observations; none up to 1, and none above 5."""


def bits(value: float) -> int:
    """Return the bits of a float."""
    return int(np.float64(value).view(np.uint64))
