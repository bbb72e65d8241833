"""Pushes in groups: what is kept and for how long, from the official client and from others."""

from __future__ import annotations

import asyncio
import base64
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import prometheus_client
import pytest
from starlette.routing import Route

from firstlight.errors import DecodeError, StoreFull
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.pushgateway.keeper import Keeper
from firstlight.ingest.pushgateway.receiver import METHODS, PATH, Pushgateway
from firstlight.model.batch import Batch, Rejections
from firstlight.store.fake import FakeStore
from firstlight.wire.prometheus.book import Book
from firstlight.wire.pushes.grouping import read_grouping
from firstlight.wire.pushes.groups import Family
from tests.ingest.pushing import serving

pytestmark = pytest.mark.anyio

GROUPINGS = [
    # what                       path                                             labels
    ("a job",                    "/metrics/job/batch",                            {"job": "batch"}),
    ("a job and more",           "/metrics/job/batch/instance/a/zone/b",          {"job": "batch", "instance": "a", "zone": "b"}),
    ("a slash at the end",       "/metrics/job/batch/",                           {"job": "batch"}),
    ("escapes",                  "/metrics/job/b%20c/path/%2Fvar",                {"job": "b c", "path": "/var"}),
    ("base64",                   "/metrics/job@base64/L2E/path@base64/w7w=",      {"job": "/a", "path": "ü"}),
    ("an empty value",           "/metrics/job/a/x@base64/=",                     {"job": "a", "x": ""}),
    ("base64 for URLs",          "/metrics/job@base64/" + base64.urlsafe_b64encode("ÿþ?".encode()).decode(), {"job": "ÿþ?"}),
]  # fmt: skip

