"""What fields there are: `_mapping`, `_field_caps`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, route
from firstlight.api.elastic.faults import as_error
from firstlight.api.elastic.kept import Kept
from firstlight.api.elastic.scopes import Scopes
from firstlight.model.elastic.fields import Field, Kind
from firstlight.model.elastic.index import ALWAYS, Index
from firstlight.model.elastic.patterns import matches
from firstlight.query.elastic.door import ElasticDoor
from firstlight.query.elastic.dsl import read_query
from firstlight.query.elastic.faults import illegal
from firstlight.query.elastic.lower import condition

KEYWORD: Final = {"type": "keyword", "ignore_above": 256}


class FieldsApi:
    """Answers what fields indices have."""

    def __init__(self, kept: Kept, scopes: Scopes, door: ElasticDoor) -> None:
        self._kept = kept
        self._scopes = scopes
        self._door = door

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        both = ("GET", "POST")
        return [
            *(route(f"{prefix}/_field_caps", self.capabilities, both) for prefix in ("", "/{index}")),
            route("/_mapping", self.mappings),
            route("/{index}/_mapping", self.mappings),
            route("/{index}/_mapping/field/{fields}", self.field_mappings),
            route("/{index}/_mapping", self.map, ("PUT", "POST")),
            route("/{index}/_mappings", self.map, ("PUT", "POST")),
        ]

    async def mappings(self, asked: Asked) -> Answer:
        """Answer the mapping of each index."""
        scope = await self._scopes.scope(asked.index, lenient=asked.flag("ignore_unavailable"))
        return Answer({index.name: {"mappings": mapping_of(index)} for index in scope.indices})

    async def field_mappings(self, asked: Asked) -> Answer:
        """Answer the mapping of some fields of each index."""
        scope = await self._scopes.scope(asked.index, lenient=asked.flag("ignore_unavailable"))
        wanted = asked.path["fields"].split(",")
        found: dict[str, Any] = {}
        for index in scope.indices:
            names = [name for name in names_of(index) if any(matches(pattern, name) for pattern in wanted)]
            told = {
                name: {"full_name": name, "mapping": {name.rpartition(".")[2]: _meaning(index, name)}} for name in names
            }
            found[index.name] = {"mappings": told}
        return Answer(found)

    async def map(self, asked: Asked) -> Answer:
        """Add to the mapping of indices."""
        body = asked.object()
        with self._kept.change() as state:
            for name in state.chosen(asked.index):
                state.indices[name].map(body)
        return Answer({"acknowledged": True})

    async def capabilities(self, asked: Asked) -> Answer:
        """Answer what can be done with which fields."""
        body = asked.object()
        scope = await self._scopes.scope(asked.index, lenient=asked.flag("ignore_unavailable"))
        wanted = asked.parameters.get("fields") or body.get("fields") or "*"
        patterns = wanted.split(",") if isinstance(wanted, str) else [str(one) for one in wanted]
        indices = list(scope.indices)
        if "index_filter" in body:
            indices = await self._having(asked, body["index_filter"], indices)
        found: dict[str, dict[str, Any]] = {}
        owners: dict[str, dict[str, list[str]]] = {}
        for index in indices:
            for name in names_of(index):
                if any(matches(pattern, name) for pattern in patterns):
                    kind = _type(index, name)
                    found.setdefault(name, {})[kind] = {
                        "type": kind,
                        "metadata_field": False,
                        "searchable": kind != Kind.OBJECT,
                        "aggregatable": kind not in (Kind.OBJECT, Kind.TEXT),
                    }
                    owners.setdefault(name, {}).setdefault(kind, []).append(index.name)
        for name, kinds in found.items():
            if len(kinds) > 1:
                for kind, told in kinds.items():
                    told["indices"] = owners[name][kind]
        return Answer({"indices": [index.name for index in indices], "fields": found})

    async def _having(self, asked: Asked, query: Any, indices: Sequence[Index]) -> list[Index]:
        """Return the indices in which something is that a query finds."""
        if not query:
            raise illegal("query malformed, empty clause found")
        having = []
        for index in indices:
            scope = await self._scopes.scope(index.name)
            where = f"{scope.condition()} AND ({condition(scope, read_query(scope, query))})"
            table = await self._door.table(scope, f"SELECT 1 FROM log_records WHERE {where} LIMIT 1", "an index_filter")
            if table.num_rows:
                having.append(index)
        return having


def names_of(index: Index) -> list[str]:
    """Return the names of the fields of an index, with the ``.keyword`` of each text."""
    found: dict[str, None] = {}
    columns = [name for name in ALWAYS if name == "@timestamp" or index.columns.get(name) or not index.uuid]
    for name in dict.fromkeys((*columns, *index.names())):
        known = index.field(name)
        if known is None or name.startswith("_"):
            continue
        found[name] = None
        if known.kind is Kind.TEXT and name not in index.explicit:
            found[f"{name}.keyword"] = None
    return list(found)


def _type(index: Index, name: str) -> str:
    explicit = index.explicit.get(name, {}).get("type")
    if isinstance(explicit, str) and explicit != "alias":
        return explicit
    found = index.field(name)
    return _dynamic(found) if found else Kind.KEYWORD


def _dynamic(found: Field) -> str:
    return {Kind.DOUBLE: "float"}.get(found.kind, found.kind.value)


def _meaning(index: Index, name: str) -> Mapping[str, Any]:
    if name in index.explicit:
        return index.explicit[name]
    kind = _type(index, name)
    return {"type": kind, "fields": {"keyword": KEYWORD}} if kind == Kind.TEXT else {"type": kind}


def mapping_of(index: Index) -> dict[str, Any]:
    """Return the mapping of an index: what was said of it, and what documents have taught."""
    properties: dict[str, Any] = {}
    for name in names_of(index):
        if name.endswith(".keyword") and name not in index.explicit and name not in index.seen:
            continue
        parent = name.rpartition(".")[0]
        if parent in index.explicit and "type" in index.explicit[parent]:
            continue  # a sub-field, which stands with its field
        _put(properties, name.split("."), dict(_meaning(index, name)))
    said = {key: value for key, value in index.mappings.items() if key != "properties"}
    return {**said, "properties": properties}


def _put(properties: dict[str, Any], path: Sequence[str], meaning: dict[str, Any]) -> None:
    *outer, last = path
    for name in outer:
        properties = properties.setdefault(name, {}).setdefault("properties", {})
    below = properties.get(last)
    properties[last] = {**meaning, **below} if isinstance(below, dict) else meaning


def not_found(kind: str, name: str) -> tuple[int, dict[str, Any]]:
    """Return the answer for something that was asked for by name and is not there."""
    return as_error(404, "resource_not_found_exception", f"{kind} matching [{name}] not found")
