"""An endpoint of Elasticsearch's API: what is asked of it, and its answer in the form that the client wants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.elastic.faults import again, as_error, told
from firstlight.errors import UserError, brief
from firstlight.http.body import read_body
from firstlight.http.decompress import decompress
from firstlight.query.elastic.faults import SearchFault, parsing
from firstlight.wire.elastic.filter_path import filtered

PRODUCT: Final = {"x-elastic-product": "Elasticsearch"}
MAX_BODY: Final = 16 * 1024**2
BODY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: Mapping[str, str]
    parameters: Mapping[str, str]
    body: bytes
    headers: Mapping[str, str]

    @property
    def index(self) -> str:
        """The indices that the path names, nothing if it names none."""
        dated = self.path.get("dated")
        return self.path.get("index", "") if dated is None else f"<{dated}"

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return whether a parameter says yes."""
        value = self.parameters.get(name)
        return default if value is None else value.lower() in ("", "true", "1")

    def object(self) -> dict[str, Any]:
        """Return the body, an object; an empty one if there is none. Raise SearchFault."""
        text = self.body or self.parameters.get("source", "").encode()
        if not text.strip():
            return {}
        try:
            found = orjson.loads(text)
        except ValueError as error:
            raise parsing(f"cannot read the body as JSON: {brief(str(error))}") from None
        if not isinstance(found, dict):
            raise parsing("Expected [START_OBJECT] but found something else: want the body to be an object")
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: JSON, or text if it is a string; None for nothing."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Asked], Awaitable[Answer]]


def route(path: str, handler: Handler, methods: Sequence[str] = ("GET",)) -> Route:
    """Return the route on which a handler answers; where GET is answered, HEAD is too."""
    return Route(path, partial(_answer, handler), methods=list(methods))


async def _answer(handler: Handler, request: Request) -> Response:
    headers = {**PRODUCT, "content-type": content_type(request.headers)}
    try:
        asked = await _asked(request)
        answer = await handler(asked)
    except UserError as error:
        status, body = told(error)
        asked, answer = None, Answer(body, status, again(error))
    found = answer.body
    if asked is not None and (wanted := asked.parameters.get("filter_path")):
        found = filtered(found, wanted)
    if isinstance(found, str):
        headers["content-type"] = "text/plain; charset=UTF-8"
    return Response(_written(found, pretty=request.query_params.get("pretty") in ("", "true")), answer.status,
                    {**headers, **answer.headers})  # fmt: skip


def _written(found: Any, *, pretty: bool) -> bytes:
    if found is None:
        return b""
    if isinstance(found, str):
        return found.encode()
    options = orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if pretty else 0)
    return orjson.dumps(found, option=options)


def content_type(headers: Mapping[str, str]) -> str:
    """Return the content type of an answer: that of the version of the API that the client speaks, if it says so."""
    for part in headers.get("accept", "").split(","):
        kind, _, version = part.strip().partition(";")
        _, _, number = version.strip().partition("=")
        if kind == "application/vnd.elasticsearch+json" and number.isdigit():
            return f"application/vnd.elasticsearch+json;compatible-with={number}"
    return "application/json"


async def _asked(request: Request) -> Asked:
    body = await read_body(request, limit=MAX_BODY, seconds=BODY_SECONDS)
    body = decompress(body, request.headers.get("content-encoding", ""), limit=MAX_BODY, grow=lambda size: None)
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(request.scope["query_string"].decode(errors="replace"), keep_blank_values=True)
    except ValueError as error:
        raise SearchFault("illegal_argument_exception", f"cannot read the parameters: {error}") from None
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return Asked(request.method, dict(request.path_params), found, body, request.headers)


def failed(status: int, kind: str, reason: str, **more: Any) -> Answer:
    """Return an error as an answer."""
    code, body = as_error(status, kind, reason, **more)
    return Answer(body, code)


def under(kind: str, name: str) -> Sequence[str]:
    """Return the paths of something that indices have."""
    ends = (f"/{kind}", f"/{kind}/{{{name}}}")
    return [*ends, *(f"/{{index}}{end}" for end in ends)]
