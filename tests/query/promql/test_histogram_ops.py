"""What arithmetic and comparison make of native histograms, in the notation of Prometheus' tests."""

from __future__ import annotations

import pytest

from firstlight.query.promql import histogram_ops
from firstlight.query.promql.histogram import Hint, Histogram
from firstlight.query.promql.histogram_ops import Incompatible, Note
from firstlight.query.promql.histogram_text import notation, parse_histogram

NONE: frozenset[Note] = frozenset()
COLLIDE = frozenset({Note.RESETS_COLLIDE})
RECONCILED = frozenset({Note.BOUNDS_RECONCILED})


@pytest.mark.parametrize(
    ("left", "right", "wanted", "notes"),
    [
        pytest.param(
            "{{count:3 sum:4 buckets:[1 2]}}",
            "{{count:3 sum:5 offset:1 buckets:[1 0 2]}}",
            "{{count:6 sum:9 buckets:[1 3 0 2]}}",
            NONE,
            id="buckets that both have are added and others kept",
        ),
        pytest.param(
            "{{schema:1 count:6 buckets:[1 2 3]}}",
            "{{count:5 buckets:[2 3]}}",
            "{{count:11 buckets:[3 8]}}",
            NONE,
            id="the lower resolution is that of the sum",
        ),
        pytest.param(
            "{{schema:-1 count:1 offset:1 buckets:[1]}}",
            "{{schema:1 count:4 offset:-1 buckets:[1 1 1 1]}}",
            "{{schema:-1 count:5 buckets:[2 3]}}",
            NONE,
            id="buckets are merged over more than one halving, those below 1 too",
        ),
        pytest.param(
            "{{count:4 z_bucket:1 z_bucket_w:1 offset:1 buckets:[3]}}",
            "{{count:6 z_bucket_w:0.25 offset:-1 buckets:[1 2 3] n_buckets:[0]}}",
            "{{count:10 z_bucket:4 z_bucket_w:1 offset:1 buckets:[6]}}",
            NONE,
            id="the wider zero bucket takes what lies within it",
        ),
        pytest.param(
            "{{count:1 z_bucket:1 z_bucket_w:0.75}}",
            "{{count:2 n_buckets:[2]}}",
            "{{count:3 z_bucket:3 z_bucket_w:1}}",
            NONE,
            id="a zero bucket grows to the end of a populated bucket it would cut",
        ),
        pytest.param(
            "{{count:1 z_bucket:1 z_bucket_w:0.75}}",
            "{{count:2 buckets:[0 2]}}",
            "{{count:3 z_bucket:1 z_bucket_w:0.75 offset:1 buckets:[2]}}",
            NONE,
            id="an empty bucket is cut without more",
        ),
        pytest.param(
            "{{count:3 z_bucket_w:1.5 offset:2 buckets:[3]}}",
            "{{schema:1 count:3 z_bucket_w:0.75 offset:1 buckets:[1 2]}}",
            "{{count:6 z_bucket:3 z_bucket_w:2 offset:2 buckets:[3]}}",
            NONE,
            id="what a wider zero bucket took is not in a coarser bucket besides",
        ),
        pytest.param(
            "{{schema:-53 count:6 custom_values:[1 2 5] buckets:[1 2 3]}}",
            "{{schema:-53 count:4 custom_values:[2 3 5] buckets:[1 1 1 1]}}",
            "{{schema:-53 count:10 custom_values:[2 5] buckets:[4 5 1]}}",
            RECONCILED,
            id="of custom bounds, those in common are kept",
        ),
        pytest.param(
            "{{schema:-53 count:1 custom_values:[1] buckets:[1]}}",
            "{{schema:-53 count:1 custom_values:[2] buckets:[1]}}",
            "{{schema:-53 count:2 custom_values:[] buckets:[2]}}",
            RECONCILED,
            id="without bounds in common, one bucket holds all",
        ),
        pytest.param(
            "{{count:1}}",
            "{{count:1 counter_reset_hint:gauge}}",
            "{{count:2 counter_reset_hint:gauge}}",
            NONE,
            id="a gauge makes the sum one",
        ),
        pytest.param(
            "{{counter_reset_hint:reset}}",
            "{{counter_reset_hint:reset}}",
            "{{counter_reset_hint:reset}}",
            NONE,
            id="equal hints stay",
        ),
        pytest.param(
            "{{counter_reset_hint:not_reset}}", "{{}}", "{{}}", NONE, id="an unknown hint makes the sum's unknown"
        ),
        pytest.param(
            "{{counter_reset_hint:reset}}",
            "{{counter_reset_hint:not_reset}}",
            "{{}}",
            COLLIDE,
            id="hints that contradict are told",
        ),
    ],
)
def test_add(left: str, right: str, wanted: str, notes: frozenset[Note]) -> None:
    """A sum has the layout that both have in common, whichever comes first."""
    a, b = parse_histogram(left), parse_histogram(right)
    for result, told in (histogram_ops.add(a, b), histogram_ops.add(b, a)):
        assert (notation(result), told) == (notation(parse_histogram(wanted)), notes)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        pytest.param(("sub", "{{count:5 sum:9 buckets:[2 3]}}", "{{count:3 sum:10 buckets:[2 1]}}"), "{{count:2 sum:-1 counter_reset_hint:gauge offset:1 buckets:[2]}}", id="a difference is a gauge and drops what is empty"),
        pytest.param(("sub", "{{}}", "{{count:3 n_buckets:[3]}}"), "{{count:-3 counter_reset_hint:gauge n_buckets:[-3]}}", id="a difference may be negative"),
        pytest.param(("mul", "{{count:3 sum:2 z_bucket:1 buckets:[2]}}", 2), "{{count:6 sum:4 z_bucket:2 buckets:[4]}}", id="a product"),
        pytest.param(("mul", "{{count:3 sum:2 buckets:[3]}}", -1), "{{count:-3 sum:-2 counter_reset_hint:gauge buckets:[-3]}}", id="a negative factor makes a gauge"),
        pytest.param(("div", "{{count:3 sum:2 buckets:[3]}}", 2), "{{count:1.5 sum:1 buckets:[1.5]}}", id="a quotient"),
        pytest.param(("div", "{{count:3 sum:-2 z_bucket:1 buckets:[2]}}", 0), "{{count:+Inf sum:-Inf z_bucket:+Inf}}", id="division by 0 leaves no buckets"),
        pytest.param(("neg", "{{count:1 buckets:[1] counter_reset_hint:reset}}"), "{{count:-1 counter_reset_hint:gauge buckets:[-1]}}", id="a sign turned makes a gauge"),
        pytest.param(("to_schema", "{{schema:2 count:9 offset:-3 buckets:[1 1 1 1 1 1 1 1 1]}}", 0), "{{count:9 buckets:[4 4 1]}}", id="a resolution halved twice"),
        pytest.param(("to_zero_threshold", "{{count:3 z_bucket_w:0.1 offset:-1 buckets:[1 2]}}", 0.5), "{{count:3 z_bucket:1 z_bucket_w:0.5 buckets:[2]}}", id="a zero bucket widened to a bound"),
        pytest.param(("compact", "{{count:1 buckets:[0 1 0 0] n_buckets:[0]}}"), "{{count:1 offset:1 buckets:[1]}}", id="empty buckets at the ends gone"),
    ],
)  # fmt: skip
def test_other_arithmetic(expression: tuple[str, str, object], wanted: str) -> None:
    """Each operation makes one histogram of its operands, and leaves them as they are."""
    name, *operands = expression
    values = [parse_histogram(one) if isinstance(one, str) else one for one in operands]
    assert isinstance(values[0], Histogram)
    before = notation(values[0])
    result = getattr(histogram_ops, name)(*values)
    assert notation(result[0] if isinstance(result, tuple) else result) == wanted
    assert notation(values[0]) == before


