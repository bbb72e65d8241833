"""The language as a whole, in the notation of Prometheus' own tests (P5): what queries answer over series in memory."""

from __future__ import annotations

import re

import pytest

from firstlight.query.promql.context import Switches
from firstlight.query.promql.run import Options
from tests.query.promql.language import run

STARTS = Options(experimental=True, switches=Switches(delayed_name_removal=True, start_timestamps=True))

HELD = [
    ("an instant selector looks back five minutes, and is open on the left", """
        load 1m
          up 1 2
        eval instant at 5m59s up
          up 2
        eval instant at 6m up
    """),
    ("a series that ended is gone at once, and comes back", """
        load 1m
          up 1 stale 3
        eval range from 0 to 2m step 1m up
          up 1 _ 3
        eval instant at 2m count_over_time(up[3m])
          {} 2
    """),
    ("offset and @ move where a selector looks, in either order", """
        load 1m
          up 0+1x10
        eval instant at 5m up offset 2m
          up 3
        eval instant at 5m up offset -2m
          up 7
        eval range from 0 to 2m step 1m up @ 240 offset 1m
          up 3 3 3
        eval range from 0 to 130 step 1m up @ end()
          up 2 2 2
    """),
    ("rate extrapolates to the ends of the range, but not below zero", """
        load 10s
          requests_total 5+10x12
        eval instant at 60s rate(requests_total[50s])
          {} 1
        eval instant at 30s increase(requests_total[1m])
          {} 35
    """),
    ("resets of a counter are added back, all of them", """
        load 1m
          requests_total 0 5 2 4 1 1
        eval instant at 5m increase(requests_total[6m])
          {} 10
        eval instant at 5m resets(requests_total[6m])
          {} 2
        eval instant at 5m changes(requests_total[6m])
          {} 4
    """),
    ("rate of what is not called like a counter is doubted", """
        load 1m
          temperature 1+1x5
        eval instant at 5m rate(temperature[5m])
          expect info msg: PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "temperature" (1:6)
          {} 0.016666666666666666
    """),
    ("a window of floats and histograms has no rate, and says so", """
        load 1m
          mixed_total 1 2 {{count:1 sum:1 buckets:[1]}} {{count:2 sum:2 buckets:[2]}}
        eval instant at 3m rate(mixed_total[4m])
          expect warn msg: PromQL warning: encountered a mix of histograms and floats for metric name "mixed_total" (1:6)
        eval instant at 3m max_over_time(mixed_total[4m])
          expect info msg: PromQL info: ignored histograms in a range containing both floats and histograms for metric name "mixed_total" (1:15)
          {} 2
        eval instant at 3m count_over_time(mixed_total[4m])
          {} 4
    """),
    ("sums carry along what rounding loses", """
        load 1m
          big 1 1e100 1 -1e100
        eval instant at 3m sum_over_time(big[4m])
          {} 2
        eval instant at 3m avg_over_time(big[4m])
          {} 0.5
    """),
    ("a mean does not overflow, where the sum does", """
        load 1m
          big 1.7e308 1.7e308 1.7e308
        eval instant at 2m avg_over_time(big[3m])
          {} 1.7e308
        eval instant at 2m sum_over_time(big[3m])
          {} Inf
    """),
    ("NaN is the least of values, and no maximum while there are others", """
        load 1m
          odd NaN 3 1 NaN
        eval instant at 3m max_over_time(odd[4m])
          {} 3
        eval instant at 3m quantile_over_time(0, odd[4m])
          {} NaN
        eval instant at 3m quantile_over_time(1, odd[4m])
          {} 3
        eval instant at 3m mad_over_time(odd[4m])
          {} NaN
    """),
    ("when the first, the last and the highest value was", """
        load 10s
          v 3 7 7 1
        eval instant at 30s ts_of_first_over_time(v[1m])
          {} 0
        eval instant at 30s ts_of_last_over_time(v[1m])
          {} 30
        eval instant at 30s ts_of_max_over_time(v[1m])
          {} 20
        eval instant at 30s ts_of_min_over_time(v[1m])
          {} 30
    """),
    ("the first and the last value keep their name", """
        load 1m
          v 3 7
        eval instant at 1m last_over_time(v[5m])
          v 7
        eval instant at 1m first_over_time(v[5m])
          v 3
    """),
    ("a line through the samples, and where it leads", """
        load 1m
          v 0+60x5
        eval instant at 5m deriv(v[6m])
          {} 1
        eval instant at 5m predict_linear(v[6m], 60)
          {} 360
        eval instant at 7m predict_linear(v[6m] @ 300, 0)
          {} 420
    """),
    ("a factor of smoothing must be between 0 and 1", """
        load 1m
          v 0+1x5
        eval instant at 5m double_exponential_smoothing(v[6m], 0.5, 0.5)
          {} 5
        eval instant at 5m double_exponential_smoothing(v[6m], 1, 0.5)
          expect fail msg: invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000
    """),
    ("a subquery is evaluated at multiples of its step, whenever it is asked", """
        load 1s
          v 0+1x100
        eval instant at 95s count_over_time(v[30s:10s])
          {} 3
        eval instant at 95s sum_over_time(v[30s:10s])
          {} 240
        eval instant at 95s max_over_time(v[30s:10s] offset 20s)
          {} 70
        eval instant at 95s max_over_time(v[30s:10s] @ 50)
          {} 50
        eval instant at 95s sum_over_time(sum_over_time(v[2s:1s])[20s:10s])
          {} 338
    """),
    ("absent has the labels that a selector asks for", """
        load 1m
          up{job="a"} 1
        eval instant at 1m absent(up{job="b", instance=~"x.*", zone="z"})
          {job="b", zone="z"} 1
        eval instant at 1m absent(up{job="a"})
        eval instant at 1m absent_over_time(up{job="b"}[5m])
          {job="b"} 1
        eval instant at 1m absent(sum(up{job="b"}))
          {} 1
    """),
    ("timestamp is when a sample was taken, of a selector only", """
        load 1m
          v 5 6
        eval instant at 90s timestamp(v)
          {} 60
        eval instant at 90s timestamp(v + 0)
          {} 90
        eval range from 0 to 2m step 1m timestamp(v @ 60)
          {} 60 60 60
    """),
    ("anchored edges count from the sample before the range", """
        load 1m
          v_total 10 20 35 60
        eval instant at 2m30s increase(v_total[1m] anchored)
          {} 15
        eval instant at 2m30s changes(v_total[1m] anchored)
          {} 1
    """),
    ("smoothed edges lie between the samples around them", """
        load 1m
          v_total 10 20 40 60
        eval instant at 2m30s increase(v_total[1m] smoothed)
          {} 20
        eval instant at 90s v_total smoothed
          v_total 30
        eval instant at 2m max_over_time(v_total[1m] smoothed)
          expect fail msg: smoothed modifier can only be used with: delta, increase, rate - not with max_over_time
    """),
    ("a range selector alone answers its samples", """
        load 1m
          v 1 2 stale 4
        eval instant at 3m v[4m]
          expect range vector from 0 to 3m step 1m
          v 1 2 _ 4
    """),
    ("strings and scalars are answers, too", """
        eval instant at 0 "a\\nb"
          expect string "a\\nb"
        eval instant at 1m time() * 2
          120
    """),
    ("info adds the labels of the target, but none that are there", """
        load 1m
          requests{instance="a", job="1", env="own"} 1 2 3
          requests{instance="b", job="1"} 1 2 3
          target_info{instance="a", job="1", version="7", env="info"} 1 1 1
        eval range from 0 to 2m step 1m info(requests)
          requests{instance="a", job="1", env="own", version="7"} 1 2 3
          requests{instance="b", job="1"} 1 2 3
        eval instant at 1m info(requests, {version="7"})
          requests{instance="a", job="1", env="own", version="7"} 2
        eval instant at 1m info(requests, {version=~".*"})
          requests{instance="a", job="1", env="own", version="7"} 2
          requests{instance="b", job="1"} 2
    """),
    ("info takes the newest of info series that follow each other", """
        load 1m
          requests{instance="a", job="1"} 1 2 3
          target_info{instance="a", job="1", version="7"} 1 1 _
          target_info{instance="a", job="1", version="8"} _ _ 1
        eval range from 0 to 2m step 1m info(requests)
          requests{instance="a", job="1", version="7"} 1 2 _
          requests{instance="a", job="1", version="8"} _ _ 3
    """),
    ("info finds other info series by name, and leaves these alone", """
        load 1m
          requests{instance="a", job="1"} 1 2
          build_info{instance="a", job="1", commit="c0ffee"} 1 1
          target_info{instance="a", job="1", version="7"} 1 1
        eval instant at 1m info(requests, {__name__="build_info"})
          requests{instance="a", job="1", commit="c0ffee"} 2
        eval instant at 1m info(requests, {__name__=~".+_info"})
          requests{instance="a", job="1", commit="c0ffee", version="7"} 2
        eval instant at 1m info(build_info, {__name__="build_info"})
          build_info{instance="a", job="1", commit="c0ffee"} 1
    """),
    ("two info series at one time are a conflict", """
        load 1m
          requests{instance="a", job="1"} 1
          target_info{instance="a", job="1", version="7"} 1
          target_info{instance="a", job="1", version="8"} 1
        eval instant at 0 info(requests)
          expect fail regex: found duplicate series for info metric
    """),
    ("a counter that is known to have begun within the range was 0 then", """
        load 1m
          v_total@st -30s
          v_total 10
        eval instant at 1m increase(v_total[3m])
          {} 10
        clear
        load 1m
          w_total@st _ _ -1m -1m -1m
          w_total _ _ 5 7 9
        eval instant at 4m increase(w_total[3m30s])
          {} 21
        eval instant at 4m resets(w_total[3m30s])
          {} 2
        eval instant at 4m irate(w_total[2m])
          {} 0.15
    """),
    ("equal series at one step are refused, at different steps they are one", """
        load 1m
          a{x="1"} 1 stale
          b{x="1"} _ 2
        eval range from 0 to 1m step 1m {x="1"} offset 0s + 1
          {x="1"} 2 3
    """),
]  # fmt: skip


