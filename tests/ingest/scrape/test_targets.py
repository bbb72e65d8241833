"""What is scraped: labels, URL, and why something is not (P5)."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from firstlight.config.read import read
from firstlight.ingest.scrape.discovery.group import TargetGroup
from firstlight.ingest.scrape.job import Job
from firstlight.ingest.scrape.load import load
from firstlight.ingest.scrape.settings import PrometheusSettings
from firstlight.ingest.scrape.targets import Dropped, Invalid, Target, next_scrape, offset, target_of, targets_of

BASE = "job_name: shop, scrape_interval: 15s"


def job(more: str = "") -> Job:
    settings = read(PrometheusSettings, text=f"scrape_configs: [{{{BASE}{more}}}]")
    return load(settings, Path(), {}).jobs[0]


MADE: tuple[tuple[str, str, dict[str, str], dict[str, str], str], ...] = (
    # what it shows, the job's settings, labels found, labels of the target, its URL
    ("the address becomes the instance", "", {"__address__": "a:1"}, {"job": "shop", "instance": "a:1"}, "http://a:1/metrics"),
    ("an instance that is found stays", "", {"__address__": "a:1", "instance": "i"}, {"job": "shop", "instance": "i"}, "http://a:1/metrics"),
    ("no port is added", ", scheme: https", {"__address__": "a"}, {"job": "shop", "instance": "a"}, "https://a/metrics"),
    ("labels found win over settings", "", {"__address__": "a:1", "job": "j", "__metrics_path__": "/x", "__scheme__": "https"}, {"job": "j", "instance": "a:1"}, "https://a:1/x"),
    ("meta labels end here", "", {"__address__": "a:1", "__meta_x": "y", "env": "e"}, {"job": "shop", "instance": "a:1", "env": "e"}, "http://a:1/metrics"),
    ("an IPv6 address", "", {"__address__": "[::1]:80"}, {"job": "shop", "instance": "[::1]:80"}, "http://[::1]:80/metrics"),
    ("parameters, sorted", ", params: {b: [x y, z], a: ['1']}", {"__address__": "a:1"}, {"job": "shop", "instance": "a:1"}, "http://a:1/metrics?a=1&b=x+y&b=z"),
    ("a rule changes the first value", ", params: {b: [x, z]}, relabel_configs: [{target_label: __param_b, replacement: q}]", {"__address__": "a:1"}, {"job": "shop", "instance": "a:1"}, "http://a:1/metrics?b=q&b=z"),
    ("a value whose label is dropped stays", ", params: {b: [x]}, relabel_configs: [{action: labeldrop, regex: __param_b}]", {"__address__": "a:1"}, {"job": "shop", "instance": "a:1"}, "http://a:1/metrics?b=x"),
    ("a label found is a parameter", "", {"__address__": "a:1", "__param_m": "up"}, {"job": "shop", "instance": "a:1"}, "http://a:1/metrics?m=up"),
    ("a path is a path", ", metrics_path: '/a b?c'", {"__address__": "a:1"}, {"job": "shop", "instance": "a:1"}, "http://a:1/a%20b%3Fc"),
    ("a path without a slash", ", metrics_path: m", {"__address__": "a:1"}, {"job": "shop", "instance": "a:1"}, "http://a:1/m"),
    ("the blackbox exporter's way", ", params: {module: [http]}, relabel_configs: [{source_labels: [__address__], target_label: __param_target}, {source_labels: [__param_target], target_label: instance}, {target_label: __address__, replacement: 'probe:9115'}]", {"__address__": "https://a/b"}, {"job": "shop", "instance": "https://a/b"}, "http://probe:9115/metrics?module=http&target=https%3A%2F%2Fa%2Fb"),
)  # fmt: skip


@pytest.mark.parametrize(("more", "found", "labels", "url"), [row[1:] for row in MADE], ids=[row[0] for row in MADE])
def test_made(more: str, found: dict[str, str], labels: dict[str, str], url: str) -> None:
    """A target has the labels and the URL that it has with Prometheus."""
    target = target_of(found, job(more))

    assert isinstance(target, Target), target
    assert dict(target.labels) == labels
    assert target.url == url


def test_own_times() -> None:
    """A target may tell its own interval and timeout, as durations of Prometheus."""
    target = target_of({"__address__": "a:1", "__scrape_interval__": "1m30s", "__scrape_timeout__": "500ms"}, job())

    assert isinstance(target, Target)
    assert (target.interval, target.timeout) == (90.0, 0.5)
    assert target.discovered["__scrape_interval__"] == "1m30s"


INVALID = (
    # what it shows, the job's settings, labels found, the reason
    ("no address", "", {"a": "b"}, "no address"),
    ("a URL", "", {"__address__": "http://a"}, '"http://a" is not a valid hostname'),
    ("another scheme", "", {"__address__": "a", "__scheme__": "ftp"}, "cannot scrape by the scheme 'ftp'; want http or https"),
    ("an interval that is none", "", {"__address__": "a", "__scrape_interval__": "x"}, "error parsing scrape interval: cannot read 'x' as a duration"),
    ("an interval of nothing", "", {"__address__": "a", "__scrape_interval__": "0s"}, "scrape interval cannot be 0"),
    ("a timeout of nothing", "", {"__address__": "a", "__scrape_timeout__": "0"}, "scrape timeout cannot be 0"),
    ("a timeout that is longer", "", {"__address__": "a", "__scrape_timeout__": "1m"}, 'scrape timeout cannot be greater than scrape interval ("1m" > "15s")'),
    ("no UTF-8", "", {"__address__": "a", "b": "\udcff"}, 'invalid label value for "b"'),
    ("an interval taken away", ", relabel_configs: [{action: labeldrop, regex: __scrape_interval__}]", {"__address__": "a"}, "error parsing scrape interval"),
)  # fmt: skip


@pytest.mark.parametrize(("more", "found", "reason"), [row[1:] for row in INVALID], ids=[row[0] for row in INVALID])
def test_invalid(more: str, found: dict[str, str], reason: str) -> None:
    """What cannot be scraped is told, with its reason."""
    target = target_of(found, job(more), "file.json:0")

    assert isinstance(target, Invalid), target
    assert target.reason.startswith(reason)
    assert target.source == "file.json:0"


def test_dropped() -> None:
    """What a rule drops is known by the labels that it had."""
    found = target_of(
        {"__address__": "a:1", "__meta_x": "y"},
        job(", relabel_configs: [{action: drop, source_labels: [__meta_x], regex: y}]"),
    )

    assert isinstance(found, Dropped)
    assert found.discovered == {
        "__address__": "a:1", "__meta_x": "y", "__metrics_path__": "/metrics", "__scheme__": "http",
        "__scrape_interval__": "15s", "__scrape_timeout__": "10s", "job": "shop",
    }  # fmt: skip


def test_groups() -> None:
    """Labels of a target win over those of its group; targets that are the same are one."""
    groups = [
        TargetGroup("a", ({"__address__": "a:1", "env": "own"}, {"__address__": "b:1"}, {"x": "y"}), {"env": "group"}),
        TargetGroup("b", ({"__address__": "b:1"},), {"env": "group", "__meta_b": "c"}),
    ]

    found = targets_of(groups, job())

    assert [dict(target.labels)["env"] for target in found.targets] == ["own", "group"]
    assert [one.reason for one in found.invalid] == ["no address"]


def test_schedule() -> None:
    """A target's place in its interval is its own, changes with the seed, and does not drift."""
    targets = targets_of([TargetGroup("a", tuple({"__address__": f"h{n}:1"} for n in range(200)))], job()).targets
    interval = 15_000_000_000

    places = sorted(offset(target, interval, 7) for target in targets)

    assert places != sorted(offset(target, interval, 8) for target in targets)
    assert max(after - before for before, after in pairwise(places)) < interval / 10
    now = 1_700_000_000_000_000_000
    first = next_scrape(now, interval, places[3])
    assert now < first <= now + interval
    assert next_scrape(first, interval, places[3]) == first + interval
