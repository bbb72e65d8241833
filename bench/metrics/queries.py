"""The queries of a dashboard over `bench.metrics.fleet`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

HOUR: Final = 3600
GRIDS: Final = {0: 0, HOUR: 15, 6 * HOUR: 60, 24 * HOUR: 300}
"""How far apart the points of a graph are that shows so many seconds; 0 is a single value."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query, and how many seconds up to now it is asked for."""

    name: str
    seconds: int
    text: str

    def path(self, now_s: int) -> str:
        """Return what is asked at `now_s`: a graph begins and ends at whole steps, as Grafana's do."""
        if not self.seconds:
            return f"/api/v1/query?{urlencode({'query': self.text, 'time': now_s})}"
        step = GRIDS[self.seconds]
        end = now_s - now_s % step
        parameters: Mapping[str, str | int] = {
            "query": self.text,
            "start": end - self.seconds,
            "end": end,
            "step": step,
        }
        return f"/api/v1/query_range?{urlencode(parameters)}"


REQUESTS: Final = "rate(http_requests_total[5m])"
BUCKETS: Final = "rate(http_request_duration_seconds_bucket[5m])"
SUM: Final = "rate(http_request_duration_seconds_sum[5m])"
COUNT: Final = "rate(http_request_duration_seconds_count[5m])"
FAILED: Final = 'rate(http_requests_total{code=~"5.."}[5m])'
IDLE: Final = 'rate(node_cpu_seconds_total{mode="idle"}[5m])'
OWN: Final = 'instance="api-0000:8080"'
SEARCHES: Final = 'rate(http_requests_total{handler="/search"}[5m])'
WEB: Final = 'rate(http_requests_total{instance=~"web-.*",code!~"5.."}[5m])'
VERSIONS: Final = "* on (instance) group_left (version) app_build_info"
SPIKE: Final = f"sum by (job) ({REQUESTS})"
FREE: Final = "node_filesystem_avail_bytes / node_filesystem_size_bytes"

QUERIES: Final = (
    Query("one gauge, 24 h", 24 * HOUR, f"node_load1{{{OWN}}}"),
    Query("rate of one series, 1 h", HOUR, f'rate(node_cpu_seconds_total{{{OWN},cpu="0",mode="user"}}[5m])'),
    Query("rates of one target, 6 h", 6 * HOUR, f"rate(http_requests_total{{{OWN}}}[5m])"),
    Query("rates of many series, 1 h", HOUR, 'rate(node_cpu_seconds_total{job="api",mode="user"}[5m])'),
    Query("sum of rates, 1 h", HOUR, f"sum({REQUESTS})"),
    Query("rates by job, 6 h", 6 * HOUR, f"sum by (job) ({REQUESTS})"),
    Query("rates by job and code, 24 h", 24 * HOUR, f"sum by (job, code) ({REQUESTS})"),
    Query("some targets by handler, 1 h", HOUR, f"sum by (handler) ({WEB})"),
    Query("p99 of latency, 1 h", HOUR, f"histogram_quantile(0.99, sum by (le) ({BUCKETS}))"),
    Query("p95 by job and handler, 6 h", 6 * HOUR, f"histogram_quantile(0.95, sum by (le, job, handler) ({BUCKETS}))"),
    Query("mean latency, 6 h", 6 * HOUR, f"sum by (handler) ({SUM}) / sum by (handler) ({COUNT})"),
    Query("share of errors, 6 h", 6 * HOUR, f"sum({FAILED}) / sum({REQUESTS})"),
    Query("share of errors by job, 1 h", HOUR, f"sum by (job) ({FAILED}) / sum by (job) ({REQUESTS})"),
    Query("busiest targets, 1 h", HOUR, f"topk(5, sum by (instance) ({REQUESTS}))"),
    Query("busiest series, now", 0, f"topk(10, {REQUESTS})"),
    Query("averages over 10 m, 6 h", 6 * HOUR, "avg_over_time(node_load1[10m])"),
    Query("peaks over 1 h, 24 h", 24 * HOUR, "max by (job) (max_over_time(queue_depth[1h]))"),
    Query("increase of 1 h, 24 h", 24 * HOUR, "sum by (job) (increase(http_requests_total[1h]))"),
    Query("increase of 24 h, now", 0, "sum by (job, code) (increase(http_requests_total[24h]))"),
    Query("rates by version, 1 h", HOUR, f"sum by (version) ({SEARCHES} {VERSIONS})"),
    Query("processors in use, 6 h", 6 * HOUR, f"100 * (1 - avg by (instance) ({IDLE}))"),
    Query("memory in use, 6 h", 6 * HOUR, "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"),
    Query("fullest disks, 24 h", 24 * HOUR, f"min by (mountpoint) ({FREE})"),
    Query("network in bits, 24 h", 24 * HOUR, "sum by (job) (rate(node_network_receive_bytes_total[5m])) * 8"),
    Query("load, 0.9 of the targets, 6 h", 6 * HOUR, "quantile by (job) (0.9, node_load1)"),
    Query("trend of memory, 6 h", 6 * HOUR, "deriv(process_resident_memory_bytes[30m])"),
    Query("restarts, 24 h", 24 * HOUR, "sum(changes(process_start_time_seconds[1h]))"),
    Query("now and an hour ago, 6 h", 6 * HOUR, f"sum({REQUESTS}) / sum(rate(http_requests_total[5m] offset 1h))"),
    Query("peak of a subquery, 6 h", 6 * HOUR, f"max_over_time(({SPIKE})[30m30s:1m])"),
    Query("targets that are up, now", 0, "count by (job) (up == 1)"),
    Query("nothing there, 1 h", HOUR, 'absent(up{job="nowhere"})'),
)  # fmt: skip
