"""Programs of Go: klog, HashiCorp's, zap's and zerolog's consoles, logrus, the standard library; and of Rust."""

from __future__ import annotations

from typing import Final

from firstlight.ingest.process.formats.line_format import BRACKET, DIGIT, ISO, LETTER, LEVEL, line_format

GO: Final = (
    line_format(
        "klog",
        LETTER,
        r"(?P<level>[IWEF])(?P<time>\d{4} \d\d:\d\d:\d\d\.\d{1,6}) +(?P<thread>\d+) (?P<caller>[^\]\s]+:\d+)\]"
        r" (?P<message>.*)",
        tail="message",
    ),
    line_format(
        "hclog",
        DIGIT,
        rf"(?P<time>{ISO}) \[(?P<level>TRACE|DEBUG|INFO|WARN|ERROR)\] +(?P<logger>[\w.@/-]+): (?P<message>.*)",
        tail="message",
    ),
    line_format(
        "calico",
        DIGIT,
        rf"(?P<time>{ISO}) \[(?P<level>{LEVEL})\]\[(?P<thread>\d+)\] (?P<caller>[\w./-]+ \d+): (?P<message>.*)",
        tail="message",
    ),
    line_format(
        "zap console",
        DIGIT,
        rf"(?P<time>{ISO}|\d\.\d+e\+\d\d)\t(?P<level>{LEVEL}|DPANIC)\t(?:(?P<logger>[\w./-]+)\t)??"
        r"(?:(?P<caller>[\w./@-]+:\d+)\t)?(?P<message>[^\t]*)(?:\t(?P<context>\{.*\}))?",
    ),
    line_format(
        "zerolog console",
        DIGIT,
        rf"(?P<time>{ISO}|\d{{1,2}}:\d\d[AP]M) (?P<level>TRC|DBG|INF|WRN|ERR|FTL|PNC)(?: (?P<caller>[\w./-]+:\d+) >)?"
        r" (?P<message>.*)",
        tail="message",
    ),
    line_format(
        "logrus console",
        LETTER,
        r"(?P<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[(?P<elapsed>\d+)\] (?P<message>.*)",
        tail="message",
        words={"TRAC": "trace", "DEBU": "debug", "ERRO": "error", "FATA": "fatal", "PANI": "panic"},
    ),
    line_format(
        "rust env_logger",
        BRACKET,
        rf"\[(?P<time>{ISO}) (?P<level>TRACE|DEBUG|INFO|WARN|ERROR) +(?P<logger>[\w:-]+)\] (?P<message>.*)",
    ),
    line_format(
        "rust tracing",
        DIGIT,
        rf"(?P<time>{ISO}) +(?P<level>TRACE|DEBUG|INFO|WARN|ERROR) (?P<logger>[\w-]+(?:::[\w-]+)*): (?P<message>.*)",
        tail="message",
    ),
)
