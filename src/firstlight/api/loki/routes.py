"""Every route of Loki's API but the pushes, from what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.routing import BaseRoute

from firstlight.api.exchange.bodies import Body
from firstlight.api.loki.catalogue import catalogue_routes
from firstlight.api.loki.deletion import Deletions, deletion_route
from firstlight.api.loki.detected import detected_routes
from firstlight.api.loki.endpoint import Clock, Endpoint, Question, route
from firstlight.api.loki.faults import ApiFault
from firstlight.api.loki.followers import Followers
from firstlight.api.loki.patterns import NoPatterns, Patterns
from firstlight.api.loki.queries import Door, query_routes
from firstlight.api.loki.shelf import Finder, Shelf
from firstlight.api.loki.status import Facts, status_routes
from firstlight.api.loki.syntax import syntax_route
from firstlight.api.loki.tail import Tailing, tail_routes
from firstlight.api.loki.volume import volume_routes

PREFIX: Final = "/loki/api/v1"
EVERY: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Needed:
    """What the API answers from."""

    door: Door
    finder: Finder
    shelf: Shelf
    followers: Followers
    facts: Facts
    tenant: str
    deletions: Deletions | None = None
    """What deletes lines, if that is allowed over HTTP."""
    patterns: Patterns = field(default_factory=NoPatterns)


def loki_routes(needed: Needed, now_ns: Clock) -> Sequence[BaseRoute]:
    """Return the routes under `PREFIX`, and the few beside it; the last is of everything else under it."""
    level = needed.facts.logql.detected_level
    tailing = Tailing(needed.followers, needed.finder, needed.door, needed.tenant, level)
    return [
        *query_routes(now_ns, needed.door, PREFIX, needed.tenant),
        *catalogue_routes(now_ns, needed.shelf, PREFIX),
        *volume_routes(now_ns, needed.shelf, PREFIX),
        *detected_routes(now_ns, needed.shelf, needed.door, needed.patterns, PREFIX, needed.tenant),
        *tail_routes(now_ns, tailing, PREFIX),
        syntax_route(now_ns, PREFIX),
        *([deletion_route(now_ns, needed.deletions, PREFIX)] if needed.deletions else []),
        *status_routes(now_ns, needed.facts, PREFIX),
        _unknown_route(now_ns),
    ]


def _unknown_route(now_ns: Clock) -> BaseRoute:
    async def nothing(question: Question) -> Body:
        raise ApiFault(404, "404 page not found\n")

    return route(f"{PREFIX}/{{path:path}}", Endpoint(now_ns, nothing, EVERY))
