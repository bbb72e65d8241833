"""A small world to ask about: a shop of three services, with traces, logs and metrics that belong together.

Trace number k (from 0) begins k seconds after `BEGIN_NS`: `shop` calls `cart` and `payments`. Every tenth fails in
`payments`, with an exception. Each span logs one line. Every service has a counter and a histogram.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from firstlight.model.batch import Batch
from firstlight.model.tables import CUSTOM_BOUNDS, SCHEMAS
from tests.store.rows import NOW_NS, TODAY, nothing

SECOND = 10**9
TRACES = 60
BEGIN_NS = NOW_NS - TRACES * SECOND
SERVICES = ("shop", "cart", "payments")
NAMES = ("GET /checkout", "add", "charge")
FAILS_EVERY = 10
TRACE_ID = "00000000000000000000000000000001"
"""The trace of the first."""


def trace_id(number: int) -> bytes:
    """Return the id of a trace."""
    return (number + 1).to_bytes(16, "big")


def span_id(number: int, step: int) -> bytes:
    """Return the id of a span of a trace: 0 is the root."""
    return (number * 10 + step + 1).to_bytes(8, "big")


def fails(number: int) -> bool:
    """Return whether a trace is one of those that fail."""
    return number % FAILS_EVERY == 0


def world() -> Batch:
    """Return all of it, as one request would bring it."""
    tables = {
        "origins": columns("origins", origins()),
        "logs": columns("logs", logs()),
        "spans": columns("spans", spans()),
        "series": columns("series", series()),
        "metadata": columns("metadata", iter([{"metric": "requests_total", "type": "counter", "help": "Requests."}])),
        "samples": columns("samples", samples()),
        "histograms": columns("histograms", histograms()),
        "exemplars": columns("exemplars", exemplars()),
    }
    return Batch(tables, items=sum(rows.num_rows for rows in tables.values()))


def columns(kind: str, rows: Iterator[Mapping[str, Any]]) -> pa.Table:
    """Return rows of a kind as a table; columns that are not given hold nothing."""
    listed = list(rows)
    schema = SCHEMAS[kind]
    values = [[row.get(field.name, nothing(field)) for row in listed] for field in schema]
    return pa.table([pa.array(column, field.type) for column, field in zip(values, schema, strict=True)], schema=schema)


def origins() -> Iterator[Mapping[str, Any]]:
    """Yield one origin for each service."""
    for number, service in enumerate(SERVICES):
        yield {
            "tenant": "default",
            "day": TODAY,
            "origin_id": number + 1,
            "service": service,
            "resource": [("service.name", service), ("host.name", f"host-{number}")],
            "scope_name": f"lib.{service}",
            "scope_version": "1.0",
            "scope_attributes": [("kind", "test")],
        }


def spans() -> Iterator[Mapping[str, Any]]:
    """Yield three spans for each trace: a server, and what it calls, one after the other."""
    for number in range(TRACES):
        for step, service in enumerate(SERVICES):
            failed = fails(number) and step != 1
            start = BEGIN_NS + number * SECOND + step * 10_000_000
            yield {
                "tenant": "default",
                "service": service,
                "name": NAMES[step],
                "kind": 2 if step == 0 else 3,
                "ts": start,
                "duration": (40_000_000 if step == 0 else 9_000_000) + number * 1000,
                "trace_id": trace_id(number),
                "span_id": span_id(number, step),
                "parent_span_id": bytes(8) if step == 0 else span_id(number, 0),
                "status": 2 if failed else 1,
                "status_message": "card declined" if failed else "",
                "origin_id": step + 1,
                "attributes": [("http.route", "/checkout"), ("user", str(number))],
                "attribute_types": "ss",
                "event_ts": [start + 1_000_000] if failed and step == 2 else [],
                "event_name": ["exception"] if failed and step == 2 else [],
                "event_attributes": [EXCEPTION] if failed and step == 2 else [],
                "event_types": ["ss"] if failed and step == 2 else [],
                "event_dropped": [0] if failed and step == 2 else [],
                "link_trace_id": [trace_id(number - 1)] if step == 0 and number else [],
                "link_span_id": [span_id(number - 1, 0)] if step == 0 and number else [],
                "link_trace_state": [""] if step == 0 and number else [],
                "link_flags": [0] if step == 0 and number else [],
                "link_attributes": [[]] if step == 0 and number else [],
                "link_types": [""] if step == 0 and number else [],
                "link_dropped": [0] if step == 0 and number else [],
            }


EXCEPTION = [("exception.type", "CardDeclined"), ("exception.message", "no money")]


def logs() -> Iterator[Mapping[str, Any]]:
    """Yield a line for each span, and one that belongs to no trace."""
    for number in range(TRACES):
        for step, service in enumerate(SERVICES):
            failed = fails(number) and step == 2
            yield {
                "tenant": "default",
                "service": service,
                "ts": BEGIN_NS + number * SECOND + step * 10_000_000 + 5_000_000,
                "observed_ts": BEGIN_NS,
                "severity": 17 if failed else 9,
                "severity_text": "ERROR" if failed else "INFO",
                "body": f"card declined for user {number}" if failed else f"{NAMES[step]} for user {number}",
                "body_type": "s",
                "trace_id": trace_id(number),
                "span_id": span_id(number, step),
                "origin_id": step + 1,
                "attributes": [("user", str(number))],
                "attribute_types": "s",
            }
    yield {
        "tenant": "default",
        "service": "shop",
        "ts": BEGIN_NS - SECOND,
        "observed_ts": BEGIN_NS,
        "severity": 0,
        "severity_text": "",
        "body": "listening on :8000\nwith two lines",
        "body_type": "s",
        "trace_id": bytes(16),
        "span_id": bytes(8),
        "origin_id": 1,
        "attributes": [],
        "attribute_types": "",
    }


def series() -> Iterator[Mapping[str, Any]]:
    """Yield a counter and a histogram for each service, on two days."""
    for day in (TODAY - 1, TODAY):
        for number, service in enumerate(SERVICES):
            for offset, (metric, type_) in enumerate((("requests_total", "counter"), ("request_seconds", "histogram"))):
                yield {
                    "tenant": "default",
                    "day": day,
                    "series_id": 1 + number + 10 * offset,
                    "metric": metric,
                    "labels": [("__name__", metric), ("job", service)],
                    "type": type_,
                    "name": metric.removesuffix("_total").replace("_", "."),
                    "unit": "s" if offset else "1",
                    "temporality": "cumulative",
                    "monotonic": True,
                    "origin_id": number + 1,
                    "attributes": [("job", service)],
                    "attribute_types": "s",
                }


def samples() -> Iterator[Mapping[str, Any]]:
    """Yield ten values for each counter, one every ten seconds."""
    for number in range(len(SERVICES)):
        for step in range(10):
            yield {
                "tenant": "default",
                "series_id": number + 1,
                "ts": BEGIN_NS // 10**6 + step * 10_000,
                "start_ts": BEGIN_NS // 10**6,
                "value": float(step * (number + 1)),
            }


def histograms() -> Iterator[Mapping[str, Any]]:
    """Yield an explicit histogram for the first service, and an exponential one for the second."""
    common = {"tenant": "default", "ts": NOW_NS // 10**6, "count": 3.0, "sum": 6.0, "min": 1.0, "max": 3.0}
    yield {
        **common,
        "series_id": 11,
        "scale": CUSTOM_BOUNDS,
        "bounds": [1.0, 2.0],
        "positive_counts": [1.0, 1.0, 1.0],
    }
    yield {**common, "series_id": 12, "scale": 3, "bounds": [], "positive_counts": [2.0, 1.0]}


def exemplars() -> Iterator[Mapping[str, Any]]:
    """Yield one measurement of the first histogram, made in the first trace."""
    yield {
        "tenant": "default",
        "series_id": 11,
        "ts": NOW_NS // 10**6,
        "value": 0.25,
        "trace_id": trace_id(0),
        "span_id": span_id(0, 0),
        "attributes": [("user", "0")],
    }
