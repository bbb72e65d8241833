"""Which metrics queries read, and what makes the series of one (C1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from firstlight.query.metrics import usage
from firstlight.query.metrics.cardinality import Counted
from firstlight.query.metrics.labels_of_metric import LabelShare, read_metric_labels, read_metrics
from firstlight.query.metrics.usage import NotedSource, Read, Usage
from tests.query.metrics.shop import DAY, NOW, Shop, matchers, row, shop

pytestmark = pytest.mark.anyio

ROWS = [
    *(row("hits", f"path=/{number},code={200 if number else 500},job=a") for number in range(4)),
    row("hits", "path=/0,code=200,job=a"),
    row("hits", "job=b"),
    row("up", "job=a"),
    row("old", "job=a", {-3 * DAY: 1.0}),
    row("foreign", "job=a", tenant="other"),
]


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Shop]:
    """A store with these series."""
    async with shop(tmp_path_factory.mktemp("usage"), ROWS) as made:
        yield made


@dataclass(slots=True)
class Clock:
    """A clock that is set by hand."""

    now: int = NOW

    def __call__(self) -> int:
        """Return the time."""
        return self.now


SELECTED = [
    # what it shows                        matchers                          metrics that count as read
    ("a name",                             ("__name__ = up",),               {"up"}),
    ("a name and labels",                  ("__name__ = hits", "job = a"),   {"hits"}),
    ("a name that is not there",           ("__name__ = nothing",),          set()),
    ("labels that no series has",          ("__name__ = hits", "job = z"),   set()),
    ("a pattern: those that are found",    ("__name__ =~ u.*|h.*",),         {"up", "hits"}),
    ("no name: those that are found",      ("job = b",),                     {"hits"}),
    ("a metric of another tenant",         ("__name__ = foreign",),          set()),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "read"), [case[1:] for case in SELECTED], ids=[case[0] for case in SELECTED])
async def test_what_is_selected_is_noted(it: Shop, texts: tuple[str, ...], read: set[str]) -> None:
    noted = Usage(Clock())

    await NotedSource(it.source, noted).find("default", matchers(*texts), NOW - 1, NOW)

    assert noted.of("default") == {metric: Read(NOW // 1000, 1) for metric in read}
    assert noted.of("other") == {}


async def test_reads_within_a_second_are_one(it: Shop) -> None:
    clock = Clock()
    noted = Usage(clock)
    source = NotedSource(it.source, noted)
    for now in (NOW, NOW, NOW + 1000):
        clock.now = now
        await source.find("default", matchers("__name__ = up"), NOW - 1, NOW)
        await source.find("default", matchers("job = a"), NOW - 1, NOW)

    assert noted.of("default")["up"] == Read(NOW // 1000 + 1, 2)


async def test_the_plain_source_notes_nothing(it: Shop) -> None:
    """Such as what the API asks when it lists series."""
    noted = Usage(Clock())
    NotedSource(it.source, noted)

    await it.source.find("default", matchers("__name__ = up"), NOW - 1, NOW)

    assert noted.version == 0


async def test_what_was_read_longest_ago_goes_first(it: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "MAX_METRICS", 1)
    clock = Clock()
    noted = Usage(clock)
    source = NotedSource(it.source, noted)

    await source.find("default", matchers("__name__ = up"), NOW - 1, NOW)
    await source.find("default", matchers("__name__ = hits"), NOW - 1, NOW)

    assert list(noted.of("default")) == ["hits"]


async def test_notes_are_taken_over(it: Shop) -> None:
    clock = Clock()
    before, after = Usage(clock), Usage(lambda: NOW + 10**9)
    await NotedSource(it.source, before).find("default", matchers("__name__ = up"), NOW - 1, NOW)

    after.load(before.dump())

    assert (after.of("default"), after.since) == ({"up": Read(NOW // 1000, 1)}, NOW // 1000)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"version":2}', b'{"version":1,"since":1,"reads":[[1]]}', b"\xff"]
)
def test_what_is_no_notes_changes_nothing(text: bytes) -> None:
    noted = Usage(Clock())

    with pytest.raises(ValueError, match=r"."):
        noted.load(text)

    assert (noted.of("default"), noted.since) == ({}, NOW // 1000)


async def test_metrics_by_their_series(it: Shop) -> None:
    assert await read_metrics(it.readers, "default", NOW - 1, NOW) == [Counted("hits", 6), Counted("up", 1)]
    assert Counted("old", 1) in await read_metrics(it.readers, "default", NOW - 3 * DAY, NOW)


async def test_what_makes_the_series_of_a_metric(it: Shop) -> None:
    """Without the path, four of five series are two; the sixth has none."""
    found = await read_metric_labels(it.readers, "default", "hits", NOW - 1, NOW, limit=2)

    assert found.series == 6
    assert found.labels == [
        LabelShare("path", 4, 5, left=3, top=[Counted("/0", 2), Counted("/1", 1)]),
        LabelShare("code", 2, 5, left=5, top=[Counted("200", 4), Counted("500", 1)]),
        LabelShare("job", 2, 6, left=6, top=[Counted("a", 5), Counted("b", 1)]),
    ]


async def test_a_metric_that_is_not_there_has_no_labels(it: Shop) -> None:
    found = await read_metric_labels(it.readers, "default", "foreign", NOW - 1, NOW)

    assert (found.series, found.labels) == (0, [])
