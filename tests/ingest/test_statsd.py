"""StatsD and DogStatsD: what lines add up to, over UDP and without."""

from __future__ import annotations

import asyncio
import math
import socket

import pytest

from firstlight.config.units import ListenAddress
from firstlight.errors import UserError
from firstlight.ingest.statsd import StatsdServer
from firstlight.sdk.metrics import Registry
from firstlight.store.fake import FakeStore
from firstlight.telemetry import Telemetry
from firstlight.wire.census import Census, Limits
from firstlight.wire.prometheus.book import Book
from firstlight.wire.pushes.statsd import MALFORMED, Statsd

NOW = 1_780_000_000_000

TAKEN = [
    # what                           lines                                       what is told
    ("a count",                      "hits:1|c\nhits:2|c",                       {"hits": 3}),
    ("a sampled count",              "hits:1|c|@0.1",                            {"hits": 10}),
    ("a negative count",             "hits:-2|c",                                {"hits": -2}),
    ("a gauge",                      "load:1.5|g\nload:2.5|g",                   {"load": 2.5}),
    ("a gauge that moves",           "load:10|g\nload:+3|g\nload:-4.5|g",        {"load": 8.5}),
    ("a gauge that moves from none", "load:-4|g",                                {"load": -4}),
    ("a gauge, zero before minus",   "load:10|g\nload:0|g\nload:-4|g",           {"load": -4}),
    ("a set",                        "users:a|s\nusers:b:c|s\nusers:a|s",        {"users": 2}),
    ("tags",                         "hits:1|c|#env:prod,up,path:/a:b",          {"hits env=prod path=/a:b up=true": 1}),
    ("tags in another order",        "hits:1|c|#a:1,b:2\nhits:1|c|#b:2,a:1",     {"hits a=1 b=2": 2}),
    ("names for PromQL",             "web.hits-total:1|c|#a-b:1",                {"web_hits_total a_b=1": 1}),
    ("many values in one",           "hits:1:2:3|c",                             {"hits": 6}),
    ("a container and a time",       "hits:1|c|#a:b|c:abcdef|T1656581409",       {"hits a=b": 1}),
    ("blanks and empty lines",       "\nhits:1|c\r\n\n",                         {"hits": 1}),
]  # fmt: skip


def told(statsd: Statsd, now: int = NOW) -> dict[str, float]:
    samples, _ = statsd.flush("default", now)
    found = {}
    for labels, time, value in samples:
        assert time == now
        pairs = " ".join(f"{name}={labels[name]}" for name in sorted(labels) if name != "__name__")
        found[f"{labels['__name__']} {pairs}".strip()] = value
    return found


