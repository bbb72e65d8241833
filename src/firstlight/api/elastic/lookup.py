"""Documents by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, failed, route
from firstlight.api.elastic.hits import cut, own_id, source_of
from firstlight.api.elastic.scopes import Scopes
from firstlight.model.elastic.names import INDEX_ATTRIBUTE, OTHERS
from firstlight.query.elastic.ast import Ids
from firstlight.query.elastic.door import ElasticDoor
from firstlight.query.elastic.search import Search, SourceFilter


class Lookup:
    """Answers single documents."""

    def __init__(self, scopes: Scopes, door: ElasticDoor) -> None:
        self._scopes = scopes
        self._door = door

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            route("/{index}/_doc/{id:path}", self.document),
            route("/{index}/_source/{id:path}", self.source),
        ]

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
            return failed(404, "resource_not_found_exception", reason)
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
