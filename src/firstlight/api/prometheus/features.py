"""Which features there are, and which of them are on; and notifications, of which there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, success_of
from firstlight.api.prometheus.endpoint import Common, Endpoint, Question, route
from firstlight.query.promql.signatures import AGGREGATIONS, EXPERIMENTAL_AGGREGATIONS, FUNCTIONS
from firstlight.query.promql.tokens import OPERATORS

Features = Mapping[str, Mapping[str, bool]]


def feature_routes(common: Common, prefix: str, *, experimental: bool, delayed_name_removal: bool) -> Sequence[Route]:
    """Return the routes of both."""

    async def features(question: Question) -> Body:
        return success_of(known(experimental=experimental, delayed_name_removal=delayed_name_removal))

    async def notifications(question: Question) -> Body:
        return success_of([])

    async def live(question: Question) -> None:
        """Answer nothing, by which a browser knows not to come again."""

    return [
        route(f"{prefix}/features", Endpoint(common, features)),
        route(f"{prefix}/notifications", Endpoint(common, notifications)),
        route(f"{prefix}/notifications/live", Endpoint(common, live)),
    ]


def known(*, experimental: bool, delayed_name_removal: bool) -> Features:
    """Return every feature and whether it is on, by what it is a feature of."""
    operators = {*AGGREGATIONS, *(one for one in OPERATORS if one not in ("<", ">", "@"))} | {"<", ">", "@"}
    return {
        "api": {
            "exclude_alerts": True,
            "label_values_match": True,
            "lifecycle": True,
            "otlp_write_receiver": True,
            "query_stats": True,
            "query_warnings": True,
            "remote_write_receiver": True,
            "time_range_labels": True,
            "time_range_series": True,
        },
        "promql": {
            "anchored": experimental,
            "at_modifier": True,
            "bool": True,
            "by": True,
            "delayed_name_removal": delayed_name_removal,
            "duration_expr": experimental,
            "fill": experimental,
            "group_left": True,
            "group_right": True,
            "ignoring": True,
            "negative_offset": True,
            "offset": True,
            "on": True,
            "per_query_lookback_delta": True,
            "smoothed": experimental,
            "subqueries": True,
            "without": True,
        },
        "promql_functions": {
            name: experimental or not signature.experimental for name, signature in sorted(FUNCTIONS.items())
        },
        "promql_operators": {name: experimental or name not in EXPERIMENTAL_AGGREGATIONS for name in sorted(operators)},
    }
