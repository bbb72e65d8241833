"""`POST /api/firstlight/v1/sql`: a statement of the user's own, with values for its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked
from firstlight.api.native.replies import NotAcceptable, StreamedAnswer, error_response, fault_of
from firstlight.errors import UserError, brief, unknown_word
from firstlight.http.body import read_body
from firstlight.http.errors import RequestError
from firstlight.query.sql.door import SqlDoor
from firstlight.query.sql.formats import FORMATS, JSON, Format

MAX_BODY: Final = 4 * 1024**2
BODY_SECONDS: Final = 30.0
FIELDS: Final = ("query", "params")

ACCEPTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "application/json": "json",
        "application/x-ndjson": "ndjson",
        "application/jsonl": "ndjson",
        "text/csv": "csv",
        "application/vnd.apache.arrow.stream": "arrow",
        "application/*": "json",
        "text/*": "csv",
        "*/*": "json",
    }
)
"""The form of an answer by the media type it is asked for with."""


def sql_route(door: SqlDoor, prefix: str) -> Route:
    """Return the route of the SQL door."""

    async def answer(request: Request) -> Response:
        try:
            form = form_asked(request)
            query, parameters = read_question(
                await read_body(request, limit=MAX_BODY, seconds=BODY_SECONDS, grow=lambda _: None)
            )
        except UserError as error:
            return error_response(error)
        answer = door.ask(query, parameters, form)
        return StreamedAnswer(
            answer.pieces,
            form.content_type,
            headers={"x-firstlight-query": answer.query.id},
            last_words=_last_words(form),
            ends_after_them=form is JSON,
        )

    return Route(f"{prefix}/sql", answer, methods=["POST"])


def read_question(body: bytes) -> tuple[str, dict[str, Any]]:
    """Return the statement and its parameters; raise RequestError if the body has none."""
    try:
        question = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f'cannot read the request as JSON: {error}; want {{"query": "SELECT …"}}') from None
    if not isinstance(question, dict):
        raise RequestError(f'cannot read the request: {brief(question)}; want {{"query": "SELECT …"}}')
    for name in question:
        if name not in FIELDS:
            raise RequestError(unknown_word("field", name, FIELDS))
    query, parameters = question.get("query"), question.get("params") or {}
    if not isinstance(query, str) or not query.strip():
        raise RequestError(f'cannot read "query": {brief(query)}; want a statement of SQL')
    if not isinstance(parameters, dict):
        raise RequestError(f'cannot read "params": {brief(parameters)}; want an object, from names to values')
    return query, parameters


def form_asked(request: Request) -> Format:
    """Return the form that an answer is asked for in, by name or media type; raise RequestError if there is none."""
    asked = Asked.of(request.query_params, ("format",), 0)
    name = asked.text("format")
    if name:
        return FORMATS[asked.one_of("format", FORMATS, JSON.name)]
    accept = request.headers.get("accept", "*/*")
    for media_type in media_types(accept):
        if media_type in ACCEPTED:
            return FORMATS[ACCEPTED[media_type]]
    raise NotAcceptable(f"cannot answer as {brief(accept)}; want one of {', '.join(list(ACCEPTED)[:5])}")


def media_types(accept: str) -> list[str]:
    """Return the media types that an `Accept` header lists, the most wanted first.

    >>> media_types("text/csv;q=0.5, application/json, text/html;q=0")
    ['application/json', 'text/csv']
    """
    weighed: list[tuple[float, str]] = []
    for part in accept.split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        quality = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        weight = float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0
        if name and weight > 0:
            weighed.append((-weight, name))
    return [name for _, name in sorted(weighed, key=lambda row: row[0])]


def _last_words(form: Format) -> Callable[[UserError], bytes] | None:
    if form is JSON:
        return lambda error: b'\n],"error":' + orjson.dumps(fault_of(error)) + b"}\n"
    if form.is_lines:
        return lambda error: orjson.dumps(fault_of(error)) + b"\n"
    return None
