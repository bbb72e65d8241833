"""Programs of Python: logging as most configure it, uvicorn, Dagster, Celery, Airflow, structlog, loguru."""

from __future__ import annotations

from typing import Final

from firstlight.ingest.process.formats.line_format import BRACKET, DIGIT, ISO, LETTER, LEVEL, OTHER, line_format

PYTHON: Final = (
    line_format(
        "python logging",
        LETTER,
        r"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):(?P<logger>[A-Za-z_][\w.-]*):(?P<message>.*)",
    ),
    line_format("uvicorn", LETTER, r"(?P<level>TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL): {2,}(?P<message>.*)"),
    line_format(
        "dagster event",
        DIGIT,
        rf"(?P<time>{ISO}) - dagster - (?P<level>{LEVEL}) - (?P<job>[\w.<>-]+) - (?P<run_id>[0-9a-f-]{{8,36}})"
        r"(?: - (?P<pid>\d+))?(?: - (?P<step>[\w.\[\]-]+))?(?: - (?P<event_type>[A-Z_]+))? - (?P<message>.*)",
    ),
    line_format(
        "python dashes",
        DIGIT,
        rf"(?P<time>{ISO}) - (?P<logger>[\w./<>:-]+) - (?:\[(?P<thread>[^\]]+)\] - )?(?P<level>{LEVEL}) - "
        r"(?P<message>.*)",
    ),
    line_format(
        "python level first",
        DIGIT,
        rf"(?P<time>{ISO}) - (?P<level>{LEVEL}) - (?:(?P<logger>[A-Za-z_][\w.]*) - )?(?P<message>.*)",
    ),
    line_format(
        "loguru",
        DIGIT,
        rf"(?P<time>{ISO}) \| (?P<level>[A-Z]+) *\| (?P<logger>[\w.<>]+):(?P<function>[\w<>]+):(?P<line>\d+) - "
        r"(?P<message>.*)",
    ),
    line_format(
        "structlog console",
        DIGIT,
        rf"(?P<time>{ISO}) \[(?P<level>debug|info|warn(?:ing)?|error|exception|critical|fatal|trace|notset) *\] "
        r"(?P<message>(?:[^ ]++| ++(?!\[[\w.]+\](?: |\Z)|[A-Za-z_][\w.]*=))*+)(?: +\[(?P<logger>[\w.]+)\])?"
        r"(?P<rest>(?: +[A-Za-z_][\w.]*=.*)?)",
        tail="rest",
    ),
    line_format(
        "celery",
        BRACKET,
        rf"\[(?P<time>{ISO}): (?P<level>{LEVEL})/(?P<process>[\w.-]+)\] (?P<message>.*)",
    ),
    line_format(
        "airflow",
        BRACKET,
        rf"\[(?P<time>{ISO})\] \{{(?P<file>[^:}}]+):(?P<line>\d+)\}} (?P<level>{LEVEL}) - (?P<message>.*)",
    ),
    line_format(
        "opentelemetry python",
        DIGIT,
        rf"(?P<time>{ISO}) (?P<level>{LEVEL}) \[(?P<logger>[\w.]+)\] \[(?P<file>[^:\]]+):(?P<line>\d+)\] "
        r"\[trace_id=(?P<trace_id>\w+) span_id=(?P<span_id>\w+) resource\.service\.name=(?P<service>[^\s\]]*)"
        r"(?: trace_sampled=(?P<trace_sampled>\w+))?\] - (?P<message>.*)",
    ),
    line_format(
        "django server",
        BRACKET,
        r'\[(?P<time>\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d)\] "(?P<method>[A-Z]+) (?P<path>\S+) (?P<protocol>[^"]+)" '
        r"(?P<status>\d{3}) (?P<bytes>\d+)",
    ),
    line_format(
        "ruby",
        LETTER,
        rf"[A-Z], \[(?P<time>{ISO}) #(?P<pid>\d+)\] +(?P<level>[A-Z]+) -- (?P<program>[^:]*): (?P<message>.*)",
    ),
    line_format(
        "monolog",
        BRACKET,
        rf"\[(?P<time>{ISO})\] (?P<logger>[\w-]+)\.(?P<level>[A-Z]+): (?P<message>.*)",
    ),
    line_format(
        "dotnet console",
        LETTER,
        r"(?P<level>trce|dbug|info|warn|fail|crit): (?P<logger>[\w.]+)\[(?P<event_id>\d+)\]\s+(?P<message>.*)",
        words={"trce": "trace", "dbug": "debug", "fail": "error"},
    ),
    line_format("bare level", OTHER, rf"<(?P<level>{LEVEL})> (?P<message>.*)", vague=True),
)
