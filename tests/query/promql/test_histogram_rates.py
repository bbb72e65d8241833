"""By how much native histograms grew over a window, before extrapolation."""

from __future__ import annotations

import pytest

from firstlight.errors import Span
from firstlight.query.promql.annotations import Annotations
from firstlight.query.promql.histogram_notes import tell
from firstlight.query.promql.histogram_ops import Note
from firstlight.query.promql.histogram_rates import (
    Grown,
    delta,
    increase,
    last_delta,
    last_increase,
    resets_between,
)
from firstlight.query.promql.histogram_text import notation, parse_histogram

ONE, TWO, FIVE = "{{count:1 buckets:[1]}}", "{{count:2 buckets:[1 1]}}", "{{count:5 buckets:[2 3]}}"
GAUGE = "{{count:2 buckets:[2] counter_reset_hint:gauge}}"
CUSTOM = "{{schema:-53 count:3 custom_values:[1 2] buckets:[1 2]}}"
OTHER = "{{schema:-53 count:4 custom_values:[2] buckets:[3 1]}}"


def _check(found: Grown, wanted: str | None, notes: set[Note]) -> None:
    result, told = found
    assert (None if result is None else notation(result), set(told)) == (wanted, notes)


@pytest.mark.parametrize(
    ("texts", "wanted", "notes"),
    [
        pytest.param([ONE, TWO, FIVE], "{{count:4 counter_reset_hint:gauge buckets:[1 3]}}", set(), id="a counter that grows"),
        pytest.param([TWO, FIVE, ONE, TWO], "{{count:5 counter_reset_hint:gauge buckets:[2 3]}}", set(), id="what was counted before a reset is added"),
        pytest.param([FIVE, ONE, TWO], "{{count:2 counter_reset_hint:gauge buckets:[1 1]}}", set(), id="a reset after the first sample"),
        pytest.param(["{{schema:-1 count:1 buckets:[1]}}", FIVE], "{{count:5 counter_reset_hint:gauge buckets:[2 3]}}", set(), id="a finer resolution is a reset"),
        pytest.param(["{{schema:1 count:1 buckets:[1]}}", TWO, FIVE], "{{count:4 counter_reset_hint:gauge buckets:[1 3]}}", set(), id="the lowest resolution is the result's"),
        pytest.param([CUSTOM, OTHER], "{{schema:-53 count:1 custom_values:[2] counter_reset_hint:gauge offset:1 buckets:[1]}}", {Note.BOUNDS_RECONCILED}, id="bounds in common"),
        pytest.param([FIVE, CUSTOM, OTHER], "{{schema:-53 count:4 custom_values:[2] counter_reset_hint:gauge buckets:[3 1]}}", {Note.BOUNDS_RECONCILED}, id="what is reset right away may be of another kind"),
        pytest.param([CUSTOM, ONE, CUSTOM], None, {Note.MIXED_SCHEMAS}, id="but not what comes later"),
        pytest.param([ONE, CUSTOM, FIVE], None, {Note.MIXED_SCHEMAS}, id="nor in between"),
        pytest.param([ONE, GAUGE, FIVE], "{{count:4 counter_reset_hint:gauge buckets:[1 3]}}", {Note.NOT_COUNTER}, id="a gauge among them"),
        pytest.param([ONE, None, FIVE], None, {Note.MIXED_FLOATS}, id="a float among them"),
    ],
)  # fmt: skip
def test_increase(texts: list[str | None], wanted: str | None, notes: set[Note]) -> None:
    """A counter's growth, as far as its samples tell; known resets lead to the same."""
    samples = [None if text is None else parse_histogram(text) for text in texts]
    _check(increase(samples), wanted, notes)
    _check(increase(samples, resets=resets_between(samples)), wanted, notes)


def test_a_start_timestamp_tells_of_a_reset() -> None:
    """A counter that began anew counts from 0, though it is higher than before."""
    samples = [parse_histogram(text) for text in (ONE, TWO, FIVE)]
    grown = "{{count:6 counter_reset_hint:gauge buckets:[2 4]}}"
    _check(increase(samples, begun_anew=[False, False, True]), grown, set())
    _check(
        last_increase(samples[1], samples[2], begun_anew=True),
        "{{count:5 counter_reset_hint:gauge buckets:[2 3]}}",
        set(),
    )


