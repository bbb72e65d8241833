"""Durations and sizes as Prometheus writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from firstlight.ingest.scrape.prometheus_units import parse_duration, parse_size, show_duration, show_size

READ: tuple[tuple[Callable[[object], float], object, float, str], ...] = (
    (parse_duration, "15s", 15.0, "15s"),
    (parse_duration, "1h30m", 5400.0, "1h30m"),
    (parse_duration, "90s", 90.0, "1m30s"),
    (parse_duration, "1y2w3d", 382 * 86_400.0, "382d"),
    (parse_duration, "14d", 1_209_600.0, "2w"),
    (parse_duration, "8d", 691_200.0, "8d"),
    (parse_duration, "1ms", 0.001, "1ms"),
    (parse_duration, "0", 0.0, "0s"),
    (parse_duration, 0, 0.0, "0s"),
    (parse_size, "0", 0, "0B"),
    (parse_size, "15MB", 15 * 1024**2, "15MiB"),
    (parse_size, "1.5KiB", 1536, "1536B"),
    (parse_size, "1GB512MB", 1536 * 1024**2, "1536MiB"),
    (parse_size, "10B", 10, "10B"),
)


@pytest.mark.parametrize(("read", "text", "value", "shown"), READ, ids=[f"{row[0].__name__} {row[1]}" for row in READ])
def test_read_and_shown(read: Callable[[object], float], text: object, value: float, shown: str) -> None:
    """What is read is shown again in Prometheus' way."""
    assert read(text) == value
    assert (show_duration(value) if read is parse_duration else show_size(int(value))) == shown


REFUSED: tuple[tuple[Callable[[object], float], object, str], ...] = (
    (parse_duration, "15", "want whole numbers, such as 15s"),
    (parse_duration, "1.5h", "want whole numbers"),
    (parse_duration, "1s1m", "want whole numbers"),
    (parse_duration, "", "want whole numbers"),
    (parse_duration, -1, "want whole numbers"),
    (parse_duration, "300y", "no more than 292 years"),
    (parse_size, "100", "want a number with its unit"),
    (parse_size, "10mb", "want a number with its unit"),
    (parse_size, "-1MB", "want a number with its unit"),
    (parse_size, "9EB", "want less than 8EiB"),
)


@pytest.mark.parametrize(("read", "text", "words"), REFUSED, ids=[f"{row[0].__name__} {row[1]}" for row in REFUSED])
def test_refused(read: Callable[[object], float], text: object, words: str) -> None:
    """What Prometheus does not read is refused, and what it would read is told."""
    with pytest.raises(ValueError, match="cannot ") as caught:
        read(text)

    assert words in str(caught.value)
