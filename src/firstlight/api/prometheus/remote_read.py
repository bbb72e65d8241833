"""`POST /api/v1/read`: samples of series as they are, for a Prometheus that reads them as if they were its own.

Law: <https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/>.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, send_body
from firstlight.api.exchange.questions import while_connected
from firstlight.api.prometheus.faults import refused_in_text
from firstlight.api.prometheus.shelf import Shelf, Span
from firstlight.errors import DecodeError, UserError
from firstlight.http.body import read_body
from firstlight.http.decompress import decompress
from firstlight.http.errors import RequestError
from firstlight.query.promql.ast import Matcher, MatchOp
from firstlight.query.promql.histogram import Buckets, Histogram
from firstlight.query.promql.values import Samples
from firstlight.wire.remote.read import (
    SAMPLES_TYPE,
    STREAMED_TYPE,
    MatchType,
    ReadQuery,
    ReadSeries,
    ResponseType,
    read_request,
    samples_response,
    streamed_response,
)

MAX_BODY: Final = 4 * 1024**2
BODY_SECONDS: Final = 30.0

OPERATORS: Final = MappingProxyType(
    {
        MatchType.EQUAL: MatchOp.EQUAL,
        MatchType.NOT_EQUAL: MatchOp.NOT_EQUAL,
        MatchType.MATCHES: MatchOp.REGEX,
        MatchType.NOT_MATCHES: MatchOp.NOT_REGEX,
    }
)


def read_route(shelf: Shelf, prefix: str) -> Route:
    """Return the route."""

    async def answer(request: Request) -> Response | _Streamed:
        try:
            asked = read_request(await _body(request))
            found = [await _samples(shelf, query) for query in asked.queries]
        except DecodeError as error:
            return refused_in_text(RequestError(str(error)))
        except UserError as error:
            return refused_in_text(error)
        # Histograms are written as they are, in the one form that has them.
        streams = asked.response_type is ResponseType.STREAMED_XOR_CHUNKS
        if streams and all(samples.histograms is None for samples in found):
            return _Streamed(streamed_response(map(_series, found)))
        return Response(
            samples_response(map(_series, found)), headers={"content-encoding": "snappy"}, media_type=SAMPLES_TYPE
        )

    return Route(f"{prefix}/read", answer, methods=["POST"])


class _Streamed(Response):
    """An answer in frames, made while they are taken."""

    def __init__(self, frames: Iterator[bytes]) -> None:
        super().__init__()
        self._frames = frames

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = Body(self._frames, STREAMED_TYPE, large=True)
        await while_connected(send_body(body, {}, scope, receive, send, packed=False), receive)


async def _body(request: Request) -> bytes:
    body = await read_body(request, limit=MAX_BODY, seconds=BODY_SECONDS, grow=lambda _: None)
    encoding = request.headers.get("content-encoding", "snappy")
    return decompress(body, encoding, limit=MAX_BODY, grow=lambda _: None)


async def _samples(shelf: Shelf, query: ReadQuery) -> Samples:
    matchers = [Matcher(one.name, OPERATORS[one.type], one.value) for one in query.matchers]
    [found] = await shelf.samples([matchers], Span(query.start, query.end))
    return found


def _series(samples: Samples) -> Iterable[ReadSeries]:
    """Yield the series by their labels, as is asked of the order."""
    edges = samples.offsets.tolist()
    for row in sorted(range(len(samples)), key=lambda row: samples.labels[row]):
        part = slice(edges[row], edges[row + 1])
        time, value = samples.ts[part], samples.floats[part]
        whole: Sequence[dict[str, Any]] = ()
        if samples.histograms is not None:
            there = samples.histograms[part] != np.array(None)
            pairs = zip(time[there].tolist(), samples.histograms[part][there], strict=True)
            whole = [_histogram(at, one) for at, one in pairs]
            time, value = time[~there], value[~there]
        yield ReadSeries(dict(samples.labels[row]), time, value, whole)


def _histogram(time: int, whole: Histogram) -> dict[str, Any]:
    return {
        "count_float": whole.count,
        "sum": whole.sum,
        "schema": whole.schema,
        "zero_threshold": whole.zero_threshold,
        "zero_count_float": whole.zero_count,
        "positive_spans": _spans(whole.positive),
        "positive_counts": whole.positive.counts.tolist(),
        "negative_spans": _spans(whole.negative),
        "negative_counts": whole.negative.counts.tolist(),
        "custom_values": whole.custom_bounds,
        "reset_hint": int(whole.hint),
        "timestamp": time,
    }


def _spans(buckets: Buckets) -> list[dict[str, int]]:
    return [{"offset": buckets.offset, "length": len(buckets.counts)}] if len(buckets.counts) else []
