"""Indices: made, asked for, listed and deleted, with their documents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final, Protocol

import pyarrow as pa
from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, route
from firstlight.api.elastic.faults import as_error
from firstlight.api.elastic.fields import mapping_of
from firstlight.api.elastic.hits import cut, own_id, source_of
from firstlight.api.elastic.kept import Kept
from firstlight.api.elastic.scopes import Scopes
from firstlight.api.elastic.search import SHARDS
from firstlight.model.elastic.index import Index, merged
from firstlight.model.elastic.names import INDEX_ATTRIBUTE, OTHERS, index_complaint
from firstlight.model.elastic.patterns import NoSuchIndex, matches
from firstlight.model.elastic.state import flat
from firstlight.query.elastic.ast import Ids
from firstlight.query.elastic.door import ElasticDoor
from firstlight.query.elastic.faults import SearchFault, illegal
from firstlight.query.elastic.search import Search, SourceFilter
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

    def __init__(self, kept: Kept, scopes: Scopes, door: ElasticDoor, store: Store) -> None:
        self._kept = kept
        self._scopes = scopes
        self._door = door
        self._store = store

    def routes(self) -> Sequence[Route]:
        """Return the routes, the widest last."""
        return [
            route("/_aliases", self.change_aliases, ("POST",)),
            *(route(path, self.aliases) for path in _under("_alias", "name")),
            *(
                route(path, self.put_alias, ("PUT", "POST"))
                for path in ("/{index}/_alias/{name}", "/{index}/_aliases/{name}")
            ),
            route("/{index}/_alias/{name}", self.delete_alias, ("DELETE",)),
            *(route(path, self.data_streams) for path in ("/_data_stream", "/_data_stream/{index}")),
            route("/_data_stream/{index}", self.make_data_stream, ("PUT",)),
            route("/_data_stream/{index}", self.delete, ("DELETE",)),
            *(route(path, self.settings) for path in _under("_settings", "name")),
            route("/{index}/_settings", self.change_settings, ("PUT",)),
            route("/_resolve/index/{index}", self.resolve),
            *(route(path, self.done, ("GET", "POST")) for path in _actions("_refresh", "_flush", "_forcemerge")),
            *(route(path, self.done, ("POST",)) for path in _actions("_open", "_close", "_cache/clear")),
            *(route(f"{prefix}/_stats", self.stats) for prefix in ("", "/{index}")),
            *(route(f"{prefix}/_stats/{{metric}}", self.stats) for prefix in ("", "/{index}")),
            route("/{index}/_doc/{id:path}", self.document),
            route("/{index}/_source/{id:path}", self.source),
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
            return _error(
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

    async def aliases(self, asked: Asked) -> Answer:
        """Answer which index has which aliases; a HEAD asks whether one is there."""
        wanted = asked.path.get("name", "*").split(",")
        found: dict[str, Any] = {}
        with self._kept.reading() as state:
            names = state.chosen(asked.index, lenient=asked.flag("ignore_unavailable"))
            for name in names:
                index = state.indices[name]
                aliases = {
                    alias: said for alias, said in index.aliases.items() if any(matches(one, alias) for one in wanted)
                }
                if aliases or ("name" not in asked.path):
                    found[name] = {"aliases": aliases}
        missing = [one for one in wanted if "*" not in one and not any(one in it["aliases"] for it in found.values())]
        if "name" in asked.path and missing:
            reason = f"alias [{','.join(missing)}] missing"
            return Answer({"error": reason, "status": 404, **found}, 404)
        return Answer(found)

    async def put_alias(self, asked: Asked) -> Answer:
        """Give indices an alias."""
        body = asked.object()
        with self._kept.change() as state:
            for name in state.chosen(asked.index):
                state.indices[name].aliases[asked.path["name"]] = body
        return Answer({"acknowledged": True})

    async def delete_alias(self, asked: Asked) -> Answer:
        """Take an alias from indices."""
        with self._kept.change() as state:
            for name in state.chosen(asked.index):
                state.indices[name].aliases.pop(asked.path["name"], None)
        return Answer({"acknowledged": True})

    async def change_aliases(self, asked: Asked) -> Answer:
        """Give and take several aliases."""
        actions = asked.object().get("actions")
        if not isinstance(actions, list):
            raise illegal("[aliases] needs [actions]")
        with self._kept.change() as state:
            for action in actions:
                ((kind, said),) = action.items()
                listed = said.get("indices") or [said.get("index")]
                names = [name for one in listed for name in state.chosen(str(one))]
                aliases = said.get("aliases") or [said.get("alias")]
                for name in names:
                    own = state.indices[name].aliases
                    for alias in [aliases] if isinstance(aliases, str) else aliases:
                        if kind == "add":
                            own[str(alias)] = {key: said[key] for key in said if key not in _OF_ACTIONS}
                        elif kind == "remove":
                            own.pop(str(alias), None)
                        else:
                            raise illegal(f"cannot do [{kind}] with aliases; want add or remove")
        return Answer({"acknowledged": True})

    async def data_streams(self, asked: Asked) -> Answer:
        """Answer which data streams there are."""
        with self._kept.reading() as state:
            names = state.chosen(asked.index or "*", lenient=False)
            found = [_stream(state.indices[name]) for name in names if state.indices[name].data_stream]
        if asked.index and "*" not in asked.index and not found:
            raise NoSuchIndex(asked.index)
        return Answer({"data_streams": found})

    async def make_data_stream(self, asked: Asked) -> Answer:
        """Make a data stream."""
        if words := index_complaint(asked.index):
            return _error(400, "invalid_index_name_exception", f"Invalid index name [{asked.index[:300]}], {words}")
        with self._kept.change() as state:
            if asked.index in state.indices:
                raise SearchFault("resource_already_exists_exception", f"data_stream [{asked.index}] already exists")
            index = self._kept.made(asked.index)
            index.data_stream = True
            state.indices[asked.index] = index
        return Answer({"acknowledged": True})

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

    async def counts(self, expression: str, *, lenient: bool = False) -> dict[str, tuple[int, int, Index]]:
        """Return how many documents are in each index, and how large they are before they are packed."""
        scope = await self._scopes.scope(expression, lenient=lenient)
        found: dict[str, tuple[int, int]] = {}
        if scope.indices:
            name = scope.resource(INDEX_ATTRIBUTE)
            table = await self._door.table(
                scope,
                f"SELECT {name} AS name, count() AS n, sum(byteSize(body, attributes, fields)) AS size FROM log_records"
                f" WHERE {scope.condition()} GROUP BY name",
                "the sizes of indices",
            )
            found = {row["name"] or OTHERS: (row["n"], row["size"]) for row in table.to_pylist()}
        return {index.name: (*found.get(index.name, (0, 0)), index) for index in scope.indices}

    async def stats(self, asked: Asked) -> Answer:
        """Answer how much is in each index."""
        counts = await self.counts(asked.index, lenient=asked.flag("ignore_unavailable"))

        def told(count: int, size: int) -> dict[str, Any]:
            found = {
                "docs": {"count": count, "deleted": 0},
                "store": {"size_in_bytes": size, "total_data_set_size_in_bytes": size},
                "segments": {"count": int(count > 0)},
            }
            return {"primaries": found, "total": found}

        total = told(sum(one[0] for one in counts.values()), sum(one[1] for one in counts.values()))
        total["total"] = {**total["total"], "segments": {"count": sum(one[0] > 0 for one in counts.values())}}
        indices = {
            name: {"uuid": index.uuid, "health": "green", "status": "open", **told(count, size)}
            for name, (count, size, index) in counts.items()
        }
        return Answer({"_shards": SHARDS, "_all": total, "indices": indices})

    async def document(self, asked: Asked) -> Answer:
        """Answer one document by its id."""
        found = await self._document(asked)
        if found is None:
            return Answer({"_index": asked.index, "_id": asked.path["id"], "found": False}, 404)
        versions = {"_version": 1, "_seq_no": 0, "_primary_term": 1}
        source = {} if asked.parameters.get("_source") == "false" else {"_source": found[1]}
        return Answer({"_index": found[0], "_id": asked.path["id"], **versions, "found": True, **source})

    async def source(self, asked: Asked) -> Answer:
        """Answer nothing but the document."""
        found = await self._document(asked)
        if found is None:
            reason = f"Document not found [{asked.index}]/[{asked.path['id']}]"
            return _error(404, "resource_not_found_exception", reason)
        return Answer(found[1])

    async def _document(self, asked: Asked) -> tuple[str, dict[str, Any]] | None:
        scope = await self._scopes.scope(asked.index)
        search = Search(query=Ids((asked.path["id"],)), size=1, count_up_to=0)
        found = await self._door.search(scope, search, "a document by its id", lambda row, keys, source: {})
        if not found.rows or own_id(found.rows[0]) != asked.path["id"]:
            return None
        row = found.rows[0]
        includes, excludes = (
            tuple(one for one in asked.parameters.get(f"_source_{name}", "").split(",") if one)
            for name in ("includes", "excludes")
        )
        wanted = asked.parameters.get("_source", "true")
        if wanted not in ("true", "false"):
            includes = tuple(wanted.split(","))
        source = cut(source_of(row), SourceFilter(includes=includes, excludes=excludes))
        return row.resource.get(INDEX_ATTRIBUTE, OTHERS), source


_OF_ACTIONS: Final = frozenset({"index", "indices", "alias", "aliases", "must_exist"})


def _under(kind: str, name: str) -> Sequence[str]:
    ends = (f"/{kind}", f"/{kind}/{{{name}}}")
    return [*ends, *(f"/{{index}}{end}" for end in ends)]


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


def _stream(index: Index) -> dict[str, Any]:
    return {
        "name": index.name, "timestamp_field": {"name": "@timestamp"}, "generation": 1, "status": "GREEN",
        "indices": [{"index_name": index.name, "index_uuid": index.uuid}], "template": index.name,
        "hidden": False, "system": False, "allow_custom_routing": False, "replicated": False,
    }  # fmt: skip


def _error(status: int, kind: str, reason: str, **more: Any) -> Answer:
    code, body = as_error(status, kind, reason, **more)
    return Answer(body, code)
