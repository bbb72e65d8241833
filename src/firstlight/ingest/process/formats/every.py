"""Every format, those that tell more before those that look like them."""

from __future__ import annotations

from typing import Final

from firstlight.ingest.process.formats.access import ACCESS
from firstlight.ingest.process.formats.databases import DATABASES
from firstlight.ingest.process.formats.go import GO
from firstlight.ingest.process.formats.jvm import JVM
from firstlight.ingest.process.formats.line_format import BRACKET, DIGIT, ISO, LETTER, LEVEL, LineFormat, line_format
from firstlight.ingest.process.formats.python import PYTHON
from firstlight.ingest.process.formats.servers import SERVERS

VAGUE: Final = (
    line_format(
        "time and level",
        DIGIT,
        rf"(?P<time>{ISO})[ \t]*+(?:[|:-][ \t]*+)?[\[(<]?(?P<level>{LEVEL})[ ]*+[\])>]?[ \t]*+(?:[|:-][ \t]+)?"
        r"(?P<message>.*)",
        tail="message",
        vague=True,
    ),
    line_format(
        "bracketed time and level",
        BRACKET,
        rf"\[(?P<time>{ISO})\][ \t]*+[\[(<]?(?P<level>{LEVEL})[ ]*+[\])>]?[ \t]*+(?:[|:-][ \t]+)?(?P<message>.*)",
        tail="message",
        vague=True,
    ),
    line_format(
        "bracketed level", BRACKET, rf"\[ *(?P<level>{LEVEL}) *\][ \t:-]*(?P<message>.*)", tail="message", vague=True
    ),
    line_format(
        "level first",
        LETTER,
        rf"(?P<level>{LEVEL})(?:[ \t]+\[(?P<time>{ISO})\]|[ \t]+(?P<time2>{ISO}))?"
        r"(?::|[ \t]+[|-]|[ \t]{2,}|[ \t](?=[\[(<]))[ \t]*"
        r"(?P<message>.*)",
        tail="message",
        vague=True,
    ),
    line_format(
        "go log",
        DIGIT,
        r"(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?) (?:(?P<caller>[\w./-]+:\d+): )?(?P<message>.*)",
        tail="message",
        vague=True,
    ),
    line_format("time", DIGIT, rf"(?P<time>{ISO})[ \t:|-]+(?P<message>.*)", tail="message", vague=True),
    line_format("bracketed time", BRACKET, rf"\[(?P<time>{ISO})\][ \t:|-]*(?P<message>.*)", tail="message", vague=True),
)

FORMATS: Final[tuple[LineFormat, ...]] = (*ACCESS, *SERVERS[:-1], *GO, *DATABASES, *PYTHON, *JVM, SERVERS[-1], *VAGUE)
