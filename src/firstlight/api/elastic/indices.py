"""Indices: made, asked for, listed and deleted, with their documents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final, Protocol

import pyarrow as pa
from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, failed, route, under
from firstlight.api.elastic.fields import mapping_of
from firstlight.api.elastic.kept import Kept
from firstlight.api.elastic.scopes import Scopes
from firstlight.api.elastic.search import SHARDS
from firstlight.model.elastic.index import Index, merged
from firstlight.model.elastic.names import INDEX_ATTRIBUTE, OTHERS, index_complaint
from firstlight.model.elastic.patterns import matches
from firstlight.model.elastic.state import flat
from firstlight.query.elastic.faults import SearchFault, illegal
from firstlight.query.elastic.times import shown, when

_DATED: Final = re.compile(r"\{([^{}]+)(?:\{([^{}|]+)(?:\|[^{}]*)?\})?\}")


class Store(Protocol):
    """What runs statements, one after the other: `store.client.Client`."""

    async def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that answers nothing. Raise QueryFailed."""
        ...

    async def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Return the answer to a question. Raise QueryFailed."""
        ...


class Indices:
    """Answers about indices."""

    def __init__(self, kept: Kept, scopes: Scopes, store: Store) -> None:
        self._kept = kept
        self._scopes = scopes
        self._store = store

    def routes(self) -> Sequence[Route]:
        """Return the routes, the widest last."""
        return [
            route("/_data_stream/{index}", self.delete, ("DELETE",)),
            *(route(path, self.settings) for path in under("_settings", "name")),
            route("/{index}/_settings", self.change_settings, ("PUT",)),
            route("/_resolve/index/{index}", self.resolve),
            *(route(path, self.done, ("GET", "POST")) for path in _actions("_refresh", "_flush", "_forcemerge")),
            *(route(path, self.done, ("POST",)) for path in _actions("_open", "_close", "_cache/clear")),
            route("/<{dated:path}", self.index),
            route("/<{dated:path}", self.make, ("PUT",)),
            route("/{index}", self.index),
            route("/{index}", self.make, ("PUT",)),
            route("/{index}", self.delete, ("DELETE",)),
        ]

    async def make(self, asked: Asked) -> Answer:
        """Make an index."""
        name, body = self._named(asked.index), asked.object()
        if words := index_complaint(name):
            return failed(
                400, "invalid_index_name_exception", f"Invalid index name [{name[:300]}], {words}", index=name
            )
        for key in body:
            if key not in ("mappings", "settings", "aliases"):
                raise SearchFault("parse_exception", f"unknown key [{key[:100]}] for create index")
        with self._kept.change() as state:
            if name in state.indices or name == OTHERS:
                reason = f"index [{name}] already exists"
                raise SearchFault("resource_already_exists_exception", reason, index=name)
            index = self._kept.made(name)
            index.map(body.get("mappings") or {})
            index.settings = merged(index.settings, body.get("settings") or {})
            index.aliases |= {alias: dict(said or {}) for alias, said in (body.get("aliases") or {}).items()}
            state.indices[name] = index
        return Answer({"acknowledged": True, "shards_acknowledged": True, "index": name})

    def _named(self, name: str) -> str:
        """Return a name, its date math done: ``<logs-{now/d}-1>``."""
        if not (name.startswith("<") and name.endswith(">")):
            return name

        def one(found: re.Match[str]) -> str:
            time_ms = when(found[1], self._scopes.now_ms())
            return shown(time_ms, found[2] or "yyyy.MM.dd", UTC)

        return _DATED.sub(one, name[1:-1])

    async def index(self, asked: Asked) -> Answer:
        """Answer what an index is; a HEAD asks whether it is there."""
        scope = await self._scopes.scope(
            self._named(asked.index), lenient=asked.flag("ignore_unavailable"), may_be_none=asked.method != "HEAD"
        )
        return Answer(
            {
                index.name: {
                    "aliases": index.aliases,
                    "mappings": mapping_of(index),
                    "settings": _settings(index),
                    **({"data_stream": index.name} if index.data_stream else {}),
                }
                for index in scope.indices
            }
        )

    async def delete(self, asked: Asked) -> Answer:
        """Delete indices, and what is in them."""
        if asked.index in ("*", "_all"):
            raise illegal("Wildcard expressions or all indices are not allowed")
        with self._kept.reading() as state:
            names = state.chosen(asked.index, lenient=asked.flag("ignore_unavailable"), others=[OTHERS])
        if OTHERS in names and "*" not in asked.index:
            raise illegal(f"cannot delete [{OTHERS}]: it is of all records that did not come as documents")
        with self._kept.change() as state:
            for name in names:
                state.indices.pop(name, None)
        await self._delete_documents([name for name in names if name != OTHERS])
        return Answer({"acknowledged": True})

    async def _delete_documents(self, names: Sequence[str]) -> None:
        if not names:
            return
        asked = {"tenant": self._scopes.tenant, "name": INDEX_ATTRIBUTE, "names": list(names)}
        found = await self._store.query(
            "SELECT DISTINCT origin_id FROM origins WHERE tenant = {tenant:String}"
            " AND resource[{name:String}] IN {names:Array(String)}",
            asked,
        )
        ids = found["origin_id"].to_pylist()
        if ids:
            await self._store.command(
                "DELETE FROM log_records WHERE tenant = {tenant:String} AND origin_id IN {ids:Array(UInt64)}",
                {"tenant": self._scopes.tenant, "ids": f"[{','.join(map(str, ids))}]"},
            )

    async def settings(self, asked: Asked) -> Answer:
        """Answer the settings of indices."""
        scope = await self._scopes.scope(asked.index, lenient=asked.flag("ignore_unavailable"))
        return Answer({index.name: {"settings": _settings(index)} for index in scope.indices})

    async def change_settings(self, asked: Asked) -> Answer:
        """Change the settings of indices."""
        body = asked.object()
        with self._kept.change() as state:
            for name in state.chosen(asked.index):
                index = state.indices[name]
                index.settings = merged(index.settings, body.get("settings") or body)
        return Answer({"acknowledged": True})

    async def done(self, asked: Asked) -> Answer:
        """Answer that it is done: what is stored can be found at once, and is put in order by itself."""
        await self._scopes.scope(asked.index, lenient=asked.flag("ignore_unavailable"))
        return Answer({"acknowledged": True, "shards_acknowledged": True, "_shards": SHARDS})

    async def resolve(self, asked: Asked) -> Answer:
        """Answer what an expression names."""
        expression = asked.index
        with self._kept.reading() as state:
            names = state.chosen(expression, lenient=True, others=[OTHERS])
            indices = [state.indices.get(name) for name in names]
            aliases: dict[str, list[str]] = {}
            for alias, index in state.aliases():
                if any(matches(one, alias) for one in expression.split(",")):
                    aliases.setdefault(alias, []).append(index)
        plain = [
            {"name": name, "attributes": ["open"]}
            for name, index in zip(names, indices, strict=True)
            if index is None or not index.data_stream
        ]
        streams = [
            {"name": index.name, "backing_indices": [index.name], "timestamp_field": "@timestamp"}
            for index in indices
            if index is not None and index.data_stream
        ]
        listed = [{"name": alias, "indices": having} for alias, having in aliases.items()]
        return Answer({"indices": plain, "aliases": listed, "data_streams": streams})


def _actions(*kinds: str) -> Sequence[str]:
    return [path for kind in kinds for path in (f"/{kind}", f"/{{index}}/{kind}")]


def _settings(index: Index) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in flat(index.settings).items():
        _put(found, name.removeprefix("index.").split("."), value if isinstance(value, list) else str(value))
    own = {"creation_date": str(index.created_ms), "uuid": index.uuid, "provided_name": index.name}
    return {"index": {"number_of_shards": "1", "number_of_replicas": "0", **found, **own}}


def _put(found: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *outer, last = path
    for name in outer:
        inner = found.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = found[name] = {}
        found = inner
    found[last] = value
