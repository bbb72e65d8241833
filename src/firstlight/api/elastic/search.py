"""Searches: `_search`, `_msearch`, `_count`, scrolls, points in time and `_async_search`."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, route
from firstlight.api.elastic.faults import told
from firstlight.api.elastic.highlight import highlighted
from firstlight.api.elastic.hits import fields_of, hit
from firstlight.api.elastic.scopes import Scopes
from firstlight.errors import UserError, brief
from firstlight.query.elastic.ast import Everything
from firstlight.query.elastic.door import ElasticDoor, Found, text_of
from firstlight.query.elastic.dsl import read_query
from firstlight.query.elastic.faults import SearchFault, illegal, parsing
from firstlight.query.elastic.scope import Scope, as_mapping
from firstlight.query.elastic.search import Search, SourceFilter, read_search
from firstlight.query.elastic.sort import DOCUMENT, SortKey

SHARDS: Final = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
MAX_SEARCHES: Final = 200
CURSOR: Final = SortKey("_doc", DOCUMENT, "Int64", descending=False, nulls_first=False)


class Searches:
    """Answers searches."""

    def __init__(self, door: ElasticDoor, scopes: Scopes, clock: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._scopes = scopes
        self._clock = clock

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        both = ("GET", "POST")
        return [
            route("/_search/scroll", self.scroll, ("GET", "POST", "DELETE")),
            route("/_search/scroll/{scroll_id:path}", self.scroll, ("GET", "POST", "DELETE")),
            *(route(f"{prefix}/_search", self.search, both) for prefix in ("", "/{index}", "/{index}/_doc")),
            *(route(f"{prefix}/_msearch", self.many, both) for prefix in ("", "/{index}")),
            *(route(f"{prefix}/_count", self.count, both) for prefix in ("", "/{index}")),
            *(route(f"{prefix}/_async_search", self.later, ("POST",)) for prefix in ("", "/{index}")),
            *(route(f"{prefix}/_validate/query", self.validate, both) for prefix in ("", "/{index}")),
            route("/{index}/_pit", self.open_point, ("POST",)),
            route("/_pit", self.close_point, ("DELETE",)),
        ]

    async def search(self, asked: Asked) -> Answer:
        """Answer one search."""
        body = _with_parameters(asked, asked.object())
        index = asked.index
        if point := as_mapping(body.get("pit")):
            index = str(_unpacked(str(point.get("id"))).get("i", ""))
        scroll = "scroll" in asked.parameters
        as_int = asked.flag("rest_total_hits_as_int")
        return Answer(await self._found(index, body, _manner(asked), scroll=scroll, as_int=as_int))

    async def many(self, asked: Asked) -> Answer:
        """Answer several searches, each with an answer or an error of its own."""
        lines = [line for line in asked.body.split(b"\n") if line.strip()]
        if not lines:
            raise illegal("request body is required")
        if len(lines) % 2:
            raise illegal("cannot read the body: want a line that says where, and one that says what, for each search")
        if len(lines) > 2 * MAX_SEARCHES:
            raise illegal(f"cannot answer more than {MAX_SEARCHES} searches at once")
        began = self._clock()
        responses = [await self._one(asked, head, body) for head, body in zip(lines[::2], lines[1::2], strict=True)]
        return Answer({"took": self._took(began), "responses": responses})

    async def _one(self, asked: Asked, head: bytes, line: bytes) -> dict[str, Any]:
        try:
            where, body = (as_mapping(_json(text)) for text in (head, line))
            named = where.get("index", where.get("indices")) or asked.index
            index = ",".join(map(str, named)) if isinstance(named, list) else str(named)
            manner = {**_manner(asked), **{key: value for key, value in where.items() if isinstance(value, bool)}}
            as_int = asked.flag("rest_total_hits_as_int")
            return {**await self._found(index, dict(body), manner, as_int=as_int), "status": 200}
        except UserError as error:
            status, answer = told(error)
            return {**answer, "status": status}

    async def count(self, asked: Asked) -> Answer:
        """Answer how many documents there are."""
        body = _with_parameters(asked, asked.object())
        scope = await self._scopes.scope(asked.index, lenient=asked.flag("ignore_unavailable"))
        for name in body:
            if name not in ("query", "track_total_hits"):
                raise parsing(f"request does not support [{name}]")
        query = read_query(scope, body["query"]) if body.get("query") is not None else Everything()
        found = await self._door.count(scope, query, text_of(body)) if scope.indices else 0
        return Answer({"count": found, "_shards": SHARDS})

    async def scroll(self, asked: Asked) -> Answer:
        """Answer the next page of a scroll; its id holds all that is to be known, so nothing is to be let go."""
        body = asked.object()
        if asked.method == "DELETE":
            return Answer({"succeeded": True, "num_freed": 1})
        packed = str(body.get("scroll_id") or asked.parameters.get("scroll_id") or asked.path.get("scroll_id") or "")
        if not packed:
            raise illegal("scrollId is missing")
        state = _unpacked(packed)
        as_int = asked.flag("rest_total_hits_as_int")
        found = await self._found(
            str(state["i"]), state["b"], state.get("m", {}), scroll=True, as_int=as_int, after=state.get("a"), page=True
        )
        return Answer(found)

    async def later(self, asked: Asked) -> Answer:
        """Answer a search that may be answered later, at once."""
        body = _with_parameters(asked, asked.object())
        found = await self._found(asked.index, body, _manner(asked))
        now = self._scopes.now_ms()
        return Answer(
            {
                "is_partial": False, "is_running": False, "start_time_in_millis": now,
                "expiration_time_in_millis": now, "completion_time_in_millis": now, "response": found,
            }
        )  # fmt: skip

    async def validate(self, asked: Asked) -> Answer:
        """Answer whether a query can be read."""
        body = _with_parameters(asked, asked.object())
        scope = await self._scopes.scope(asked.index, lenient=asked.flag("ignore_unavailable"))
        try:
            read_query(scope, body.get("query") or {"match_all": {}})
        except SearchFault as fault:
            return Answer({"valid": False, "error": str(fault)})
        return Answer({"_shards": SHARDS, "valid": True})

    async def open_point(self, asked: Asked) -> Answer:
        """Answer an id that stands for some indices. What comes later is seen through it all the same."""
        await self._scopes.scope(asked.index, lenient=asked.flag("ignore_unavailable"))
        return Answer({"id": _packed({"i": asked.index}), "_shards": SHARDS})

    async def close_point(self, asked: Asked) -> Answer:
        """Answer that a point in time is let go."""
        return Answer({"succeeded": True, "num_freed": 1})

    async def _found(
        self,
        index: str,
        body: Mapping[str, Any],
        manner: Mapping[str, Any],
        *,
        scroll: bool = False,
        as_int: bool = False,
        after: Any = None,
        page: bool = False,
    ) -> dict[str, Any]:
        began = self._clock()
        lenient = bool(manner.get("ignore_unavailable"))
        may_be_none = manner.get("allow_no_indices") is not False
        scope = await self._scopes.scope(index, lenient=lenient, may_be_none=may_be_none)
        search = read_search(scope, body)
        keys = list(search.sort)
        if scroll or body.get("pit"):
            search = replace(search, sort=[*keys, *([] if keys and keys[-1].name == "_doc" else [CURSOR])])
            search = replace(search, after=after if after is not None else search.after)
            if search.after is not None and len(search.after) == len(keys) < len(search.sort):
                search = replace(search, sort=keys)
        if page:
            search = replace(search, aggregations=())
        shown_keys = search.sort if body.get("pit") else keys

        def render(row: Any, by: Any, source: SourceFilter) -> dict[str, Any]:
            return hit(row, by, source)

        found = Found(0, ())
        if scope.indices:
            found = await self._door.search(scope, search, text_of(body), render)
        hits = [_hit(row, shown_keys, search, scope) for row in found.rows]
        answer = {
            "took": self._took(began),
            "timed_out": False,
            "_shards": SHARDS if scope.indices else {**SHARDS, "total": 0, "successful": 0},
            "hits": {**_total(found, search, as_int=as_int), "max_score": _best(hits, keys), "hits": hits},
        }
        if found.aggregations:
            answer["aggregations"] = found.aggregations
        if scroll:
            last = found.rows[-1].sort if found.rows else after or []
            answer["_scroll_id"] = _packed({"i": index, "b": body, "m": manner, "a": list(last) or None})
        if body.get("pit"):
            answer["pit_id"] = as_mapping(body["pit"]).get("id")
        return answer

    def _took(self, began: float) -> int:
        return round((self._clock() - began) * 1000)


def _hit(row: Any, keys: Sequence[SortKey], search: Search, scope: Scope) -> dict[str, Any]:
    found = hit(row, keys, search.source)
    if search.versions:
        found["_version"] = 1
    if search.fields:
        dated = frozenset(name for name, _ in search.fields if scope.field(name).kind.dated)
        found["fields"] = fields_of(row, search.fields, dated)
    if search.highlight and (marked := highlighted(row, search.highlight, search.query)):
        found["highlight"] = marked
    return found


def _total(found: Found, search: Search, *, as_int: bool) -> dict[str, Any]:
    if found.total is None:
        return {}
    limit = search.count_up_to
    over = limit is not None and found.total > limit
    value = limit if over and limit is not None else found.total
    return {"total": value if as_int else {"value": value, "relation": "gte" if over else "eq"}}


def _best(hits: Sequence[Any], keys: Sequence[SortKey]) -> float | None:
    return 1.0 if hits and (not keys or keys[0].name == "_score") else None


def _manner(asked: Asked) -> dict[str, Any]:
    return {
        "ignore_unavailable": asked.flag("ignore_unavailable"),
        "allow_no_indices": asked.flag("allow_no_indices", default=True),
    }


def _with_parameters(asked: Asked, body: dict[str, Any]) -> dict[str, Any]:
    """Return a body, with what the parameters say of the search in it."""
    given = asked.parameters
    if "q" in given:
        said: dict[str, Any] = {"query": given["q"]}
        said |= {name: given[key] for name, key in _QUERY.items() if key in given}
        body["query"] = {"query_string": said}
    for name in ("size", "from", "track_total_hits", "version", "terminate_after"):
        if name in given:
            body[name] = given[name]
    if "sort" in given:
        body["sort"] = [one for one in given["sort"].split(",") if one]
    if "_source" in given:
        listed = given["_source"]
        body["_source"] = listed if listed in ("true", "false") else listed.split(",")
    includes, excludes = (
        given.get(f"_source_{name}", given.get(f"_source_{name[:-1]}", "")) for name in ("includes", "excludes")
    )
    if includes or excludes:
        body["_source"] = {"includes": includes or None, "excludes": excludes or None}
    if "version" in body:
        body["version"] = str(body["version"]).lower() == "true"
    return body


_QUERY: Final = {
    "default_field": "df", "default_operator": "default_operator", "analyze_wildcard": "analyze_wildcard",
    "lenient": "lenient",
}  # fmt: skip


def _json(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise parsing(f"cannot read a line as JSON: {brief(str(error))}") from None


def _packed(state: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(state)).decode()


def _unpacked(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, binascii.Error):
        raise illegal("Cannot parse scroll id or point in time id") from None
    if not isinstance(found, dict) or "i" not in found:
        raise illegal("Cannot parse scroll id or point in time id")
    return found
