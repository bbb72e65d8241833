"""Log lines as JSON: the fields that stand on every line, and those that stand where they belong."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest
from opentelemetry.context import attach, detach
from opentelemetry.sdk.trace import TracerProvider

from firstlight.demo.correlation import CarriedOnLogs, CarriedOnSpans, carried, carrying, introduce
from firstlight.demo.log_lines import JsonLines

NAMED = [
    # what                          headers                                               what is known of the request
    ("names itself",                {"x-tenant-id": "aurora", "x-correlation-id": "v-1"}, {"tenant_id": "aurora", "correlation_id": "v-1"}),
    ("has no tenant",               {"x-correlation-id": "v-1"},                          {"tenant_id": "default", "correlation_id": "v-1"}),
    ("names itself with a newline", {"x-tenant-id": "a\nb", "x-correlation-id": "v-1"},   {"tenant_id": "default", "correlation_id": "v-1"}),
    ("names itself at length",      {"x-tenant-id": "a" * 65, "x-correlation-id": "v-1"}, {"tenant_id": "default", "correlation_id": "v-1"}),
]  # fmt: skip


def line(record: logging.LogRecord) -> dict[str, Any]:
    CarriedOnLogs().filter(record)
    fields: dict[str, Any] = json.loads(JsonLines("checkout").format(record))
    return fields


def record(message: str = "sold %d", *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("shop", logging.WARNING, "/src/shop.py", 7, message, args, None, "sell")
    vars(made).update(extra)
    made.created = 1_700_000_000.25
    return made


def test_a_line_says_when_how_bad_who_where_and_what() -> None:
    assert line(record("sold %d", 3, order_cents=500)) == {
        "timestamp": "2023-11-14T22:13:20.250+00:00",
        "level": "WARNING",
        "service": "checkout",
        "logger": "shop",
        "message": "sold 3",
        "module": "shop",
        "function": "sell",
        "line": 7,
        "order_cents": 500,
    }


def test_a_line_in_a_span_has_its_ids() -> None:
    with TracerProvider(shutdown_on_exit=False).get_tracer("test").start_as_current_span("sale") as span:
        fields = line(record("sold"))

    assert fields["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert fields["span_id"] == f"{span.get_span_context().span_id:016x}"


def test_a_line_about_an_exception_has_its_stack() -> None:
    failed = record("cannot sell")
    try:
        raise KeyError("MAP-N")
    except KeyError:
        failed.exc_info = sys.exc_info()

    exception = line(failed)["exception"]

    assert (exception["type"], exception["message"]) == ("KeyError", "'MAP-N'")
    assert 'raise KeyError("MAP-N")' in exception["stacktrace"]


@pytest.mark.parametrize(("headers", "known"), [row[1:] for row in NAMED], ids=[row[0] for row in NAMED])
def test_a_caller(headers: dict[str, str], known: dict[str, str]) -> None:
    assert introduce(headers) == known


def test_a_caller_without_a_correlation_id_gets_one_of_its_own() -> None:
    assert introduce({})["correlation_id"] != introduce({})["correlation_id"]


def test_what_a_request_carries_is_on_its_spans_and_lines() -> None:
    traces = TracerProvider(shutdown_on_exit=False)
    traces.add_span_processor(CarriedOnSpans())
    names = {"tenant_id": "aurora", "correlation_id": "v-1", "order_id": "ord-1"}
    token = attach(carrying(names))
    try:
        with traces.get_tracer("test").start_as_current_span("sale") as span:
            fields = line(record("sold"))
        assert introduce({"x-tenant-id": "somebody else"}) == {}
    finally:
        detach(token)

    assert fields.items() >= names.items()
    assert getattr(span, "attributes", None) == names
    assert carried() == {}
