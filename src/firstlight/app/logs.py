"""The server's own log, on standard error: JSON for machines, readable lines for people.

A record says when, how grave, where in the code, and what; what is passed as `extra` becomes fields of its own.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

from pydantic import BaseModel, ConfigDict, Field


class LogSettings(BaseModel):
    """What the server says about itself on standard error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="what is too trivial to be logged"
    )
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="json, text, or auto: text on a terminal and json elsewhere"
    )


BURST: Final = 20
PERIOD: Final = 60.0

# Libraries tell what we tell ourselves, or what any client could fill the log with.
QUIETER: Final = {"uvicorn.error": logging.ERROR, "clickhouse_connect": logging.ERROR, "grpc": logging.ERROR}

# What every record has; all else came with `extra`.
_OWN: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"})


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Make the root logger write to `stream` as `settings` say, and nothing else."""
    stream = stream or sys.stderr
    as_text = settings.format == "text" or (settings.format == "auto" and stream.isatty())
    output = logging.StreamHandler(stream)
    output.addFilter(Damper())
    output.setFormatter(TextFormatter() if as_text else JsonFormatter())
    logging.basicConfig(level=settings.level.upper(), handlers=[output], force=True)
    logging.captureWarnings(True)
    for name, level in QUIETER.items():
        logging.getLogger(name).setLevel(level)


class Damper(logging.Filter):
    """Lets through what is said from one place of the code `BURST` times in `PERIOD` seconds, and counts the rest.

    A fault that every request runs into must not fill the disk with its tracebacks.
    """

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[tuple[str, int], _Place] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write `record`; the first of a new period is told how many were not written."""
        if record.levelno < logging.WARNING:
            return True
        place = self._places.setdefault((record.pathname, record.lineno), _Place(record.created))
        if record.created - place.since >= PERIOD:
            if place.count > BURST:
                record.not_written_before = place.count - BURST
            place.since, place.count = record.created, 0
        place.count += 1
        return place.count <= BURST


@dataclass(slots=True)
class _Place:
    since: float
    count: int = 0


class JsonFormatter(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        fields: dict[str, Any] = {
            "timestamp": _time(record).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "module": record.module,
            "function": record.funcName,
            "line": record.lineno,
            **_extra(record),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


class TextFormatter(logging.Formatter):
    """One line for a person: time, level, message, fields; a traceback below."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        time = _time(record).astimezone().strftime("%H:%M:%S")
        fields = "".join(f" {name}={value}" for name, value in _extra(record).items())
        line = f"{time} {record.levelname.lower():7} {record.getMessage()}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}
