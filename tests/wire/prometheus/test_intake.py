"""A whole body becomes a batch: samples, histograms, exemplars, series with their types, metadata."""

from __future__ import annotations

import pyarrow as pa
import pytest

from firstlight.wire.prometheus.book import Book
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.negotiation import Protocol
from firstlight.wire.prometheus.sender import Options, Sender

NOW = 1_700_000_000_000
BODY = b"""# HELP c Things.
# TYPE c counter
c_total 5 # {trace_id="0123456789abcdef0123456789abcdef",x="y"} 1
c_created 1699999999
# TYPE h histogram
h_bucket{le="1"} 1 # {} 0.5 1699999998
h_bucket{le="+Inf"} 1
h_sum 1
h_count 1
untold 1 1699999997.5
# EOF
"""


@pytest.mark.parametrize("honor", [True, False])
def test_a_body_becomes_a_batch(honor: bool) -> None:
    sender = Sender(Book(), "acme", options=Options(custom_bounds=True))
    body, page = sender.read(BODY, Protocol.OPENMETRICS_1)
    intake = Intake(page)
    found, whole = intake.add_exposition(body, NOW, honor_timestamps=honor)

    batch = intake.batch()

    assert (len(found.ids), len(whole.ids), batch.items, batch.rejected.message) == (3, 1, 4, "")
    tables = batch.tables
    assert dict(zip(*(tables["series"][name].to_pylist() for name in ("metric", "type")), strict=True)) == {
        "c_total": "counter", "c_created": "counter", "h": "histogram", "untold": "",
    }  # fmt: skip
    assert tables["metadata"].select(["metric", "type", "help"]).to_pylist() == [
        {"metric": "c", "type": "counter", "help": "Things."},
        {"metric": "h", "type": "histogram", "help": ""},
    ]
    assert times(tables["samples"], "ts") == [NOW, NOW, NOW - 2500 if honor else NOW]
    assert times(tables["samples"], "start_ts") == [NOW - 1000, 0, 0]
    assert times(tables["histograms"], "ts") == [NOW]
    assert times(tables["exemplars"], "ts") == [NOW, NOW - 2000]
    assert tables["exemplars"]["trace_id"].to_pylist()[0].hex() == "0123456789abcdef0123456789abcdef"
    assert tables["exemplars"]["series_id"].to_pylist() == [found.ids[0], whole.ids[0]]


def times(table: pa.Table, name: str) -> list[int]:
    found: list[int] = table[name].cast(pa.int64()).to_pylist()
    return found
