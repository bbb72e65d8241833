"""The index of all records that did not come as documents: what fields it has, found in the newest of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firstlight.model.elastic.index import Index
from firstlight.model.elastic.names import OTHERS
from firstlight.query.elastic.door import ElasticDoor
from firstlight.query.elastic.scope import Scope

LOOKED_AT: Final = 20_000
"""In how many records fields are looked for."""

SECONDS: Final = 30.0
"""For how long they are remembered."""


class Others:
    """Knows the fields of that index. Belongs to one event loop."""

    def __init__(self, door: ElasticDoor, tenant: str, clock: Callable[[], float]) -> None:
        self._door = door
        self._tenant = tenant
        self._clock = clock
        self._known: Index | None = None
        self._since = 0.0

    async def index(self) -> Index:
        """Return the index with its fields."""
        if self._known is None or self._clock() - self._since > SECONDS:
            self._known = await self._found()
            self._since = self._clock()
        return self._known

    async def _found(self) -> Index:
        index = Index(OTHERS, "others", 0)
        scope = Scope(self._tenant, [index], 0)
        where = scope.condition()
        newest = (
            "SELECT arrayZip(mapKeys(attributes), extractAll(attribute_types, '.')) AS own, mapKeys(fields) AS inside"
            f" FROM log_records WHERE {where} AND length(mapKeys(attributes)) = length(attribute_types)"
            f" ORDER BY ts DESC LIMIT {LOOKED_AT}"
        )
        resource = "SELECT arrayMap(k -> (k, 's'), mapKeys(resource)) AS own, [] AS inside FROM origins"
        table = await self._door.table(
            scope,
            "SELECT pair.1 AS name, arrayStringConcat(groupUniqArray(pair.2)) AS letters"
            " FROM (SELECT arrayJoin(arrayConcat(own, arrayMap(k -> (k, 's'), inside))) AS pair FROM"
            f" ({newest} UNION ALL {resource} WHERE tenant = {scope.binder(self._tenant)} LIMIT {LOOKED_AT}))"
            " GROUP BY name LIMIT 10000",
            f"the fields of {OTHERS}",
        )
        for row in table.to_pylist():
            index.learn(row["name"], row["letters"])
        return index
