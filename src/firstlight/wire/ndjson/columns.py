"""Records of JSON, one after the other, to the columns of a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

import numpy as np
import pyarrow as pa

from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.levels import MAX_SEVERITY, severity_of
from firstlight.wire.logs.sheet import NO_SPAN, NO_TRACE, Sheet, typed
from firstlight.wire.ndjson.alike import attributes_of, texts_of
from firstlight.wire.ndjson.names import Plan, plan_of
from firstlight.wire.ndjson.times import times_of
from firstlight.wire.origins import Origin

MAX_PLANS: Final = 10_000
MAX_RESOURCE: Final = 256
"""How many attributes the resource of a record may have."""


class BadRecord(ValueError):
    """A record that cannot be kept: why, in few words."""


class Columns:
    """Collects records. What is a text already is not looked at again."""

    def __init__(self, book: LogBook, service: str) -> None:
        """Take the service of the records that name none."""
        self._book = book
        self._service = service
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._places: dict[str, int] = {}
        self._origins: list[Origin] = []
        self._ids: dict[int, int] = {}
        self.numbers: list[int] = []
        self._origin_of: list[int] = []
        self._time: list[Any] = []
        self._body: list[str] = []
        self._severity: list[int] = []
        self._level: list[str] = []
        self._trace: list[bytes] = []
        self._span: list[bytes] = []
        self._names: list[str] = []
        self._values: list[str] = []
        self._edges: list[int] = [0]
        self._types: list[str] = []

    def add_text(self, number: int, line: str) -> None:
        """Add a line that is its own body."""
        self._add(number, self._place(self._service), None, line, 0, "", NO_TRACE, NO_SPAN, "")

    def add(self, number: int, record: dict[str, Any], line: bytes) -> None:
        """Add a record, which `line` says; that is its body if it names no other. Raise BadRecord."""
        plan = self._plan(tuple(record))
        place = self._origin_place(record, plan)
        trace, span = _id(record, plan.trace, 16), _id(record, plan.span, 8)
        severity, level = _level(record.get(plan.level))
        letters = ""
        if plan.body:
            body = record[plan.body]
            line_text = body if type(body) is str else typed(body)[0]
            for name in plan.others:
                value = record[name]
                if type(value) is str:
                    letters += "s"
                else:
                    value, letter = typed(value)
                    letters += letter
                self._names.append(name)
                self._values.append(value)
        else:
            line_text = line.decode("utf-8", "replace")
        letters += self._add_given(record, plan, trace, span)
        time = record.get(plan.time)
        self._add(number, place, time, line_text, severity, level, trace or NO_TRACE, span or NO_SPAN, letters)

    def add_alike(self, numbers: Sequence[int], records: Sequence[dict[str, Any]]) -> bool:
        """Add records that have the same names, in the same order, if that can be done at once; say whether it was."""
        names = tuple(records[0])
        plan = self._plan(names)
        if not plan.body or plan.resource or plan.attributes:
            return False
        columns = {name: list(map(itemgetter(name), records)) for name in names}
        count = len(records)
        services = columns.get(plan.service, [])
        traces, spans = ids_of(columns.get(plan.trace), 16, count), ids_of(columns.get(plan.span), 8, count)
        if traces is None or spans is None or not set(map(type, services)) <= {str}:
            return False
        body, _ = texts_of(columns[plan.body])
        values, letters = attributes_of([columns[name] for name in plan.others], count)
        levels = _levels(columns.get(plan.level, [None] * count))
        if services:
            self._origin_of.extend(map(self._place, services))
        else:
            self._origin_of.extend([self._place(self._service)] * count)
        self.numbers.extend(numbers)
        self._time.extend(columns.get(plan.time, [None] * count))
        self._body.extend(body)
        self._severity.extend(severity for severity, _ in levels)
        self._level.extend(level for _, level in levels)
        self._trace.extend(traces)
        self._span.extend(spans)
        width = len(plan.others)
        edge = len(self._names)
        self._edges.extend(range(edge + width, edge + width * count + 1, width) if width else [edge] * count)
        self._names.extend(plan.others * count)
        self._values.extend(values)
        self._types.extend(letters)
        return True

    def sheet(self) -> Sheet:
        """Return the records. Those whose time cannot be read have a time of -1."""
        starts = pa.array(np.array(self._edges, np.int32))
        return Sheet(
            origins=self._origins,
            origin_of=np.array(self._origin_of, np.int64),
            ts=times_of(self._time),
            body=_strings(self._body),
            severity=np.array(self._severity, np.uint8),
            severity_text=_strings(self._level),
            attributes=pa.MapArray.from_arrays(starts, _strings(self._names), _strings(self._values)),
            attribute_types=pa.array(self._types, pa.string()),
            trace_id=pa.array(self._trace, pa.binary(16)),
            span_id=pa.array(self._span, pa.binary(8)),
        )

    def time_text(self, row: int) -> str:
        """Return what a record says of its time."""
        return str(self._time[row])

    def __len__(self) -> int:
        return len(self._body)

    def _plan(self, names: tuple[str, ...]) -> Plan:
        plan = self._plans.get(names)
        if plan is None:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            plan = self._plans[names] = plan_of(names)
        return plan

    def _add(
        self, number: int, place: int, time: Any, body: str, severity: int, level: str, trace: bytes, span: bytes,
        letters: str,
    ) -> None:  # fmt: skip
        self.numbers.append(number)
        self._origin_of.append(place)
        self._time.append(time)
        self._body.append(body)
        self._severity.append(severity)
        self._level.append(level)
        self._trace.append(trace)
        self._span.append(span)
        self._types.append(letters)
        self._edges.append(len(self._names))

    def _add_given(self, record: dict[str, Any], plan: Plan, trace: bytes | None, span: bytes | None) -> str:
        """Add the attributes that a record gives as such, and ids that are none; return the letters of their types."""
        letters = ""
        given = record[plan.attributes] if plan.attributes else {}
        if not isinstance(given, dict):
            given = {plan.attributes: given}
        for name, found in ((plan.trace, trace), (plan.span, span)):
            if name and not found and record[name]:
                given = {**given, name: record[name]}
        for name, value in given.items():
            text, letter = typed(value)
            self._names.append(name)
            self._values.append(text)
            letters += letter
        return letters

    def _origin_place(self, record: dict[str, Any], plan: Plan) -> int:
        named = record[plan.service] if plan.service else None
        if isinstance(named, dict):  # as Elastic Common Schema has it
            named = named.get("name")
        service = named if isinstance(named, str) and named else self._service
        if not plan.resource:
            return self._place(service)
        given = record[plan.resource]
        if not isinstance(given, dict):
            raise BadRecord("resource is no object")
        if len(given) > MAX_RESOURCE:
            raise BadRecord(f"resource has more than {MAX_RESOURCE} attributes")
        resource = {name: value if type(value) is str else typed(value)[0] for name, value in given.items()}
        if service and "service.name" not in resource:
            resource["service.name"] = service
        return self._known(self._book.origin(resource))

    def _place(self, service: str) -> int:
        place = self._places.get(service or self._service)
        service = service or self._service
        if place is None:
            resource: Mapping[str, str] = {"service.name": service} if service else {}
            place = self._places[service] = self._known(self._book.origin(resource))
        return place

    def _known(self, origin: Origin) -> int:
        place = self._ids.get(origin.id)
        if place is None:
            place = self._ids[origin.id] = len(self._origins)
            self._origins.append(origin)
        return place


def _level(value: Any) -> tuple[int, str]:
    """Return the severity and the text of a level."""
    if type(value) is str:
        return severity_of(value), value
    if isinstance(value, int) and not isinstance(value, bool):
        return (value if 0 < value <= MAX_SEVERITY else 0), str(value)
    return 0, "" if value is None else typed(value)[0]


def _levels(column: Sequence[Any]) -> list[tuple[int, str]]:
    if set(map(type, column)) != {str}:
        return list(map(_level, column))
    known = {value: _level(value) for value in set(column)}
    return [known[value] for value in column]


def ids_of(column: Sequence[Any] | None, size: int, count: int) -> list[bytes] | None:
    """Return the ids of a column, zero where there is no column; None if any of them is none."""
    if column is None:
        return [bytes(size)] * count
    try:
        found = list(map(bytes.fromhex, column))
    except (TypeError, ValueError):
        return None
    return found if all(len(one) == size for one in found) else None


def _id(record: dict[str, Any], name: str, size: int) -> bytes | None:
    """Return an id, None if there is none in the form of its kind."""
    if not name:
        return None
    value = record[name]
    if type(value) is not str or len(value) != 2 * size:
        return None
    try:
        return bytes.fromhex(value)
    except ValueError:
        return None


def _strings(values: list[str]) -> pa.StringArray:
    return pa.array(values, pa.string())
