"""P5: a real Prometheus and we, asked the same about the same samples, which it has scraped and written to us."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.exporters import exporting
from tests.acceptance.live import SECONDS, live
from tests.acceptance.prometheus import peer, query
from tests.acceptance.promql_written import groups

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which("prometheus"), reason="there is no prometheus here: apt-get install prometheus"
    ),
]

SCRAPES = 60
"""How often each target is scraped before anything is asked."""

BEFORE = 13.0
"""Seconds of samples before the first time that is asked for: more than any range."""

STEP = 1.0
CONFORMANCE = os.environ.get("CONFORMANCE", "")
EXPRESSIONS = ("dashboards/expressions/promql.jsonl", "rules/expressions/promql.jsonl")
NODE = "wire/exposition/node_exporter/e2e-output.txt"
MOST_OF_DASHBOARDS = 1_500

ORDERED = re.compile(r"sort|(top|bottom)k *\(")
"""What says in which order series come; of several groups there is none."""

AFTER = 3
"""Seconds of samples after the last time that is asked for: more than any negative offset."""

KNOWN = groups("0")


@dataclass(frozen=True, slots=True)
class Both:
    """The two, with the same samples from `first` to `last`."""

    ours: str
    theirs: str
    first: float
    last: float

    @property
    def times(self) -> tuple[float, float]:
        """From when to when is asked."""
        # Whole steps apart, so that at no step a sample is on the left edge of a range.
        return self.last - math.floor(self.last - self.first - BEFORE), self.last

    def compare(self, expr: str) -> list[str]:
        """Return in what the two differ about a query, at one time and over a range."""
        start, end = self.times
        ordered = ORDERED.match(expr) is not None
        at = self._differ("query", {"query": expr, "time": f"{end:.3f}"}, ordered=ordered)
        over = {"query": expr, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": STEP}
        return [f"{expr}: {words}" for words in (at, self._differ("query_range", over, ordered=True)) if words]

    def _differ(self, path: str, options: dict[str, Any], *, ordered: bool) -> str:
        status, ours = query(self.ours, path, options)
        wanted, theirs = query(self.theirs, path, options)
        if status != wanted or theirs["status"] == "error":
            same = status == wanted and ours.get("errorType") == theirs.get("errorType")
            return "" if same else f"{path}: {status} {_brief(ours)}; want {wanted} {_brief(theirs)}"
        return f"{path}: {words}" if (words := differ(ours["data"], theirs["data"], ordered=ordered)) else ""


def differ(ours: dict[str, Any], theirs: dict[str, Any], *, ordered: bool) -> str:
    """Return in what two answers differ, or nothing."""
    if ours["resultType"] != theirs["resultType"]:
        return f"{ours['resultType']}; want {theirs['resultType']}"
    if ours["resultType"] in ("scalar", "string"):
        is_text = ours["resultType"] == "string"
        same = ours["result"] == theirs["result"] if is_text else _same(ours["result"], theirs["result"])
        return "" if same else f"{ours['result']}; want {theirs['result']}"
    found, wanted = ours["result"], theirs["result"]
    if not ordered:
        found, wanted = sorted(found, key=_labels), sorted(wanted, key=_labels)
    if list(map(_labels, found)) != list(map(_labels, wanted)):
        return f"the series {_brief(list(map(_labels, found)))}; want {_brief(list(map(_labels, wanted)))}"
    for one, other in zip(found, wanted, strict=True):
        points, wished = _points(one), _points(other)
        if len(points) != len(wished):
            return f"{_labels(one)}: {_brief(points)}; want {_brief(wished)}"
        for point, wish in zip(points, wished, strict=True):
            if not _same(point, wish):
                return f"{_labels(one)}: {point}; want {wish}"
    return ""


def _labels(series: dict[str, Any]) -> str:
    return json.dumps(series["metric"], sort_keys=True)


def _points(series: dict[str, Any]) -> Sequence[Any]:
    points: Sequence[Any] = series["values"] if "values" in series else [series["value"]]
    return points


def _same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    found, wanted = float(one[1]), float(other[1])
    close = math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(found) and math.isnan(wanted))
    return close and abs(one[0] - other[0]) < 0.0005


def _brief(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) < 400 else f"{text[:400]}…"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The two, when they have the same."""
    folders = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("theirs")
    node = Path(CONFORMANCE) / NODE
    texts = {"/node": node.read_text()} if CONFORMANCE and node.exists() else {}
    with exporting(texts) as targets, live(folders[0]) as ours, peer(folders[1], ours.http) as theirs:
        jobs = [("a", "/0"), ("b", "/1"), ("b", "/2"), *(("node", path) for path in texts)]
        theirs.scrape(
            [*((job, targets.address, path) for job, path in jobs), ("prometheus", theirs.address, "/metrics")]
        )
        deadline = time.monotonic() + 2 * SECONDS
        while min((targets.scrapes.get(path, 0) for _, path in jobs)) < SCRAPES:
            assert time.monotonic() < deadline, f"scraped only {targets.scrapes} times: {folders[1] / 'out'}"
            time.sleep(0.1)
        first, last, fractions = _known(theirs.address)
        both = Both(ours.http, theirs.address, first, _apart(last, fractions))
        while (
            found := both.compare(f'count by (__name__, job) ({{job=~".+"}} offset -{AFTER}s)')
        ) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not found, found
        yield both


