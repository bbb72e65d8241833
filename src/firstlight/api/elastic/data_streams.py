"""Data streams, which are indices here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, failed, route
from firstlight.api.elastic.kept import Kept
from firstlight.model.elastic.index import Index
from firstlight.model.elastic.names import index_complaint
from firstlight.model.elastic.patterns import NoSuchIndex
from firstlight.query.elastic.faults import SearchFault


class DataStreams:
    """Answers about data streams."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            *(route(path, self.data_streams) for path in ("/_data_stream", "/_data_stream/{index}")),
            route("/_data_stream/{index}", self.make_data_stream, ("PUT",)),
        ]

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
            return failed(400, "invalid_index_name_exception", f"Invalid index name [{asked.index[:300]}], {words}")
        with self._kept.change() as state:
            if asked.index in state.indices:
                raise SearchFault("resource_already_exists_exception", f"data_stream [{asked.index}] already exists")
            index = self._kept.made(asked.index)
            index.data_stream = True
            state.indices[asked.index] = index
        return Answer({"acknowledged": True})


def _stream(index: Index) -> dict[str, Any]:
    return {
        "name": index.name, "timestamp_field": {"name": "@timestamp"}, "generation": 1, "status": "GREEN",
        "indices": [{"index_name": index.name, "index_uuid": index.uuid}], "template": index.name,
        "hidden": False, "system": False, "allow_custom_routing": False, "replicated": False,
    }  # fmt: skip
