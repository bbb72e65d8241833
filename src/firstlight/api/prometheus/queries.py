"""`/api/v1/query` and `/api/v1/query_range`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

import orjson
from starlette.routing import Route

from firstlight.api.exchange.bodies import CUT, Body, success
from firstlight.api.exchange.questions import GET_OR_POST
from firstlight.api.prometheus.asked import Asked
from firstlight.api.prometheus.endpoint import Common, Endpoint, Question, route
from firstlight.api.prometheus.render import rendered, result_type
from firstlight.query.promql.door import Answered, Stats
from firstlight.query.promql.result import Instant, Matrix, Result
from firstlight.query.promql.run import at_instant
from firstlight.query.promql.values import Samples, Steps, Vector

MANY: Final = 20_000
"""From how many values on an answer is written in a thread."""

YES: Final = ("1", "true")

LEAST_TIMEOUT: Final = 0.001
"""Seconds. Who gives no time at all is told that it is over, and not given as much as there is."""


class Door(Protocol):
    """What answers queries: `query.promql.door.PromqlDoor`."""

    async def range(
        self,
        text: str,
        steps: Steps,
        *,
        tenant: str,
        timeout: float | None = None,  # noqa: ASYNC109
        lookback_ms: int | None = None,
        fresh: bool = False,
    ) -> Answered:
        """Return what `text` is at each of `steps`, a step of 0 is an instant query; all computed anew if `fresh`."""
        ...


def query_routes(common: Common, door: Door, prefix: str, tenant: str) -> Sequence[Route]:
    """Return the routes of the two."""

    async def answer(asked: Asked, steps_of: Callable[[Asked], Steps]) -> Body:
        limit, steps = asked.limit(), steps_of(asked)
        timeout = asked.timeout()
        answered = await door.range(
            asked.text("query"),
            steps,
            tenant=tenant,
            timeout=None if timeout is None else max(timeout, LEAST_TIMEOUT),
            lookback_ms=asked.lookback(),
            # What a query took is told of all of it.
            fresh=bool(asked.text("stats") or asked.text("nocache") in YES),
        )
        result = limited(answered.result, limit) if limit else answered.result
        warnings = answered.warnings if result is answered.result else [*answered.warnings, CUT]
        stats = stats_json(answered.stats, steps, each=asked.text("stats") == "all") if asked.text("stats") else None
        return success(_data(result, stats), warnings=warnings, infos=answered.infos, large=_size(result) >= MANY)

    async def query(question: Question) -> Body:
        return await answer(question.asked, lambda asked: at_instant(asked.time("time", asked.now_ms)))

    async def query_range(question: Question) -> Body:
        return await answer(question.asked, Asked.steps)

    return [
        route(f"{prefix}/query", Endpoint(common, query, GET_OR_POST)),
        route(f"{prefix}/query_range", Endpoint(common, query_range, GET_OR_POST)),
    ]


def limited(result: Result, limit: int) -> Result:
    """Return the first series of a result, and the result itself if there are not more."""
    match result:
        case Instant(vector=vector) if len(vector) > limit:
            some = None if vector.histograms is None else vector.histograms[:limit]
            return Instant(
                result.time, Vector(vector.labels[:limit], vector.floats[:limit], vector.present[:limit], some)
            )
        case Matrix(samples=samples) if len(samples) > limit:
            end = int(samples.offsets[limit])
            some = None if samples.histograms is None else samples.histograms[:end]
            offsets = samples.offsets[: limit + 1]
            return Matrix(Samples(samples.labels[:limit], offsets, samples.ts[:end], samples.floats[:end], some))
        case _:
            return result


def stats_json(stats: Stats, steps: Steps, *, each: bool) -> dict[str, Any]:
    """Return what a query took, as `stats` asks for it; of the only step of an instant query also what `each` took."""
    prepare, read, evaluate = (stats.seconds.get(name, 0.0) for name in ("prepare", "read", "evaluate"))
    samples: dict[str, Any] = {"totalQueryableSamples": stats.samples, "peakSamples": stats.samples}
    if each and steps.step == 0:
        samples = {"totalQueryableSamplesPerStep": [[steps.start / 1000, stats.samples]], **samples}
    return {
        "timings": {
            "evalTotalTime": prepare + read + evaluate,
            "resultSortTime": 0.0,
            "queryPreparationTime": prepare + read,
            "innerEvalTime": evaluate,
            "execQueueTime": stats.seconds.get("wait", 0.0),
            "execTotalTime": sum(stats.seconds.values()),
        },
        "samples": samples,
    }


def _data(result: Result, stats: dict[str, Any] | None) -> Iterator[bytes]:
    yield b'{"resultType":"' + result_type(result).encode() + b'","result":'
    yield from rendered(result)
    yield b"}" if stats is None else b',"stats":' + orjson.dumps(stats) + b"}"


def _size(result: Result) -> int:
    match result:
        case Instant(vector=vector):
            return len(vector)
        case Matrix(samples=samples):
            return len(samples.ts)
        case _:
            return 1
