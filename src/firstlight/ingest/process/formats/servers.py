"""What servers say of themselves: nginx, Apache, gunicorn, Envoy, RabbitMQ, and syslog's and journald's lines."""

from __future__ import annotations

from typing import Final

from firstlight.ingest.process.formats.line_format import BRACKET, DIGIT, ISO, LETTER, OTHER, line_format

SERVERS: Final = (
    line_format(
        "nginx error",
        DIGIT,
        r"(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(?P<level>[a-z]+)\] (?P<pid>\d+)#(?P<thread>\d+):"
        r"(?: \*(?P<connection>\d+))? "
        r"(?P<message>[^,]*+(?:,(?! (?:client|server|(?:sub)?request|upstream|host|referrer): )[^,]*+)*+)"
        r"(?:, client: (?P<client>[^,\s]+))?"
        r"(?:, server: (?P<server>[^,]*))?(?:, request: \"(?P<request>[^\"]*)\")?"
        r"(?:, (?:sub)?request: \"(?P<subrequest>[^\"]*)\")?(?:, upstream: \"(?P<upstream>[^\"]*)\")?"
        r"(?:, host: \"(?P<host>[^\"]*)\")?(?:, referrer: \"(?P<referer>[^\"]*)\")?",
    ),
    line_format(
        "apache error",
        BRACKET,
        r"\[(?P<time>\w{3} \w{3} \d\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4})\] \[(?:(?P<module>\w*):)?(?P<level>\w+)\]"
        r"(?: \[pid (?P<pid>\d+)(?::tid (?P<thread>\d+))?\])?(?: \[client (?P<client>[^\]]+)\])?"
        r"(?: (?P<code>AH\d+):)? (?P<message>.*)",
    ),
    line_format(
        "gunicorn error",
        BRACKET,
        r"\[(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})\] \[(?P<pid>\d+)\] \[(?P<level>\w+)\] (?P<message>.*)",
    ),
    line_format(
        "envoy",
        BRACKET,
        rf"\[(?P<time>{ISO})\]\[(?P<thread>\d+)\]\[(?P<level>\w+)\]\[(?P<logger>[\w.]+)\]"
        r"(?: \[(?P<caller>[^\]]+)\])? (?P<message>.*)",
    ),
    line_format(
        "rabbitmq",
        DIGIT,
        rf"(?P<time>{ISO}) \[(?P<level>\w+)\] <(?P<process>[\d.]+)> (?P<message>.*)",
    ),
    line_format(
        "clickhouse",
        DIGIT,
        r"(?P<time>\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d\.\d+) \[ (?P<thread>\d+) \] \{(?P<query_id>[^}]*)\}"
        r" <(?P<level>\w+)> (?P<logger>[^:]+): (?P<message>.*)",
    ),
    line_format(
        "php-fpm",
        BRACKET,
        r"\[(?P<time>\d\d-\w{3}-\d{4} \d\d:\d\d:\d\d(?:\.\d+)?(?: \w+)?)\] (?P<level>[A-Z]+): (?P<message>.*)",
    ),
    line_format(
        "syslog",
        DIGIT + LETTER + OTHER,
        r"(?:<(?P<syslog_priority>\d{1,3})>)?(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?"
        r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)) (?P<host>[\w.:-]+)"
        r" (?P<program>[\w./@-]{1,64})(?:\[(?P<pid>\d+)\])?: (?P<message>.*)",
        tail="message",
    ),
)
