"""Results of PromQL as JSON, a few series at a time, so that a huge answer is never whole in memory a second time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import orjson

from firstlight.api.exchange.bodies import PIECE
from firstlight.api.prometheus.numbers import second, texts
from firstlight.query.promql.histogram_json import histogram_json
from firstlight.query.promql.result import Instant, Matrix, Number, Result, String
from firstlight.query.promql.values import Labels, Objects, Samples, Times, Vector

TOGETHER = 64
"""How many series a piece of an answer has at most."""

CLOSING = b'"],'
BETWEEN = CLOSING + b"["

MANY = 10_000
"""How many numbers are written together."""


def result_type(found: Result) -> str:
    """Return what an answer calls the type of a result."""
    match found:
        case Number():
            return "scalar"
        case String():
            return "string"
        case Instant():
            return "vector"
        case Matrix():
            return "matrix"


def rendered(found: Result) -> Iterator[bytes]:
    """Yield a result as the `result` of an answer, in pieces."""
    match found:
        case Number():
            yield _sample(second(found.time), texts(np.array([found.value]))[0])
        case String():
            yield b"[" + second(found.time) + b"," + orjson.dumps(found.value) + b"]"
        case Instant():
            yield from _pieces(_vector(found.vector, second(found.time)))
        case Matrix():
            yield from _pieces(_matrix(found.samples))


def _vector(vector: Vector, time: bytes) -> Iterator[bytes]:
    numbers = texts(vector.floats[:, 0])
    for row, labels in enumerate(vector.labels):
        whole = None if vector.histograms is None else vector.histograms[row, 0]
        if whole is None:
            yield _metric(labels) + b',"value":' + _sample(time, numbers[row]) + b"}"
        else:
            yield _metric(labels) + b',"histogram":[' + time + b"," + orjson.dumps(histogram_json(whole)) + b"]}"


class _Openings(dict[int, bytes]):
    """What stands between two numbers, by the time of the second: series of one answer have the same times."""

    def __missing__(self, time: int) -> bytes:
        found = self[time] = BETWEEN + second(time) + b',"'
        return found

    def add(self, times: Times) -> None:
        """Take in many times at once, if they are whole seconds, as those of nearly all queries are."""
        whole, rest = np.divmod(times, 1000)
        if not rest.any():
            texts = orjson.dumps(whole, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
            self.update(zip(times.tolist(), (BETWEEN + text + b',"' for text in texts), strict=True))


def _matrix(samples: Samples) -> Iterator[bytes]:
    openings = _Openings()
    edges = samples.offsets.tolist()
    if len(samples):
        openings.add(samples.ts[: edges[1]])
    times, openers = samples.ts[:0], list[bytes]()
    first = 0
    while first < len(samples):
        last = first + 1
        # Numbers are written many at a time, and not for each series.
        while last < len(samples) and last - first < TOGETHER and edges[last + 1] - edges[first] <= MANY:
            last += 1
        numbers = texts(samples.floats[edges[first] : edges[last]])
        for row in range(first, last):
            inside = slice(edges[row], edges[row + 1])
            if not np.array_equal(samples.ts[inside], times):
                times = samples.ts[inside]
                openers = list(map(openings.__getitem__, times.tolist()))
            own = numbers[edges[row] - edges[first] : edges[row + 1] - edges[first]]
            metric = _metric(samples.labels[row])
            if samples.histograms is None:
                yield metric + b',"values":' + _points(openers, own) + b"}"
            else:
                yield metric + _with_histograms(samples, inside, openers, own) + b"}"
        first = last


def _points(openers: Sequence[bytes], numbers: Sequence[bytes]) -> bytes:
    parts = [b""] * (2 * len(openers))
    parts[0::2] = openers
    parts[1::2] = numbers
    parts[0] = parts[0].removeprefix(CLOSING)
    return b"[" + b"".join(parts) + b'"]]'


def _with_histograms(samples: Samples, inside: slice, openers: Sequence[bytes], numbers: Sequence[bytes]) -> bytes:
    assert samples.histograms is not None
    found, times = samples.histograms[inside], samples.ts[inside]
    whole = found != np.array(None)
    floats = np.flatnonzero(~whole).tolist()
    points = b""
    if floats:
        points = b',"values":' + _points([openers[place] for place in floats], [numbers[place] for place in floats])
    if whole.any():
        points += b',"histograms":[' + _histograms(times[whole].tolist(), found[whole]) + b"]"
    return points


def _histograms(times: Sequence[int], whole: Objects) -> bytes:
    return b",".join(
        b"[" + second(time) + b"," + orjson.dumps(histogram_json(one)) + b"]"
        for time, one in zip(times, whole, strict=True)
    )


def _metric(labels: Labels) -> bytes:
    return b'{"metric":' + orjson.dumps(dict(labels))


def _sample(time: bytes, number: bytes) -> bytes:
    return b"[" + time + b',"' + number + b'"]'


def _pieces(found: Iterator[bytes]) -> Iterator[bytes]:
    together: list[bytes] = []
    size = 0
    opening = b"["
    for one in found:
        together.append(one)
        size += len(one)
        if len(together) == TOGETHER or size >= PIECE:
            yield opening + b",".join(together)
            together, size, opening = [], 0, b","
    yield opening + b",".join(together) + b"]" if together else (b"[]" if opening == b"[" else b"]")
