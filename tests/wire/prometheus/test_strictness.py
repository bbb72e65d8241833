"""What OpenMetrics demands beyond its syntax: bodies that are right, and others with one fault each."""

from __future__ import annotations

import pytest

from firstlight.wire.prometheus.book import Book
from firstlight.wire.prometheus.exposition import BadExposition
from firstlight.wire.prometheus.reader import TextReader
from firstlight.wire.prometheus.strictness import check

RIGHT = {
    "nothing": [],
    "a counter": ["# TYPE c counter", "# UNIT c ", "# HELP c h", "c_total 1", "c_created 5"],
    "a counter with an exemplar": ["# TYPE c counter", 'c_total 1 # {a="b"} 1'],
    "points over time": ["# TYPE g gauge", "g 1 1", "g 2 2", 'g{a="b"} 1 1'],
    "a histogram": ["# TYPE h histogram", 'h_bucket{le="1.0"} 1', 'h_bucket{le="+Inf"} 2', "h_sum 3", "h_count 2"],
    "a histogram over time": [
        "# TYPE h histogram", 'h_bucket{le="+Inf"} 2 1', "h_sum 3 1", "h_count 2 1", 'h_bucket{le="+Inf"} 3 2',
        "h_sum 3 2", "h_count 3 2",
    ],
    "negative buckets": ["# TYPE h histogram", 'h_bucket{le="-1.0"} 1', 'h_bucket{le="+Inf"} 2'],
    "a gauge histogram": ["# TYPE h gaugehistogram", 'h_bucket{le="+Inf"} 2', "h_gsum 3", "h_gcount 2"],
    "a summary": ["# TYPE s summary", 's{quantile="0.5"} 1', "s_sum 1", "s_count 2", "s_created 1"],
    "an info": ["# TYPE i info", 'i_info{a="b"} 1'],
    "states": ["# TYPE s stateset", 's{s="on"} 1', 's{s="off"} 0'],
    "no metadata": ["a 1", "b NaN"],
}  # fmt: skip

WRONG = {
    "a family twice": (["# TYPE a gauge", "a 1", "# TYPE b gauge", "# TYPE a gauge"], "second time"),
    "a name of another family": (["# TYPE a counter", "a_total 1", "# TYPE a_total gauge", "a_total 1"], "named as"),
    "help twice": (["# HELP a b", "# HELP a b"], "HELP a second time"),
    "metadata too late": (["# TYPE a gauge", "a 1", "# HELP a b"], "after the samples"),
    "a unit of an info": (["# TYPE a_u info", "# UNIT a_u u"], "a unit"),
    "a negative counter": (["# TYPE c counter", "c_total -1"], "negative"),
    "a counter of NaN": (["# TYPE c counter", "c_total NaN"], "NaN"),
    "half a count": (["# TYPE h histogram", 'h_bucket{le="+Inf"} 0.5'], "not whole"),
    "no last bucket": (["# TYPE h histogram", 'h_bucket{le="1.0"} 1'], "without a bucket"),
    "no bound": (["# TYPE h histogram", "h_bucket 1"], "no label le"),
    "a word as bound": (["# TYPE h histogram", 'h_bucket{le="x"} 1'], "not a number"),
    "another infinity": (["# TYPE h histogram", 'h_bucket{le="inf"} 1'], "not written"),
    "buckets upside down": (
        ["# TYPE h histogram", 'h_bucket{le="2"} 1', 'h_bucket{le="1"} 1', 'h_bucket{le="+Inf"} 1'], "order",
    ),
    "fewer above": (["# TYPE h histogram", 'h_bucket{le="1"} 2', 'h_bucket{le="+Inf"} 1'], "less than"),
    "another count": (["# TYPE h histogram", 'h_bucket{le="+Inf"} 1', "h_sum 1", "h_count 2"], "not that of"),
    "a sum alone": (["# TYPE h histogram", 'h_bucket{le="+Inf"} 1', "h_sum 1"], "without a count"),
    "a sum with negative buckets": (
        ["# TYPE h histogram", 'h_bucket{le="-1"} 1', 'h_bucket{le="+Inf"} 1', "h_sum 1", "h_count 1"], "a sum of",
    ),
    "a quantile of two": (["# TYPE s summary", 's{quantile="2"} 1'], "between 0 and 1"),
    "an info of two": (["# TYPE i info", "i_info 2"], "not 1"),
    "a state of two": (["# TYPE s stateset", 's{s="a"} 2'], "not 0 or 1"),
    "a state without name": (["# TYPE s stateset", "s 1"], "without the label"),
    "metrics mixed": (["# TYPE g gauge", 'g{a="1"} 1 1', 'g{a="2"} 1 1', 'g{a="1"} 1 2'], "between them"),
    "time backwards": (["# TYPE g gauge", "g 1 2", "g 1 1"], "before"),
    "time now and then": (["# TYPE g gauge", "g 1 2", "g 1"], "some samples"),
    "a sample twice": (["# TYPE g gauge", "g 1", "g 1"], "second time"),
    "an exemplar of a gauge": (["# TYPE g gauge", "g 1 # {} 1"], "an exemplar of"),
    "an exemplar too long": (["# TYPE c counter", f'c_total 1 # {{a="{"x" * 128}"}} 1'], "128"),
    "a comma too many": (['a{b="c",} 1'], "a comma"),
}  # fmt: skip


def body(lines: list[str]) -> bytes:
    return "\n".join([*lines, "# EOF\n"]).encode()


@pytest.mark.parametrize("lines", RIGHT.values(), ids=RIGHT)
def test_what_is_right(lines: list[str]) -> None:
    check(body(lines))


@pytest.mark.parametrize(("lines", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_but_scraped_by_prometheus(lines: list[str], reason: str) -> None:
    TextReader(Book(), "default", openmetrics=True).read(body(lines))
    with pytest.raises(BadExposition, match=reason):
        check(body(lines))
