"""What a request says of its log records, as columns: whole ones at once, or row by row where a protocol has it so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from firstlight.model.tables import ATTRIBUTES, AttributeType
from firstlight.wire.origins import Origin

NO_TRACE: Final = bytes(16)
NO_SPAN: Final = bytes(8)

MAX_EXACT: Final = 2**63
"""From here on an integer is written as a float, since no engine counts so far."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sheet:
    """Log records as columns of equal length; a column that says nothing is None.

    `origins[origin_of[i]]` is who sent record i. `ts` is nanoseconds since 1970, 0 where none was given. `severity` is
    OpenTelemetry's number, 0 where it is not known. Ids are of 16 and 8 bytes, zero where there are none.
    """

    origins: Sequence[Origin]
    origin_of: npt.NDArray[np.int64]
    ts: npt.NDArray[np.int64]
    body: pa.StringArray
    severity: npt.NDArray[np.uint8] | None = None
    severity_text: pa.StringArray | None = None
    attributes: pa.MapArray | None = None
    attribute_types: pa.StringArray | None = None
    """One letter an attribute; None if all are strings."""
    trace_id: pa.FixedSizeBinaryArray | None = None
    span_id: pa.FixedSizeBinaryArray | None = None
    event_name: pa.StringArray | None = None

    def __len__(self) -> int:
        return len(self.body)


@dataclass(slots=True, eq=False)
class SheetBuilder:
    """Collects records one by one."""

    _places: dict[int, int] = field(default_factory=dict)
    _origins: list[Origin] = field(default_factory=list)
    _origin_of: list[int] = field(default_factory=list)
    _ts: list[int] = field(default_factory=list)
    _body: list[str] = field(default_factory=list)
    _severity: list[int] = field(default_factory=list)
    _severity_text: list[str] = field(default_factory=list)
    _attributes: list[list[tuple[str, str]]] = field(default_factory=list)
    _types: list[str] = field(default_factory=list)
    _trace_id: list[bytes] = field(default_factory=list)
    _span_id: list[bytes] = field(default_factory=list)
    _event_name: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._body)

    def add(
        self,
        origin: Origin,
        ts_ns: int,
        body: str,
        severity: int = 0,
        severity_text: str = "",
        attributes: Mapping[str, object] | None = None,
        trace_id: bytes = b"",
        span_id: bytes = b"",
        event_name: str = "",
    ) -> None:
        """Add one record; what it says is as `Sheet` has it, ids of a wrong length are none.

        Values of attributes may be whatever JSON has.
        """
        place = self._places.get(origin.id)
        if place is None:
            place = self._places[origin.id] = len(self._origins)
            self._origins.append(origin)
        self._origin_of.append(place)
        self._ts.append(ts_ns)
        self._body.append(body)
        self._severity.append(severity)
        self._severity_text.append(severity_text)
        pairs, letters = [], ""
        for name, value in (attributes or {}).items():
            text, letter = typed(value)
            pairs.append((name, text))
            letters += letter
        self._attributes.append(pairs)
        self._types.append(letters)
        self._trace_id.append(trace_id if len(trace_id) == len(NO_TRACE) else NO_TRACE)
        self._span_id.append(span_id if len(span_id) == len(NO_SPAN) else NO_SPAN)
        self._event_name.append(event_name)

    def sheet(self) -> Sheet:
        """Return the records added so far."""
        return Sheet(
            origins=self._origins,
            origin_of=np.array(self._origin_of, np.int64),
            ts=np.array(self._ts, np.int64),
            body=pa.array(self._body, pa.string()),
            severity=np.array(self._severity, np.uint8),
            severity_text=pa.array(self._severity_text, pa.string()),
            attributes=pa.array(self._attributes, ATTRIBUTES),
            attribute_types=pa.array(self._types, pa.string()),
            trace_id=pa.array(self._trace_id, pa.binary(16)),
            span_id=pa.array(self._span_id, pa.binary(8)),
            event_name=pa.array(self._event_name, pa.string()),
        )


def typed(value: object) -> tuple[str, str]:
    """Return a value of JSON as the text of an attribute, and the letter of its type.

    >>> typed(True), typed([1, "a"])
    (('true', 'b'), ('[1,"a"]', 'a'))
    """
    match value:
        case str():
            return value, AttributeType.STRING.value
        case bool():
            return ("true" if value else "false"), AttributeType.BOOL.value
        case int():
            return str(value), (AttributeType.INT if -MAX_EXACT <= value < MAX_EXACT else AttributeType.DOUBLE).value
        case float():
            return _float(value), AttributeType.DOUBLE.value
        case None:
            return "", AttributeType.NONE.value
        case dict():
            return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode(), AttributeType.KVLIST.value
        case list() | tuple():
            return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode(), AttributeType.ARRAY.value
    raise TypeError(f"no value of JSON: {type(value).__name__}")


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
