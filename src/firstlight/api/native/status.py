"""`GET /api/firstlight/v1/status`: what comes in and how fast, what is stored, what was refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked
from firstlight.api.native.rates import Rates, by_label
from firstlight.api.native.replies import error_response, json_response
from firstlight.api.native.tail import iso
from firstlight.errors import UserError
from firstlight.sdk.metrics import Gauge
from firstlight.store.retention import Dropped
from firstlight.store.status import StoreStatus, TableStatus
from firstlight.telemetry import Telemetry

SIGNALS: Final = ("logs", "traces", "metrics")
NOT_REFUSED: Final = frozenset({"accepted", "partial"})


@dataclass(frozen=True, slots=True)
class Told:
    """What the status is told from."""

    version: str
    store: Callable[[], Awaitable[StoreStatus]]
    telemetry: Telemetry
    rates: Rates
    """Of the items taken in, by signal."""
    uptime: Callable[[], float]
    """Returns for how many seconds the server has run."""


def status_route(told: Told, prefix: str) -> Route:
    """Return the route of the status."""

    async def answer(request: Request) -> Response:
        try:
            Asked.of(request.query_params, (), 0)
            return json_response(status_of(told, await told.store()))
        except UserError as error:
            return error_response(error)

    return Route(f"{prefix}/status", answer)


def status_of(told: Told, store: StoreStatus) -> dict[str, Any]:
    """Return the status as JSON has it."""
    ingest, queries = told.telemetry.ingest, told.telemetry.query
    items, rates = by_label(ingest.items, "signal"), told.rates.per_second()
    refused = by_label(ingest.requests, "outcome")
    return {
        "version": told.version,
        "uptime_seconds": round(told.uptime(), 3),
        "ingest": {
            signal: {"items": int(items.get(signal, 0)), "per_second": round(rates.get(signal, 0.0), 3)}
            for signal in dict.fromkeys((*SIGNALS, *items))
        },
        "received_bytes": int(sum(by_label(ingest.received_bytes, "signal").values())),
        "rejected_items": _whole(by_label(ingest.rejected_items, "reason")),
        "refused_requests": _whole({name: count for name, count in refused.items() if name not in NOT_REFUSED}),
        "under_way": {
            "requests": int(_now(ingest.in_flight_requests)),
            "queued_bytes": int(_now(told.telemetry.store.queued_bytes)),
            "live_tails": int(_now(queries.tail_subscribers)),
        },
        "store": store_of(store),
        "queries": _whole(by_label(queries.queries, "outcome")),
    }


def store_of(store: StoreStatus) -> dict[str, Any]:
    """Return what is stored and how it is, as JSON has it."""
    return {
        "location": store.location,
        "disk_bytes": store.disk_bytes,
        "disk": {"total_bytes": store.disk.total, "free_bytes": store.disk.free},
        "tables": {kind: _table(table) for kind, table in store.tables.items()},
        "retention": store.retention.model_dump(mode="json"),
        "dropped": [_dropped(one) for one in store.dropped],
    }


def _table(table: TableStatus) -> dict[str, Any]:
    return {
        "rows": table.rows,
        "disk_bytes": table.disk_bytes,
        "raw_bytes": table.raw_bytes,
        "index_bytes": table.index_bytes,
        "days": table.days,
        "oldest": None if table.oldest_ns is None else iso(table.oldest_ns),
        "newest": None if table.newest_ns is None else iso(table.newest_ns),
    }


def _dropped(dropped: Dropped) -> dict[str, Any]:
    partition = dropped.drop.partition
    return {
        "time": iso(dropped.time_ns),
        "kind": partition.kind,
        "day": iso(partition.day * 86_400 * 10**9)[:10],
        "rows": partition.rows,
        "bytes": partition.nbytes,
        "reason": str(dropped.drop.reason),
    }


def _now(gauge: Gauge) -> float:
    return sum(sample.value for sample in gauge.collect().samples)


def _whole(counts: Mapping[str, float]) -> dict[str, int]:
    return {name: int(count) for name, count in sorted(counts.items()) if count}
