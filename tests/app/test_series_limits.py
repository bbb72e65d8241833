"""Too many series: through each protocol, by real requests to the whole server; and after a restart (C1)."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
)

from tests.app.running import Running, running, settings_for
from tests.wire.remote.requests import named, sample, series_1, version_1

pytestmark = pytest.mark.anyio

LIMITED = "ingest.max_series_per_metric=3"
NOW_MS = time.time_ns() // 10**6
"""The real time: limits are those of a day."""

PROTOBUF = {"content-type": "application/x-protobuf"}
REFUSED = re.compile(
    r"2 refused: 2 too many series of a metric: 'hits' has 3 that day; the most that "
    r"ingest.max_series_per_metric allows is 3; the label with the most values is 'user' \(about 4\)"
)


def attribute(name: str, value: str) -> KeyValue:
    """Return an attribute."""
    return KeyValue(key=name, value=AnyValue(string_value=value))


def otlp(users: Sequence[str], metric: str = "hits") -> bytes:
    """Return a request with a point for each user."""
    points = [
        NumberDataPoint(time_unix_nano=NOW_MS * 10**6, as_double=1, attributes=[attribute("user", user)])
        for user in users
    ]
    return exported(Metric(name=metric, gauge=Gauge(data_points=points)))


def histograms(users: Sequence[str]) -> bytes:
    """Return a request with a histogram of two buckets for each user."""
    points = [
        HistogramDataPoint(
            time_unix_nano=NOW_MS * 10**6,
            count=2,
            sum=3,
            explicit_bounds=[1],
            bucket_counts=[1, 1],
            attributes=[attribute("user", user)],
        )
        for user in users
    ]
    histogram = Histogram(data_points=points, aggregation_temporality=AGGREGATION_TEMPORALITY_CUMULATIVE)
    return exported(Metric(name="took", histogram=histogram))


def exported(metric: Metric) -> bytes:
    """Return a request with one metric."""
    scope = ScopeMetrics(metrics=[metric])
    return ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(scope_metrics=[scope])]).SerializeToString()


async def by_otlp(client: httpx.AsyncClient, it: Running, body: bytes) -> tuple[int, str]:
    """Send a request by OTLP; return how many points were refused, and the words."""
    got = await client.post(f"{it.http}/v1/metrics", content=body, headers=PROTOBUF)
    partial = ExportMetricsServiceResponse.FromString(got.content).partial_success
    return partial.rejected_data_points, partial.error_message


async def by_remote_write(client: httpx.AsyncClient, it: Running, users: Sequence[str]) -> httpx.Response:
    """Send a sample for each user by remote write."""
    series = [series_1(named("hits", user=user), samples=[sample(1.0, NOW_MS)]) for user in users]
    headers = {**PROTOBUF, "content-encoding": "identity"}
    return await client.post(f"{it.http}/api/v1/write", content=version_1(*series), headers=headers)


async def stored(it: Running) -> dict[str, int]:
    """Return how many samples each user has."""
    assert it.server.store is not None
    sql = "SELECT labels['user'] AS user, uniqExact(series_id) AS n FROM series WHERE metric = 'hits' GROUP BY user"
    return {row["user"]: row["n"] for row in (await it.server.store.readers.query(sql)).to_pylist()}


async def rejected(client: httpx.AsyncClient, it: Running) -> dict[str, int]:
    """Return what was rejected, by reason, as the status has it."""
    found: dict[str, int] = (await client.get(f"{it.http}/api/firstlight/v1/status")).json()["rejected_items"]
    return found


async def test_remote_write_is_told_and_the_rest_is_written(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path, LIMITED)) as it, httpx.AsyncClient() as client:
        first = await by_remote_write(client, it, "ab")
        second = await by_remote_write(client, it, "abcde")
        again = await by_remote_write(client, it, "abc")
        counts, reasons = await stored(it), await rejected(client, it)

    assert (first.status_code, again.status_code) == (204, 204)
    assert (second.status_code, second.headers["x-prometheus-remote-write-samples-written"]) == (400, "3")
    assert REFUSED.search(second.text)
    assert counts == {"a": 1, "b": 1, "c": 1}
    assert reasons == {"too many series of a metric": 2}


async def test_otlp_is_told_as_partial_success(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path, LIMITED)) as it, httpx.AsyncClient() as client:
        first = await by_otlp(client, it, otlp("ab"))
        refused, words = await by_otlp(client, it, otlp("abcde"))
        again = await by_otlp(client, it, otlp("abc"))
        still = await by_otlp(client, it, otlp("de"))
        counts = await stored(it)

    assert (first, again) == ((0, ""), (0, ""))
    assert (refused, still[0]) == (2, 2)
    assert REFUSED.search(words)
    assert counts == {"a": 1, "b": 1, "c": 1}


async def test_a_histogram_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    """Of each user there are two buckets; the third of three is left, and no use."""
    async with running(settings_for(tmp_path, LIMITED)) as it, httpx.AsyncClient() as client:
        refused, words = await by_otlp(client, it, histograms("ab"))
        assert it.server.store is not None
        sql = "SELECT metric, uniqExact(series_id) AS n FROM series GROUP BY metric ORDER BY metric"
        counts = (await it.server.store.readers.query(sql)).to_pylist()

    assert refused == 1
    assert "'took_bucket' has 2 that day" in words
    assert {row["metric"]: row["n"] for row in counts} == {"took": 1, "took_bucket": 2, "took_count": 1, "took_sum": 1}


async def test_pushed_text_is_told(tmp_path: Path) -> None:
    """So is a Pushgateway's client."""
    body = "".join(f'hits{{user="{user}"}} 1\n' for user in "abcde")
    async with running(settings_for(tmp_path, LIMITED)) as it, httpx.AsyncClient() as client:
        imported = await client.post(f"{it.http}/api/firstlight/v1/import/prometheus", content=body)
        pushed = await client.post(f"{it.http}/metrics/job/batch", content='hits{user="f"} 1\n')

    assert (imported.status_code, pushed.status_code) == (400, 400)
    assert REFUSED.search(imported.text)
    assert "too many series of a metric: 'hits'" in pushed.text


