"""Parameters are read as Prometheus reads them."""

from __future__ import annotations

import pytest

from firstlight.api.prometheus.asked import MAX_TIME, MIN_TIME, Asked, read_duration, read_integer, read_time
from firstlight.http.errors import RequestError
from firstlight.query.promql.values import Steps

TIMES = [
    # what                              text                                    milliseconds
    ("seconds",                         "1700000000",                           1_700_000_000_000),
    ("with a fraction",                 "1700000000.123",                       1_700_000_000_123),
    ("with more of it than is kept",    "1700000000.0006",                      1_700_000_000_001),
    ("before 1970",                     "-1.5",                                 -1_500),
    ("with an exponent",                "1.7e9",                                1_700_000_000_000),
    ("the end of Grafana's health",     "4",                                    4_000),
    ("a time of RFC 3339",              "2023-11-14T22:13:20Z",                 1_700_000_000_000),
    ("with nanoseconds",                "2023-11-14T22:13:20.123456789Z",       1_700_000_000_123),
    ("with few digits",                 "2023-11-14T22:13:20.5Z",               1_700_000_000_500),
    ("of another zone",                 "2023-11-15T00:13:20+02:00",            1_700_000_000_000),
    ("a leap day",                      "2024-02-29T00:00:00Z",                 1_709_164_800_000),
    ("the beginning",                   MIN_TIME,                               -9_223_372_036_854_776),
    ("the end",                         MAX_TIME,                               9_223_372_036_854_775),
    ("words",                           "now",                                  None),
    ("nothing",                         "",                                     None),
    ("no number",                       "NaN",                                  None),
    ("no end",                          "Inf",                                  None),
    ("too large",                       "1e300",                                None),
    ("no such day",                     "2023-02-30T00:00:00Z",                 None),
    ("a day",                           "2023-11-14",                           None),
    ("spaces",                          " 1",                                   None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "ms"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_times(text: str, ms: int | None) -> None:
    assert read_time(text) == ms


DURATIONS = [
    ("seconds",             "15",           15_000),
    ("with a fraction",     "0.25",         250),
    ("as Grafana sends",    "15.000",       15_000),
    ("with a unit",         "15s",          15_000),
    ("with several",        "1h30m",        5_400_000),
    ("all of them",         "1y1w1d1h1m1s1ms", 32_230_861_001),
    ("milliseconds",        "100ms",        100),
    ("nothing at all",      "0",            0),
    ("below nothing",       "-5",           -5_000),
    ("in a wrong order",    "1m1h",         None),
    ("a unit twice",        "1m1m",         None),
    ("no number",           "m",            None),
    ("no unit of ours",     "1month",       None),
    ("a fraction of a unit", "1.5h",        None),
    ("too long",            "1000y",        None),
    ("nothing",             "",             None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "ms"), [row[1:] for row in DURATIONS], ids=[row[0] for row in DURATIONS])
def test_durations(text: str, ms: int | None) -> None:
    assert read_duration(text) == ms


INTEGERS = [
    ("5", 5),
    ("-5", -5),
    ("+5", 5),
    ("", None),
    ("5.0", None),
    ("1e3", None),
    (str(2**63), None),
    ("9" * 99, None),
]


@pytest.mark.parametrize(("text", "number"), INTEGERS, ids=[row[0] or "nothing" for row in INTEGERS])
def test_integers(text: str, number: int | None) -> None:
    assert read_integer(text) == number


def asked(**given: str) -> Asked:
    return Asked(list(given.items()), now_ms=7)


STEPS = [
    ("one",             ("0", "0", "1"),        Steps(0, 1_000, 1, until=0)),
    ("several",         ("0", "60", "15"),      Steps(0, 15_000, 5, until=60_000)),
    ("an end between",  ("0", "59.5", "15s"),   Steps(0, 15_000, 4, until=59_500)),
    ("as many as may be", ("0", "11000", "1"),  Steps(0, 1_000, 11_001, until=11_000_000)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "steps"), [row[1:] for row in STEPS], ids=[row[0] for row in STEPS])
def test_steps(given: tuple[str, str, str], steps: Steps) -> None:
    start, end, step = given

    assert asked(start=start, end=end, step=step).steps() == steps


def test_what_is_not_given_has_its_default() -> None:
    nothing = asked()

    assert (nothing.time("time", 7), nothing.limit(), nothing.timeout(), nothing.lookback()) == (7, 0, None, None)
    assert (nothing.span(earliest=1, latest=2), nothing.integer("limit", -1), nothing.boolean("x")) == (
        (1, 2),
        -1,
        None,
    )


def test_the_first_of_several_counts_and_all_are_there() -> None:
    twice = Asked([("a", "1"), ("a", "2"), ("b", "3")], 0)

    assert (twice.text("a"), twice.texts("a"), twice.texts("c")) == ("1", ["1", "2"], [])


LIMITS = [
    ("no number", "x", 'strconv.Atoi: parsing "x": invalid syntax'),
    ("a fraction", "1.5", 'strconv.Atoi: parsing "1.5": invalid syntax'),
    ("too large", str(2**63), f'strconv.Atoi: parsing "{2**63}": value out of range'),
    ("less than nothing", "-1", "limit must be non-negative"),
]


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_wrong_limits(text: str, words: str) -> None:
    with pytest.raises(RequestError) as refused:
        asked(limit=text).limit()

    assert str(refused.value) == f'invalid parameter "limit": {words}'
