"""Results of PromQL as JSON, a few series at a time, so that a huge answer is never whole in memory a second time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import orjson

from firstlight.api.prometheus.bodies import PIECE
from firstlight.api.prometheus.numbers import second, texts
from firstlight.query.promql.histogram_json import histogram_json
from firstlight.query.promql.result import Instant, Matrix, Number, Result, String
from firstlight.query.promql.values import Labels, Objects, Samples, Vector

TOGETHER = 64
"""How many series a piece of an answer has at most."""


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
    """How a sample begins, by its time: series of one answer have the same times."""

    def __missing__(self, time: int) -> bytes:
        found = self[time] = b"[" + second(time) + b',"'
        return found


def _matrix(samples: Samples) -> Iterator[bytes]:
    openings = _Openings()
    edges = samples.offsets.tolist()
    for row, labels in enumerate(samples.labels):
        part = slice(edges[row], edges[row + 1])
        times, floats = samples.ts[part], samples.floats[part]
        points = b""
        if samples.histograms is not None:
            whole = samples.histograms[part] != np.array(None)
            if whole.any():
                points = b',"histograms":[' + _histograms(times[whole].tolist(), samples.histograms[part][whole]) + b"]"
            times, floats = times[~whole], floats[~whole]
        if len(times):
            parts = [b'"],'] * (3 * len(times))
            parts[0::3] = map(openings.__getitem__, times.tolist())
            parts[1::3] = texts(floats)
            parts[-1] = b'"]'
            points = b',"values":[' + b"".join(parts) + b"]" + points
        yield _metric(labels) + points + b"}"


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
