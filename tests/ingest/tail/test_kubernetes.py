"""Logs of pods: who they are by path and by the API, and what a kubelet does with their files (P2, R4)."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from firstlight.ingest.tail.kubernetes_files import place_of
from firstlight.ingest.tail.kubernetes_origin import PodPlace, pod_origin
from firstlight.ingest.tail.kubernetes_pods import Pods
from firstlight.ingest.tail.settings import PodApi, PodLogs, TailSettings
from firstlight.ingest.tail.tailer import Tailer
from firstlight.wire.logs.book import LogBook
from tests.ingest.scrape.serving import serving
from tests.ingest.tail.shelf import Shelf, running, surroundings, until
from tests.ingest.tail.test_wrapped import cri, ns

pytestmark = pytest.mark.anyio

PLACE = PodPlace("shop", "web-6d4cf56db6-x7k2p", "u-1", "web", "0")
FOLDER = "shop_web-6d4cf56db6-x7k2p_u-1/web"

PATHS = [
    ("what is written",        f"{FOLDER}/3.log",                           ("shop", "web-6d4cf56db6-x7k2p", "u-1", "web", "3")),
    ("what was rotated",       f"{FOLDER}/0.log.20260102-150405",           ("shop", "web-6d4cf56db6-x7k2p", "u-1", "web", "0")),
    ("and packed",             f"{FOLDER}/0.log.20260102-150405.gz",        ("shop", "web-6d4cf56db6-x7k2p", "u-1", "web", "0")),
    ("what is being packed",   f"{FOLDER}/0.log.20260102-150405.tmp",       None),
    ("another file",           f"{FOLDER}/web.log",                         None),
    ("another folder",         "web/web/0.log",                             None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "wanted"), [row[1:] for row in PATHS], ids=[row[0] for row in PATHS])
def test_paths(path: str, wanted: tuple[str, ...] | None) -> None:
    found = place_of(Path("/var/log/pods") / path)

    assert (found and (found.namespace, found.pod, found.uid, found.container, found.restarts)) == wanted


def pod(name: str = PLACE.pod, uid: str = "u-1", *, owner: tuple[str, str] = ("ReplicaSet", "web-6d4cf56db6"), **about: Any) -> dict[str, Any]:  # fmt: skip
    labels = {"app": "web", "pod-template-hash": "6d4cf56db6", "tier": "front", "app.kubernetes.io/version": "7"}
    return {
        "metadata": {
            "name": name, "namespace": "shop", "uid": uid, "labels": labels,
            "annotations": {"owner": "team-a", "kubectl.kubernetes.io/last-applied-configuration": "{}", "long": "x" * 5000},
            "ownerReferences": [{"kind": owner[0], "name": owner[1], "controller": True}], **about,
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "web", "image": "reg:5000/web:1.2"}]},
        "status": {"containerStatuses": [{"name": "web", "containerID": "containerd://abc"}]},
    }  # fmt: skip


def test_who_a_pod_is() -> None:
    """Streams are called as Promtail and Alloy call them, resources as OpenTelemetry does."""
    origin = pod_origin(LogBook(), PLACE, pod(), {"tier": "tier", "nothing": "nothing"})

    assert origin.labels == {
        "service_name": "web", "namespace": "shop", "pod": PLACE.pod, "container": "web", "app": "web",
        "job": "shop/web", "node_name": "node-1", "tier": "front",
    }  # fmt: skip
    assert origin.resource.texts == {
        "service.name": "web", "service.namespace": "shop", "service.version": "7", "k8s.namespace.name": "shop",
        "k8s.pod.name": PLACE.pod, "k8s.pod.uid": "u-1", "k8s.container.name": "web", "k8s.container.restart_count": "0",
        "k8s.node.name": "node-1", "k8s.deployment.name": "web", "k8s.replicaset.name": "web-6d4cf56db6",
        "container.id": "abc", "container.runtime": "containerd", "container.image.name": "reg:5000/web",
        "container.image.tags": "1.2", "k8s.pod.label.app": "web", "k8s.pod.label.pod-template-hash": "6d4cf56db6",
        "k8s.pod.label.tier": "front", "k8s.pod.label.app.kubernetes.io/version": "7", "k8s.pod.annotation.owner": "team-a",
    }  # fmt: skip


APPS = [
    # what it shows                        the pod                                                          service, app
    ("a label",                            pod(),                                                           ("web", "web")),
    ("the better label",                   pod(labels={"app": "a", "app.kubernetes.io/name": "b"}),         ("b", "b")),
    ("an annotation for the service",      pod(annotations={"resource.opentelemetry.io/service.name": "s"}), ("s", "web")),
    ("what controls it",                   pod(labels={}, owner=("StatefulSet", "db")),                     ("db", "db")),
    ("a deployment by its hash",           pod(labels={"pod-template-hash": "6d4cf56db6"}),                 ("web", "web")),
    ("a cron job by its time",             pod(labels={}, owner=("Job", "report-29384750")),                ("report", "report")),
    ("a node's own pod, by its name",      pod(labels={}, owner=("Node", "node-1")),                        ("web", "web")),
    ("the path alone",                     None,                                                            ("web", "web")),
]  # fmt: skip


@pytest.mark.parametrize(("told", "wanted"), [row[1:] for row in APPS], ids=[row[0] for row in APPS])
def test_what_a_pod_is_of(told: dict[str, Any] | None, wanted: tuple[str, str]) -> None:
    origin = pod_origin(LogBook(), PLACE, told, {})

    assert (origin.labels["service_name"], origin.labels["app"]) == wanted


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


def move(path: Path) -> Path:
    """Rename a file as a kubelet does."""
    return path.rename(path.with_name("0.log.20261121-065000"))


def pack(path: Path) -> None:
    """Pack a file as a kubelet does: beside it, under its name only when it is whole."""
    unfinished = path.with_name(f"{path.name}.tmp")
    unfinished.write_bytes(gzip.compress(path.read_bytes()))
    unfinished.rename(path.with_name(f"{path.name}.gz"))
    path.unlink()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pods" / FOLDER / "0.log"
    path.parent.mkdir(parents=True)
    return path


@asynccontextmanager
async def following(
    shelf: Shelf, folder: Path, environ: dict[str, str] | None = None, **told: Any
) -> AsyncIterator[Pods]:
    logs = PodLogs(pods=folder / "pods", **told)
    settings = TailSettings(kubernetes=logs, poll=0.05, discover=0.1, wait=0.1, max_line=1024, max_read=64 * 1024)
    pods = Pods(logs, environ or {}, patience=5, retry=0.05)
    with surroundings(shelf) as around:
        tailer = Tailer(settings, folder / "state" / "files.json", around, pods.files)
        async with running(pods.run), running(tailer.run):
            yield pods


async def test_without_the_api(shelf: Shelf, file: Path, tmp_path: Path) -> None:
    put(file, cri(1, "one") + cri(2, "tw", "stderr", "P") + cri(3, "o", "stderr"))
    async with following(shelf, tmp_path):
        await shelf.settled(["one", "two"])
    assert shelf.labels("two") == {
        "service_name": "web", "namespace": "shop", "pod": PLACE.pod, "container": "web", "app": "web", "job": "shop/web",
    }  # fmt: skip
    assert [row["attributes"] for row in shelf.rows] == [[("log.iostream", "stdout")], [("log.iostream", "stderr")]]
    assert [row["ts"].value for row in shelf.rows] == [ns(1), ns(2)]


async def test_rotation(shelf: Shelf, file: Path, tmp_path: Path) -> None:
    """As a kubelet does it: renamed, begun anew, and packed at the next time."""
    put(file, cri(1, "one"))
    async with following(shelf, tmp_path):
        await shelf.settled(["one"])
        old = move(file)
        put(old, cri(2, "two"))
        put(file, cri(3, "three"))
        await shelf.settled(["one", "two", "three"])
        pack(old)
        await shelf.settled(["one", "two", "three"])
    async with following(shelf, tmp_path):
        await shelf.settled(["one", "two", "three"])


async def test_rotation_while_we_were_away(shelf: Shelf, file: Path, tmp_path: Path) -> None:
    text = "".join(cri(number, f"line {number}") for number in range(40))
    lines = [f"line {number}" for number in range(40)]
    put(file, text)
    async with following(shelf, tmp_path):
        await shelf.settled(lines)
    put(file, cri(50, "two"))
    pack(move(file))
    put(file, cri(51, "three"))
    put(file.with_name("1.log"), cri(52, "after a restart"))
    async with following(shelf, tmp_path):
        await shelf.settled([*lines, "two", "three", "after a restart"])
    assert shelf.resource("after a restart")["k8s.container.restart_count"] == "1"


async def test_namespaces(shelf: Shelf, tmp_path: Path) -> None:
    for namespace in ("shop", "shop-test", "kube-system"):
        path = tmp_path / "pods" / f"{namespace}_a_u" / "a" / "0.log"
        put(path, cri(1, namespace))
    async with following(shelf, tmp_path, namespaces=["shop*"], exclude_namespaces=["*-test"]):
        await shelf.settled(["shop"])


async def test_a_line_too_long(shelf: Shelf, file: Path, tmp_path: Path) -> None:
    piece = cri(1, "x" * 500, tag="P")
    put(file, cri(0, "first") + piece * 400 + cri(2, "end") + cri(3, "after"))
    async with following(shelf, tmp_path):
        await shelf.settled(["first", "x" * 1024, "after"])
    assert shelf.row("x" * 1024)["attributes"] == [("log.iostream", "stdout"), ("log.truncated", "true")]


class Api:
    """An API server: a list, and what is told to those who watch."""

    def __init__(self, *pods: dict[str, Any]) -> None:
        self.pods = pods
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a list or a watch."""
        self.asked.append(request.path_qs)
        if not request.query.get("watch"):
            return web.json_response({"metadata": {"resourceVersion": "1"}, "items": list(self.pods)})
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(json.dumps(await self.events.get()).encode() + b"\n")


