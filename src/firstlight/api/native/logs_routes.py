"""Every route of our own API that is about logs in LogQL."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import Route

from firstlight.api.native.logs_asked import Clock, Logs
from firstlight.api.native.logs_context import logs_context_route
from firstlight.api.native.logs_export import logs_export_route
from firstlight.api.native.logs_facets import logs_facets_route
from firstlight.api.native.logs_follow import logs_follow_route
from firstlight.api.native.logs_levels import logs_levels_route
from firstlight.api.native.logs_patterns import logs_patterns_route
from firstlight.api.native.logs_query import logs_query_route
from firstlight.api.native.logs_searches import logs_searches_routes


def logs_routes(logs: Logs, prefix: str, now_ns: Clock) -> Sequence[Route]:
    """Return the routes below `logs/`."""
    return [
        logs_query_route(logs, prefix, now_ns),
        logs_follow_route(logs, prefix, now_ns),
        logs_levels_route(logs, prefix, now_ns),
        logs_facets_route(logs, prefix, now_ns),
        logs_context_route(logs, prefix, now_ns),
        logs_patterns_route(logs, prefix, now_ns),
        logs_export_route(logs, prefix, now_ns),
        *logs_searches_routes(logs.searches, prefix),
    ]
