"""Which parts of a query may be computed where its samples are, and over which times of theirs."""

from __future__ import annotations

import pytest

from firstlight.query.promql.ast import Call
from firstlight.query.promql.plan import Defaults
from firstlight.query.promql.pushes import Push, pushes
from firstlight.query.promql.run import Options, at_instant, over_range, prepare
from firstlight.query.promql.values import Steps

RANGE = over_range(600_000, 1_200_000, 60_000)

CASES = [
    # what                                     query                                        parts
    ("a selector",                             "a",                                         ["a @ 600 [300]"]),
    ("a function",                             "rate(a[1m])",                               ["rate a @ 600 [60]"]),
    ("an offset",                              "rate(a[1m] offset 2m)",                     ["rate a @ 480 [60]"]),
    ("from the future",                        "a offset -1m",                              ["a @ 660 [300]"]),
    ("an aggregation",                         "sum by (x) (rate(a[1m]))",                  ["sum(rate a @ 600 [60])"]),
    ("in parentheses",                         "sum(((rate((a[1m])))))",                    ["sum(rate a @ 600 [60])"]),
    ("of an aggregation, the first",           "max(sum by (x) (a))",                       ["sum(a @ 600 [300])"]),
    ("an aggregation that is not computed",    "stddev(a)",                                 ["a @ 600 [300]"]),
    ("one with a parameter",                   "topk(2, a)",                                ["a @ 600 [300]"]),
    ("an aggregation of something else",       "sum(abs(a))",                               ["a @ 600 [300]"]),
    ("an aggregation of two",                  "sum(a + b)",                                ["a @ 600 [300]", "b @ 600 [300]"]),
    ("a function that is not computed",        "deriv(a[1m])",                              []),
    ("a function with a parameter",            "quantile_over_time(0.5, a[1m])",            []),
    ("a subquery",                             "max_over_time(rate(a[1m])[5m:1m])",         []),
    ("the same at every step",                 "rate(a[1m] @ 600)",                         []),
    ("the same at every step, in part",        "a + b @ end()",                             ["a @ 600 [300]"]),
    ("when, and not what",                     "timestamp(a)",                              []),
    ("when something is computed",             "timestamp(-a)",                             ["a @ 600 [300]"]),
    ("what is looked for",                     "absent(a)",                                 ["a @ 600 [300]"]),
    ("what is joined, and not what with",      "info(a, {b=\"c\"})",                        ["a @ 600 [300]"]),
    ("edges",                                  "rate(a[1m] smoothed)",                      []),
    ("numbers",                                "1 + time()",                                []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_parts(text: str, parts: list[str]) -> None:
    assert [_told(push) for push in _pushes(text, RANGE)] == parts


def test_at_one_time_what_is_fixed_is_left_too() -> None:
    """But what would be the same at every step is not, if there is but one."""
    assert [_told(push) for push in _pushes("a + rate(b[1m] @ 300)", at_instant(600_000))] == ["a @ 600 [300]"]


def test_no_steps_no_parts() -> None:
    assert _pushes("a", over_range(600_000, 0, 60_000)) == ()


def _pushes(text: str, steps: Steps) -> tuple[Push, ...]:
    query = prepare(text, steps, Options(experimental=True))
    return pushes(query.expr, steps, Defaults(), {"", "rate"}, {"sum"})


def _told(push: Push) -> str:
    selector = push.fetch.matchers[0].value
    assert isinstance(push.node, Call) == bool(push.function)
    inner = f"{push.function} {selector} @ {push.steps.start // 1000} [{push.window // 1000}]".strip()
    return f"{push.aggregate.op}({inner})" if push.aggregate else inner
