"""Whose request it is: tenant, correlation id and order id, on every span and log line of it, in every service.

They travel as W3C baggage beside the trace context. The first service of a request takes them from its headers or
makes them; a span processor and a logging filter of each service copy them from there.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping

from opentelemetry import baggage
from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace import get_current_span

from firstlight.demo import headers

TENANT_ID = "tenant_id"
CORRELATION_ID = "correlation_id"
ORDER_ID = "order_id"
KEYS = (TENANT_ID, CORRELATION_ID, ORDER_ID)

_HEADERS = {TENANT_ID: headers.TENANT, CORRELATION_ID: headers.CORRELATION}
_WELL_FORMED = re.compile(r"[\w.-]{1,64}")


def carried(context: Context | None = None) -> dict[str, str]:
    """Return what is known of whose request `context`, or else the current one, is."""
    found = baggage.get_all(context)
    return {key: str(found[key]) for key in KEYS if key in found}


def carrying(names: Mapping[str, str]) -> Context:
    """Return the current context with `names` in its baggage; the current span began without them and gets them too."""
    context = get_current()
    for key, value in names.items():
        context = baggage.set_baggage(key, value, context)
        get_current_span().set_attribute(key, value)
    return context


def introduce(given: Mapping[str, str]) -> dict[str, str]:
    """Return the names still missing of the current request, from the `given` headers if well-formed, else made up."""
    known = carried()
    made_up = {TENANT_ID: "default", CORRELATION_ID: uuid.uuid4().hex}
    return {
        key: name if _WELL_FORMED.fullmatch(name := given.get(header, "")) else made_up[key]
        for key, header in _HEADERS.items()
        if key not in known
    }


class CarriedOnSpans(SpanProcessor):
    """Puts what the request carries on each span that begins."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Set the names as attributes."""
        span.set_attributes(carried(parent_context))


class CarriedOnLogs(logging.Filter):
    """Puts what the request carries on each log record that passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Set the names as attributes, and let the record pass."""
        vars(record).update(carried())
        return True
