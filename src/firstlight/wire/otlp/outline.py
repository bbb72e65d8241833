"""Where in a metrics request its numbers stand.

Times and values of number points are eight bytes wide whatever they are, so the next request of a process that
measures the same has them at the same places. They are found by walking through the bytes once.
Fields: <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto>.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from firstlight.wire.fields import FIXED64, LENGTH, Malformed, fields, read_varint
from firstlight.wire.otlp.series import DELTA

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


Span = tuple[int, int]
"""From where to before where a message is."""


class Irregular(Exception):
    """A request in which more can change than its numbers, or that is told in an unusual way."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The places of the numbers of points, in the order of the points within the request."""

    start: list[int] = dataclasses.field(default_factory=list)
    """-1 where a point has none."""
    time: list[int] = dataclasses.field(default_factory=list)
    value: list[int] = dataclasses.field(default_factory=list)
    is_int: list[bool] = dataclasses.field(default_factory=list)
    resource: list[int] = dataclasses.field(default_factory=list)
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
    except Malformed:
        raise Irregular from None
    return gauges, sums


def _add_metric(body: bytes, metric: Span, resource: int, gauges: Outline, sums: Outline) -> None:
    found = [field for field in fields(body, *metric) if field.number in DATA and field.wire == LENGTH]
    if len(found) != 1 or found[0].number not in (GAUGE, SUM):
        raise Irregular
    data = found[0]
    for member in fields(body, data.content, data.end):
        if member.number == DATA_POINTS and member.wire == LENGTH:
            outline = gauges if data.number == GAUGE else sums
            _add_point(body, (member.content, member.end), outline)
            outline.resource.append(resource)
        elif member.number == TEMPORALITY and data.number == SUM and read_varint(body, member.content)[0] == DELTA:
            raise Irregular


def _add_point(body: bytes, point: Span, outline: Outline) -> None:
    start, times, values = [-1], [], []
    for number, wire, *_, place, _ in fields(body, *point):
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


def _messages(body: bytes, span: Span, wanted: int) -> Iterator[Span]:
    for field in fields(body, *span):
        if field.number == wanted and field.wire == LENGTH:
            yield field.content, field.end
