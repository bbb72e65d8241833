"""`/api/firstlight/v1/logs/searches`: searches that were given a name, to be listed, kept and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.replies import NotFound, error_response, json_response
from firstlight.errors import UserError, brief
from firstlight.http.body import read_body
from firstlight.http.errors import RequestError
from firstlight.query.logs.searches import NoSuchSearch, SavedSearches, Search

MAX_BODY: Final = 64 * 1024
BODY_SECONDS: Final = 30.0
METHODS: Final = ("GET", "PUT", "DELETE")


def logs_searches_routes(searches: SavedSearches, prefix: str) -> Sequence[Route]:
    """Return the routes of saved searches."""

    async def every(request: Request) -> Response:
        return json_response({"searches": [asdict(search) for search in searches.all()]})

    async def one(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            match request.method:
                case "PUT":
                    return await _put(searches, name, request)
                case "DELETE":
                    searches.delete(name)
                    return Response(status_code=HTTPStatus.NO_CONTENT)
                case _:
                    return json_response(asdict(searches.one(name)))
        except NoSuchSearch as error:
            return error_response(NotFound(str(error)))
        except UserError as error:
            return error_response(error)

    path = f"{prefix}/logs/searches"
    return [Route(path, every), Route(f"{path}/{{name}}", one, methods=list(METHODS))]


async def _put(searches: SavedSearches, name: str, request: Request) -> Response:
    body = await read_body(request, limit=MAX_BODY, seconds=BODY_SECONDS, grow=lambda _: None)
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f'cannot read the search as JSON: {error}; want {{"query": "…"}}') from None
    if not isinstance(given, dict):
        raise RequestError(f'cannot read the search: {brief(given)}; want {{"query": "…"}}')
    search = Search.of(name, given)
    is_new = searches.put(search)
    return json_response(asdict(search), HTTPStatus.CREATED if is_new else HTTPStatus.OK)
