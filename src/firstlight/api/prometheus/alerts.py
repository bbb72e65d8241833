"""Rules, alerts and Alertmanagers. There are none yet; what is asked is checked as it will be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, success_of
from firstlight.api.prometheus.asked import Asked, BadParameter, read_integer
from firstlight.api.prometheus.endpoint import Common, Endpoint, Question, route
from firstlight.api.prometheus.selectors import selectors
from firstlight.query.promql.gotext import quote

TYPES: Final = ("", "alert", "record")


def alert_routes(common: Common, prefix: str) -> Sequence[Route]:
    """Return the routes of all of it."""

    async def rules(question: Question) -> Body:
        _check(question.asked)
        return success_of({"groups": []})

    async def alerts(question: Question) -> Body:
        return success_of({"alerts": []})

    async def alertmanagers(question: Question) -> Body:
        return success_of({"activeAlertmanagers": [], "droppedAlertmanagers": []})

    return [
        route(f"{prefix}/rules", Endpoint(common, rules)),
        route(f"{prefix}/alerts", Endpoint(common, alerts)),
        route(f"{prefix}/alertmanagers", Endpoint(common, alertmanagers)),
    ]


def _check(asked: Asked) -> None:
    """Raise BadParameter for what no list of rules can be asked for."""
    selectors(asked)
    wanted = asked.text("type").lower()
    if wanted not in TYPES:
        raise BadParameter("type", f"not supported value {quote(wanted)}")
    try:
        asked.boolean("exclude_alerts")
    except ValueError as error:
        raise BadParameter("exclude_alerts", f"error converting exclude_alerts: {error}") from None
    limit, token = asked.text("group_limit"), asked.text("group_next_token")
    if token and not limit:
        words = "group_limit needs to be present in order to paginate over the groups"
        raise BadParameter("group_next_token", words)
    if limit:
        count = read_integer(limit)
        if count is None:
            words = f"group_limit needs to be a valid number: strconv.ParseInt: parsing {quote(limit)}: invalid syntax"
            raise BadParameter("group_limit", words)
        if count <= 0:
            raise BadParameter("group_limit", "group_limit needs to be greater than 0")
    if token:
        raise BadParameter("group_next_token", f"invalid group_next_token '{token}'. were rule groups changed?")
