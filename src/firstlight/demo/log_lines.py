"""Log lines as JSON, one object a line, with the ids that join them with traces and requests."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from traceback import format_exception

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def extra_fields(record: logging.LogRecord) -> dict[str, object]:
    """Return what the caller gave in `extra`."""
    return {key: value for key, value in vars(record).items() if key not in _OWN_FIELDS}


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: when, how bad, who, where, what, in which span, and all extra fields."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its line end."""
        span = get_current_span().get_span_context()
        fields: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            "module": record.module,
            "function": record.funcName,
            "line": record.lineno,
        }
        if span.is_valid:
            fields |= {"trace_id": format_trace_id(span.trace_id), "span_id": format_span_id(span.span_id)}
        if record.exc_info and record.exc_info[1]:
            kind, error, trace = record.exc_info
            fields["exception"] = {
                "type": kind.__name__,
                "message": str(error),
                "stacktrace": "".join(format_exception(kind, error, trace)),
            }
        return json.dumps(fields | extra_fields(record), default=str)
