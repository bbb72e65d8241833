"""`</` and `>/`: what of a histogram lies below, and above, a value."""

from __future__ import annotations

import math

import pytest

from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_ops import fraction, trim_lower, trim_upper
from firstlight.query.promql.histogram_text import notation, parse_histogram

EXPONENTIAL = "{{count:9 sum:10 z_bucket:2 z_bucket_w:0.5 offset:1 buckets:[4] n_offset:2 n_buckets:[3]}}"
"""4 in (1, 2], 2 in [-0.5, 0.5], 3 in [-4, -2)."""

CUSTOM = "{{schema:-53 count:10 sum:33 custom_values:[4 8] buckets:[2 4 4]}}"
BELOW_ZERO = "{{schema:-53 count:4 sum:1 custom_values:[-1 3] buckets:[2 2]}}"


@pytest.mark.parametrize(
    ("text", "limit", "below", "above"),
    [
        pytest.param(EXPONENTIAL, math.inf, EXPONENTIAL, "{{z_bucket_w:0.5}}", id="infinity"),
        pytest.param(EXPONENTIAL, -math.inf, "{{z_bucket_w:0.5}}", EXPONENTIAL, id="minus infinity"),
        pytest.param(
            EXPONENTIAL, 0,
            f"{{{{count:4 sum:{-3 * 8**0.5 - 0.25} z_bucket:1 z_bucket_w:0.5 n_offset:2 n_buckets:[3]}}}}",
            f"{{{{count:5 sum:{4 * 2**0.5 + 0.25} z_bucket:1 z_bucket_w:0.5 offset:1 buckets:[4]}}}}",
            id="within the zero bucket, on a linear scale",
        ),
        pytest.param(
            EXPONENTIAL, 2**0.5,
            f"{{{{count:7 sum:{2 * 2**0.25 - 3 * 8**0.5} z_bucket:2 z_bucket_w:0.5 offset:1 buckets:[2] n_offset:2 n_buckets:[3]}}}}",
            f"{{{{count:2 sum:{2 * 2**0.75} z_bucket_w:0.5 offset:1 buckets:[2]}}}}",
            id="within a bucket, on a logarithmic scale",
        ),
        pytest.param(
            EXPONENTIAL, -2,
            f"{{{{count:3 sum:{-3 * 8**0.5} z_bucket_w:0.5 n_offset:2 n_buckets:[3]}}}}",
            f"{{{{count:6 sum:{4 * 2**0.5} z_bucket:2 z_bucket_w:0.5 offset:1 buckets:[4]}}}}",
            id="at a bound nothing is shared",
        ),
        pytest.param(
            "{{count:4 sum:9 z_bucket:2 z_bucket_w:0.5 buckets:[2]}}", 0.25,
            "{{count:1 sum:0.125 z_bucket:1 z_bucket_w:0.5}}",
            f"{{{{count:3 sum:{0.375 + 2 * 0.5**0.5} z_bucket:1 z_bucket_w:0.5 buckets:[2]}}}}",
            id="a zero bucket beside positive ones begins at 0",
        ),
        pytest.param(
            CUSTOM, 2,
            "{{schema:-53 count:1 sum:1 custom_values:[4 8] buckets:[1]}}",
            "{{schema:-53 count:9 sum:59 custom_values:[4 8] buckets:[1 4 4]}}",
            id="the first custom bucket begins at 0",
        ),
        pytest.param(
            CUSTOM, -1,
            "{{schema:-53 custom_values:[4 8]}}",
            "{{schema:-53 count:8 sum:56 custom_values:[4 8] offset:1 buckets:[4 4]}}",
            id="but a value below 0 cuts it off",
        ),
        pytest.param(
            CUSTOM, 10,
            "{{schema:-53 count:6 sum:28 custom_values:[4 8] buckets:[2 4]}}",
            "{{schema:-53 count:4 sum:40 custom_values:[4 8] offset:2 buckets:[4]}}",
            id="what reaches to infinity goes whole, or stays",
        ),
        pytest.param(
            BELOW_ZERO, -2,
            "{{schema:-53 count:2 sum:-4 custom_values:[-1 3] buckets:[2]}}",
            "{{schema:-53 count:2 sum:2 custom_values:[-1 3] offset:1 buckets:[2]}}",
            id="and so does what comes from minus infinity",
        ),
        pytest.param(EXPONENTIAL, math.nan, "{{count:NaN sum:NaN z_bucket:NaN z_bucket_w:0.5}}", "{{count:NaN sum:NaN z_bucket:NaN z_bucket_w:0.5}}", id="NaN"),
        pytest.param("{{count:5 sum:1 buckets:[3]}}", 0.1, "{{}}", "{{count:5 sum:1 buckets:[3]}}", id="what is not touched is not estimated anew"),
    ],
)  # fmt: skip
def test_trim(text: str, limit: float, below: str, above: str) -> None:
    """What is cut is interpolated; count and sum are estimated from what is left."""
    h = parse_histogram(text)
    for found, wanted in ((trim_upper(h, limit), below), (trim_lower(h, limit), above)):
        _alike(found, parse_histogram(wanted))
    assert notation(h) == notation(parse_histogram(text))


def _alike(found: Histogram, wanted: Histogram) -> None:
    numbers = [
        (h.count, h.sum, h.zero_count, h.zero_threshold, h.positive.offset, h.negative.offset, *h.positive.counts, *h.negative.counts)
        for h in (found, wanted)
    ]  # fmt: skip
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-12, nan_ok=True), notation(found)


@pytest.mark.parametrize("limit", [-3.0, -2.0, -0.25, 0.0, 0.25, 1.3, 2.0, 7.5])
@pytest.mark.parametrize("text", [EXPONENTIAL, CUSTOM])
def test_what_is_cut_is_the_fraction(text: str, limit: float) -> None:
    """Trimming and `histogram_fraction` estimate the same, but for the first custom bucket below 0."""
    h = parse_histogram(text)
    assert trim_upper(h, limit).count == pytest.approx(fraction(h, -math.inf, limit)[0] * h.count)
