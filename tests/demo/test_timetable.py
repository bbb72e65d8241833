"""What goes wrong when: a table of seconds."""

from __future__ import annotations

import pytest

from firstlight.demo.cast import SERVICES, STORIES
from firstlight.demo.timetable import Occurrence, Scenario, timetable_of

SLOW, ERRORS, MEMORY, DEAD = Scenario

WHEN = [
    # what                                 choice         elapsed   what is on, from when to when
    ("before the start",                   "all",         -0.1,     None),
    ("the first calm",                     "all",         0.0,      None),
    ("the end of the first calm",          "all",         9.999,    None),
    ("the first second of an episode",     "all",         10.0,     (SLOW, 10, 30)),
    ("the last moment of an episode",      "all",         29.999,   (SLOW, 10, 30)),
    ("the end of an episode is not in it", "all",         30.0,     None),
    ("the second episode",                 "all",         45.0,     (ERRORS, 40, 60)),
    ("the third episode",                  "all",         70.0,     (MEMORY, 70, 90)),
    ("the fourth episode",                 "all",         119.9,    (DEAD, 100, 120)),
    ("calm again in the second round",     "all",         125.0,    None),
    ("the second round",                   "all",         131.0,    (SLOW, 130, 150)),
    ("a round of long ago",                "all",         12_010.0, (SLOW, 12_010, 12_030)),
    ("one thing alone, calm first",        "error-burst", 5.0,      None),
    ("one thing alone",                    "error-burst", 10.0,     (ERRORS, 10, 30)),
    ("one thing alone, again",             "error-burst", 40.0,     (ERRORS, 40, 60)),
    ("nothing",                            "none",        10.0,     None),
]  # fmt: skip

PROGRESS = [
    # what                 elapsed  share
    ("before it begins",   5.0,     0.0),
    ("when it begins",     10.0,    0.0),
    ("a quarter through",  15.0,    0.25),
    ("after its end",      99.0,    1.0),
]  # fmt: skip


@pytest.mark.parametrize(("choice", "elapsed_s", "wanted"), [row[1:] for row in WHEN], ids=[row[0] for row in WHEN])
def test_says_what_is_on(choice: str, elapsed_s: float, wanted: tuple[Scenario, float, float] | None) -> None:
    found = timetable_of(choice, calm_s=10, episode_s=20).at(elapsed_s)

    assert found == (wanted and Occurrence(*wanted))


@pytest.mark.parametrize(("elapsed_s", "share"), [row[1:] for row in PROGRESS], ids=[row[0] for row in PROGRESS])
def test_knows_how_far_an_episode_is(elapsed_s: float, share: float) -> None:
    assert Occurrence(MEMORY, 10, 30).progress(elapsed_s) == share


def test_every_scenario_has_a_story_in_a_service_of_the_shop() -> None:
    assert set(STORIES) == set(Scenario)
    assert {story.service for story in STORIES.values()} <= {service.name for service in SERVICES}
