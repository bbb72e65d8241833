"""How much is in indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, route
from firstlight.api.elastic.scopes import Scopes
from firstlight.api.elastic.search import SHARDS
from firstlight.model.elastic.index import Index
from firstlight.model.elastic.names import INDEX_ATTRIBUTE, OTHERS
from firstlight.query.elastic.door import ElasticDoor


class Sizes:
    """Counts the documents of indices, and how large they are."""

    def __init__(self, scopes: Scopes, door: ElasticDoor) -> None:
        self._scopes = scopes
        self._door = door

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            *(route(f"{prefix}/_stats", self.stats) for prefix in ("", "/{index}")),
            *(route(f"{prefix}/_stats/{{metric}}", self.stats) for prefix in ("", "/{index}")),
        ]

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
