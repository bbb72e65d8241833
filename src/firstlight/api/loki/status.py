"""What is told of the server: that it is ready, what it is, its limits; and its rules, of which there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, text
from firstlight.api.loki.endpoint import Clock, Endpoint, Question, route, told
from firstlight.api.loki.faults import ApiFault
from firstlight.query.logql.settings import LogqlSettings

ANSWERS_AS: Final = "3.5.0"
"""The version of Loki whose language and API are spoken, by which clients know what they may ask."""

NO_RULES: Final = {"status": "success", "data": {"groups": []}, "errorType": "", "error": ""}
NO_ALERTS: Final = {"status": "success", "data": {"alerts": []}, "errorType": "", "error": ""}
PLAIN_JSON: Final = "application/json"
YAML: Final = "application/yaml; charset=utf-8"

SERVICES: Final = ("distributor", "ingester", "querier", "query-frontend", "server", "store")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told."""

    version: str
    """Its own version; what it answers as is ANSWERS_AS."""
    logql: LogqlSettings
    config: Callable[[], str] = str
    """Returns the configuration as YAML, without secrets."""
    complaint: Callable[[], str] = str
    """Returns why the server is not ready, nothing if it is."""


def status_routes(now_ns: Clock, facts: Facts, prefix: str) -> Sequence[Route]:
    """Return the routes of all of it."""

    async def buildinfo(question: Question) -> Body:
        return told(
            {
                "version": ANSWERS_AS,
                "revision": facts.version,
                "branch": "firstlight",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            },
            PLAIN_JSON,
        )

    async def rules(question: Question) -> Body:
        raise ApiFault(404, "no rule groups found\n")

    async def prometheus_rules(question: Question) -> Body:
        return told(NO_RULES, PLAIN_JSON)

    async def alerts(question: Question) -> Body:
        return told(NO_ALERTS, PLAIN_JSON)

    async def drilldown(question: Question) -> Body:
        return told({"limits": limits_json(facts.logql), "version": ANSWERS_AS, "pattern_ingester_enabled": True})

    async def ready(question: Question) -> Body:
        if complaint := facts.complaint():
            raise ApiFault(503, f"{complaint}\n")
        return text("ready\n")

    async def config(question: Question) -> Body:
        return text(facts.config(), YAML)

    async def services(question: Question) -> Body:
        return text("".join(f"{name} => Running\n" for name in SERVICES))

    handlers = {
        f"{prefix}/status/buildinfo": buildinfo,
        f"{prefix}/rules": rules,
        f"{prefix}/rules/{{namespace}}": rules,
        f"{prefix}/rules/{{namespace}}/{{group}}": rules,
        "/prometheus/api/v1/rules": prometheus_rules,
        "/prometheus/api/v1/alerts": alerts,
        f"{prefix}/drilldown-limits": drilldown,
        "/ready": ready,
        "/config": config,
        "/services": services,
    }
    return [route(path, Endpoint(now_ns, handler)) for path, handler in handlers.items()]


def limits_json(settings: LogqlSettings) -> dict[str, Any]:
    """Return the limits of queries by Loki's names."""
    return {
        "discover_log_levels": settings.detected_level,
        "discover_service_name": ["service_name"],
        "log_level_fields": ["level", "LEVEL", "Level", "severity", "lvl"],
        "max_entries_limit_per_query": settings.max_entries,
        "max_line_size_truncate": True,
        "max_query_bytes_read": "0B",
        "max_query_length": "0s",
        "max_query_lookback": "0s",
        "max_query_range": "0s",
        "max_query_series": settings.max_series,
        "query_timeout": f"{settings.timeout:g}s",
        "retention_period": "0s",
        "retention_stream": [],
        "volume_enabled": True,
        "volume_max_series": 1000,
        "metric_aggregation_enabled": False,
        "pattern_persistence_enabled": False,
    }
