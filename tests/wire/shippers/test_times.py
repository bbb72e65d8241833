"""Times as shippers write them."""

from __future__ import annotations

import math

import pytest

from firstlight.wire.shippers.times import time_ns_of

SECOND = 10**9

TIMES = [
    # what                      value                               nanoseconds
    ("UTC",                     "2026-11-20T20:21:17.969Z",         1_795_206_077_969_000_000),
    ("an offset",               "2026-11-20T22:21:17.969+02:00",    1_795_206_077_969_000_000),
    ("an offset, no colon",     "2026-11-20T18:21:17.969-0200",     1_795_206_077_969_000_000),
    ("nanoseconds",             "2026-11-20T20:21:17.123456789Z",   1_795_206_077_123_456_789),
    ("more digits",             "2026-11-20T20:21:17.1234567899Z",  1_795_206_077_123_456_789),
    ("no zone",                 "2026-11-20 20:21:17",              1_795_206_077 * SECOND),
    ("a comma",                 "2026-11-20 20:21:17,5",            1_795_206_077_500_000_000),
    ("a leap second",           "2026-12-31T23:59:60Z",             1_798_761_600 * SECOND),
    ("seconds",                 1_795_206_077,                      1_795_206_077 * SECOND),
    ("seconds and parts",       1_795_206_077.25,                   1_795_206_077_250_000_000),
    ("milliseconds",            1_795_206_077_969,                  1_795_206_077_969_000_000),
    ("microseconds",            1_795_206_077_969_123,              1_795_206_077_969_123_000),
    ("nanoseconds, a number",   1_795_206_077_969_123_456,          1_795_206_077_969_123_456),
    ("no such day",             "2026-02-30T00:00:00Z",             None),
    ("no such hour",            "2026-02-20T25:00:00Z",             None),
    ("a text",                  "yesterday",                        None),
    ("a truth",                 True,                               None),
    ("no number",               math.nan,                           None),
    ("too large a number",      math.inf,                           None),
    ("nothing",                 None,                               None),
]  # fmt: skip


@pytest.mark.parametrize(("value", "wanted"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_reads_times(value: object, wanted: int | None) -> None:
    assert time_ns_of(value) == wanted