def spaced(text: str) -> str:
    """Return a test with the blank lines between its commands that the notation wants, and a table does not."""
    return re.sub(r"^(\s*(?:eval|load|clear))", r"\n\1", text, flags=re.MULTILINE)


@pytest.mark.parametrize("text", [row[1] for row in HELD], ids=[row[0] for row in HELD])
def test_holds(text: str) -> None:
    assert run(spaced(text), options=STARTS) > 0


PLAIN = [
    ("names go at once, so that two become equal", """
        load 1m
          a_total{x="1"} 1+1x5
          b_total{x="1"} 1+1x5
        eval instant at 5m rate({x="1"}[5m])
          expect fail msg: vector cannot contain metrics with the same labelset
    """),
    ("start timestamps are not looked at", """
        load 1m
          v_total@st -30s
          v_total 10
        eval instant at 1m increase(v_total[3m])
    """),
]  # fmt: skip


@pytest.mark.parametrize("text", [row[1] for row in PLAIN], ids=[row[0] for row in PLAIN])
def test_holds_without_switches(text: str) -> None:
    assert run(spaced(text), options=Options()) > 0


WRONG = [
    # what                             the end of a test that must not hold
    ("a value that is another",        "eval instant at 0 up\n  up 2"),
    ("a series too many",              "eval instant at 0 up\n"),
    ("a series too few",               "eval instant at 0 up\n  up 1\n  down 1"),
    ("a name that is not there",       "eval instant at 0 up\n  {} 1"),
    ("a failure that does not come",   "eval instant at 0 up\n  expect fail"),
    ("a warning that does not come",   "eval instant at 0 up\n  expect warn\n  up 1"),
    ("an info that is not expected",   "eval instant at 1m rate(up[2m])\n  expect no_info\n  {} 0"),
    ("a float that is a histogram",    "eval instant at 0 up\n  up {{count:1}}"),
    ("a failure that is not expected", "eval instant at 0 -{job=~\".*\", x!=\"\"} or label_replace(up, \"\", \"\", \"\", \"\")\n"),
]  # fmt: skip


@pytest.mark.parametrize("text", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_test_that_is_wrong_does_not_hold(text: str) -> None:
    with pytest.raises(AssertionError):
        run(f"load 1m\n  up 1 1\n\n{text}\n")
