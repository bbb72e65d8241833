"""Every route of Prometheus' API, from what it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body
from firstlight.api.prometheus.admin import Admin, admin_routes
from firstlight.api.prometheus.alerts import alert_routes
from firstlight.api.prometheus.catalogue import catalogue_routes
from firstlight.api.prometheus.endpoint import Common, Endpoint, Question, route
from firstlight.api.prometheus.faults import refused_in_text
from firstlight.api.prometheus.features import feature_routes
from firstlight.api.prometheus.federation import federation_route
from firstlight.api.prometheus.queries import Door, query_routes
from firstlight.api.prometheus.remote_read import read_route
from firstlight.api.prometheus.scraped import target_routes
from firstlight.api.prometheus.shelf import Shelf
from firstlight.api.prometheus.status import Facts, status_routes
from firstlight.api.prometheus.syntax import syntax_routes
from firstlight.http.errors import RequestError
from firstlight.model.targets import NoTargets, Targets
from firstlight.query.promql.settings import PromqlSettings

PREFIX: Final = "/api/v1"

EVERY: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class NotThere(RequestError):
    """A path that leads nowhere."""

    status = HTTPStatus.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Needed:
    """What the API answers from."""

    door: Door
    shelf: Shelf
    facts: Facts
    promql: PromqlSettings
    tenant: str
    targets: Targets = field(default_factory=NoTargets)
    admin: Admin | None = None
    """What changes the store, if that is allowed over HTTP."""
    external_labels: Callable[[], Mapping[str, str]] = dict


def common_of(now_ms: Callable[[], int], cors_origin: str = ".*") -> Common:
    """Return what all endpoints need: a clock, and a regular expression of origins."""
    return Common(now_ms, re.compile(cors_origin))


def prometheus_routes(needed: Needed, common: Common) -> Sequence[Route]:
    """Return the routes under `PREFIX`, and `/federate`."""
    promql, shelf = needed.promql, needed.shelf
    return [
        *query_routes(common, needed.door, PREFIX, needed.tenant),
        *syntax_routes(common, PREFIX, experimental=promql.experimental),
        *catalogue_routes(common, shelf, PREFIX, experimental=promql.experimental),
        *target_routes(common, needed.targets, PREFIX),
        *alert_routes(common, PREFIX),
        *status_routes(common, needed.facts, shelf, PREFIX),
        *feature_routes(
            common, PREFIX, experimental=promql.experimental, delayed_name_removal=promql.delayed_name_removal
        ),
        *admin_routes(common, needed.admin, PREFIX, needed.tenant),
        read_route(shelf, PREFIX),
        federation_route(common, shelf, needed.external_labels, round(promql.lookback * 1000)),
    ]


def unknown_route(common: Common) -> Route:
    """Return the route of everything else under `PREFIX`, which is to stand behind all others."""

    async def nothing(question: Question) -> Body:
        raise NotThere("404 page not found")

    return route(f"{PREFIX}/{{path:path}}", Endpoint(common, nothing, EVERY, refuse=refused_in_text))
