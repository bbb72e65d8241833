"""What words and numbers say of how severe a line is: A5, L1."""

from __future__ import annotations

import pytest

from firstlight.ingest.process.levels import severity
from tests.ingest.process.trying import tried

VALUES = [
    # what                         the value        its field            severity number, and the text that is kept
    ("small letters",              "info",          "level",             9,  "info"),
    ("capitals",                   "ERROR",         "level",             17, "ERROR"),
    ("python's warning",           "WARNING",       "levelname",         13, "WARNING"),
    ("in brackets",                "[warn]",        "level",             13, "[warn]"),
    ("with blanks",                " INFO ",        "level",             9,  "INFO"),
    ("a letter",                   "W",             "s",                 13, "W"),
    ("mongodb's debug",            "D2",            "s",                 5,  "D2"),
    ("critical",                   "critical",      "level",             19, "critical"),
    ("syslog's emergency",         "emerg",         "level",             21, "emerg"),
    ("java's finest",              "FINEST",        "level",             1,  "FINEST"),
    ("java's severe",              "SEVERE",        "level",             17, "SEVERE"),
    ("a notice",                   "notice",        "level",             10, "notice"),
    (".net, with its type",        "LogLevel.Warning", "level",          13, "LogLevel.Warning"),
    ("pino",                       "30",            "level",             9,  "INFO"),
    ("pino's fatal",               "60",            "level",             21, "FATAL"),
    ("python's number",            "30",            "levelno",           13, "WARN"),
    ("python's critical",          "50",            "levelno",           21, "FATAL"),
    ("loguru's success",           "25",            "record.level.no",   10, "INFO"),
    ("syslog",                     "3",             "priority",          17, "ERROR"),
    ("gelf",                       "7",             "level",             5,  "DEBUG"),
    ("opentelemetry",              "13",            "severity_number",   13, "WARN"),
    ("google",                     "500",           "severity",          19, "ERROR"),
    ("monolog",                    "250",           "level",             10,  "INFO"),
    ("a number of a float",        "30.0",          "level",             9,  "INFO"),
    ("no level: a number",         "35",            "level",             0,  ""),
    ("no level: too much of opentelemetry", "25",   "severity_number",   0,  ""),
    ("no level: a word",           "loud",          "level",             0,  ""),
    ("no level: nothing",          "",              "level",             0,  ""),
    ("no level: a text",           "error " * 9,    "level",             0,  ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "name", "number", "text"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES]
)
def test_levels(value: str, name: str, number: int, text: str) -> None:
    found, kept = severity(value, name)

    assert found == number
    assert kept == (text if number else kept)


CHOICES = [
    # what                                     the line                                              severity
    ("a name before a number",                 '{"levelno":10,"levelname":"ERROR","msg":"m"}',       17),
    ("the more usual name",                    '{"priority":7,"level":"warn"}',                      13),
    ("another one, where the first is none",   '{"level":"loud","lvl":"error"}',                     17),
    ("nested",                                 '{"log":{"level":"warn"}}',                           13),
    ("with capitals",                          '{"Level":"Warning"}',                                13),
    ("serilog",                                '{"@t":"2026-11-21T00:00:00Z","@l":"Fatal"}',         21),
    ("journald",                               '{"PRIORITY":"4","MESSAGE":"m"}',                     13),
    ("what only ends like it",                 '{"water_level":"error"}',                            0),
]  # fmt: skip


@pytest.mark.parametrize(("line", "number"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES])
def test_the_most_telling_field_is_taken(line: str, number: int) -> None:
    assert tried(line)[0]["severity"] == number
