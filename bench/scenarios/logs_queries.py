"""Questions that people ask of logs, over Loki's API and in SQL, cold and warm."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from statistics import median
from typing import Final
from urllib.parse import urlencode

from bench.alone import alone
from bench.folder import fresh_folder
from bench.logs.sending import Load, send
from bench.metrics.asking import forget
from bench.report import Figure, Report, Table
from bench.scenarios.scenario import Options, Scenario
from bench.server import BenchError, running
from bench.usage import Meanwhile

LINES: Final = 20_000_000
HOURS: Final = 24
"""The time that the lines are of."""
WARM: Final = 5

RANGE: Final = "/loki/api/v1/query_range"

TARGETS: Final[Mapping[str, float]] = {
    "needle": 20.0,
    "needle as a field": 20.0,
    "newest 100 of a selector": 30.0,
    "newest 100 with a word": 30.0,
    "regex over an hour of a service": 300.0,
    "count_over_time by level over everything": 400.0,
    "label values": 10.0,
}
"""Milliseconds until the last byte, warm."""


def run(options: Options) -> Iterator[Report]:
    """Load the lines once, and ask after a restart."""
    data = fresh_folder() / "data"
    requests = max(80, round(LINES * options.scale / 1000))
    end_ns = time.time_ns() // 10**9 * 10**9
    step_ns = HOURS * 3600 * 10**9 // (requests * 1000)
    meanwhile = Meanwhile()
    with running(data) as server:
        sent = alone(send, Load(server.http, "loki", requests, end_ns - requests * 1000 * step_ns, step_ns))
        server.settle()
        needle = _needle(server.http, end_ns)
    forget(data)
    with running(data) as server:
        paths = _paths(end_ns, needle)
        cold = {name: _ask(server.http, path) for name, path in paths.items()}
        warm = {name: median(_ask(server.http, path) for _ in range(WARM)) for name, path in paths.items()}
    yield Report(
        "logs-queries",
        f"questions over {sent.lines:,} lines of {HOURS} h",
        [Figure(name, warm[name], "ms", target) for name, target in TARGETS.items()],
        [f"the lines were taken in {sent.seconds:.0f} s", *meanwhile.remarks()],
        sent.faults(),
        Table("question", ["cold, ms", "warm, ms"], {name: [cold[name], warm[name]] for name in paths}),
    )


def _paths(end_ns: int, needle: str) -> Mapping[str, str]:
    day, hour = HOURS * 3600 * 10**9, 3600 * 10**9

    def lines(query: str, span: int = day) -> str:
        asked = {"query": query, "start": end_ns - span, "end": end_ns, "limit": 100, "direction": "backward"}
        return f"{RANGE}?{urlencode(asked)}"

    def counts(query: str, step: str) -> str:
        return f"{RANGE}?{urlencode({'query': query, 'start': end_ns - day, 'end': end_ns, 'step': step})}"

    return {
        "needle": lines(f'{{env="prod"}} |= "{needle}"'),
        "needle as a field": lines(f'{{trace_id="{needle}"}}'),
        "newest 100 of a selector": lines('{service_name="checkout", level="error"}'),
        "newest 100 with a word": lines('{service_name=~"checkout|payments"} |= "declined"'),
        "newest 100 parsed": lines('{service_name="checkout"} | json | status >= 500'),
        "regex over an hour of a service": lines(
            '{service_name="gateway"} |~ "(?i)(timeout|refused).*inventory"', hour
        ),
        "count_over_time by level over everything": counts('sum by (level) (count_over_time({env="prod"}[1h]))', "1h"),
        "rate of errors by service": counts('sum by (service_name) (rate({env="prod"} |= "error"[5m]))', "5m"),
        "label values": f"/loki/api/v1/label/service_name/values?{urlencode({'start': end_ns - day, 'end': end_ns})}",
    }


def _needle(address: str, end_ns: int) -> str:
    """Return the trace of some line."""
    asked = urlencode(
        {
            "query": '{service_name="auth"} |= "trace_id"',
            "end": end_ns,
            "start": end_ns - HOURS * 3600 * 10**9,
            "limit": 1,
            "direction": "forward",
        }
    )
    found = json.loads(_get(address, f"{RANGE}?{asked}"))["data"]["result"]
    return str(json.loads(found[0]["values"][0][1])["trace_id"])


def _ask(address: str, path: str) -> float:
    began = time.perf_counter()
    _get(address, path)
    return 1000 * (time.perf_counter() - began)


def _get(address: str, path: str) -> bytes:
    host, _, port = address.rpartition(":")
    connection = HTTPConnection(host, int(port), timeout=120)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise BenchError(f"cannot ask {path}: {answer.status} {body[:300].decode(errors='replace')}")
    return body


SCENARIO: Final = Scenario("logs-queries", "questions that people ask of logs", run)
