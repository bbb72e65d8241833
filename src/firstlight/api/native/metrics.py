"""`GET /api/firstlight/v1/metrics/…`: which metrics have the most series, who reads them, which labels make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked
from firstlight.api.native.replies import NotFound, error_response, json_response
from firstlight.api.native.tail import iso
from firstlight.errors import UserError, brief
from firstlight.http.errors import RequestError
from firstlight.query.engine import Engine, Query, Sessions
from firstlight.query.metrics.labels_of_metric import LabelShare, read_metric_labels, read_metrics
from firstlight.query.metrics.usage import Usage

SECOND: Final = 10**9
MILLISECOND: Final = 10**6
DAY: Final = 86_400 * SECOND

MAX_LIMIT: Final = 10_000
DEFAULT_LIMIT: Final = 100
MAX_TOP: Final = 1_000
DEFAULT_TOP: Final = 10

USAGE_PARAMETERS: Final = ("unused", "contains", "since", "limit")
CARDINALITY_PARAMETERS: Final = ("metric", "since", "limit")


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of one tenant."""

    sessions: Sessions
    engine: Engine
    usage: Usage
    tenant: str


def metrics_routes(metrics: Metrics, prefix: str, now_ns: Callable[[], int]) -> list[Route]:
    """Return the routes of metrics."""

    async def usage(request: Request) -> Response:
        try:
            return json_response(await _usage(metrics, Asked.of(request.query_params, USAGE_PARAMETERS, now_ns())))
        except UserError as error:
            return error_response(error)

    async def cardinality(request: Request) -> Response:
        try:
            asked = Asked.of(request.query_params, CARDINALITY_PARAMETERS, now_ns())
            return json_response(await _cardinality(metrics, asked))
        except UserError as error:
            return error_response(error)

    return [Route(f"{prefix}/metrics/usage", usage), Route(f"{prefix}/metrics/cardinality", cardinality)]


async def _usage(metrics: Metrics, asked: Asked) -> dict[str, Any]:
    """Return how many series each metric has and when it was read last. Raise RequestError or QueryFault."""
    limit, unused, contains = (
        asked.count("limit", DEFAULT_LIMIT, MAX_LIMIT),
        asked.flag("unused"),
        asked.text("contains"),
    )
    start_ms, end_ms = _span(asked)
    async with metrics.engine.place(Query("usage of metrics", "none")):
        found = await read_metrics(metrics.sessions, metrics.tenant, start_ms, end_ms)
    reads = metrics.usage.of(metrics.tenant)
    idle = [one for one in found if one.name not in reads]
    shown = [one for one in (idle if unused else found) if not contains or contains.lower() in one.name.lower()]
    return {
        "noted_since": iso(metrics.usage.since * SECOND),
        "metrics": [
            {
                "metric": one.name,
                "series": one.count,
                "last_queried": iso(read.last * SECOND) if (read := reads.get(one.name)) else None,
                "queries": read.count if read else 0,
            }
            for one in shown[:limit]
        ],
        "more": len(shown) > limit,
        "total": {"metrics": len(found), "series": sum(one.count for one in found)},
        "unused": {"metrics": len(idle), "series": sum(one.count for one in idle)},
    }


async def _cardinality(metrics: Metrics, asked: Asked) -> dict[str, Any]:
    """Return which labels make the series of a metric. Raise RequestError, NotFound or QueryFault."""
    metric, limit = asked.text("metric"), asked.count("limit", DEFAULT_TOP, MAX_TOP)
    if metric is None:
        raise RequestError('cannot tell whose labels: "metric" is missing; want the name of a metric')
    start_ms, end_ms = _span(asked)
    async with metrics.engine.place(Query("labels of a metric", "none")):
        found = await read_metric_labels(metrics.sessions, metrics.tenant, metric, start_ms, end_ms, limit=limit)
    if not found.series:
        raise NotFound(f"there is no metric {brief(metric)} on these days; want another name, or an earlier since")
    read = metrics.usage.of(metrics.tenant).get(metric)
    return {
        "metric": metric,
        "series": found.series,
        "last_queried": iso(read.last * SECOND) if read else None,
        "queries": read.count if read else 0,
        "labels": [_label(label) for label in found.labels],
    }


def _label(label: LabelShare) -> dict[str, Any]:
    return {
        "label": label.label,
        "values": label.values,
        "series": label.series,
        "series_without_it": label.left,
        "top": [{"value": one.name, "series": one.count} for one in label.top],
    }


def _span(asked: Asked) -> tuple[int, int]:
    """Return which times are asked about, in milliseconds: from those of a day ago on, if nothing is said."""
    since_ns = asked.time_ns("since")
    start_ns = asked.now_ns - DAY if since_ns is None else since_ns
    return start_ns // MILLISECOND, asked.now_ns // MILLISECOND
