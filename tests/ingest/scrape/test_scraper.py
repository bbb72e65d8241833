"""All that is scraped (P5): what comes, changes and goes, and what is told of it. Servers are real, the clock is not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from firstlight.ingest.scrape.load import Plan
from firstlight.ingest.scrape.scraper import OwnJob, Scraper, seed_of
from firstlight.model.targets import ActiveTarget, Health, MetricMeaning, Targets
from tests.ingest.scrape.hand import Fetched, Rig, counted, job, plan, text
from tests.ingest.scrape.serving import serving
from tests.waiting import until

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class Shop:
    """A server of metrics, everything of it under way in one test."""

    rig: Rig
    scraper: Scraper
    address: str
    body: str = "a 1\n"
    asked: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer the body of a path."""
        self.asked.append(request.path_qs)
        return web.Response(text=self.more.get(request.path, self.body))

    def plan(self, jobs: str) -> Plan:
        """Return a plan, where HOST is the server's address."""
        return plan(f"global: {{scrape_interval: 15s}}\nscrape_configs: [{jobs.replace('HOST', self.address)}]")

    async def turn(self, scrapes: int = 1) -> None:
        """Turn the clock by an interval, that many times, and wait until all targets were scraped since."""
        for _ in range(scrapes):
            before = {(one.pool, one.url): one.last_scrape_ms for one in self.scraper.active()}
            await self.rig.hand.turn(15.0)

            def scraped(before: dict[tuple[str, str], int | None] = before) -> bool:
                now = {(one.pool, one.url): one.last_scrape_ms for one in self.scraper.active()}
                return all(now[one] != time for one, time in before.items() if one in now)

            await until(scraped)
            await self.rig.hand.turn(0.0)

    async def discovered(self, count: int) -> None:
        """Wait until that many targets are there."""
        await until(lambda: len(self.scraper.active()) == count)
        await self.rig.hand.turn(0.0)

    def ends(self) -> set[str]:
        """Return the series that have ended, but for those told of scrapes."""
        return {name for name, _, value in self.rig.store.samples() if value == "stale" and "scrape_" not in name}


@asynccontextmanager
async def shop() -> AsyncIterator[Shop]:
    """Open a shop."""
    rig = Rig()
    async with rig.scraper() as scraper:
        made = Shop(rig, scraper, "")
        async with serving(made.handle) as url:
            made.address = url.removeprefix("http://")
            yield made
            await scraper.stop()


ONE = "{job_name: shop, static_configs: [{targets: [HOST], labels: {env: e}}]}"


async def test_a_target_is_scraped_and_told_of() -> None:
    """What is scraped is stored, and `/api/v1/targets` can tell how it went."""
    async with shop() as it:
        await it.scraper.apply(it.plan(ONE))
        await it.discovered(1)
        assert it.scraper.active()[0].health is Health.UNKNOWN
        it.body = "# TYPE a gauge\n# HELP a How much.\na 1\n"
        await it.turn()

        told: Targets = it.scraper
        found = told.active()[0]
        assert (found.pool, found.url, found.health, found.last_error) == (
            "shop", f"http://{it.address}/metrics", Health.UP, "",
        )  # fmt: skip
        assert found.labels == {"job": "shop", "env": "e", "instance": it.address}
        assert found.discovered["__metrics_path__"] == "/metrics"
        assert (found.interval, found.timeout, found.last_samples) == (15.0, 10.0, 1)
        assert told.meanings(found) == [MetricMeaning("a", "gauge", "How much.", "")]
        assert told.pools() == ["shop"]
        series = f'{{env="e",instance="{it.address}"}}'
        assert it.rig.store.values() == {f"a{series}": 1, f"up{series}": 1}


async def test_a_target_that_fails() -> None:
    """What fails is down, with its error; up is 0, and the series have ended."""
    async with shop() as it:
        await it.scraper.apply(it.plan(ONE))
        await it.discovered(1)
        await it.turn()
        it.body = "no metrics\n"
        await it.turn()

        found = it.scraper.active()[0]
        assert found.health is Health.DOWN
        assert found.last_error.startswith("cannot read the metrics as Prometheus text: line 1")
        assert set(it.rig.store.values().values()) == {"stale", 0.0}


