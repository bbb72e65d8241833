"""The times that lines say, in all their layouts: A5, R2."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.ingest.process.go_times import go_time
from firstlight.ingest.process.times import Zone, read_times
from tests.ingest.process.trying import NOW, time_of, tried

SECOND = "2026-11-21T05:00:13"

TIMES = [
    # what                              the text                                        UTC
    ("rfc 3339",                        "2026-11-21T05:00:13Z",                         SECOND),
    ("rfc 3339, ahead",                 "2026-11-21T10:30:13+05:30",                    SECOND),
    ("rfc 3339, behind",                "2026-11-20T22:00:13-07:00",                    SECOND),
    ("nanoseconds",                     "2026-11-21T05:00:13.123456789Z",               SECOND + ".123456789"),
    ("a tenth",                         "2026-11-21T05:00:13.1Z",                       SECOND + ".100000000"),
    ("python",                          "2026-11-21 05:00:13,877",                      SECOND + ".877000000"),
    ("python's isoformat",              "2026-11-21 05:00:13.877123+00:00",             SECOND + ".877123000"),
    ("no zone",                         "2026-11-21T05:00:13",                          SECOND),
    ("go's log",                        "2026/11/21 05:00:13",                          SECOND),
    ("go's string",                     "2026-11-21 05:00:13.5 +0000 UTC m=+0.01",      SECOND + ".500000000"),
    ("java's zone",                     "2026-11-20T21:00:13-08:00[America/Los_Angeles]", SECOND),
    ("postgresql",                      "2026-11-21 05:00:13.877 UTC",                  SECOND + ".877000000"),
    ("letters of a zone",               "2026-11-21 06:00:13 CET",                      SECOND),
    ("a day alone",                     "2026-11-21",                                   "2026-11-21T00:00:00"),
    ("basic",                           "20261121T050013Z",                             SECOND),
    ("apache",                          "21/Nov/2026:05:00:13 +0000",                   SECOND),
    ("apache, ahead",                   "21/Nov/2026:07:00:13 +0200",                   SECOND),
    ("apache, error",                   "Sat Nov 21 05:00:13.123456 2026",              SECOND + ".123456000"),
    ("c",                               "Sat Nov 21 05:00:13 2026",                     SECOND),
    ("unix' date",                      "Sat Nov 21 05:00:13 UTC 2026",                 SECOND),
    ("rfc 1123",                        "Sat, 21 Nov 2026 05:00:13 GMT",                SECOND),
    ("rfc 1123, a zone",                "Sat, 21 Nov 2026 06:00:13 +0100",              SECOND),
    ("rfc 822",                         "21 Nov 26 05:00 UTC",                          "2026-11-21T05:00:00"),
    ("rfc 850",                         "Saturday, 21-Nov-26 05:00:13 UTC",             SECOND),
    ("redis",                           "21 Nov 2026 05:00:13.877",                     SECOND + ".877000000"),
    ("tomcat",                          "21-Nov-2026 05:00:13.877",                     SECOND + ".877000000"),
    ("java's logging",                  "Nov 21, 2026 5:00:13 AM",                      SECOND),
    ("afternoon",                       "Nov 21, 2026 12:00:13 PM",                     "2026-11-21T12:00:13"),
    ("midnight",                        "Nov 21, 2026 12:00:13 AM",                     "2026-11-21T00:00:13"),
    ("syslog",                          "Nov 21 05:00:13",                              SECOND),
    ("syslog, one digit",               "Nov  1 05:00:13",                              "2026-11-01T05:00:13"),
    ("syslog, of last year",            "Dec 31 23:59:59",                              "2026-12-31T23:59:59"),
    ("klog",                            "1121 05:00:13.123456",                         SECOND + ".123456000"),
    ("spark",                           "26/11/21 05:00:13",                            SECOND),
    ("seconds",                         "1795237213",                                   SECOND),
    ("seconds with a part",             "1795237213.25",                                SECOND + ".250000000"),
    ("milliseconds",                    "1795237213123",                                SECOND + ".123000000"),
    ("microseconds",                    "1795237213123456",                             SECOND + ".123456000"),
    ("nanoseconds since 1970",          "1795237213123456789",                          SECOND + ".123456789"),
    ("a leap second",                   "2016-12-31T23:59:60Z",                         "2017-01-01T00:00:00"),
    ("a leap day",                      "2024-02-29T00:00:00Z",                         "2024-02-29T00:00:00"),
    ("none: no such day",               "2026-02-29T00:00:00Z",                         ""),
    ("none: no such month",             "2026-13-01T00:00:00Z",                         ""),
    ("none: no such hour",              "2026-11-21T25:00:00Z",                         ""),
    ("none: no such zone",              "2026-11-21 05:00:13 XYZT",                     ""),
    ("none: a time of day",             "05:00:13.877",                                 ""),
    ("none: a number",                  "12345",                                        ""),
    ("none: words",                     "yesterday",                                    ""),
    ("none: nothing",                   "",                                             ""),
    ("none: a long text",               "2026-11-21T05:00:13Z" * 9,                     ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_reads(text: str, wanted: str) -> None:
    times, good = read_times(pa.array([text]), np.array([NOW]))

    found = str(np.datetime64(int(times[0]), "ns")).removesuffix(".000000000")
    assert (found if good[0] else "") == wanted


def test_reads_a_column_of_many_layouts() -> None:
    texts = [row[1] for row in TIMES] * 2
    times, good = read_times(pa.array(texts), np.full(len(texts), NOW))

    alone = [read_times(pa.array([text]), np.array([NOW])) for text in texts]
    assert times.tolist() == [int(time[0]) for time, _ in alone]
    assert good.tolist() == [bool(right[0]) for _, right in alone]


def test_of_a_year_that_is_not_said_the_nearest_is_meant() -> None:
    new_year = int(np.datetime64("2027-01-01T00:00:01", "ns").astype(np.int64))
    times, _ = read_times(pa.array(["Dec 31 23:59:59", "Jan  1 00:00:00"]), np.full(2, new_year))

    assert [str(np.datetime64(time, "ns"))[:10] for time in times.tolist()] == ["2026-12-31", "2027-01-01"]


def test_a_zone_of_its_own_has_summers() -> None:
    zone = Zone(ZoneInfo("Europe/Berlin"))
    times, _ = read_times(pa.array(["2026-07-01 12:00:00", "2026-12-01 12:00:00"]), np.full(2, NOW), zone)

    assert [str(np.datetime64(time, "ns"))[11:13] for time in times.tolist()] == ["10", "11"]


ANY_TIME = st.datetimes(datetime(1971, 1, 1), datetime(2261, 1, 1)).map(datetime.isoformat)  # noqa: DTZ001 # of no zone


@given(ANY_TIME)
def test_reads_as_numpy_does(text: str) -> None:
    times, good = read_times(pa.array([f"{text}Z"]), np.array([NOW]))

    assert good[0]
    assert times[0] == np.datetime64(text, "ns").astype(np.int64)


TAKEN = [
    # what                                    settings                    the line                           the time
    ("a time of the line",                    "",                         '{"ts":"2026-11-21T05:00:13Z"}',   SECOND),
    ("another field, if the first is none",   "",                         '{"ts":"x","time":"2026-11-21T05:00:13Z"}', SECOND),
    ("none, if it is not wanted",             "take_times: false",        '{"ts":"2026-11-21T05:00:13Z"}',   ""),
    ("none that is far ahead",                "",                         '{"ts":"2026-11-23T05:00:13Z"}',   ""),
    ("none that is old",                      "",                         '{"ts":"1999-11-23T05:00:13Z"}',   ""),
    ("one as old as is wanted",               "max_age: 200y",            '{"ts":"1999-11-21T05:00:13Z"}',   "1999-11-21T05:00:13"),
    ("one in the zone that is set",           "timezone: Europe/Berlin",  '{"ts":"2026-11-21 06:00:13"}',    SECOND),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "line", "wanted"), [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_takes_the_time_of_a_line(settings: str, line: str, wanted: str) -> None:
    assert time_of(tried(line, settings=settings)[0]) == wanted


LAYOUTS = [
    # what                   the layout                          the text                             UTC
    ("by name",              "RFC3339",                          "2026-11-21T05:00:13Z",              SECOND),
    ("with its fraction",    "RFC3339Nano",                      "2026-11-21T05:00:13.5Z",            SECOND + ".500000000"),
    ("the day first",        "02/01/2006 15:04:05",              "21/11/2026 05:00:13",               SECOND),
    ("the month first",      "1/2/06 3:04:05 PM",                "11/21/26 5:00:13 AM",               SECOND),
    ("python",               "2006-01-02 15:04:05,000",          "2026-11-21 05:00:13,877",           SECOND + ".877000000"),
    ("apache",               "02/Jan/2006:15:04:05 -0700",       "21/Nov/2026:06:00:13 +0100",        SECOND),
    ("letters of a zone",    "UnixDate",                         "Sat Nov 21 05:00:13 UTC 2026",      SECOND),
    ("no year",              "Jan _2 15:04:05",                  "Nov 21 05:00:13",                   SECOND),
    ("seconds",              "Unix",                             "1795237213.5",                      SECOND + ".500000000"),
    ("milliseconds",         "UnixMs",                           "1795237213123",                     SECOND + ".123000000"),
    ("another layout",       "RFC3339",                          "21/11/2026 05:00:13",               ""),
    ("no such day",          "2006-01-02",                       "2026-02-30",                        ""),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "text", "wanted"), [row[1:] for row in LAYOUTS], ids=[row[0] for row in LAYOUTS])
def test_reads_layouts_of_go(layout: str, text: str, wanted: str) -> None:
    found = go_time(layout)(text, NOW)

    assert (str(np.datetime64(found, "ns")).removesuffix(".000000000") if found else "") == wanted
