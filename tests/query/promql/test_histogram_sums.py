"""Sums and means of many histograms."""

from __future__ import annotations

import pytest

from firstlight.query.promql.histogram_ops import Incompatible, Note, mean, total
from firstlight.query.promql.histogram_text import notation, parse_histogram


@pytest.mark.parametrize(
    ("texts", "summed", "averaged"),
    [
        pytest.param(["{{count:1 buckets:[0 1]}}"], "{{count:1 offset:1 buckets:[1]}}", "{{count:1 offset:1 buckets:[1]}}", id="one alone"),
        pytest.param(
            ["{{count:2 sum:1 buckets:[2]}}", "{{schema:1 count:4 sum:3 n_buckets:[1 3]}}", "{{schema:3 count:3 sum:2 offset:9 buckets:[3]}}"],
            "{{count:9 sum:6 buckets:[2 0 3] n_buckets:[1 3]}}",
            "{{count:3 sum:2 buckets:[0.6666666666666666 0 1] n_buckets:[0.3333333333333333 1]}}",
            id="several layouts",
        ),
        pytest.param(["{{sum:1}}", "{{sum:1e100}}", "{{sum:1}}", "{{sum:-1e100}}"], "{{sum:2}}", "{{sum:0.5}}", id="small beside very large is not lost"),
        pytest.param(["{{count:1.5e308}}", "{{count:1.5e308}}"], "{{count:+Inf}}", "{{count:1.5e+308}}", id="a mean whose sum is too large"),
        pytest.param(
            ["{{schema:-53 count:1 custom_values:[1 2] buckets:[1]}}", "{{schema:-53 count:3 custom_values:[2] buckets:[0 3]}}"],
            "{{schema:-53 count:4 custom_values:[2] buckets:[1 3]}}",
            "{{schema:-53 count:2 custom_values:[2] buckets:[0.5 1.5]}}",
            id="custom bounds in common",
        ),
        pytest.param(
            ["{{count:1 z_bucket:1 z_bucket_w:0.75}}", "{{count:1 buckets:[1]}}", "{{count:1 z_bucket:1 z_bucket_w:2}}"],
            "{{count:3 z_bucket:3 z_bucket_w:2}}",
            "{{count:1 z_bucket:1 z_bucket_w:2}}",
            id="the widest zero bucket",
        ),
        pytest.param(["{{counter_reset_hint:not_reset}}"] * 3, "{{counter_reset_hint:not_reset}}", "{{counter_reset_hint:not_reset}}", id="hints that agree"),
        pytest.param(["{{counter_reset_hint:not_reset}}", "{{}}", "{{counter_reset_hint:gauge}}"], "{{counter_reset_hint:gauge}}", "{{counter_reset_hint:gauge}}", id="a gauge among others"),
    ],
)  # fmt: skip
def test_sum_and_mean(texts: list[str], summed: str, averaged: str) -> None:
    """All counts are added in one layout, and compensated for what floats lose."""
    histograms = [parse_histogram(text) for text in texts]
    assert notation(total(histograms)[0]) == summed
    assert notation(mean(histograms)[0]) == averaged


@pytest.mark.parametrize(
    ("texts", "notes"),
    [
        pytest.param(["{{}}", "{{counter_reset_hint:reset}}"], set(), id="nothing to tell"),
        pytest.param(["{{counter_reset_hint:reset}}", "{{counter_reset_hint:gauge}}", "{{counter_reset_hint:not_reset}}"], {Note.RESETS_COLLIDE}, id="hints that contradict, a gauge between them"),
        pytest.param(["{{schema:-53 custom_values:[1]}}", "{{schema:-53 custom_values:[1 2]}}"], {Note.BOUNDS_RECONCILED}, id="bounds that differ"),
    ],
)  # fmt: skip
def test_notes(texts: list[str], notes: set[Note]) -> None:
    """What is to be told comes beside the result."""
    histograms = [parse_histogram(text) for text in texts]
    assert total(histograms)[1] == mean(histograms)[1] == notes


def test_mixed_schemas_have_no_sum() -> None:
    """Exponential and custom buckets are not added."""
    for operation in (total, mean):
        with pytest.raises(Incompatible):
            operation([parse_histogram("{{}}"), parse_histogram("{{schema:-53 custom_values:[1]}}")])