async def test_all_protocols_count_together(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path, LIMITED)) as it, httpx.AsyncClient() as client:
        await by_otlp(client, it, otlp("ab"))
        got = await by_remote_write(client, it, "abcde")

    assert REFUSED.search(got.text)


async def test_what_was_stored_before_a_restart_counts(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, LIMITED)
    async with running(settings) as it, httpx.AsyncClient() as client:
        await by_remote_write(client, it, "ab")
    async with running(settings) as it, httpx.AsyncClient() as client:
        got = await by_remote_write(client, it, "dcba")
        counts = await stored(it)

    assert got.status_code == 400
    assert counts == {"a": 1, "b": 1, "d": 1}


async def test_a_tenant_has_a_limit_too(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path, "ingest.max_series=4")) as it, httpx.AsyncClient() as client:
        got = await by_remote_write(client, it, "abcdef")
        reasons = await rejected(client, it)

    assert got.text.strip() == (
        "cannot take all of the request: 2 refused: 2 too many series: there are 4 that day; the most that "
        "ingest.max_series allows is 4; the metric with the most is 'hits' (4); "
        "the label with the most values is 'user' (about 4)"
    )
    assert reasons == {"too many series": 2}


async def test_a_reload_makes_room(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path, LIMITED)) as it, httpx.AsyncClient() as client:
        before = await by_remote_write(client, it, "abcde")
        it.server.reload(settings_for(tmp_path, "ingest.max_series_per_metric=0"))
        after = await by_remote_write(client, it, "abcde")
        counts = await stored(it)

    assert (before.status_code, after.status_code) == (400, 204)
    assert sorted(counts) == list("abcde")
