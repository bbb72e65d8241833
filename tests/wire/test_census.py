"""The count of series: what is refused, what is said of it, what is forgotten (C1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from firstlight.wire import census
from firstlight.wire.census import Census, Limits, One
from firstlight.wire.ids import Ids
from firstlight.wire.sketch import MAX_LABELS, Distinct, LabelSketch

DAY = 20_000


def one(metric: str, number: int, **labels: str) -> One:
    """Return a series; its id has its number in it."""
    return One(number, metric, {"__name__": metric, **labels})


def admit(counts: Census, *series: One, tenant: str = "acme", day: int = DAY) -> dict[int, str]:
    """Ask for series, each alone."""
    return counts.admit(tenant, day, [(each,) for each in series])


HITS = [one("hits", number, user=f"u{number}", code=str(number % 2)) for number in range(1, 9)]
ASKED = [
    # what it shows                     limits         earlier     asked                         refused
    ("as many as come",                 Limits(),      [],         HITS,                         set()),
    ("as many as may be",               Limits(0, 8),  [],         HITS,                         set()),
    ("one more of a metric",            Limits(0, 7),  [],         HITS,                         {8}),
    ("another metric has its own",      Limits(0, 7),  HITS[:7],   [one("up", 100)],             set()),
    ("one more of all",                 Limits(7, 0),  HITS[:7],   [one("up", 100)],             {100}),
    ("of two limits the nearer",        Limits(7, 2),  HITS[:2],   [HITS[2], one("up", 100)],    {3}),
    ("known ones go on",                Limits(0, 2),  HITS[:2],   [HITS[1], HITS[2], HITS[0]],  {3}),
    ("one twice is one",                Limits(0, 2),  [],         [HITS[0], HITS[0], HITS[1]],  set()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "earlier", "asked", "refused"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED]
)
def test_refuses_what_is_too_much(
    limits: Limits, earlier: Sequence[One], asked: Sequence[One], refused: set[int]
) -> None:
    counts = Census(limits)
    assert admit(counts, *earlier) == {}

    found = admit(counts, *asked)

    assert set(found) == refused
    assert counts.refused("acme", DAY, [each.id for each in asked]) == found
    assert set(admit(counts, *asked)) == refused


def test_tenants_and_days_have_their_own() -> None:
    counts = Census(Limits(2, 2))
    admit(counts, *HITS[:2])

    assert admit(counts, HITS[2], tenant="other") == {}
    assert admit(counts, HITS[2], day=DAY + 1) == {}
    assert (counts.count("acme", DAY), counts.count("acme", DAY, "hits"), counts.count("acme", DAY, "up")) == (2, 2, 0)
    assert counts.count("nobody", DAY) == 0


def test_a_group_is_taken_whole_or_not_at_all() -> None:
    counts = Census(Limits(0, 3))
    group = [one("took", 1), one("took_bucket", 2, le="1"), one("took_bucket", 3, le="+Inf")]
    other = [one("took", 4), one("took_bucket", 5, le="1"), one("took_bucket", 6, le="+Inf")]

    found = counts.admit("acme", DAY, [group, other])

    assert list(found) == [4]
    assert "'took_bucket' has 2 that day" in found[4]
    assert counts.count("acme", DAY, "took") == 1


PER_METRIC = "ingest.max_series_per_metric"
METRIC = "the metric with the most is 'hits' (6)"
LABEL = "the label with the most values is 'user' (about 5)"


def test_names_what_is_to_blame() -> None:
    of_metric = admit(Census(Limits(0, 6)), *HITS)
    of_all = admit(Census(Limits(6, 0)), *HITS)

    assert {words.partition(": ") for words in of_metric.values()} == {
        ("too many series of a metric", ": ", f"'hits' has 6 that day; the most that {PER_METRIC} allows is 6; {LABEL}")
    }
    assert {words.partition(": ") for words in of_all.values()} == {
        (
            "too many series",
            ": ",
            f"there are 6 that day; the most that ingest.max_series allows is 6; {METRIC}; {LABEL}",
        )
    }


def test_says_so_if_there_is_no_label() -> None:
    assert admit(Census(Limits(1)), one("up", 1), one("down", 2))[2].endswith("is 'up' (1); it has no labels")


def test_names_some_of_many_metrics() -> None:
    """A request must not get an answer of a million words."""
    counts = Census(Limits(0, 1))
    admit(counts, *(one(f"m{number}", number) for number in range(20)))

    words = set(admit(counts, *(one(f"m{number}", 100 + number) for number in range(20))).values())

    assert len(words) == census.MAX_NAMED + 1
    assert "too many series of a metric: of others" in words


def test_what_is_stored_counts() -> None:
    counts = Census(Limits(0, 3))
    counts.seed("acme", DAY, np.array([2, 1], np.uint64), {"hits": 2})

    assert set(admit(counts, *HITS[:4])) == {4}
    assert counts.count("acme", DAY) == 3


@pytest.mark.parametrize(("kind", "day", "kept"), [("series", DAY, 0), ("series", DAY - 1, 8), ("samples", DAY, 8)])
def test_what_is_dropped_does_not_count(kind: str, day: int, kept: int) -> None:
    counts = Census(Limits(8))
    admit(counts, *HITS)

    counts.forget(kind, day)

    assert counts.count("acme", DAY) == kept


def test_new_limits_hold_at_once() -> None:
    counts = Census(Limits(0, 2))
    assert set(admit(counts, *HITS[:4])) == {3, 4}

    counts.limits = Limits(0, 3)

    assert counts.refused("acme", DAY, [3, 4]) == {}
    assert set(admit(counts, *HITS[:4])) == {4}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The days that are asked about least go first; refused series beyond the bound are counted again each time."""
    monkeypatch.setattr(census, "MAX_DAYS", 2)
    monkeypatch.setattr(census, "MAX_REFUSED", 1)
    counts = Census(Limits(0, 2))
    for day in (1, 2, 1, 3):
        admit(counts, *HITS[:4], day=day)

    assert [counts.count("acme", day) for day in (1, 2, 3)] == [2, 0, 2]
    assert set(counts.refused("acme", 3, [1, 2, 3, 4])) == {3}


def test_ids_are_a_set() -> None:
    """As one of Python's would be, through waiting and merging."""
    random = np.random.default_rng(1)
    asked = random.integers(0, 2**64, 30_000, np.uint64).tolist()
    ids, expected = Ids(np.array(asked[:100], np.uint64)), set(asked[:100])
    for start in range(0, 30_000, 1_000):
        part = asked[max(0, start - 500) : start + 1_000]
        new = ids.unknown(part)
        assert new == set(part) - expected
        for each in new:
            ids.add(each)
        expected |= new

    assert len(ids) == len(expected)
    assert ids.unknown([]) == set()


@pytest.mark.parametrize("count", [0, 1, 10, 1_000, 50_000])
def test_distinct_values_are_about_right(count: int) -> None:
    """Texts have another hash in each process, so this is within what is all but certain."""
    distinct = Distinct()
    for number in range(count):
        distinct.add(f"value {number}")
        distinct.add(f"value {number // 2}")

    assert abs(len(distinct) - count) <= 0.35 * count


def test_labels_beyond_a_number_are_not_looked_at() -> None:
    sketch = LabelSketch()
    assert sketch.most() is None
    sketch.add({f"label {number}": "x" for number in range(MAX_LABELS)})
    for number in range(10):
        sketch.add({"one more": str(number)})

    most = sketch.most()

    assert most is not None
    assert (most[0].partition(" ")[0], most[1]) == ("label", 1)
