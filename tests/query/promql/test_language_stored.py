"""The same tests of the language, from end to end (P5): written by the store's writer, asked through the door.

Histograms come back from the store as they went in, with what is known of resets.
"""

from __future__ import annotations

import pytest

from tests.query.promql.test_language import HELD, spaced
from tools.conformance.case import Case
from tools.conformance.promql import TESTED_SETTINGS, Script, run_on_store

STORED = [
    ("a histogram goes on from the one before it, which may be before the range", """
        load 1m
          h {{schema:0 sum:1 count:1 buckets:[1]}}+{{schema:0 sum:1 count:1 buckets:[1]}}x5
        eval instant at 3m h[2m]
          expect range vector from 2m to 3m step 1m
          h {{schema:0 sum:3 count:3 buckets:[3] counter_reset_hint:not_reset}} {{schema:0 sum:4 count:4 buckets:[4] counter_reset_hint:not_reset}}
    """),
    ("of all schemas and signs", """
        load 1m
          h{kind="negative"} {{schema:3 sum:-4 count:7 z_bucket:2 z_bucket_w:0.5 offset:-3 buckets:[1 0 2] n_offset:2 n_buckets:[2]}}
          h{kind="custom"} {{schema:-53 sum:3 count:6 custom_values:[1 2.5] buckets:[1 2 3]}}
          h{kind="coarse"} {{schema:-4 sum:3 count:6 buckets:[6]}}
          h{kind="gauge"} {{schema:1 sum:3 count:6 buckets:[6] counter_reset_hint:gauge}}
        eval instant at 1m h
          h{kind="negative"} {{schema:3 sum:-4 count:7 z_bucket:2 z_bucket_w:0.5 offset:-3 buckets:[1 0 2] n_offset:2 n_buckets:[2]}}
          h{kind="custom"} {{schema:-53 sum:3 count:6 custom_values:[1 2.5] buckets:[1 2 3]}}
          h{kind="coarse"} {{schema:-4 sum:3 count:6 buckets:[6]}}
          h{kind="gauge"} {{schema:1 sum:3 count:6 buckets:[6] counter_reset_hint:gauge}}
    """),
    ("a series ends at a marker, and days do not divide it", """
        load 6h
          up 1+1x7
        load 1m
          down 1 stale
        eval range from 0 to 42h step 6h up
          up 1+1x7
        eval instant at 1d sum_over_time(up[1w])
          {} 15
        eval instant at 1m down
    """),
    ("labels of any letters", """
        load 1m
          {"a metric", "a.label"="é\\n\\"", b="\\\\"} 1
        eval instant at 0 {"a.label"=~"é.*"}
          {"a metric", "a.label"="é\\n\\"", b="\\\\"} 1
        eval instant at 0 {"a metric", b=~"\\\\\\\\"}
          {"a metric", "a.label"="é\\n\\"", b="\\\\"} 1
    """),
]  # fmt: skip

TESTS = dict((*HELD, *STORED))


@pytest.fixture(scope="module")
def outcomes() -> dict[str, AssertionError | None]:
    """What is wrong with each query; all of them are asked of one store."""
    script = Script()
    for name, text in TESTS.items():
        script.read(name, spaced(text))
    return {case.name: _fault(case) for case in run_on_store(script, TESTED_SETTINGS)}


def _fault(case: Case) -> AssertionError | None:
    try:
        case.run()
    except AssertionError as fault:
        return fault
    return None


@pytest.mark.parametrize("name", TESTS)
def test_holds_in_the_store(name: str, outcomes: dict[str, AssertionError | None]) -> None:
    asked = [case for case in outcomes if case.rpartition(":")[0] == name]

    assert asked
    assert [outcomes[case] for case in asked] == [None] * len(asked)
