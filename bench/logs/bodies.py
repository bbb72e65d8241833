"""Requests that are made once and get new times and traces each time they are sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.logs.lines import TIME, TRACE, Line

NS: Final = "1700000000000000000"
"""What stands where a time in nanoseconds is to be."""

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way to send lines: where to, and how a request is written."""

    name: str
    path: str
    headers: Mapping[str, str]
    write: Callable[[Sequence[Line]], str]


def _ndjson(lines: Sequence[Line]) -> str:
    return "".join(f"{line.text}\n" for line in lines)


def _bulk(lines: Sequence[Line]) -> str:
    return "".join(f'{{"create":{{"_index":"logs-{line.service}"}}}}\n{line.text}\n' for line in lines)


def _loki(lines: Sequence[Line]) -> str:
    ordered = sorted(lines, key=lambda line: (line.service, line.level))
    streams = [
        {
            "stream": {"service_name": service, "level": level, "env": "prod"},
            "values": [[NS, line.text] for line in group],
        }
        for (service, level), group in groupby(ordered, key=lambda line: (line.service, line.level))
    ]
    return json.dumps({"streams": streams}, separators=(",", ":"))


NDJSON: Final = Protocol("ndjson", "/api/firstlight/v1/logs", {"content-type": "application/x-ndjson"}, _ndjson)
BULK: Final = Protocol("bulk", "/_bulk", {"content-type": "application/x-ndjson"}, _bulk)
LOKI: Final = Protocol("loki", "/loki/api/v1/push", {"content-type": "application/json"}, _loki)


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A request of `count` lines."""

    raw: npt.NDArray[np.uint8]
    count: int
    times: Places
    nanoseconds: Places
    traces: Places
    random: np.random.Generator = field(default_factory=np.random.default_rng)

    @classmethod
    def of(cls, protocol: Protocol, lines: Sequence[Line]) -> Body:
        """Return the request that sends these lines."""
        text = protocol.write(lines).encode()
        times, nanoseconds, traces = (_places(text, mark.encode()) for mark in (TIME, NS, TRACE))
        return cls(np.frombuffer(text, np.uint8), len(lines), times, nanoseconds, traces)

    def at(self, first_ns: int, step_ns: int) -> bytes:
        """Return the request with its lines `step_ns` apart from `first_ns` on, and new traces."""
        raw = self.raw.copy()
        whole = first_ns + step_ns * np.arange(self.count)
        clock = np.datetime_as_string(whole[: len(self.times)].astype("datetime64[ns]"), unit="us")
        _set(raw, self.times, clock.astype("S26"))
        _set(raw, self.nanoseconds, whole[: len(self.nanoseconds)].astype("S19"))
        traces = self.random.bytes(16 * len(self.traces)).hex().encode()
        _set(raw, self.traces, np.frombuffer(traces, "S32"))
        return raw.tobytes()


def _places(text: bytes, mark: bytes) -> Places:
    found, at = [], text.find(mark)
    while at >= 0:
        found.append(at)
        at = text.find(mark, at + len(mark))
    return np.array(found, np.int64)


def _set(raw: npt.NDArray[np.uint8], places: Places, texts: npt.NDArray[np.bytes_]) -> None:
    if len(places):
        width = texts.dtype.itemsize
        raw[places[:, None] + np.arange(width)] = np.frombuffer(texts.tobytes(), np.uint8).reshape(-1, width)
