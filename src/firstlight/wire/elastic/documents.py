"""Documents to log records: whole requests at once, column by column.

What a document says of its time, level, service and so on goes into columns; everything else becomes attributes. How
it was spelled is kept with its origin, so that `source` can tell the document again exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from firstlight.model.elastic.fields import DATE, DATE_TEXT
from firstlight.model.elastic.layout import MILLIS, Layout
from firstlight.model.elastic.names import ID_ATTRIBUTE, INDEX_ATTRIBUTE, SOURCE_ATTRIBUTE, Column
from firstlight.model.tables import AttributeType
from firstlight.wire.elastic.columns import NOWHERE, OTHERS, TIME, Columns, Kinds, chosen, chosen_time
from firstlight.wire.elastic.flatten import LETTERS, derived, has_objects, letters, texts
from firstlight.wire.elastic.parts import Part, sheet
from firstlight.wire.elastic.plans import Dotted, Plan, Plans, Spelling, Way
from firstlight.wire.elastic.severity import Severities
from firstlight.wire.elastic.shapes import Group, Places, groups, partition, picked
from firstlight.wire.elastic.times import NO_TIME, UNREADABLE, nanoseconds, read_any, read_millis
from firstlight.wire.logs.sheet import Sheet
from firstlight.wire.origins import UNKNOWN_SERVICE, Attributes, Origin, digest, index_labels

MAX_ORIGINS: Final = 20_000
"""How many origins are remembered; then it starts anew."""

MAX_LAYOUTS: Final = 2_000
"""How many ways to spell documents are told apart; others keep their document whole."""

MAX_SHAPES: Final = 50_000

Key = TypeVar("Key")

Learn = Callable[[str, dict[str, str], dict[str, str]], None]
"""Is told of an index, the letters of the types of its fields, and the columns that fields went into."""


class Sent(NamedTuple):
    """Documents as they were sent, of each what is said beside it; an id may be empty."""

    indices: Sequence[str]
    fields: Sequence[dict[str, Any]]
    texts: Sequence[bytes]
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Read:
    """Records of documents, and which documents have a time that cannot be read, with that time."""

    sheet: Sheet
    bad_times: dict[int, str] = field(default_factory=dict)


class Documents:
    """Reads documents. Its memories are bounded; to be used from one thread at a time."""

    def __init__(self, learn: Learn) -> None:
        self._learn = learn
        self._severities = Severities()
        self._plans = Plans()
        self._origins: dict[tuple[str, Spelling, str, str, str, Dotted], Origin] = {}
        self._layouts: set[tuple[Spelling, str, Dotted]] = set()
        self._shapes: set[tuple[str, Spelling, tuple[str, ...], str]] = set()

    def read(self, sent: Sent) -> Read:
        """Return the records of documents, in their order, those without a time at 0."""
        request = _Request(sent, any(sent.ids))
        for group in groups(sent.fields):
            self._read(self._plans[group.paths], group, request)
        return Read(sheet(request.origins, request.parts, self._severities), request.bad_times)

    def _read(self, plan: Plan, group: Group, request: _Request) -> None:
        """Add the records of documents of one shape, those apart that differ in what their fields are good for."""
        columns, kinds = group.columns, group.kinds()
        time = chosen_time(plan, columns, kinds)
        others = [chosen(plan, columns, kinds, column) for column in OTHERS]
        below = _below(plan, columns, kinds)
        labels: list[Sequence[Any]] = [one for one in (time, *others) if isinstance(one, list)]
        if below:
            labels.append([tuple(one) for one in below])
        if request.has_ids:
            labels.append([not one for one in picked(request.sent.ids, group.rows)])
        if labels:
            alike = partition(list(zip(*labels, strict=True)))
            if len(alike) > 1:
                for places in alike.values():
                    self._read(plan, group.pick(places), request)
                return
        first = [one[0] if isinstance(one, list) else one for one in others]
        moment, form, read_from = time[0] if isinstance(time, list) else time
        found = [(Column.TIME, moment), *zip(OTHERS, first, strict=True)]
        opaque = tuple(place for place, kind in enumerate(kinds) if not kind.isdisjoint((list, dict)))
        way = plan.way(tuple((column, place) for column, place in found if place != NOWHERE), opaque)
        fields = [(name, columns[place], kinds[place]) for name, place in zip(way.names, way.places, strict=True)]
        if below:
            fields += [(name, [one[name] for one in below], {list}) for name in below[0]]
        times = () if read_from == NOWHERE else columns[read_from]
        if plan.has_odd_time:
            times = [str(request.sent.fields[row][TIME]) for row in group.rows]
        taken = {column: columns[place] if place != NOWHERE else () for column, place in found}
        self._add(_Alike(group.rows, way, form, times, taken, fields), request)

    def _add(self, alike: _Alike, request: _Request) -> None:
        """Add the records of documents that have the same columns and attributes."""
        rows, way, count, sent = alike.rows, alike.way, len(alike.rows), request.sent
        service, host = alike.taken[Column.SERVICE], alike.taken[Column.HOST]
        indices = picked(sent.indices, rows)
        senders = list(zip(indices, service or repeat(""), host or repeat(""), strict=False))
        origins = {
            (index, service, host): self._origin(index, way.spelled, alike.form, service, host, way.dotted)
            for index, service, host in dict.fromkeys(senders)
        }
        places = {sender: request.place(origin) for sender, origin in origins.items()}
        names = [name for name, _, _ in alike.fields]
        values = [texts(column, kinds) for _, column, kinds in alike.fields]
        types = [letters(column, kinds) for _, column, kinds in alike.fields]
        self._teach(indices, alike, names, types)
        if way.is_odd or not next(iter(origins.values())).scope_schema_url:
            names.append(SOURCE_ATTRIBUTE)
            values.append([text.decode() for text in picked(sent.texts, rows)])
            types.append(AttributeType.KVLIST.value)
        if request.has_ids and sent.ids[rows[0]]:
            names.append(ID_ATTRIBUTE)
            values.append(picked(sent.ids, rows))
            types.append(AttributeType.STRING.value)
        ts = _moments(alike.times, alike.form, count)
        if len(bad := np.flatnonzero(ts == UNREADABLE)):
            request.bad_times |= {rows[place]: str(alike.times[place]) for place in bad.tolist()}
            ts[bad] = NO_TIME
        request.parts.append(
            Part(
                rows=rows,
                origin_of=np.fromiter(map(places.__getitem__, senders), np.int64, count),
                ts=ts,
                body=alike.taken[Column.BODY],
                level=alike.taken[Column.LEVEL],
                trace="".join(alike.taken[Column.TRACE]),
                span="".join(alike.taken[Column.SPAN]),
                names=names,
                values=values,
                letters=_rowwise(types, count),
            )
        )

    def _origin(self, index: str, spelled: Spelling, form: str, service: str, host: str, dotted: Dotted) -> Origin:
        if len(self._origins) >= MAX_ORIGINS:
            self._origins.clear()
        resource = {INDEX_ATTRIBUTE: index}
        if service:
            resource["service.name"] = service
        if host:
            resource["host.name"] = host
        layout = ""
        way = (spelled, form, dotted)
        if way in self._layouts or len(self._layouts) < MAX_LAYOUTS:
            self._layouts.add(way)
            layout = Layout(dict(spelled), form, dict(dotted)).dump()
        labels = dict(sorted(index_labels(resource).items()))
        origin = Origin(
            id=digest(repr((sorted(resource.items()), layout))),
            service=service or UNKNOWN_SERVICE,
            resource=Attributes(resource, AttributeType.STRING.value * len(resource)),
            labels=labels,
            scope_schema_url=layout,
        )
        self._origins[index, spelled, form, service, host, dotted] = origin
        return origin

    def _teach(
        self, indices: Sequence[str], alike: _Alike, names: Sequence[str], types: Sequence[str | Sequence[str]]
    ) -> None:
        """Tell of fields that are new, by one document each that has them."""
        by_row = _rowwise(types, len(indices))
        of_row: Sequence[str] = [by_row] * len(indices) if isinstance(by_row, str) else by_row
        for place, seen in _firsts(zip(indices, of_row, strict=True)):
            index, shape = seen
            key = (index, alike.way.spelled, tuple(names), shape)
            if key in self._shapes:
                continue
            if len(self._shapes) >= MAX_SHAPES:
                self._shapes.clear()
            self._shapes.add(key)
            found = {name: _taught(column[place]) for name, column, _ in alike.fields}
            self._learn(index, found, {name.lstrip("="): str(column) for column, name in alike.way.spelled})


@dataclass(slots=True)
class _Request:
    """What was read of a request so far."""

    sent: Sent
    has_ids: bool
    origins: list[Origin] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    bad_times: dict[int, str] = field(default_factory=dict)
    _places: dict[int, int] = field(default_factory=dict)

    def place(self, origin: Origin) -> int:
        """Return the place of an origin among all."""
        place = self._places.setdefault(origin.id, len(self.origins))
        if place == len(self.origins):
            self.origins.append(origin)
        return place


@dataclass(frozen=True, slots=True)
class _Alike:
    """Documents with the same columns and attributes."""

    rows: Places
    way: Way
    form: str
    """How their times are written, if these are a column."""
    times: Sequence[Any]
    taken: Mapping[Column, Sequence[Any]]
    """The values of columns, none of those that the documents do not have."""
    fields: Sequence[tuple[str, Sequence[Any], set[type]]]
    """What becomes attributes: the name, the values and their types."""


def _below(plan: Plan, columns: Columns, kinds: Kinds) -> list[dict[str, list[Any]]]:
    """Return what is in objects in arrays, of each document by name; nothing if no document has such."""
    arrays = [
        (".".join(path), column)
        for path, column, kind in zip(plan.paths, columns, kinds, strict=True)
        if has_objects(column, kind)
    ]
    if not arrays:
        return []
    names = [name for name, _ in arrays]
    return [
        {inner: found for name, array in zip(names, row, strict=True) for inner, found in derived(name, array).items()}
        for row in zip(*(column for _, column in arrays), strict=True)
    ]


def _rowwise(types: Sequence[str | Sequence[str]], count: int) -> str | list[str]:
    """Return the letters of each record, or of all if all have the same."""
    if all(isinstance(one, str) for one in types):
        return "".join(map(str, types))
    return list(map("".join, zip(*([one] * count if isinstance(one, str) else one for one in types), strict=True)))


def _firsts(keys: Iterable[Key]) -> Iterator[tuple[int, Key]]:
    """Yield each key with the first place where it is."""
    listed = list(keys)
    for key in dict.fromkeys(listed):
        yield listed.index(key), key


def _taught(value: Any) -> str:
    if type(value) is str:
        return DATE if DATE_TEXT.fullmatch(value) else AttributeType.STRING.value
    if type(value) is list:
        inner = "".join(sorted({_taught(one) for one in value[:100] if type(one) is not list}))
        return AttributeType.ARRAY.value + inner.replace(AttributeType.KVLIST.value, "")
    return LETTERS[type(value)]


def _moments(times: Sequence[Any], form: str, count: int) -> npt.NDArray[np.int64]:
    if not times:
        return np.zeros(count, np.int64)
    if form == MILLIS:
        return np.fromiter(map(read_millis, times), np.int64, count)
    if form:
        return nanoseconds(times, bool(form[2:]))
    return np.fromiter(map(read_any, times), np.int64, count)
