"""The server's own log: what a line says, for machines and for people."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator

import pytest

from firstlight.app.logs import BURST, Damper, JsonFormatter, LogSettings, TextFormatter, configure


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave the root logger as it was."""
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    yield
    logging.captureWarnings(False)
    root.setLevel(before[0])
    root.handlers[:] = before[1]


def record(message: str = "stored %d rows", *args: object, **extra: object) -> logging.LogRecord:
    found = logging.makeLogRecord(
        {
            "name": "firstlight.store",
            "levelname": "WARNING",
            "levelno": logging.WARNING,
            "msg": message,
            "args": args or (7,),
            **extra,
        }
    )
    found.created = 1_780_000_000.25
    found.module, found.funcName, found.lineno = "writer", "append", 12
    return found


def test_json_says_when_where_and_what() -> None:
    assert json.loads(JsonFormatter().format(record(table="logs"))) == {
        "timestamp": "2026-05-28T20:26:40.250000Z",
        "level": "warning",
        "logger": "firstlight.store",
        "message": "stored 7 rows",
        "module": "writer",
        "function": "append",
        "line": 12,
        "table": "logs",
    }


def test_json_is_one_line_whatever_is_logged() -> None:
    odd = JsonFormatter().format(record("two\nlines %s", object(), bad="\ud800", number=2**70))

    assert "\n" not in odd
    assert json.loads(odd)["message"].startswith("two\nlines <object")


def test_json_tells_of_an_exception() -> None:
    try:
        raise ZeroDivisionError("by nothing")
    except ZeroDivisionError:
        found = json.loads(JsonFormatter().format(record(exc_info=sys.exc_info())))

    assert found["exception"].endswith("ZeroDivisionError: by nothing")


def test_text_is_for_people() -> None:
    line = TextFormatter().format(record(table="logs", rows=7))

    assert re.fullmatch(r"\d\d:\d\d:\d\d warning stored 7 rows table=logs rows=7", line)


FORMATS = [
    # what                      format   stream         first character
    ("auto on a terminal",      "auto",  Terminal(),    "0123456789"),
    ("auto elsewhere",          "auto",  io.StringIO(), "{"),
    ("json on a terminal",      "json",  Terminal(),    "{"),
    ("text elsewhere",          "text",  io.StringIO(), "0123456789"),
]  # fmt: skip


@pytest.mark.parametrize(("format_", "stream", "first"), [row[1:] for row in FORMATS], ids=[row[0] for row in FORMATS])
def test_chooses_the_format(format_: str, stream: io.StringIO, first: str) -> None:
    configure(LogSettings.model_validate({"format": format_}), stream)
    logging.getLogger("firstlight").warning("here")

    assert stream.getvalue()[0] in first


def test_what_repeats_is_counted() -> None:
    """Of a hundred complaints from one place some are written, and an hour later how many were not."""
    damper = Damper()
    written = [damper.filter(record()) for _ in range(100)]
    later = record()
    later.created += 3600

    assert written == [True] * BURST + [False] * (100 - BURST)
    assert damper.filter(later)
    assert vars(later)["not_written_before"] == 100 - BURST


def test_what_comes_from_elsewhere_is_written_all_the_same() -> None:
    damper = Damper()
    other = record()
    other.lineno += 1
    for _ in range(100):
        damper.filter(record())

    assert damper.filter(other)


def test_leaves_out_what_is_too_trivial() -> None:
    stream = io.StringIO()
    configure(LogSettings(level="warning", format="text"), stream)
    logging.getLogger("firstlight").info("trivial")
    logging.getLogger("uvicorn.error").warning("anybody can cause this")
    logging.getLogger("firstlight").warning("grave")

    assert [line.split()[2] for line in stream.getvalue().splitlines()] == ["grave"]
