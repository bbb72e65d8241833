"""`GET /api/firstlight/v1/logs/export`: every record that a log query keeps, in the form in which it can come back.

A line that is exported says what the record says, by the names that `POST /api/firstlight/v1/logs` knows.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, Final

import orjson
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import LEVELS, Asked, level_of
from firstlight.api.native.logs_asked import Clock, Logs, span
from firstlight.api.native.replies import StreamedAnswer, error_response, fault_of
from firstlight.api.native.tail import NDJSON, iso
from firstlight.errors import UserError
from firstlight.model.tables import AttributeType
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logs.export import LogExport, Page, Sender
from firstlight.wire.logs.levels import severity_of

PARAMETERS: Final = ("query", "since", "until")
SERVICE: Final = "service.name"
OF_JSON: Final = frozenset({AttributeType.INT, AttributeType.DOUBLE, AttributeType.ARRAY, AttributeType.KVLIST})
"""Types whose texts are JSON, mostly: not a number is none."""

CONSTANTS: Final[Mapping[str, Any]] = {"true": True, "false": False}


def logs_export_route(logs: Logs, prefix: str, now_ns: Clock) -> Route:
    """Return the route of exports."""
    export = LogExport(logs.source, logs.engine)

    async def answer(request: Request) -> Response:
        try:
            asked = Asked.of(request.query_params, PARAMETERS, now_ns())
            query, whole = await logs.lines(asked), span(asked, asked.now_ns)
        except UserError as error:
            return error_response(error)
        pieces = _pieces(logs, export, query, whole)
        return StreamedAnswer(pieces, NDJSON, last_words=lambda error: orjson.dumps(fault_of(error)) + b"\n")

    return Route(f"{prefix}/logs/export", answer)


async def _pieces(logs: Logs, export: LogExport, query: LogQuery, whole: Slice) -> AsyncGenerator[bytes, None]:
    async with aclosing(export.pages(logs.tenant, query, whole)) as pages:
        async for page in pages:
            yield await logs.source.compute(partial(_text, page))


def _text(page: Page) -> bytes:
    return b"".join(records_of(page))


def records_of(page: Page) -> Iterator[bytes]:
    """Yield the records of a page, each as a line."""
    for row in _plain(page.rows).to_pylist():
        record = record_of(row, page.senders.get(row["origin_id"], Sender({}, {})))
        yield orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def record_of(row: Mapping[str, Any], sender: Sender) -> dict[str, Any]:
    """Return a record by the names by which it is read again; what it does not say is left out."""
    attributes = {
        name: value_of(text, letter)
        for (name, text), letter in zip(row["stored_attributes"], _letters(row), strict=True)
    }
    spelled = {name.replace(".", "_") for name in sender.resource}
    labels = {name: text for name, text in sender.labels.items() if name not in spelled and name != "service_name"}
    found = {
        "ts": iso(row["ns"]),
        "service": sender.resource.get(SERVICE) or sender.labels.get("service_name", ""),
        "level": level_text(row["stored_severity"], row["stored_severity_text"]),
        "trace_id": row["stored_trace_id"],
        "span_id": row["stored_span_id"],
        "resource": {name: text for name, text in {**labels, **sender.resource}.items() if name != SERVICE},
        "attributes": attributes,
        "event_name": row["stored_event_name"],
    }
    return {"ts": found.pop("ts"), "body": row["body"], **{name: value for name, value in found.items() if value}}


def level_text(severity: int, text: str) -> str | int:
    """Return the level as what reads it makes the same severity of it, and the sender's own words for it if they do.

    >>> level_text(13, "WARNING"), level_text(17, ""), level_text(18, ""), level_text(0, "")
    ('WARNING', 'error', 18, '')
    """
    if severity_of(text) == severity:
        return text
    name = level_of(severity)
    return name if name in LEVELS and severity_of(name) == severity else severity


def value_of(text: str, letter: str) -> Any:
    """Return the value of an attribute as JSON has it, if what reads it makes the same text of it; else as text.

    >>> value_of("7", "i"), value_of("true", "b"), value_of("1e2", "d"), value_of("NaN", "d"), value_of("7", "s")
    (7, True, '1e2', 'NaN', '7')
    """
    if letter == AttributeType.BOOL:
        return CONSTANTS.get(text, text)
    if letter == AttributeType.NONE and not text:
        return None
    if letter not in OF_JSON:
        return text
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    if isinstance(value, float):
        return value if repr(value) == text else text
    return value if orjson.dumps(value).decode() == text else text


def _letters(row: Mapping[str, Any]) -> str:
    count = len(row["stored_attributes"])
    return str(row["stored_types"])[:count].ljust(count, AttributeType.STRING)


def _plain(rows: pa.Table) -> pa.Table:
    """Return rows with texts as such: bytes that are no UTF-8 as U+FFFD."""
    columns = {}
    for name in rows.column_names:
        column = rows.column(name)
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            column = pa.chunked_array([pa.array(_decoded(column), pa.string())])
        columns[name] = column
    return pa.table(columns)


def _decoded(column: pa.ChunkedArray) -> list[str]:
    return [value.decode(errors="replace") for value in column.to_pylist()]
