"""Documents to log records: whole requests at once, column by column.

What a document says of its time, level, service and so on goes into columns; everything else becomes attributes. How
it was spelled is kept with its origin, so that `source` can tell the document again exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from firstlight.model.elastic.fields import DATE, DATE_TEXT
from firstlight.model.elastic.layout import Layout
from firstlight.model.elastic.names import ID_ATTRIBUTE, INDEX_ATTRIBUTE, SOURCE_ATTRIBUTE
from firstlight.model.tables import AttributeType
from firstlight.wire.elastic.columns import Spelling, Taken, Wanted, take
from firstlight.wire.elastic.flatten import Flattened, Joined, letters, texts
from firstlight.wire.elastic.severity import Severities
from firstlight.wire.elastic.times import NO_TIME, UNREADABLE, nanoseconds, read_millis
from firstlight.wire.logs.sheet import MAX_EXACT, NO_SPAN, NO_TRACE, Sheet
from firstlight.wire.origins import UNKNOWN_SERVICE, Attributes, Origin, digest, index_labels

MAX_ORIGINS: Final = 20_000
"""How many origins are remembered; then it starts anew."""

MAX_LAYOUTS: Final = 2_000
"""How many ways to spell documents are told apart; others keep their document whole."""

MAX_SHAPES: Final = 50_000

Dotted = tuple[tuple[str, int], ...]

Learn = Callable[[str, dict[str, str], dict[str, str]], None]
"""Is told of an index, the letters of the types of its fields, and the columns that fields went into."""


class Document(NamedTuple):
    """A document as it was sent."""

    index_name: str
    fields: dict[str, Any]
    """Is changed by being read."""
    text: bytes
    id: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """Records of documents, and which documents have a time that cannot be read, with that time."""

    sheet: Sheet
    bad_times: dict[int, str] = field(default_factory=dict)


class Documents:
    """Reads documents. Its memories are bounded; to be used from one thread at a time."""

    def __init__(self, learn: Learn) -> None:
        self._learn = learn
        self._joined = Joined()
        self._severities = Severities()
        self._wanted = Wanted()
        self._origins: dict[tuple[str, Spelling, str, str, str, Dotted], Origin] = {}
        self._layouts: set[tuple[Spelling, str, Dotted]] = set()
        self._shapes: set[tuple[str, tuple[str, ...], str]] = set()

    def read(self, documents: Sequence[Document]) -> Read:
        """Return the records of `documents`, in their order, those without a time at 0."""
        taken, flat = Taken(), Flattened(self._joined)
        names, values = flat.names, flat.values
        ends: list[int] = [0]
        places: dict[int, int] = {}
        origins: list[Origin] = []
        origin_of: list[int] = []
        all_letters: list[str] = []
        for one in documents:
            start = len(names)
            spelled, form, service, host = take(one.fields, taken, self._wanted)
            flat.add(one.fields)
            dotted = tuple(flat.dotted)
            key = (one.index_name, spelled, form, service, host, dotted)
            origin = self._origins.get(key)
            if origin is None:
                origin = self._origin(*key)
            shape = letters(values[start:])
            seen = (one.index_name, tuple(names[start:]), shape)
            if seen not in self._shapes:
                self._teach(seen, values[start:], spelled)
            if flat.is_odd or not origin.scope_schema_url:
                names.append(SOURCE_ATTRIBUTE)
                values.append(one.text.decode())
                shape += AttributeType.KVLIST.value
            if one.id:
                names.append(ID_ATTRIBUTE)
                values.append(one.id)
                shape += AttributeType.STRING.value
            place = places.get(id(origin))
            if place is None:
                place = places[id(origin)] = len(origins)
                origins.append(origin)
            origin_of.append(place)
            all_letters.append(shape)
            ends.append(len(names))
        if any(type(value) is int and not -MAX_EXACT <= value < MAX_EXACT for value in values):
            pairs = zip(all_letters, ends[:-1], ends[1:], strict=True)
            all_letters = [_exact(shape, values[start:end]) for shape, start, end in pairs]
        time, bad = _times(taken.time)
        attributes = pa.MapArray.from_arrays(
            pa.array(ends, pa.int32()), pa.array(names, pa.string()), pa.array(texts(values), pa.string())
        )
        sheet = Sheet(
            origins=origins,
            origin_of=np.array(origin_of, np.int64),
            ts=time,
            body=pa.array(taken.body, pa.string()),
            severity=np.array([self._severities[text] for text in taken.level], np.uint8),
            severity_text=pa.array(taken.level, pa.string()),
            attributes=attributes,
            attribute_types=pa.array(all_letters, pa.string()),
            trace_id=_ids(taken.trace, NO_TRACE),
            span_id=_ids(taken.span, NO_SPAN),
        )
        return Read(sheet, bad)

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

    def _teach(self, seen: tuple[str, tuple[str, ...], str], values: Sequence[Any], spelled: Spelling) -> None:
        index, names, _ = seen
        if len(self._shapes) >= MAX_SHAPES:
            self._shapes.clear()
        self._shapes.add(seen)
        found = {name: _taught(value) for name, value in zip(names, values, strict=True)}
        columns = {name.lstrip("="): str(column) for column, name in spelled}
        self._learn(index, found, columns)


def _taught(value: Any) -> str:
    if type(value) is str:
        return DATE if DATE_TEXT.fullmatch(value) else AttributeType.STRING.value
    if type(value) is list:
        inner = "".join(sorted({_taught(one) for one in value[:100] if type(one) is not list}))
        return AttributeType.ARRAY.value + inner.replace(AttributeType.KVLIST.value, "")
    return letters([value])


def _exact(shape: str, values: Sequence[Any]) -> str:
    """Return the letters of a document, with those of integers that no engine counts so far as of floats."""
    return "".join(
        AttributeType.DOUBLE.value if type(value) is int and not -MAX_EXACT <= value < MAX_EXACT else letter
        for letter, value in zip(shape, values, strict=True)
    )


def _times(written: Sequence[str | int]) -> tuple[np.ndarray[Any, np.dtype[np.int64]], dict[int, str]]:
    found = np.zeros(len(written), np.int64)
    textual = [row for row, value in enumerate(written) if type(value) is str and value]
    if textual:
        found[textual] = nanoseconds([str(written[row]) for row in textual])
    for row, value in enumerate(written):
        if type(value) is int:
            found[row] = read_millis(value)
    bad = {row: str(written[row]) for row in np.flatnonzero(found == UNREADABLE).tolist()}
    found[found == UNREADABLE] = NO_TIME
    return found, bad


def _ids(hexes: Sequence[str], none: bytes) -> pa.FixedSizeBinaryArray | None:
    if not any(hexes):
        return None
    return pa.array([bytes.fromhex(text) if text else none for text in hexes], pa.binary(len(none)))
