"""A service follows the timetable: it shows what is its own, announces it, and measures it."""

from __future__ import annotations

import logging

import pytest
from opentelemetry.metrics import CallbackOptions
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry

from firstlight.demo.stage import Stage
from firstlight.demo.storefront import MIB, CartCache
from firstlight.demo.telemetry_setup import Telemetry
from firstlight.demo.timetable import Scenario, timetable_of

ANNOUNCED = [
    # what                           service       moments                what is said
    ("nothing while all is calm",    "inventory",  [0, 5, 9],             []),
    ("the beginning, once",          "inventory",  [9, 10, 11, 29],       ["slow-query begins"]),
    ("the end, once",                "inventory",  [10, 30, 31],          ["slow-query begins", "slow-query ends"]),
    ("nothing of another service",   "payments",   [10, 30, 40],          []),
    ("every round anew",             "inventory",  [10, 30, 130],         ["slow-query begins", "slow-query ends", "slow-query begins"]),
    ("an episode slept through",     "inventory",  [10, 130],             ["slow-query begins", "slow-query ends", "slow-query begins"]),
    ("nothing of who behaves",       "warehouse",  [10, 50, 80, 110],     []),
]  # fmt: skip

SIZES = [
    # what                        sizes asked for  what it holds
    ("what is asked for",         [3],             3),
    ("no more than its limit",    [9],             4),
    ("less again",                [4, 1],          1),
    ("nothing",                   [4, 0],          0),
]  # fmt: skip


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def telemetry(reader: InMemoryMetricReader) -> Telemetry:
    return Telemetry(
        traces=TracerProvider(shutdown_on_exit=False),
        metrics=MeterProvider([reader], shutdown_on_exit=False),
        logs=LoggerProvider(shutdown_on_exit=False),
        registry=CollectorRegistry(),
    )


def stage(service: str, telemetry: Telemetry) -> Stage:
    return Stage(service, timetable_of("all", calm_s=10, episode_s=20), telemetry)


@pytest.mark.parametrize(
    ("service", "moments_s", "said"), [row[1:] for row in ANNOUNCED], ids=[row[0] for row in ANNOUNCED]
)
def test_announces(
    service: str, moments_s: list[int], said: list[str], telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    followed = stage(service, telemetry)
    with caplog.at_level(logging.INFO):
        for moment_s in moments_s:
            followed.update(moment_s)

    assert [record.getMessage().split(":")[0] for record in caplog.records] == said


@pytest.mark.parametrize(("moment_s", "value"), [(0, 0), (10, 1), (30, 0)])
def test_measures(moment_s: int, value: int, telemetry: Telemetry, reader: InMemoryMetricReader) -> None:
    followed = stage("inventory", telemetry)
    followed.update(moment_s)

    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    (point,) = metric.data.data_points
    assert (metric.name, getattr(point, "value", None)) == ("demo.misbehaviour", value)
    assert point.attributes == {"scenario": "slow-query"}


def test_shows_one_thing_at_a_time(telemetry: Telemetry) -> None:
    followed = stage("checkout", telemetry)
    followed.update(45)

    assert [scenario for scenario in Scenario if followed.shows(scenario)] == [Scenario.ERROR_BURST]


@pytest.mark.parametrize(("sizes", "held"), [row[1:] for row in SIZES], ids=[row[0] for row in SIZES])
def test_the_cache_of_carts_holds(sizes: list[int], held: int) -> None:
    cache = CartCache(limit_mib=4)
    for size in sizes:
        cache.resize(size)

    assert (cache.mib, [observation.value for observation in cache.observe(CallbackOptions())]) == (held, [held * MIB])
    cache.resize(0)