async def test_with_the_api(shelf: Shelf, file: Path, tmp_path: Path) -> None:
    """What it tells is there from the first line on, and changes with the pod; a pod that is deleted keeps it."""
    api = Api(pod())
    put(file, cri(1, "one"))
    async with serving(api.answer) as url, following(shelf, tmp_path, node="node-1", api=PodApi(api_server=url), labels={"tier": "tier"}) as pods:  # fmt: skip
        await until(lambda: "one" in shelf.bodies)
        changed = pod(labels={"tier": "back"})
        await api.events.put({"type": "MODIFIED", "object": changed})
        await until(lambda: pods.find(PLACE) == changed)
        put(file, cri(2, "two"))
        await until(lambda: "two" in shelf.bodies)
        await api.events.put({"type": "DELETED", "object": changed})
        await until(lambda: pods.find(PLACE) is None)
        put(file, cri(3, "three"))
        await until(lambda: "three" in shelf.bodies)
    assert [shelf.labels(body).get("tier") for body in ("one", "two", "three")] == ["front", "back", "back"]
    assert "fieldSelector=spec.nodeName%3Dnode-1" in api.asked[0]


async def test_an_api_that_does_not_answer(shelf: Shelf, file: Path, tmp_path: Path) -> None:
    """It is waited for a while, and no longer."""
    logs = PodLogs(pods=tmp_path / "pods", api=PodApi(api_server="http://127.0.0.1:1"))
    pods = Pods(logs, {}, patience=0.2, retry=0.05)
    put(file, cri(1, "one"))
    settings = TailSettings(kubernetes=logs, poll=0.05, wait=0.1)
    with surroundings(shelf) as around:
        tailer = Tailer(settings, tmp_path / "files.json", around, pods.files)
        async with running(pods.run), running(tailer.run):
            await shelf.settled(["one"])


async def test_another_pod_of_the_same_name(tmp_path: Path) -> None:
    """Old logs of a pod that was made anew are not those of the new one; nodes' own pods have a hash."""
    mirrored = pod("etcd", "u-3", annotations={"kubernetes.io/config.mirror": "c0ffee"})
    api = Api(pod(uid="u-2"), mirrored)
    async with serving(api.answer) as url:
        pods = Pods(PodLogs(pods=tmp_path, node="n", api=PodApi(api_server=url)))
        async with running(pods.run):
            await pods.known()
            assert pods.find(PLACE) is None
            assert pods.find(PodPlace("shop", "etcd", "c0ffee", "etcd", "0")) == mirrored