CHANGES: tuple[tuple[str, str, str, set[str], bool], ...] = (
    # what it shows, jobs before, jobs after, paths asked after, series that have ended
    ("nothing changes", ONE, ONE, {"/metrics"}, False),
    ("another job comes", ONE, ONE + ", {job_name: two, metrics_path: /two, static_configs: [{targets: [HOST]}]}", {"/metrics", "/two"}, False),
    ("the timeout changes", ONE, ONE.replace("shop,", "shop, scrape_timeout: 5s,"), {"/metrics"}, False),
    ("the path changes", ONE, ONE.replace("shop,", "shop, metrics_path: /else,"), {"/else"}, False),
    ("a rule comes", ONE, ONE.replace("shop,", "shop, metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: a}],"), {"/metrics"}, True),
    ("a label changes", ONE, ONE.replace("env: e", "env: f"), {"/metrics"}, True),
    ("the job is renamed", ONE, ONE.replace("shop", "kiosk"), {"/metrics"}, True),
    ("the job goes", ONE, "", set(), True),
    ("who asks is told", ONE, ONE.replace("shop,", "shop, basic_auth: {username: me, password: x},"), {"/metrics"}, False),
)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "paths", "ends"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
async def test_changes(before: str, after: str, paths: set[str], ends: bool) -> None:
    """New settings are taken over; what is scraped on has not ended, what is not has, after two intervals."""
    async with shop() as it:
        await it.scraper.apply(it.plan(before))
        await it.discovered(1)
        await it.turn(2)
        await it.scraper.apply(it.plan(after))
        await it.rig.hand.turn(6)
        await it.turn()
        it.asked.clear()
        await it.turn(3)

        assert set(it.asked) == paths
        assert any(name.startswith("a") for name in it.ends()) == ends
        added = [value for name, _, value in it.rig.store.samples() if name.startswith("scrape_series_added")]
        assert added[0] == 1


async def test_a_job_that_stays_is_not_disturbed() -> None:
    """A reload costs no scrape of what does not change."""
    async with shop() as it:
        await it.scraper.apply(it.plan(ONE))
        await it.discovered(1)
        for number in range(4):
            await it.scraper.apply(it.plan(ONE + f", {{job_name: 'other{number}'}}"))
            await it.turn()

        times = [time for name, time, _ in it.rig.store.samples() if name.startswith("up")]
        assert [time - times[0] for time in times] == [0, 15_000, 30_000, 45_000]
        added = [value for name, _, value in it.rig.store.samples() if name.startswith("scrape_series_added")]
        assert added == [1, 0, 0, 0]


async def test_discovery_that_changes(tmp_path: Path) -> None:
    """Targets come and go as they are discovered; those that rules drop are told of."""
    file = tmp_path / "targets.json"
    async with shop() as it:

        def found(*paths: str) -> str:
            return json.dumps([{"targets": [it.address], "labels": {"__metrics_path__": path}} for path in paths])

        file.write_text(found("/one", "/two", "/hidden"))
        rules = "relabel_configs: [{action: drop, source_labels: [__metrics_path__], regex: /hidden}]"
        jobs = f"{{job_name: shop, file_sd_configs: [{{files: ['{file}'], refresh_interval: 1ms}}], {rules}}}"
        await it.scraper.apply(it.plan(jobs))
        await it.discovered(2)
        assert [one.discovered["__metrics_path__"] for one in it.scraper.dropped()] == ["/hidden"]
        assert it.scraper.dropped_counts() == {"shop": 1}
        await it.turn()

        file.write_text(found("/one"))

        async def gone() -> None:
            while len(it.scraper.active()) != 1:
                await it.rig.hand.turn(5.0)
                await until(lambda: True)

        await gone()
        assert [one.url.rpartition("/")[2] for one in it.scraper.active()] == ["one"]
        # Both targets have the same labels, so that their series are the same: they have not ended.
        await it.turn(3)
        assert it.ends() == set()


async def test_discovery_that_is_slow_to_start() -> None:
    """When targets are to be found in another way, those found before stay until it has found some."""
    async with shop() as it:
        release = asyncio.Event()

        async def discover(request: web.Request) -> web.Response:
            await release.wait()
            return web.json_response([{"targets": [it.address], "labels": {"env": "new"}}])

        async with serving(discover) as url:
            await it.scraper.apply(it.plan(ONE))
            await it.discovered(1)
            await it.scraper.apply(it.plan(f"{{job_name: shop, http_sd_configs: [{{url: '{url}'}}]}}"))
            await it.turn(2)
            assert [one.labels["env"] for one in it.scraper.active()] == ["e"]

            release.set()
            while it.scraper.active()[0].labels["env"] != "new":
                await it.rig.hand.turn(5.0)
                await asyncio.sleep(0.01)


