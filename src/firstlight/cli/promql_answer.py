"""What Prometheus' API answers to a query, as it is shown on a terminal or written as CSV."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from firstlight.cli.chart import Point, sparkline
from firstlight.cli.render import Column, Screen, count, cut, one_line

NAME: Final = "__name__"
PLAIN_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")

WIDTH: Final = 60
"""Cells of a chart where nobody minds long lines."""

WIDEST: Final = 240
GAP: Final = 2
FIGURES: Final = ("min", "max", "last")


@dataclass(frozen=True, slots=True)
class Series:
    """Labels with values at times: floats, or what JSON has for histograms."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float | Mapping[str, Any]]]

    @property
    def name(self) -> str:
        """The series as PromQL writes it."""
        name = self.labels.get(NAME, "")
        is_plain = bool(PLAIN_NAME.fullmatch(name))
        pairs = [f"{_label(label)}={_quoted(text)}" for label, text in sorted(self.labels.items()) if label != NAME]
        if name and not is_plain:
            pairs.insert(0, _quoted(name))
        braces = f"{{{', '.join(pairs)}}}" if pairs or not is_plain else ""
        return one_line((name if is_plain else "") + braces)

    @property
    def floats(self) -> list[Point]:
        """Its values as numbers: of histograms the counts."""
        return [(time, value if isinstance(value, float) else float(value["count"])) for time, value in self.points]


def series_of(data: Mapping[str, Any]) -> list[Series]:
    """Return the series of an answer; a number or text is one without labels."""
    if data["resultType"] in ("scalar", "string"):
        return [Series({}, [_float(data["result"])])] if data["resultType"] == "scalar" else []
    return [Series(each["metric"], _points(each)) for each in data["result"]]


def print_table(screen: Screen, data: Mapping[str, Any]) -> None:
    """Print what a query answers for one time."""
    match data["resultType"]:
        case "string":
            screen.line(one_line(data["result"][1]))
            return
        case "scalar":
            screen.line(data["result"][1])
            return
        case _:
            found = series_of(data)
    rows = [[each.name, shown(each.points[-1][1])] for each in found]
    if rows:
        screen.table([Column("series", may_fold=True), Column("value", is_number=True)], rows)
        summary = f"({count(len(rows), 'series', 'series')} at {_time(found[0].points[-1][0])})"
    else:
        summary = "(no series)"
    screen.line(screen.paint(summary, "dim"))


def print_charts(screen: Screen, found: Sequence[Series], limit: int, span: tuple[float, float] | None = None) -> None:
    """Print a sparkline for each of the first series, over `span` or all times that there are."""
    times = [time for each in found for time, _ in each.points]
    if not times:
        screen.line(screen.paint("(no series)", "dim"))
        return
    start, end = span or (min(times), max(times))
    width = chart_width(screen)
    for each in found[:limit]:
        screen.line(cut(each.name, screen.width) if screen.width else each.name)
        line = sparkline(each.floats, start, end, width)
        figures = _figures([value for _, value in each.floats])
        screen.line(f"  {screen.paint(line, 'cyan')}")
        screen.line(f"  {screen.paint(figures, 'dim')}")
    if len(found) > limit:
        screen.line(screen.paint(f"… and {len(found) - limit} more", "dim"))
    screen.line(screen.paint(f"({count(len(found), 'series', 'series')} from {_time(start)} to {_time(end)})", "dim"))


def chart_width(screen: Screen) -> int:
    """Return how many cells wide the charts of a screen are."""
    return WIDTH if screen.width is None else min(max(screen.width - GAP, 1), WIDEST)


def write_csv(out: TextIO, data: Mapping[str, Any]) -> None:
    """Write a row for each value: the labels, when, and how much."""
    found = series_of(data)
    names = sorted({name for each in found for name in each.labels}, key=lambda name: (name != NAME, name))
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*names, "timestamp", "value"])
    if data["resultType"] == "string":
        writer.writerow(data["result"])
    for each in found:
        labels = [each.labels.get(name, "") for name in names]
        for time, value in each.points:
            writer.writerow([*labels, _number(time), _number(value) if isinstance(value, float) else _json(value)])


def shown(value: float | Mapping[str, Any]) -> str:
    """Return a value as it stands in a cell: of a histogram its count and sum."""
    if isinstance(value, float):
        return _number(value)
    return f"count {value['count']}, sum {value['sum']}"


def _figures(values: Sequence[float]) -> str:
    """Return the least, the greatest and the last value."""
    numbers = [value for value in values if not math.isnan(value)]
    least, most = (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)
    found = zip(FIGURES, (least, most, values[-1]), strict=True)
    return "  ".join(f"{name} {_number(value)}" for name, value in found)


def _points(each: Mapping[str, Any]) -> list[tuple[float, float | Mapping[str, Any]]]:
    floats = [_float(one) for one in (*each.get("values", ()), *([each["value"]] if "value" in each else ()))]
    whole = (*each.get("histograms", ()), *([each["histogram"]] if "histogram" in each else ()))
    return sorted([*floats, *((float(time), value) for time, value in whole)], key=lambda point: point[0])


def _float(point: Sequence[Any]) -> tuple[float, float | Mapping[str, Any]]:
    return float(point[0]), float(point[1])


def _label(name: str) -> str:
    return name if re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    """Return a number as Prometheus writes it.

    >>> _number(1.0), _number(0.25), _number(float("inf"))
    ('1', '0.25', '+Inf')
    """
    if math.isfinite(value):
        text = repr(value)
        return text.removesuffix(".0")
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _time(seconds: float) -> str:
    """Return a time as clocks here show it."""
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