def test_exponential_and_custom_have_nothing_in_common() -> None:
    """A sum of both is refused."""
    with pytest.raises(Incompatible):
        histogram_ops.add(parse_histogram("{{}}"), parse_histogram("{{schema:-53 custom_values:[1]}}"))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        pytest.param("{{count:1 buckets:[0 1]}}", "{{count:1 offset:1 buckets:[1 0]}}", True, id="empty buckets do not count"),
        pytest.param("{{count:1}}", "{{count:1 counter_reset_hint:gauge}}", True, id="nor do hints"),
        pytest.param("{{sum:NaN}}", "{{sum:NaN}}", True, id="NaN is the same as NaN"),
        pytest.param("{{count:1 buckets:[1]}}", "{{count:1 offset:1 buckets:[1]}}", False, id="another bucket"),
        pytest.param("{{count:1 buckets:[1]}}", "{{count:1 n_buckets:[1]}}", False, id="another sign"),
        pytest.param("{{sum:1}}", "{{sum:2}}", False, id="another sum"),
        pytest.param("{{z_bucket_w:1}}", "{{z_bucket_w:2}}", False, id="another zero threshold"),
        pytest.param("{{schema:1}}", "{{schema:2}}", False, id="another schema"),
        pytest.param("{{schema:-53 custom_values:[1]}}", "{{schema:-53 custom_values:[2]}}", False, id="other custom bounds"),
    ],
)  # fmt: skip
def test_equals(left: str, right: str, same: bool) -> None:
    """Two histograms are the same if they hold the same."""
    assert histogram_ops.equals(parse_histogram(left), parse_histogram(right)) is same


