"""When targets are scraped (P5): even times, also when targets or the store are slow. The clock is the test's."""

from __future__ import annotations

import asyncio

import pytest

from firstlight.errors import StoreBusy, StoreError, StoreRefused
from firstlight.ingest.scrape.loop import TargetLoop
from firstlight.ingest.scrape.reading import Reading
from firstlight.ingest.scrape.schedule import following, stamp
from firstlight.ingest.scrape.targets import offset
from firstlight.model.batch import Batch, Rejections
from firstlight.model.targets import Health
from tests.ingest.scrape.hand import NOON, Fetched, LearningStore, Rig, counted, job, target, text

pytestmark = pytest.mark.anyio

FOLLOWING = (
    # what it shows, due, now, the next, how many are missed
    ("in time", 100, 101, 115, 0),
    ("at the last moment", 100, 115, 115, 0),
    ("a little late: at once", 100, 117, 115, 0),
    ("two are over: the last at once", 100, 131, 130, 1),
    ("many are over", 100, 1000, 1000, 59),
    ("the clock was turned back", 100, 90, 115, 0),
)


@pytest.mark.parametrize(
    ("due", "now", "following_one", "missed"), [row[1:] for row in FOLLOWING], ids=[row[0] for row in FOLLOWING]
)
def test_following(due: int, now: int, following_one: int, missed: int) -> None:
    """The next scrape is an interval later, or at once if that is over."""
    assert following(due, now, 15) == (following_one, missed)


STAMPS = (
    # what it shows, due, now, interval (in milliseconds), the time of the samples
    ("in time", 100_000, 100_000, 15_000, 100_000),
    ("a little late", 100_000, 100_009, 15_000, 100_000),
    ("a little early", 100_000, 99_999, 15_000, 100_000),
    ("late", 100_000, 100_011, 15_000, 100_011),
    ("short intervals are told more exactly", 100_000, 100_009, 500, 100_009),
)


@pytest.mark.parametrize(
    ("due", "now", "interval", "time"), [row[1:] for row in STAMPS], ids=[row[0] for row in STAMPS]
)
def test_stamp(due: int, now: int, interval: int, time: int) -> None:
    """Samples have the time that was due, so that it comes in even steps, if that is nearly right."""
    assert stamp(due * 1_000_000, now * 1_000_000, interval * 1_000_000) == time


class Looped:
    """One target, scraped every 15 s."""

    def __init__(self, fetched: Fetched | None = None) -> None:
        self.rig = Rig()
        self.fetched = fetched or Fetched([text("a 1\n")])
        self.fetched.hand = self.rig.hand
        of = job()
        aim = target(of)
        self.loop = TargetLoop(aim, self.fetched, Reading(self.rig.book, "default", of, aim), self.rig.world)
        self.first = offset(aim, 15_000_000_000, 0) // 1_000_000 - NOON * 1000 % 15_000

    def times(self) -> list[int]:
        """Return the times of `up`, in milliseconds since the first scrape."""
        first = NOON * 1000 + self.first % 15_000
        return [time - first for name, time, _ in self.rig.store.samples() if name == "up"]


async def test_even_times() -> None:
    """A target is scraped at its time within each interval."""
    looped = Looped()
    looped.loop.start()

    await looped.rig.hand.turn(61)
    await looped.loop.stop()

    assert looped.times() == [0, 15_000, 30_000, 45_000]
    assert counted(looped.rig.telemetry.missed) == {}
    assert looped.loop.last.health is Health.UP


async def test_a_target_that_takes_its_whole_time() -> None:
    """A target that answers after 15.5 s, longer than its interval, is scraped again at once, not every other time."""
    looped = Looped(Fetched([text("a 1\n")], seconds=15.5))
    looped.loop.start()

    await looped.rig.hand.turn(15 + 15.5 * 3)
    await looped.loop.stop()

    assert looped.times()[:3] == [0, 15_500, 31_000]


async def test_a_slow_store_costs_scrapes_that_are_counted() -> None:
    """What cannot be stored in time is waited for: times are missed, and no two scrapes pile up."""
    looped = Looped()
    slow = _Slow(looped)
    looped.rig.store = slow
    looped.loop.start()

    await looped.rig.hand.turn(115)
    slow.seconds = 0.0
    await looped.rig.hand.turn(100)
    await looped.loop.stop()

    assert slow.together == 1
    missed = counted(looped.rig.telemetry.missed)[("shop",)]
    assert missed > 0
    assert len(looped.times()) + missed == pytest.approx(14, abs=1)


async def test_a_busy_store_is_asked_again() -> None:
    """What the store has no room for now is kept until the next scrape is due."""
    looped = Looped()
    looped.rig.store.error = StoreBusy("busy", retry_after=3.0)
    looped.loop.start()

    await looped.rig.hand.turn(looped.first % 15_000 / 1000 + 5)
    looped.rig.store.error = None
    await looped.rig.hand.turn(16)
    await looped.loop.stop()

    assert looped.times()[:2] == [0, 15_000]
    assert counted(looped.rig.telemetry.lost_samples) == {}


LOST: tuple[tuple[str, StoreError, str], ...] = (
    ("it stays busy", StoreBusy("busy", retry_after=3.0), "busy"),
    ("it refuses", StoreRefused("no"), "failed"),
)


@pytest.mark.parametrize(("error", "reason"), [row[1:] for row in LOST], ids=[row[0] for row in LOST])
async def test_what_is_lost_is_counted(error: StoreError, reason: str) -> None:
    """What the store would not take until the next scrape is counted by its reason, and the schedule goes on."""
    looped = Looped()
    looped.rig.store.error = error
    looped.loop.start()

    await looped.rig.hand.turn(44)
    looped.rig.store.error = None
    await looped.rig.hand.turn(31)
    await looped.loop.stop()

    lost = counted(looped.rig.telemetry.lost_samples)
    assert lost.keys() == {("shop", reason)}
    assert lost["shop", reason] % 6 == 0
    assert looped.times()[-1] % 15_000 == 0


async def test_a_stop_stores_what_was_fetched() -> None:
    """A loop that is stopped ends when what it has is stored."""
    looped = Looped()
    slow = _Slow(looped)
    looped.rig.store = slow
    looped.loop.start()
    await looped.rig.hand.turn(15)

    stopping = asyncio.create_task(looped.loop.stop())
    await looped.rig.hand.turn(40)
    await stopping

    assert looped.times() == [0]


async def test_a_bug_is_no_end() -> None:
    """A fetch that fails as nobody expects is a scrape that failed; the next one is made."""

    class Broken(Fetched):
        async def __call__(self, target: object) -> None:  # type: ignore[override]
            raise ZeroDivisionError

    looped = Looped(Broken())
    looped.loop.start()

    await looped.rig.hand.turn(31)
    await looped.loop.stop()

    assert looped.times() == [0, 15_000]
    assert looped.loop.last.health is Health.DOWN
    assert "bug" in looped.loop.last.error


class _Slow(LearningStore):
    """A store that takes 40 s for each append."""

    def __init__(self, looped: Looped) -> None:
        super().__init__(looped.rig.book)
        self.hand = looped.rig.hand
        self.seconds = 40.0
        self.now = 0
        self.together = 0

    async def append(self, batch: Batch) -> Rejections:
        """Take its time."""
        self.now += 1
        self.together = max(self.together, self.now)
        await self.hand.sleep(self.seconds)
        self.now -= 1
        return await super().append(batch)
