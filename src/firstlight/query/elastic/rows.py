"""Hits: the columns of log records that make documents, and how they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

COLUMNS: Final = (
    "toUnixTimestamp64Nano(ts) AS h_time",
    "toUnixTimestamp64Nano(observed_ts) AS h_observed",
    "body AS h_body",
    "severity AS h_severity",
    "severity_text AS h_level",
    "if(trace_id = toFixedString('', 16), '', lower(hex(trace_id))) AS h_trace",
    "if(span_id = toFixedString('', 8), '', lower(hex(span_id))) AS h_span",
    "origin_id AS h_origin",
    "mapKeys(attributes) AS h_names",
    "mapValues(attributes) AS h_texts",
    "attribute_types AS h_types",
    "mapKeys(fields) AS h_field_names",
    "mapValues(fields) AS h_field_texts",
    "lower(hex(sipHash64(ts, observed_ts, origin_id, body))) AS h_hash",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A record that was found."""

    time_ns: int
    observed_ns: int
    body: str
    severity: int
    level: str
    trace_id: str
    span_id: str
    attributes: Sequence[tuple[str, str]]
    types: str
    fields: Mapping[str, str]
    resource: Mapping[str, str]
    layout: str
    """How it was spelled as a document, nothing if it was none."""
    hash: str
    sort: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class FoundOrigin:
    """Who sent records: the resource, and how their documents were spelled."""

    resource: Mapping[str, str]
    layout: str


NOBODY: Final = FoundOrigin({}, "")


def rows_of(table: pa.Table, origins: Mapping[int, FoundOrigin], sort: int) -> Iterator[Row]:
    """Yield the records of an answer that has `COLUMNS`, and `sort` keys as s0, s1 and so on."""
    for one in table.to_pylist():
        origin = origins.get(one["h_origin"], NOBODY)
        yield Row(
            one["h_time"],
            one["h_observed"],
            one["h_body"],
            one["h_severity"],
            one["h_level"],
            one["h_trace"],
            one["h_span"],
            list(zip(one["h_names"], one["h_texts"], strict=True)),
            one["h_types"],
            dict(zip(one["h_field_names"], one["h_field_texts"], strict=True)),
            origin.resource,
            origin.layout,
            one["h_hash"],
            [one[f"s{number}"] for number in range(sort)],
        )