@pytest.mark.parametrize(
    ("before", "now", "reset"),
    [
        pytest.param("{{count:2 buckets:[1 1]}}", "{{count:3 buckets:[1 2]}}", False, id="counts that grow"),
        pytest.param("{{count:2 buckets:[1 1]}}", "{{count:1 buckets:[1]}}", True, id="a smaller count"),
        pytest.param("{{count:2 buckets:[1 1]}}", "{{count:9 buckets:[0 9]}}", True, id="a smaller bucket"),
        pytest.param("{{count:1 buckets:[1]}}", "{{count:9 offset:1 buckets:[9]}}", True, id="a bucket that is gone"),
        pytest.param("{{count:0 buckets:[0]}}", "{{count:9 offset:1 buckets:[9]}}", False, id="an empty bucket that is gone"),
        pytest.param("{{count:1 n_buckets:[1]}}", "{{count:9 buckets:[9]}}", True, id="a negative bucket that is gone"),
        pytest.param("{{count:1 z_bucket:1}}", "{{count:9 buckets:[9]}}", True, id="a smaller zero bucket"),
        pytest.param("{{schema:0}}", "{{schema:1}}", True, id="a finer resolution"),
        pytest.param("{{schema:1 count:2 buckets:[1 1]}}", "{{count:2 buckets:[1 1]}}", False, id="a coarser resolution with the same counts"),
        pytest.param("{{schema:1 count:2 buckets:[1 1]}}", "{{count:2 buckets:[2]}}", True, id="a coarser resolution with a smaller bucket"),
        pytest.param("{{z_bucket_w:1}}", "{{z_bucket_w:0.5}}", True, id="a narrower zero bucket"),
        pytest.param("{{count:1 z_bucket_w:0.5 buckets:[1]}}", "{{count:1 z_bucket:1 z_bucket_w:1}}", False, id="a wider zero bucket that took a bucket in"),
        pytest.param("{{count:1 z_bucket_w:0.5 buckets:[1]}}", "{{count:1 z_bucket:1 z_bucket_w:0.75}}", True, id="a wider zero bucket that cuts one"),
        pytest.param("{{schema:-53 count:2 custom_values:[1 2] buckets:[1 1]}}", "{{schema:-53 count:3 custom_values:[2] buckets:[3]}}", False, id="fewer custom bounds"),
        pytest.param("{{schema:-53 count:2 custom_values:[1 2] buckets:[1 1]}}", "{{schema:-53 count:3 custom_values:[2 3] buckets:[1 2]}}", True, id="other custom bounds and a smaller bucket"),
        pytest.param("{{count:1}}", "{{schema:-53 count:1 custom_values:[1]}}", True, id="custom bounds after none"),
        pytest.param("{{schema:-53 count:1 custom_values:[1]}}", "{{count:1}}", True, id="none after custom bounds"),
        pytest.param("{{count:9}}", "{{count:1 counter_reset_hint:not_reset}}", False, id="a hint that there is none decides"),
        pytest.param("{{count:1}}", "{{count:9 counter_reset_hint:reset}}", True, id="a hint that there is one decides"),
        pytest.param("{{count:9}}", "{{count:1 counter_reset_hint:gauge}}", True, id="a gauge is looked at as a counter"),
    ],
)  # fmt: skip
def test_detect_reset(before: str, now: str, reset: bool) -> None:
    """A reset is what makes any count smaller, or a layout that only a reset explains."""
    assert histogram_ops.detect_reset(parse_histogram(now), parse_histogram(before)) is reset


@pytest.mark.parametrize(
    ("texts", "stored", "stats"),
    [
        pytest.param(["{{count:1}}", "{{count:2}}"], "un", "un", id="a counter that grows"),
        pytest.param(["{{count:2}}", "{{count:1}}", "{{count:1}}"], "uun", "urn", id="a reset is unknown to the store"),
        pytest.param(["{{count:1}}", "{{schema:-1 count:2}}"], "uu", "un", id="another layout is unknown to the store"),
        pytest.param(["{{counter_reset_hint:gauge}}", "{{}}"], "gu", "gn", id="a gauge stays one"),
        pytest.param(["{{}}", None, "{{}}"], "u-u", "u-n", id="a float between two histograms"),
    ],
)
def test_hints_along_a_series(texts: list[str | None], stored: str, stats: str) -> None:
    """Hints are those that Prometheus' store gives, and those it finds where only counts and sums are wanted."""
    letter = {Hint.UNKNOWN: "u", Hint.RESET: "r", Hint.NOT_RESET: "n", Hint.GAUGE: "g"}
    series = [None if text is None else parse_histogram(text) for text in texts]
    for found, wanted in ((histogram_ops.stored_hints(series), stored), (histogram_ops.stats_hints(series), stats)):
        assert "".join("-" if h is None else letter[h.hint] for h in found) == wanted
