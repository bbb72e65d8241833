"""The samples that lines give metric queries, as in Loki (L1)."""

from __future__ import annotations

import pytest

from tests.query.logql.stage_runs import sample

ROWS = [
    (
        "a count",
        'count_over_time({app="a"} | logfmt [1m])',
        "x=1",
        (1.0, {"app": "a", "b": "base", "m": "v", "x": "1"}),
    ),
    ("bytes", 'bytes_over_time({app="a"} [1m])', "é=1", (4.0, {"app": "a", "b": "base", "m": "v"})),
    (
        "bytes of what the line says then",
        'bytes_over_time({app="a"} | line_format "xyz" [1m])',
        "a",
        (3.0, {"app": "a", "b": "base", "m": "v"}),
    ),
    (
        "what is unwrapped goes",
        'sum_over_time({app="a"} | logfmt | unwrap x [1m])',
        "x=1.5 y=2",
        (1.5, {"app": "a", "b": "base", "m": "v", "y": "2"}),
    ),
    (
        "what is unwrapped and grouped by stays",
        'sum by (x) (sum_over_time({app="a"} | logfmt | unwrap x [1m]))',
        "x=1.5 y=2",
        (1.5, {"x": "1.5"}),
    ),
    (
        "bytes unwrapped",
        'sum_over_time({app="a"} | logfmt | unwrap bytes(x) [1m])',
        "x=5KB",
        (5000.0, {"app": "a", "b": "base", "m": "v"}),
    ),
    (
        "a duration unwrapped",
        'sum_over_time({app="a"} | logfmt | unwrap duration(x) [1m])',
        "x=1m30s",
        (90.0, {"app": "a", "b": "base", "m": "v"}),
    ),
    (
        "seconds unwrapped",
        'sum_over_time({app="a"} | logfmt | unwrap duration_seconds(x) [1m])',
        "x=1500ms",
        (1.5, {"app": "a", "b": "base", "m": "v"}),
    ),
    (
        "no number",
        'sum_over_time({app="a"} | logfmt | unwrap x [1m])',
        "x=abc",
        (
            0.0,
            {
                "__error__": "SampleExtractionErr",
                "__error_details__": 'strconv.ParseFloat: parsing "abc": invalid syntax',
                "app": "a",
                "b": "base",
                "m": "v",
                "x": "abc",
            },
        ),
    ),
    (
        "no number, grouped",
        'sum by (app) (sum_over_time({app="a"} | logfmt | unwrap x [1m]))',
        "x=abc",
        (
            0.0,
            {
                "__error__": "SampleExtractionErr",
                "__error_details__": 'strconv.ParseFloat: parsing "abc": invalid syntax',
                "app": "a",
                "b": "base",
                "m": "v",
                "x": "abc",
            },
        ),
    ),
    ("no number, filtered", 'sum_over_time({app="a"} | logfmt | unwrap x | __error__="" [1m])', "x=abc", None),
    ("nothing to unwrap", 'sum_over_time({app="a"} | logfmt | unwrap x [1m])', "y=1", None),
    ("nothing in what is unwrapped", 'sum_over_time({app="a"} | logfmt --keep-empty | unwrap x [1m])', "x=", None),
    ("a filter after unwrap", 'sum_over_time({app="a"} | logfmt | unwrap x | y="2" [1m])', "x=1 y=3", None),
    ("by", 'sum by (x, nosuch) (count_over_time({app="a"} | logfmt [1m]))', "x=1 y=2", (1.0, {"x": "1"})),
    (
        "by what a parser gives under another name",
        'sum by (app_extracted) (count_over_time({app="a"} | logfmt [1m]))',
        "app=z y=2",
        (1.0, {"app_extracted": "z"}),
    ),
    ("by nothing", 'sum by () (count_over_time({app="a"} | logfmt [1m]))', "x=1", (1.0, {})),
    (
        "without",
        'sum without (x, app) (count_over_time({app="a"} | logfmt [1m]))',
        "x=1 y=2",
        (1.0, {"b": "base", "m": "v", "y": "2"}),
    ),
    (
        "an error is not grouped",
        'sum by (y) (count_over_time({app="a"} | logfmt | x > 1 [1m]))',
        "x=oops y=1",
        (
            1.0,
            {
                "__error__": "LabelFilterErr",
                "__error_details__": 'strconv.ParseFloat: parsing "oops": invalid syntax',
                "app": "a",
                "b": "base",
                "m": "v",
                "x": "oops",
                "y": "1",
            },
        ),
    ),
    (
        "a fault behind all that is wanted is not seen",
        'sum by (x) (count_over_time({app="a"} | json [1m]))',
        '{"x":"1","y',
        (1.0, {"x": "1"}),
    ),
    (
        "a fault before that is",
        'sum by (x) (count_over_time({app="a"} | json [1m]))',
        '{"y',
        (
            1.0,
            {
                "__error__": "JSONParserErr",
                "__error_details__": "Malformed JSON error",
                "app": "a",
                "b": "base",
                "m": "v",
            },
        ),
    ),
    (
        "a fault where nothing is wanted is not seen",
        'sum by () (count_over_time({app="a"} | json [1m]))',
        '{"y',
        (1.0, {}),
    ),
    (
        "errors that are asked for are marked",
        'sum by (__error__) (count_over_time({app="a"} | json [1m]))',
        "text",
        (
            1.0,
            {
                "__error__": "JSONParserErr",
                "__error_details__": "Value looks like object, but can't find closing '}' symbol",
                "__preserve_error__": "true",
                "app": "a",
                "b": "base",
                "m": "v",
            },
        ),
    ),
]


@pytest.mark.parametrize(("query", "line", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_sample(query: str, line: str, expected: tuple[float, dict[str, str]] | None) -> None:
    """A line gives the sample, with the labels, that Loki takes of it."""
    assert sample(query, line) == expected
