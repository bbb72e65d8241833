"""Every route of our own API, from what it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from starlette.routing import Route

from firstlight.api.native.logs import logs_route
from firstlight.api.native.metrics import Metrics, metrics_routes
from firstlight.api.native.reading import Views
from firstlight.api.native.sql import sql_route
from firstlight.api.native.status import Told, status_route
from firstlight.api.native.tail import Tail, tail_route
from firstlight.api.native.traces import trace_routes
from firstlight.query.sql.door import SqlDoor

PREFIX: Final = "/api/firstlight/v1"


def native_routes(
    door: SqlDoor, views: Views, tail: Tail, told: Told, metrics: Metrics, *, now_ns: Callable[[], int]
) -> Sequence[Route]:
    """Return the routes under `PREFIX`."""
    return [
        sql_route(door, PREFIX),
        tail_route(tail, PREFIX),
        logs_route(views, PREFIX, now_ns),
        *trace_routes(views, PREFIX, now_ns),
        *metrics_routes(metrics, PREFIX, now_ns),
        status_route(told, PREFIX),
    ]
