"""Databases: PostgreSQL, MySQL and MariaDB, MongoDB, Redis."""

from __future__ import annotations

from typing import Final

from firstlight.ingest.process.formats.line_format import DIGIT, line_format

_TIME: Final = r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [A-Z]{2,5}| [+-]\d\d)?)"
_LEVEL: Final = (
    r"(?P<level>LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION)"
)
_CSV: Final = r'(?:"(?P<{0}>(?:[^"]++|"")*+)")?'

DATABASES: Final = (
    line_format(
        "postgresql",
        DIGIT,
        rf"{_TIME} \[(?P<pid>\d+)\](?::? \[(?P<line>\d+)(?:-\d+)?\])?:? *"
        r"(?:(?P<user>[\w.\[\]-]*)@(?P<database>[\w.\[\]-]*) )?"
        rf"(?:(?P<prefix>\w+=[^:]*?),? )?{_LEVEL}:  (?:(?P<code>[0-9A-Z]{{5}}): )?(?P<message>.*)",
        tail="prefix",
        words={"CONTEXT": "LOG", "QUERY": "LOG", "LOCATION": "LOG"},
    ),
    line_format(
        "postgresql rds",
        DIGIT,
        rf"{_TIME}:(?P<client>[\w.:()\[\]-]*):(?P<user>[\w.\[\]-]*)@"
        rf"(?P<database>[\w.\[\]-]*):\[(?P<pid>\d+)\]:{_LEVEL}:  (?P<message>.*)",
        words={"CONTEXT": "LOG", "QUERY": "LOG", "LOCATION": "LOG"},
    ),
    line_format(
        "postgresql csv",
        DIGIT,
        rf"{_TIME},{_CSV.format('user')},{_CSV.format('database')},(?P<pid>\d+),{_CSV.format('client')},"
        rf"(?P<session>[0-9a-f.]+),(?P<line>\d+),{_CSV.format('command')},[^,]*,[^,]*,\d*,{_LEVEL},(?P<code>\w{{5}}),"
        rf"{_CSV.format('message')},{_CSV.format('detail')},{_CSV.format('hint')},.*",
    ),
    line_format(
        "redis",
        DIGIT,
        r"(?P<pid>\d+):(?P<role>[XCSM]) (?P<time>\d\d \w{3}(?: \d{4})? \d\d:\d\d:\d\d\.\d{3}) (?P<level>[.*#-])"
        r" (?P<message>.*)",
        words={".": "debug", "-": "verbose", "*": "notice", "#": "warning"},
    ),
    line_format(
        "mysql",
        DIGIT,
        r"(?P<time>\d{4}-\d\d-\d\d[T ] ?\d{1,2}:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?) (?P<thread>\d+)"
        r" \[(?P<level>System|Note|Warning|ERROR|Error)\](?: \[(?P<code>MY-\d+)\])?(?: \[(?P<subsystem>\w+)\])?"
        r" (?P<message>.*)",
        words={"System": "info"},
    ),
    line_format(
        "mongodb",
        DIGIT,
        r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}) (?P<level>[IWEFD]\d?) +(?P<component>[A-Z-]+)"
        r" +\[(?P<context>[^\]]*)\] (?P<message>.*)",
    ),
)