LIMITED = (
    # what it shows, the limit, health of all targets
    ("as many as may be", 2, Health.UP),
    ("more than may be", 1, Health.DOWN),
)


@pytest.mark.parametrize(("limit", "health"), [row[1:] for row in LIMITED], ids=[row[0] for row in LIMITED])
async def test_target_limit(limit: int, health: Health) -> None:
    """Of a job with too many targets none is scraped, and each is told why."""
    async with shop() as it:
        targets = f"target_limit: {limit}, static_configs: [{{targets: [HOST]}}, {{targets: [HOST], labels: {{x: y}}}}]"
        await it.scraper.apply(it.plan(f"{{job_name: shop, {targets}}}"))
        await it.discovered(2)
        await it.turn()

        error = "target_limit exceeded (number of targets: 2, limit: 1)" if health is Health.DOWN else ""
        assert [(one.health, one.last_error) for one in it.scraper.active()] == [(health, error)] * 2
        assert len(it.asked) == (0 if error else 2)


@pytest.mark.parametrize(("keep", "shown"), [(0, 3), (2, 2)], ids=["all by default", "as many as are kept"])
async def test_keep_dropped_targets(keep: int, shown: int) -> None:
    """keep_dropped_targets limits what is told of those that rules drop, not how many there are."""
    rig = Rig()
    async with rig.scraper() as scraper:
        drop = f"keep_dropped_targets: {keep}, relabel_configs: [{{action: drop}}]"
        await scraper.apply(
            plan(f"scrape_configs: [{{job_name: j, {drop}, static_configs: [{{targets: [a, b, c]}}]}}]")
        )
        await until(lambda: scraper.dropped_counts() == {"j": 3})

        assert len(scraper.dropped()) == shown
        assert scraper.active() == []


async def test_what_cannot_be_scraped_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A target that makes no sense is told of, and the others are scraped."""
    rig = Rig()
    rules = "relabel_configs: [{source_labels: [__address__], regex: 'b', target_label: __scheme__, replacement: ftp}]"
    async with rig.scraper() as scraper:
        await scraper.apply(plan(f"scrape_configs: [{{job_name: j, {rules}, static_configs: [{{targets: [a, b]}}]}}]"))
        await until(lambda: len(scraper.active()) == 1)

    assert "cannot scrape by the scheme 'ftp'" in caplog.text


async def test_own_jobs() -> None:
    """Jobs of our own are scraped like others, unless the settings have one of that name."""
    rig = Rig()
    own = [OwnJob(job(", static_configs: [{targets: ['a:1']}]"), Fetched([text("a 1\n")]))]
    async with rig.scraper() as scraper:
        await scraper.apply(plan(""), own)
        await until(lambda: len(scraper.active()) == 1)
        await rig.hand.turn(15)
        assert rig.store.values() == {"a": 1, "up": 1}

        await scraper.apply(plan("scrape_configs: [{job_name: shop}]"), own)
        await until(lambda: not rig.hand.sleepers or len(scraper.active()) == 1)
        assert scraper.pools() == ["shop"]


async def test_what_is_counted() -> None:
    """Scrapes are counted by job."""
    async with shop() as it:
        await it.scraper.apply(it.plan(ONE))
        await it.discovered(1)
        await it.turn(2)

        assert counted(it.rig.telemetry.scrapes) == {("shop", "scraped"): 2}
        assert counted(it.rig.telemetry.samples) == {("shop",): 12}
        assert counted(it.rig.telemetry.received_bytes) == {("shop",): 8}
        assert counted(it.rig.telemetry.targets) == {("shop",): 1}


async def test_a_stop_ends_no_series() -> None:
    """A server that stops, as one that restarts, leaves its series as they are (as Prometheus does)."""
    async with shop() as it:
        await it.scraper.apply(it.plan(ONE))
        await it.discovered(1)
        await it.turn()
        await it.scraper.stop()
        await it.rig.hand.turn(100)

        assert it.ends() == set()
        assert it.scraper.active() == []


def test_seeds_differ() -> None:
    """Two servers with the same targets do not ask at the same time."""
    assert len({seed_of("a"), seed_of("b"), seed_of("a", [("x", "y")])}) == 3


def test_active_targets_are_values() -> None:
    """What is told stays as it was told."""
    assert ActiveTarget("p", "u", {}, {}, 1.0, 1.0).health is Health.UNKNOWN
