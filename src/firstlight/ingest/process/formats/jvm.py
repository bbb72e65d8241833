"""Programs of the JVM: Spring Boot, Log4j and Logback by their patterns, Kafka, Trino, Quarkus, Spark and others."""

from __future__ import annotations

from typing import Final

from firstlight.ingest.process.formats.line_format import BRACKET, DIGIT, ISO, LEVEL, line_format

_THREAD: Final = r"\[ *+(?P<thread>[^\]]*+)\]"

JVM: Final = (
    line_format(
        "spring boot",
        DIGIT,
        rf"(?P<time>{ISO}) +(?P<level>{LEVEL}) +(?:\[(?P<service>[^\],]*),(?P<trace_id>[0-9a-fA-F]*),"
        rf"(?P<span_id>[0-9a-fA-F]*)(?:,\w*)?\] +)?(?P<pid>\d+|\$\{{PID:- \}}) --- "
        rf"(?:\[ *+(?P<application>[^\]]++)\] (?=\[))?{_THREAD} "
        r"(?:\[(?:(?P<trace_id2>[0-9a-f]{32})-(?P<span_id2>[0-9a-f]{16})| *)\] )?(?P<logger>\S+) *: (?P<message>.*)",
    ),
    line_format(
        "trino",
        DIGIT,
        rf"(?P<time>{ISO})\t(?P<level>{LEVEL})\t(?P<thread>[^\t]+)\t(?P<logger>[\w.$-]+)\t(?P<message>.*)",
    ),
    line_format(
        "kafka",
        BRACKET,
        rf"\[(?P<time>{ISO})\] (?P<level>{LEVEL}) "
        r"(?:(?P<message>.*) \((?P<logger>[\w.$]+)(?::\d+)?\)|(?P<message2>.*))",
    ),
    line_format(
        "elasticsearch",
        BRACKET,
        rf"\[(?P<time>{ISO})\]\[(?P<level>\w+) *\]\[(?P<logger>[^\] ]+) *\] ?(?:\[(?P<node>[^\]]+)\] ?)?"
        r"(?P<message>.*)",
    ),
    line_format(
        "quarkus",
        DIGIT,
        rf"(?P<time>{ISO}) +(?P<level>{LEVEL}) +(?:\[(?P<mdc>[^\]=]*=[^\]]*)\] )?\[(?P<logger>[\w.$/ -]+)\] "
        r"\((?P<thread>[^)]*)\) (?P<message>.*)",
    ),
    line_format(
        "zookeeper",
        DIGIT,
        rf"(?P<time>{ISO}) \[myid:(?P<node>[^\]]*)\] - (?P<level>{LEVEL}) +\[(?P<thread>[^\]]*(?:\][^\]]*)?)\] - "
        r"(?P<message>.*)",
    ),
    line_format(
        "logback",
        DIGIT,
        rf"(?P<time>{ISO}|\d\d:\d\d:\d\d[.,]\d{{3}}) {_THREAD} (?P<level>{LEVEL}) +(?P<logger>[\w.$/\[\]-]+)"
        r"(?: \[(?P<mdc>[^\]]*)\])? +- (?P<message>.*)",
    ),
    line_format(
        "log4j",
        DIGIT,
        rf"(?P<time>{ISO}) +\[?(?P<level>{LEVEL})\]? +\[(?P<thread>[^\]]*)\] (?P<logger>[\w.$]+)(?: \([^)]*\))?"
        r"(?: -|:) (?P<message>.*)",
    ),
    line_format(
        "tomcat",
        DIGIT,
        rf"(?P<time>\d\d-\w{{3}}-\d{{4}} \d\d:\d\d:\d\d\.\d{{3}}) (?P<level>{LEVEL}) \[(?P<thread>[^\]]*)\] "
        r"(?P<logger>[\w.$<>]+) (?P<message>.*)",
    ),
    line_format(
        "spark",
        DIGIT,
        rf"(?P<time>\d\d/\d\d/\d\d \d\d:\d\d:\d\d) (?P<level>{LEVEL}) (?P<logger>[\w.$]+): (?P<message>.*)",
    ),
    line_format(
        "hadoop",
        DIGIT,
        rf"(?P<time>{ISO}),? (?P<level>{LEVEL}) +(?P<logger>[a-z]\w*(?:\.[\w$]+)+)(?: \((?P<caller>[^)]*)\))?"
        r"(?::| -) (?P<message>.*)",
    ),
)
