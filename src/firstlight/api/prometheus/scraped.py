"""What is scraped: targets, what they tell of their metrics, and the pools they are in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, listed, success, success_of
from firstlight.api.prometheus.asked import BadParameter
from firstlight.api.prometheus.endpoint import Common, Endpoint, Question, route
from firstlight.api.prometheus.selectors import BadSelector, selector
from firstlight.api.prometheus.times import rfc_3339
from firstlight.model.targets import ActiveTarget, MetricMeaning, Targets
from firstlight.query.promql.ast import Matcher
from firstlight.query.promql.gotext import duration
from firstlight.query.promql.matchers import matches_all

Json = dict[str, Any]


def target_routes(common: Common, scraped: Targets, prefix: str) -> Sequence[Route]:
    """Return the routes of all of it."""

    async def targets(question: Question) -> Body:
        pool, state = question.asked.text("scrapePool"), question.asked.text("state").lower()
        active = [one for one in scraped.active() if pool in ("", one.pool)] if state in ("", "any", "active") else []
        shows_dropped = state in ("", "any", "dropped")
        dropped = [one for one in scraped.dropped() if pool in ("", one.pool)] if shows_dropped else []
        return success_of(
            {
                "activeTargets": list(map(_active, active)),
                "droppedTargets": [
                    {"discoveredLabels": dict(one.discovered), "scrapePool": one.pool} for one in dropped
                ],
                "droppedTargetCounts": dict(scraped.dropped_counts()) if shows_dropped else None,
            }
        )

    async def metadata(question: Question) -> Body:
        asked = question.asked
        limit, metric = asked.integer("limit", -1), asked.text("metric")
        wanted = _matchers(asked.text("match_target"))
        return success(listed(_meanings(scraped, wanted, metric, limit)))

    async def pools(question: Question) -> Body:
        return success_of({"scrapePools": sorted(scraped.pools())})

    return [
        route(f"{prefix}/targets", Endpoint(common, targets)),
        route(f"{prefix}/targets/metadata", Endpoint(common, metadata)),
        route(f"{prefix}/scrape_pools", Endpoint(common, pools)),
    ]


def _active(target: ActiveTarget) -> Json:
    return {
        "discoveredLabels": dict(target.discovered),
        "labels": dict(target.labels),
        "scrapePool": target.pool,
        "scrapeUrl": target.url,
        "globalUrl": target.url,
        "lastError": target.last_error,
        "lastScrape": rfc_3339(target.last_scrape_ms),
        "lastScrapeDuration": target.last_seconds,
        "lastScrapeSamples": target.last_samples,
        "health": str(target.health),
        "scrapeInterval": duration(round(target.interval * 1000)),
        "scrapeTimeout": duration(round(target.timeout * 1000)),
    }


def _matchers(text: str) -> tuple[Matcher, ...]:
    try:
        return selector(text) if text else ()
    except BadSelector as error:
        raise BadParameter("match_target", error) from None


def _meanings(scraped: Targets, wanted: Sequence[Matcher], metric: str, limit: int) -> Iterator[Json]:
    """Yield what targets tell of a metric, or of all. As there, no target is asked after `limit` answers are found."""
    count = 0
    for target in scraped.active():
        if limit >= 0 and count >= limit:
            return
        if matches_all(wanted, target.labels):
            for one in scraped.meanings(target):
                if metric in ("", one.metric):
                    count += 1
                    yield _meaning(target, one, named=not metric)


def _meaning(target: ActiveTarget, one: MetricMeaning, *, named: bool) -> Json:
    name = {"metric": one.metric} if named else {}
    return {"target": dict(target.labels), **name, "type": one.type, "help": one.help, "unit": one.unit}