def _known(address: str) -> tuple[float, float, set[int]]:
    """Return the time of the first sample, of the last, and at which milliseconds of a second there are any."""
    _, answer = query(address, "query", {"query": '{job=~".+",__name__=~"t_steady|up"}[1h]', "time": time.time() + 60})
    times = [point[0] for series in answer["data"]["result"] for point in series["values"]]
    firsts = [series["values"][0][0] for series in answer["data"]["result"]]
    return max(firsts), max(times), {round(time * 1000) % 500 for time in times}


def _apart(last: float, fractions: set[int]) -> float:
    """Return a time shortly before the last that is whole half seconds away from no sample."""
    base = math.floor(last) - AFTER - 1
    free = [ms for ms in range(500) if all((ms + near) % 500 not in fractions for near in range(-3, 4))]
    return base + free[len(free) // 2] / 1000


def test_asks_several_hundred_queries() -> None:
    assert sum(map(len, KNOWN.values())) > 500


@pytest.mark.parametrize("group", KNOWN)
def test_answers_as_prometheus_does(both: Both, group: str) -> None:
    queries = groups(f"{both.times[1]:.3f}")[group]
    different = [words for expr in queries for words in both.compare(expr)]

    assert not different, "\n".join([f"{len(different)} of {2 * len(queries)} answers differ:", *different])


@pytest.mark.skipif(not CONFORMANCE, reason="there are no dashboards: CONFORMANCE names no folder")
def test_answers_dashboards_and_rules(both: Both) -> None:
    _, answer = query(both.theirs, "query", {"query": 'count by (__name__) ({job=~".+"})', "time": both.last})
    names = {series["metric"]["__name__"] for series in answer["data"]["result"]}
    queries = [expr for expr in _expressions() if _is_about(expr, names)][:MOST_OF_DASHBOARDS]
    different = [words for expr in queries for words in both.compare(expr)]

    assert len(queries) > 500
    assert not different, "\n".join([f"{len(different)} of {2 * len(queries)} answers differ:", *different])


def _expressions() -> Iterator[str]:
    """Yield the queries of dashboards and rules: any value for each of their variables, and ranges that we have."""
    seen = set()
    for path in EXPRESSIONS:
        for line in (Path(CONFORMANCE) / path).read_text().splitlines():
            told = json.loads(line)
            text = told.get("parsed_as") or told["expr"]
            text = re.sub(r'(=|=~|!=|!~)\s*"[^"]*gv_[^"]*"', '=~".*"', text)
            text = re.sub(r"\[[^\]:\[]+\]", "[6s]", re.sub(r"\[[^\]\[]+:[^\]\[]*\]", "[6s:1s]", text))
            if text not in seen and "gv_" not in text:
                seen.add(text)
                yield text


def _is_about(expr: str, names: set[str]) -> bool:
    """Return whether all metrics of a query are there."""
    words = set(
        re.findall(r"[a-z][a-zA-Z0-9_:]*_[a-zA-Z0-9_:]+(?=\s*[{\[)\s+*/<>=-]|$)", re.sub(r'"[^"]*"', '""', expr))
    )
    words -= {word for word in words if re.search(rf"{word}\s*\(", expr) or word.endswith("_over_time")}
    return bool(words & names) and words <= names | {"group_left", "group_right"}