NO_GROUPINGS = [
    # what                       path                                     why
    ("no job",                   "/metrics/instance/a",                   "no job at the start"),
    ("an empty job",             "/metrics/job@base64/=",                 "no job at the start"),
    ("a label without value",    "/metrics/job/a/x",                      "an odd number of parts"),
    ("a label twice",            "/metrics/job/a/job/b",                  "the label 'job' twice"),
    ("a name that is none",      "/metrics/job/a/x-y/b",                  "the label name 'x-y'"),
    ("a reserved name",          "/metrics/job/a/__name__/b",             "the label name '__name__'"),
    ("base64 that is none",      "/metrics/job@base64/!!",                "a value that is not base64"),
    ("not UTF-8",                "/metrics/job/%FF",                      "a value that is not base64 as RFC 4648 has it for URLs, or not UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "labels"), [row[1:] for row in GROUPINGS], ids=[row[0] for row in GROUPINGS])
def test_reads_groupings(path: str, labels: dict[str, str]) -> None:
    assert read_grouping(path) == labels


@pytest.mark.parametrize(("path", "why"), [row[1:] for row in NO_GROUPINGS], ids=[row[0] for row in NO_GROUPINGS])
def test_refuses_groupings(path: str, why: str) -> None:
    with pytest.raises(DecodeError, match="cannot tell the group of the path") as caught:
        read_grouping(path)

    assert why in str(caught.value)


def routes(keeper: Keeper) -> Callable[[HttpDoor], Sequence[Route]]:
    return lambda door: [door.route(PATH, Pushgateway(keeper), methods=METHODS)]


def shown(keeper: Keeper) -> dict[str, float]:
    """Return what is kept but the times of pushes, as text and value."""
    found = {}
    for _, group in keeper.groups:
        for labels, _, value in group.samples(0):
            name = labels["__name__"]
            if not name.startswith("push_"):
                pairs = ",".join(f"{key}={labels[key]}" for key in sorted(labels) if key != "__name__")
                found[f"{name}{{{pairs}}}"] = value
    return found


STEPS = [
    # what                          method    body                                      what is there afterwards
    ("a first push",                "PUT",    "a 1\nb{x=\"y\"} 2\n",                    {"a{job=j}": 1, "b{job=j,x=y}": 2}),
    ("POST adds a metric",          "POST",   "c 3\n",                                  {"a{job=j}": 1, "b{job=j,x=y}": 2, "c{job=j}": 3}),
    ("POST replaces one by name",   "POST",   "b{x=\"z\"} 4\n",                         {"a{job=j}": 1, "b{job=j,x=z}": 4, "c{job=j}": 3}),
    ("PUT replaces all",            "PUT",    "d 5\n",                                  {"d{job=j}": 5}),
    ("the group's labels win",      "PUT",    "d{job=\"other\",k=\"v\"} 6\n",            {"d{job=j,k=v}": 6}),
    ("infinities and none",         "PUT",    "d +Inf\n",                               {"d{job=j}": math.inf}),
    ("DELETE",                      "DELETE", "",                                       {}),
    ("DELETE of nothing",           "DELETE", "",                                       {}),
]  # fmt: skip


async def test_keeps_groups_as_a_pushgateway_does(tmp_path: Path) -> None:
    store = FakeStore()
    keeper = Keeper(Book(), tmp_path / "groups.json", time.time_ns)
    async with serving(store.append, routes(keeper)) as rig, httpx.AsyncClient() as client:
        for what, method, body, wanted in STEPS:
            got = await client.request(method, f"{rig.url}/metrics/job/j", content=body)

            assert got.status_code == (202 if method == "DELETE" else 200), what
            assert shown(keeper) == wanted, what
            assert shown(Keeper(Book(), tmp_path / "groups.json", time.time_ns)) == wanted, f"{what}, after a restart"


async def test_keeps_what_is_pushed_to_a_group_at_the_same_time(tmp_path: Path) -> None:
    keeper = Keeper(Book(), tmp_path / "groups.json", time.time_ns)
    family = {name: Family("", "", (({"__name__": name}, 1.0),)) for name in ("a", "b")}
    changes = [
        keeper.groups.push("default", {"job": "j"}, {name: one}, 1, replaces=False) for name, one in family.items()
    ]
    for change in changes:
        keeper.apply(change)

    assert shown(keeper) == {"a{job=j}": 1, "b{job=j}": 1}


async def test_stores_what_is_pushed_and_the_end_of_what_is_not_any_more(tmp_path: Path) -> None:
    store = FakeStore()
    keeper = Keeper(Book(), tmp_path / "groups.json", time.time_ns)
    async with serving(store.append, routes(keeper)) as rig, httpx.AsyncClient() as client:
        await client.put(f"{rig.url}/metrics/job/j", content="# TYPE a counter\na 1\nb 2\n")
        await client.put(f"{rig.url}/metrics/job/j", content="a 3\n")
        await client.delete(f"{rig.url}/metrics/job/j")

    names = {row["series_id"]: row["metric"] for row in store.rows("series")}
    samples = [
        [
            (names[row["series_id"]], None if math.isnan(row["value"]) else row["value"])
            for row in batch.tables["samples"].to_pylist()
        ]
        for batch in store.batches
    ]
    times = [dict(found).pop("push_time_seconds") for found in samples[:2]]
    assert [row for row in samples[0] if not row[0].startswith("push_")] == [("a", 1.0), ("b", 2.0)]
    assert [row for row in samples[1] if not row[0].startswith("push_")] == [("a", 3.0), ("b", None)]
    assert sorted(samples[2]) == [("a", None), ("push_failure_time_seconds", None), ("push_time_seconds", None)]
    assert all(found and found > 1_700_000_000 for found in times)
    assert ("a", "counter") in {(row["metric"], row["type"]) for row in store.rows("metadata")}


REFUSED = [
    # what                     body                               words
    ("no exposition",          b"a b c\n",                        "cannot read the metrics as Prometheus text: line 1"),
    ("timestamps",             b"a 1 1700000000000\n",            "cannot take the push: it has timestamps"),
    ("the same twice",         b"a{job=\"1\"} 1\na{job=\"2\"} 2\n", "cannot take the push: 'a' is there twice"),
    ("a time of pushes",       b"push_time_seconds 1\n",          "cannot take the push: it has a metric push_time_seconds"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_refuses_pushes_whole_and_remembers_when(tmp_path: Path, body: bytes, words: str) -> None:
    store = FakeStore()
    keeper = Keeper(Book(), tmp_path / "groups.json", time.time_ns)
    async with serving(store.append, routes(keeper)) as rig, httpx.AsyncClient() as client:
        got = await client.put(f"{rig.url}/metrics/job/j", content=body)

    assert got.status_code == 400
    assert got.text.startswith(words)
    assert shown(keeper) == {}
    [(_, group)] = keeper.groups
    assert group.failed > group.pushed == 0


async def test_keeps_nothing_that_is_not_stored(tmp_path: Path) -> None:
    store = FakeStore()
    store.error = StoreFull("the disk is full")
    keeper = Keeper(Book(), tmp_path / "groups.json", time.time_ns)
    async with serving(store.append, routes(keeper)) as rig, httpx.AsyncClient() as client:
        got = await client.put(f"{rig.url}/metrics/job/j", content="a 1\n")

    assert (got.status_code, got.headers["retry-after"]) == (503, "30")
    assert list(keeper.groups) == []


class Twice(FakeStore):
    """A store that says when it was appended to twice."""

    def __init__(self) -> None:
        super().__init__()
        self.done = asyncio.Event()

    async def append(self, batch: Batch) -> Rejections:
        """Keep `batch`."""
        answer = await super().append(batch)
        if len(self.batches) > 1:
            self.done.set()
        return answer


async def test_gives_pushed_series_samples_again_and_again(tmp_path: Path) -> None:
    store = Twice()
    keeper = Keeper(Book(), tmp_path / "groups.json", lambda: 1_780_000_000_000_000_000)
    async with serving(FakeStore().append, routes(keeper)) as rig, httpx.AsyncClient() as client:
        await client.put(f"{rig.url}/metrics/job/j", content="a 1\n")
    running = asyncio.create_task(keeper.run(store.append, 0.01))
    await store.done.wait()
    running.cancel()

    assert [batch.tables["samples"]["value"][0].as_py() for batch in store.batches] == [1.0, 1.0]


async def test_takes_what_the_official_client_pushes(tmp_path: Path) -> None:
    """P5: push_to_gateway, pushadd_to_gateway, delete_from_gateway."""
    store = FakeStore()
    keeper = Keeper(Book(), tmp_path / "groups.json", time.time_ns)
    registry = prometheus_client.CollectorRegistry()
    prometheus_client.Gauge("last_success", "When.", ["shard"], registry=registry).labels("1").set(7)
    prometheus_client.Histogram("took_seconds", "How long.", registry=registry, buckets=[1, 2]).observe(1.5)
    key = {"instance": "a/b", "empty": ""}
    async with serving(store.append, routes(keeper)) as rig:
        where = rig.url.removeprefix("http://")
        await asyncio.to_thread(prometheus_client.push_to_gateway, where, "nightly", registry, key)
        pushed = shown(keeper)
        await asyncio.to_thread(prometheus_client.pushadd_to_gateway, where, "nightly", registry, key)
        added = shown(keeper)
        await asyncio.to_thread(prometheus_client.delete_from_gateway, where, "nightly", key)

    assert pushed["last_success{empty=,instance=a/b,job=nightly,shard=1}"] == 7
    assert pushed["took_seconds_bucket{empty=,instance=a/b,job=nightly,le=2.0}"] == 1
    assert added.keys() == pushed.keys()
    assert shown(keeper) == {}
    assert {"last_success", "took_seconds"} <= {row["metric"] for row in store.rows("metadata")}