@pytest.mark.parametrize(("lines", "wanted"), [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_adds_up(lines: str, wanted: dict[str, float]) -> None:
    statsd = Statsd()
    statsd.take(lines.encode(), NOW)

    assert statsd.refused == {}
    assert told(statsd) == wanted


TIMINGS = [
    # what                   line            scale
    ("timings, in seconds",  "{}|ms",        0.001),
    ("histograms",           "{}|h",         1.0),
    ("distributions",        "{}|d",         1.0),
]  # fmt: skip


@pytest.mark.parametrize(("line", "scale"), [row[1:] for row in TIMINGS], ids=[row[0] for row in TIMINGS])
def test_sums_up_timings_and_restarts_their_quantiles(line: str, scale: float) -> None:
    statsd = Statsd()
    statsd.take("\n".join("took:" + line.format(value) for value in range(101)).encode(), NOW)
    first = told(statsd)
    statsd.take(b"took:" + line.format(7).encode() + b"|@0.5", NOW)
    then = told(statsd)

    quantiles = {f"took quantile={quantile}": quantile * 100 * scale for quantile in (0.5, 0.9, 0.95, 0.99)}
    assert first == pytest.approx({**quantiles, "took_sum": 5050 * scale, "took_count": 101})
    assert then == pytest.approx(dict.fromkeys(quantiles, 7 * scale) | {"took_sum": 5064 * scale, "took_count": 103})


def test_goes_on_telling_counts_and_gauges_until_they_are_silent_too_long() -> None:
    statsd = Statsd(max_idle_ms=60_000)
    statsd.take(b"hits:1|c\nload:2|g\nusers:a|s\ntook:1|h", NOW)
    told(statsd)
    again = told(statsd, NOW + 60_000)
    late = told(statsd, NOW + 60_001)

    assert (again["hits"], again["load"], again["users"], again["took_count"]) == (1, 2, 0, 1)
    assert math.isnan(again["took quantile=0.5"])
    assert late == {}


def test_says_of_which_kinds_metrics_are() -> None:
    statsd = Statsd()
    statsd.take(b"hits:1|c\nload:2|g\nusers:a|s\ntook:1|ms", NOW)
    _, metadata = statsd.flush("default", NOW)

    assert {one.metric: one.type for one in metadata} == {
        "hits": "counter", "load": "gauge", "users": "gauge", "took": "summary",
    }  # fmt: skip


REFUSED = [
    # what                 line                          why
    ("no value",           b"hits",                      "malformed line"),
    ("no type",            b"hits:1",                    "metric type unknown"),
    ("another type",       b"hits:1|x",                  "metric type unknown"),
    ("no number",          b"hits:one|c",                "malformed line"),
    ("no finite number",   b"hits:inf|c",                "malformed line"),
    ("no name",            b":1|c",                      "malformed line"),
    ("a rate of nothing",  b"hits:1|c|@0",               "malformed line"),
    ("a rate too high",    b"hits:1|c|@2",               "malformed line"),
    ("an event",           b"_e{5,4}:title|text",        "event, which is not supported"),
    ("a service check",    b"_sc|up|0",                  "service check, which is not supported"),
    ("garbage",            b"\xff\x00\xfe",              "malformed line"),
    ("two types",          b"good:1|g",                  "metric sent before with another type"),
    ("two types and tags", b"good:1|g|#a:b",             "metric sent before with another type"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "why"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses_lines_alone(line: bytes, why: str) -> None:
    statsd = Statsd()
    taken = statsd.take(b"good:1|c\n" + line + b"\nalso:1|c", NOW)

    assert taken == 2
    assert statsd.refused == {why: 1}
    assert told(statsd) == {"good": 1, "also": 1}


@pytest.mark.anyio
async def test_listens_for_datagrams() -> None:
    store, telemetry = FakeStore(), Telemetry(Registry())
    server = StatsdServer(store.append, Book(), telemetry.ingest, lambda: NOW * 1_000_000)
    host, port = await server.start(ListenAddress("127.0.0.1", 0))
    received = asyncio.Event()
    arrived = server.datagram_received

    def seen(data: bytes, addr: tuple[str, int]) -> None:
        arrived(data, addr)
        received.set()

    server.datagram_received = seen  # type: ignore[method-assign]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"hits:3|c|#a:b\nbad", (host, port))
    async with asyncio.timeout(10):
        await received.wait()
    await server.stop()

    assert [row["value"] for row in store.rows("samples")] == [3.0]
    assert [row["metric"] for row in store.rows("series")] == ["hits"]


@pytest.mark.anyio
async def test_counts_series_that_are_too_many() -> None:
    """By a reason without the words, which nobody is there to read."""
    store, telemetry = FakeStore(), Telemetry(Registry())
    book = Book(census=Census(Limits(of_metric=1)))
    server = StatsdServer(store.append, book, telemetry.ingest, lambda: NOW * 1_000_000)
    server.datagram_received(b"hits:3|c|#a:b\nhits:3|c|#a:c\nbad", ("127.0.0.1", 1))
    await server.flush()

    [family] = [one for one in telemetry.registry.collect() if one.name == "firstlight_ingest_rejected_items"]
    reasons = {dict(one.labels)["reason"]: one.value for one in family.samples}
    assert reasons == {"too many series of a metric": 1, MALFORMED: 1}
    assert [row["value"] for row in store.rows("samples")] == [3.0]


@pytest.mark.anyio
async def test_says_that_a_port_is_taken() -> None:
    telemetry = Telemetry(Registry())
    first = StatsdServer(FakeStore().append, Book(), telemetry.ingest, lambda: NOW)
    second = StatsdServer(FakeStore().append, Book(), telemetry.ingest, lambda: NOW)
    host, port = await first.start(ListenAddress("127.0.0.1", 0))
    with pytest.raises(UserError, match="cannot listen for StatsD on"):
        await second.start(ListenAddress(host, port))
    await first.stop()
