"""What is deleted is found no more, and everything else still is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from firstlight.api.prometheus.admin import Admin
from firstlight.api.prometheus.deletion import StoreAdmin
from firstlight.model.batch import Batch
from firstlight.query.metrics.catalogue import Catalogue
from firstlight.query.metrics.series import Keeping
from firstlight.query.promql.plan import Fetch
from tests.query.metrics.shop import DAY, NOW, Shop, batches, matchers, row, shop
from tests.query.world import columns
from tests.store.rows import TODAY

pytestmark = pytest.mark.anyio

ROWS = [
    row("up", "job=a", {-DAY: 1.0, -60_000: 2.0, 0: 3.0}),
    row("up", "job=b", {-DAY: 1.0, 0: 3.0}),
    row("up", "job=a", {0: 9.0}, tenant="other"),
    row("down", "job=a", {0: 5.0}),
]


@dataclass
class Deleting:
    """A store, what changes it, and what it has said."""

    shop: Shop
    admin: Admin
    told: list[tuple[str, int]] = field(default_factory=list)

    async def values(self, *wanted: str, tenant: str = "default") -> list[float]:
        """Return the values of what matches."""
        fetch = Fetch(matchers(*wanted), NOW - 10 * DAY, NOW + 10 * DAY)
        found = (await self.shop.source.fetch(tenant, [fetch]))[fetch]
        return sorted(found.floats.tolist())

    async def names(self) -> list[str]:
        """Return the names of all metrics."""
        found = await Catalogue(self.shop.readers).label_values("default", "__name__", [], NOW - 10 * DAY, NOW + DAY)
        return list(found.items)


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Deleting]:
    """A store with a few series in it, one of which has an exemplar."""
    told: list[tuple[str, int]] = []
    example = {"tenant": "default", "series_id": ROWS[0].id, "ts": NOW, "value": 1.0}
    async with shop(tmp_path, ROWS, keeping=Keeping(0, 0, 0)) as made:
        await made.add(Batch({"exemplars": columns("exemplars", iter([example]))}, items=1))
        yield Deleting(
            made,
            StoreAdmin(made.store.client, made.source, [lambda kind, day: told.append((kind, day))], lambda: NOW),
            told,
        )


async def test_everything_of_a_series(it: Deleting) -> None:
    await it.admin.delete_series("default", matchers("__name__ = down"), NOW - 10**12, NOW + 10**13)

    assert await it.values("__name__ = down") == []
    assert await it.names() == ["up"]
    assert await it.values("__name__ = up") == [1.0, 1.0, 2.0, 3.0, 3.0]
    assert set(it.told) == {("series", TODAY)}


async def test_a_part_of_a_series(it: Deleting) -> None:
    """Its series is still known on the day of which something is left."""
    await it.admin.delete_series("default", matchers("job = a"), NOW - 120_000, NOW)

    assert await it.values("job = a") == [1.0]
    assert await it.values("job = b") == [1.0, 3.0]
    assert await it.names() == ["down", "up"]
    assert it.told == []


async def test_another_tenant_keeps_what_is_its_own(it: Deleting) -> None:
    await it.admin.delete_series("default", matchers("__name__ =~ .+"), NOW - 10**12, NOW + 10**13)

    assert await it.names() == []
    assert await it.values("job = a", tenant="other") == [9.0]


async def test_nothing_that_matches(it: Deleting) -> None:
    await it.admin.delete_series("default", matchers("job = c"), NOW - 10**12, NOW + 10**13)

    assert (await it.names(), it.told) == (["down", "up"], [])


async def test_what_was_deleted_is_removed(it: Deleting) -> None:
    await it.admin.delete_series("default", matchers("__name__ = up"), NOW - 10**12, NOW + 10**13)
    await it.admin.clean_tombstones()

    assert await it.values("__name__ = down") == [5.0]
    rows = await it.shop.store.client.query(
        "SELECT sum(rows) AS rows FROM system.parts WHERE active AND table = 'samples' AND database = currentDatabase()"
    )
    assert rows.column("rows").to_pylist() == [2]


async def test_what_is_sent_again_is_found(it: Deleting) -> None:
    await it.admin.delete_series("default", matchers("__name__ = down"), NOW - 10**12, NOW + 10**13)
    await it.shop.add(*batches([row("down", "job=a", {5_000: 6.0})]))

    assert await it.values("__name__ = down") == [6.0]


def linked(directory: Path, name: str) -> list[Path]:
    return list(directory.rglob(f"shadow/{name}/**/*.bin"))


async def test_a_copy_has_all_tables(it: Deleting, tmp_path: Path) -> None:
    name = await it.admin.snapshot(skip_head=True)

    assert name == "20241004T120000_000000Z"
    assert linked(tmp_path, name)
