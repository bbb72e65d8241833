"""Where in a metrics request its numbers stand.

Times and values of number points are eight bytes wide whatever they are, so the next request of a process that
measures the same has them at the same places. They are found by walking through the bytes once.
Fields: <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto>.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from firstlight.wire.otlp.series import DELTA

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5

# Numbers of fields, by message.
RESOURCE_METRICS: Final = 1
SCOPE_METRICS: Final = 2
METRICS: Final = 2
GAUGE: Final = 5
SUM: Final = 7
DATA: Final = (GAUGE, SUM, 9, 10, 11)
DATA_POINTS: Final = 1
TEMPORALITY: Final = 2
EXEMPLARS: Final = 5
FLAGS: Final = 8
START_TIME: Final = 2
TIME: Final = 3
AS_DOUBLE: Final = 4
AS_INT: Final = 6


class Irregular(Exception):
    """A request in which more can change than its numbers, or that is told in an unusual way."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The places of the numbers of points, in the order of the points within the request."""

    start: list[int] = field(default_factory=list)
    """-1 where a point has none."""
    time: list[int] = field(default_factory=list)
    value: list[int] = field(default_factory=list)
    is_int: list[bool] = field(default_factory=list)
    resource: list[int] = field(default_factory=list)
    """Which resource of the request each point is of."""

    def __add__(self, other: Outline) -> Outline:
        return Outline(*([*getattr(self, name), *getattr(other, name)] for name in self.__slots__))


def outlines(body: bytes) -> tuple[Outline, Outline]:
    """Return where the numbers of gauges and of sums stand in `body`, which is well-formed. Raise Irregular."""
    gauges, sums = Outline(), Outline()
    try:
        for place, resource in enumerate(_messages(body, (0, len(body)), RESOURCE_METRICS)):
            for scope in _messages(body, resource, SCOPE_METRICS):
                for metric in _messages(body, scope, METRICS):
                    _add_metric(body, metric, place, gauges, sums)
    except IndexError:
        raise Irregular from None
    return gauges, sums


def _add_metric(body: bytes, metric: tuple[int, int], resource: int, gauges: Outline, sums: Outline) -> None:
    data = [(number, span) for number, wire, span in _fields(body, metric) if number in DATA and wire == LENGTH]
    if len(data) != 1 or data[0][0] not in (GAUGE, SUM):
        raise Irregular
    number, span = data[0]
    for member, wire, place in _fields(body, span):
        if member == DATA_POINTS and wire == LENGTH:
            outline = gauges if number == GAUGE else sums
            _add_point(body, place, outline)
            outline.resource.append(resource)
        elif member == TEMPORALITY and number == SUM and _varint(body, place[0])[0] == DELTA:
            raise Irregular


def _add_point(body: bytes, point: tuple[int, int], outline: Outline) -> None:
    start, times, values = [-1], [], []
    for number, wire, (place, _) in _fields(body, point):
        if number in (EXEMPLARS, FLAGS):
            raise Irregular
        if wire != FIXED64:
            continue
        if number == START_TIME:
            start.append(place)
        elif number == TIME:
            times.append(place)
        elif number in (AS_DOUBLE, AS_INT):
            values.append((place, number == AS_INT))
    if len(start) > 2 or len(times) != 1 or len(values) != 1:
        raise Irregular
    outline.start.append(start[-1])
    outline.time.append(times[0])
    outline.value.append(values[0][0])
    outline.is_int.append(values[0][1])


def _messages(body: bytes, span: tuple[int, int], wanted: int) -> Iterator[tuple[int, int]]:
    for number, wire, inner in _fields(body, span):
        if number == wanted and wire == LENGTH:
            yield inner


def _fields(body: bytes, span: tuple[int, int]) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Yield number, wire type and place of each field: from where to before where its content is."""
    place, end = span
    while place < end:
        tag, place = _varint(body, place)
        wire = tag & 7
        if wire == LENGTH:
            length, place = _varint(body, place)
            following = place + length
        elif wire == FIXED64:
            following = place + 8
        elif wire == VARINT:
            following = _varint(body, place)[1]
        elif wire == FIXED32:
            following = place + 4
        else:
            raise Irregular
        yield tag >> 3, wire, (place, following)
        place = following


def _varint(body: bytes, place: int) -> tuple[int, int]:
    byte = body[place]
    if byte < 128:
        return byte, place + 1
    value, shift = byte & 127, 7
    while True:
        place += 1
        byte = body[place]
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place + 1
        shift += 7
