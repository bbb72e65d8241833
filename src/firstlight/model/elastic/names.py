"""What connects a log record with the document that it was: names that both ways agree on."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

INDEX_ATTRIBUTE: Final = "elasticsearch.index"
"""The resource attribute of records that came as documents: the index they were sent to."""

OTHERS: Final = "logs"
"""The index in which everything is that did not come as a document."""

ID_ATTRIBUTE: Final = "_id"
"""The attribute that holds an id which a client gave."""

SOURCE_ATTRIBUTE: Final = "_source"
"""The attribute that holds a whole document, where its fields alone would not tell how it was."""

LAYOUT_PREFIX: Final = "elastic:"
"""How the schema URL of an origin's scope begins that says how its records become documents."""


class Column(StrEnum):
    """A field of a document that is a column of log records."""

    TIME = "time"
    BODY = "body"
    LEVEL = "level"
    SERVICE = "service"
    HOST = "host"
    TRACE = "trace"
    SPAN = "span"


SPELLINGS: Final = {
    Column.TIME: ("@timestamp", "timestamp"),
    Column.BODY: ("message", "log", "msg"),
    Column.LEVEL: ("log.level", "level", "severity"),
    Column.SERVICE: ("service.name", "service"),
    Column.HOST: ("host.name", "host", "hostname"),
    Column.TRACE: ("trace.id", "trace_id", "traceId"),
    Column.SPAN: ("span.id", "span_id", "spanId"),
}
"""What a column is called in documents; of several that a document has, the first is it. The very first is ECS."""


def index_complaint(name: str) -> str:
    """Return what is wrong with the name of an index, or nothing."""
    if not name:
        return "must not be empty"
    if name in (".", ".."):
        return "must not be '.' or '..'"
    if name[0] in "_-+":
        return "must not start with '_', '-', or '+'"
    if found := sorted(set('\\/*?"<>| ,#:') & set(name)):
        return f"must not contain the following characters {found}"
    if name != name.lower():
        return "must be lowercase"
    if len(name.encode()) > MAX_NAME:
        return f"index name is too long, ({len(name.encode())} > {MAX_NAME})"
    return ""


MAX_NAME: Final = 255
