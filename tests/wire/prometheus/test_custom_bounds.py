"""Classic histograms made native ones with custom bounds."""

from __future__ import annotations

import numpy as np
import pytest

from firstlight.wire.prometheus.book import Book
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.negotiation import Protocol
from firstlight.wire.prometheus.sender import Options, Sender

HISTOGRAM = (
    '# TYPE h histogram\nh_bucket{a="b",le="1"} 1\nh_bucket{a="b",le="2.5"} 3\nh_bucket{a="b",le="+Inf"} 4\n'
    'h_sum{a="b"} 7.5\nh_count{a="b"} 4\n'
)
OTHER = "# TYPE g gauge\ng 1\n"


def read(text: str, *, classic: bool = False) -> tuple[list[dict[str, object]], list[str], int]:
    """Return the histograms, the names of the series, and how many samples there are besides."""
    sender = Sender(Book(), "default", options=Options(classic=classic, custom_bounds=True))
    for _ in range(2):
        found, page = sender.read(text.encode(), Protocol.TEXT_0)
        page.find(found.keys)
    found, page = sender.read(text.encode(), Protocol.TEXT_0)
    intake = Intake(page)
    intake.add_samples(page.find(found.keys), found.times_at(5000), found.values)
    intake.add_histograms(page.find(found.histogram_keys), found.histograms_at(5000))
    batch = intake.batch()
    histograms = batch.tables["histograms"].to_pylist() if "histograms" in batch.tables else []
    assert batch.rejected.message == ""
    shown = ("count", "sum", "scale", "positive_offset", "positive_counts", "bounds")
    return (
        [{name: one[name] for name in shown} for one in histograms],
        batch.tables["series"]["metric"].to_pylist(),
        len(found.keys),
    )


def test_a_classic_histogram_becomes_one_series() -> None:
    histograms, series, samples = read(HISTOGRAM + OTHER)

    assert histograms == [
        {"count": 4.0, "sum": 7.5, "scale": -53, "positive_offset": 0, "positive_counts": [1.0, 2.0, 1.0], "bounds": [1.0, 2.5]}
    ]  # fmt: skip
    assert (sorted(series), samples) == (["g", "h"], 1)


def test_it_stays_classic_as_well_if_asked_for() -> None:
    histograms, series, samples = read(HISTOGRAM, classic=True)

    assert (len(histograms), samples) == (1, 5)
    assert sorted(set(series)) == ["h", "h_bucket", "h_count", "h_sum"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(HISTOGRAM.replace('h_count{a="b"} 4', 'h_count{a="b"} 5'), 0, id="its count is another"),
        pytest.param(HISTOGRAM.replace("} 3\n", "} 9\n"), 0, id="a bucket has less than the one before"),
        pytest.param(HISTOGRAM.replace("histogram", "untyped"), 0, id="it is not said to be one"),
        pytest.param(HISTOGRAM.replace('h_bucket{a="b",le="+Inf"} 4\n', ""), 1, id="the last bucket is left out"),
        pytest.param(HISTOGRAM.replace("} 3\n", "} 2.5\n"), 1, id="a count is not whole"),
        pytest.param(HISTOGRAM.replace("a=", '"é b"='), 1, id="a label is named in UTF-8"),
    ],
)
def test_which_are_converted(text: str, found: int) -> None:
    histograms, _, samples = read(text)

    assert (len(histograms), samples) == (found, 0 if found else 5)


def test_exemplars_go_along() -> None:
    sender = Sender(Book(), "default", options=Options(custom_bounds=True))
    text = HISTOGRAM.replace("} 3\n", '} 3 # {t="u"} 2 4\n') + "# EOF\n"
    found, _ = sender.read(text.encode(), Protocol.OPENMETRICS_1)

    assert found.exemplars == ()
    assert found.histogram_exemplars == ((0, 2.0, 4000, [(b"t", b"u")]),)
    assert np.array_equal(found.values, [])