@pytest.mark.parametrize(
    ("texts", "wanted", "notes"),
    [
        pytest.param([GAUGE, ONE, GAUGE], "{{counter_reset_hint:gauge}}", set(), id="a gauge, whatever lies between"),
        pytest.param([TWO, ONE], "{{count:-1 counter_reset_hint:gauge offset:1 buckets:[-1]}}", {Note.NOT_GAUGE}, id="a counter that fell"),
        pytest.param([CUSTOM, OTHER], "{{schema:-53 count:1 custom_values:[2] counter_reset_hint:gauge offset:1 buckets:[1]}}", {Note.NOT_GAUGE, Note.BOUNDS_RECONCILED}, id="bounds in common"),
        pytest.param([ONE, CUSTOM], None, {Note.MIXED_SCHEMAS}, id="mixed kinds"),
        pytest.param([ONE, None], None, {Note.MIXED_FLOATS}, id="a float"),
    ],
)  # fmt: skip
def test_delta(texts: list[str | None], wanted: str | None, notes: set[Note]) -> None:
    """The difference of the first and the last."""
    _check(delta([None if text is None else parse_histogram(text) for text in texts]), wanted, notes)


@pytest.mark.parametrize(
    ("before", "last", "increased", "differs"),
    [
        pytest.param(ONE, FIVE, ("{{count:4 counter_reset_hint:gauge buckets:[1 3]}}", set()), ("{{count:4 counter_reset_hint:gauge buckets:[1 3]}}", {Note.NOT_GAUGE}), id="a counter that grows"),
        pytest.param(TWO, ONE, ("{{count:1 counter_reset_hint:gauge buckets:[1]}}", set()), ("{{count:-1 counter_reset_hint:gauge offset:1 buckets:[-1]}}", {Note.NOT_GAUGE}), id="a reset"),
        pytest.param(GAUGE, GAUGE, ("{{counter_reset_hint:gauge}}", {Note.NOT_COUNTER}), ("{{counter_reset_hint:gauge}}", set()), id="a gauge"),
        pytest.param(ONE, CUSTOM, ("{{schema:-53 count:3 custom_values:[1 2] counter_reset_hint:gauge buckets:[1 2]}}", set()), (None, {Note.MIXED_SCHEMAS, Note.NOT_GAUGE}), id="mixed kinds are a reset"),
        pytest.param(None, ONE, (None, {Note.MIXED_FLOATS}), (None, {Note.MIXED_FLOATS}), id="a float"),
    ],
)  # fmt: skip
def test_last_two(
    before: str | None, last: str, increased: tuple[str | None, set[Note]], differs: tuple[str | None, set[Note]]
) -> None:
    """The functions irate and idelta look at the last two samples alone."""
    samples = None if before is None else parse_histogram(before), parse_histogram(last)
    _check(last_increase(*samples), *increased)
    _check(last_delta(*samples), *differs)


def test_notes_are_worded_as_in_prometheus() -> None:
    """Every note has its words, warnings and infos apart."""
    annotations = Annotations()
    tell(Note, "subtraction", "m", annotations, Span(0, 1))
    assert [text.removeprefix("PromQL warning: ") for text in annotations.warnings] == [
        "conflicting counter resets during histogram subtraction (1:1)",
        'this native histogram metric is not a counter: "m" (1:1)',
        'this native histogram metric is not a gauge: "m" (1:1)',
        'vector contains a mix of histograms with exponential and custom buckets schemas for metric name "m" (1:1)',
        'encountered a mix of histograms and floats for metric name "m" (1:1)',
    ]
    assert [text.removeprefix("PromQL info: ") for text in annotations.infos] == [
        "mismatched custom buckets were reconciled during subtraction (1:1)",
        "mismatched custom buckets were reconciled during addition (1:1)",
    ]
