"""From which time on samples are others than they were, of whom and since when (P7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from firstlight.query.metrics import changes as module
from firstlight.query.metrics.changes import ALWAYS, LATE_MS, Changes
from tests.query.world import columns

NOW = 1_700_000_000_000
A, B = 1 << 48, 2 << 48


def stored(*rows: tuple[int, int], tenant: str = "default") -> Iterable[Mapping[str, object]]:
    """Return samples, of each the series and the time from now on."""
    return [{"tenant": tenant, "series_id": series, "ts": NOW + time, "value": 1.0} for series, time in rows]


def noted(*inserts: Iterable[Mapping[str, object]]) -> tuple[Changes, list[int]]:
    """Return changes after some inserts, and the mark before each."""
    changes = Changes(lambda: NOW)
    marks = []
    for rows in inserts:
        marks.append(changes.mark())
        changes.note(columns("samples", iter(rows)))
    return changes, marks


LATE = -LATE_MS - 1

CASES = [
    # what                                 the inserts                                     of which metrics, since  from
    ("nothing was stored",                 [],                                             None,   0,   None),
    ("the earliest of an insert",          [[(A, 5), (B, 3)]],                             None,   0,   3),
    ("the earliest of all since",          [[(A, 5)], [(A, 1)], [(A, 9)]],                 None,   0,   1),
    ("not what was before",                [[(A, 1)], [(A, 9)]],                           None,   1,   9),
    ("later ones do not hide earlier",     [[(A, 1)], [(A, 9)]],                           None,   0,   1),
    ("what is timely is of all metrics",   [[(A, 5)]],                                     [2],    0,   5),
    ("what is late is of its own",         [[(A, LATE)]],                                  [2],    0,   None),
    ("and is seen there",                  [[(A, LATE)]],                                  [1, 2], 0,   LATE),
    ("and by who looks at everything",     [[(A, LATE)]],                                  None,   0,   LATE),
    ("both in one insert",                 [[(A, LATE), (B, 7)]],                          [2],    0,   7),
]  # fmt: skip


@pytest.mark.parametrize(
    ("inserts", "metrics", "place", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_earliest_time_that_changed(
    inserts: list[list[tuple[int, int]]], metrics: list[int] | None, place: int, expected: int | None
) -> None:
    """Since the insert at a place."""
    changes, marks = noted(*(stored(*rows) for rows in inserts))
    found = changes.since([*marks, changes.mark()][place], "default", metrics)
    assert found == (None if expected is None else NOW + expected)


def test_other_tenants_do_not_matter() -> None:
    """However late they are."""
    changes, [mark] = noted([*stored((A, 1), tenant="other"), *stored((A, 8))])
    assert changes.since(mark, "default", None) == NOW + 8
    assert changes.since(mark, "other", None) == NOW + 1


def test_what_is_gone_voids_all_before() -> None:
    """And nothing after."""
    changes, [mark] = noted(stored((A, 1)))
    changes.reset()
    assert changes.since(mark, "default", []) == ALWAYS
    assert changes.since(changes.mark(), "default", []) is None


def test_many_changes_are_told_coarsely_and_never_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the older ones it is told too early rather."""
    monkeypatch.setattr(module, "MOST", 8)
    changes, marks = noted(*(stored((A, time)) for time in range(50)))
    for time, mark in enumerate(marks):
        found = changes.since(mark, "default", None)
        assert found is not None
        assert found <= NOW + time
    assert changes.since(marks[-1], "default", None) == NOW + 49


def test_many_late_metrics_are_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is late with everything makes all forget."""
    monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
    changes, [mark] = noted(stored(*((number << 48, LATE) for number in range(1, 9))))
    assert changes.since(mark, "default", [77]) == NOW + LATE
