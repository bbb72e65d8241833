"""Discovery in Kubernetes: the labels of each role, and an API that is listed and watched (P5)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from firstlight.ingest.scrape.annotated import annotated_jobs
from firstlight.ingest.scrape.discovery.group import DiscoveryFailed, TargetGroup
from firstlight.ingest.scrape.discovery.kubernetes import KubernetesDiscovery
from firstlight.ingest.scrape.discovery.kubernetes_access import access, from_kubeconfig
from firstlight.ingest.scrape.discovery.kubernetes_endpoints import endpoints_group, slice_group
from firstlight.ingest.scrape.discovery.kubernetes_objects import (
    ingress_group,
    node_group,
    pod_group,
    service_group,
)
from firstlight.ingest.scrape.discovery.kubernetes_settings import (
    AttachSettings,
    KubernetesSettings,
    NamespaceSettings,
    SelectorSettings,
)
from firstlight.ingest.scrape.global_settings import GlobalSettings
from firstlight.ingest.scrape.job import resolve
from firstlight.ingest.scrape.targets import targets_of
from tests.ingest.scrape.serving import running, serving

Object = dict[str, Any]


def about(name: str, namespace: str | None = "shop", **more: Any) -> Object:
    return {
        "name": name,
        "uid": f"uid-{name}",
        "resourceVersion": "1",
        **({"namespace": namespace} if namespace else {}),
        **more,
    }


def pod(name: str = "web-1", ip: str = "10.0.0.1", **more: Any) -> Object:
    return {
        "metadata": about(
            name, labels={"app.kubernetes.io/name": "web"}, annotations={"prometheus.io/scrape": "true", "prometheus.io/port": "9102"},
            ownerReferences=[{"kind": "Node", "name": "x"}, {"kind": "ReplicaSet", "name": "web", "controller": True}],
            managedFields=[{"manager": "kubectl"}],
        ),
        "spec": {
            "nodeName": "node-1",
            "containers": [
                {"name": "web", "image": "web:1", "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}, {"name": "admin", "containerPort": 9000, "protocol": "TCP"}]},
                {"name": "side", "image": "side:1"},
            ],
            "initContainers": [{"name": "setup", "image": "setup:1"}],
        },
        "status": {
            "podIP": ip, "hostIP": "192.168.0.1", "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "web", "containerID": "containerd://abc"}],
        },
        **more,
    }  # fmt: skip


def shown(group: TargetGroup, *names: str) -> list[list[str]]:
    """Return these labels of all targets, without their prefix."""
    prefix = "__meta_kubernetes_"
    return [
        [{**group.labels, **target}.get(name if name.startswith("__") else f"{prefix}{name}", "-") for name in names]
        for target in group.targets
    ]


def test_pod() -> None:
    """A pod has a target for each port, and for each container without one."""
    group = pod_group(pod(), {})

    assert shown(
        group, "__address__", "pod_container_name", "pod_container_port_name", "pod_container_init", "pod_container_id"
    ) == [
        ["10.0.0.1:80", "web", "http", "false", "containerd://abc"],
        ["10.0.0.1:9000", "web", "admin", "false", "containerd://abc"],
        ["10.0.0.1", "side", "-", "false", ""],
        ["10.0.0.1", "setup", "-", "true", ""],
    ]
    assert group.labels == {
        "__meta_kubernetes_namespace": "shop", "__meta_kubernetes_pod_name": "web-1", "__meta_kubernetes_pod_ip": "10.0.0.1",
        "__meta_kubernetes_pod_ready": "true", "__meta_kubernetes_pod_phase": "Running",
        "__meta_kubernetes_pod_node_name": "node-1", "__meta_kubernetes_pod_host_ip": "192.168.0.1",
        "__meta_kubernetes_pod_uid": "uid-web-1", "__meta_kubernetes_pod_controller_kind": "ReplicaSet",
        "__meta_kubernetes_pod_controller_name": "web",
        "__meta_kubernetes_pod_label_app_kubernetes_io_name": "web",
        "__meta_kubernetes_pod_labelpresent_app_kubernetes_io_name": "true",
        "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true",
        "__meta_kubernetes_pod_annotationpresent_prometheus_io_scrape": "true",
        "__meta_kubernetes_pod_annotation_prometheus_io_port": "9102",
        "__meta_kubernetes_pod_annotationpresent_prometheus_io_port": "true",
    }  # fmt: skip
    assert group.source == "pod/shop/web-1"


def test_pod_without_an_address() -> None:
    """A pod that starts has no targets yet."""
    assert pod_group(pod(ip=""), {}).targets == ()


SERVICES = (
    ("of the cluster", {"clusterIP": "10.9.0.1"}, ["web.shop.svc:80", "ClusterIP", "10.9.0.1", "-", "-"]),
    ("of elsewhere", {"type": "ExternalName", "externalName": "a.example"}, ["web.shop.svc:80", "ExternalName", "-", "a.example", "-"]),
    ("of a balancer", {"type": "LoadBalancer", "clusterIP": "10.9.0.1", "loadBalancerIP": "1.2.3.4"}, ["web.shop.svc:80", "LoadBalancer", "10.9.0.1", "-", "1.2.3.4"]),
)  # fmt: skip


@pytest.mark.parametrize(("spec", "wanted"), [row[1:] for row in SERVICES], ids=[row[0] for row in SERVICES])
def test_service(spec: Object, wanted: list[str]) -> None:
    """A service has a target for each port, by its name."""
    service = {"metadata": about("web"), "spec": {"ports": [{"name": "http", "port": 80, "protocol": "TCP"}], **spec}}

    names = ("__address__", "service_type", "service_cluster_ip", "service_external_name", "service_loadbalancer_ip")
    assert shown(service_group(service, {}), *names) == [wanted]


def test_node() -> None:
    """A node's kubelet is at the address that is nearest, and is called as the node."""
    node = {
        "metadata": about("node-1", None, labels={"zone": "a"}),
        "spec": {"providerID": "cloud://1"},
        "status": {
            "addresses": [{"type": "Hostname", "address": "n1"}, {"type": "InternalIP", "address": "10.1.0.1"}, {"type": "InternalIP", "address": "fd00::1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        },
    }  # fmt: skip

    names = (
        "__address__",
        "node_name",
        "node_provider_id",
        "node_address_InternalIP",
        "node_address_Hostname",
        "node_label_zone",
    )
    group = node_group(node, {})
    assert shown(group, *names) == [["10.1.0.1:10250", "node-1", "cloud://1", "10.1.0.1", "n1", "a"]]
    assert group.targets[0]["instance"] == "node-1"


def test_ingress() -> None:
    """An ingress has a target for each host and path, by https where a certificate covers the host."""
    ingress = {
        "metadata": about("front"),
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["*.example.com"]}],
            "rules": [
                {"host": "a.example.com", "http": {"paths": [{"path": "/x"}, {}]}},
                {"host": "b.a.example.com"},
            ],
        },
    }

    assert shown(
        ingress_group(ingress, {}),
        "__address__",
        "ingress_scheme",
        "ingress_path",
        "ingress_class_name",
        "ingress_name",
    ) == [
        ["a.example.com", "https", "/x", "nginx", "front"],
        ["a.example.com", "https", "/", "nginx", "front"],
        ["b.a.example.com", "http", "/", "nginx", "front"],
    ]


SERVICE = {"metadata": about("web", annotations={"prometheus.io/scrape": "true"}), "spec": {"ports": []}}
REFERENCE = {"kind": "Pod", "name": "web-1", "namespace": "shop"}
ENDPOINTS = {
    "metadata": about("web"),
    "subsets": [{
        "addresses": [{"ip": "10.0.0.1", "nodeName": "node-1", "targetRef": REFERENCE}, {"ip": "10.0.0.7", "hostname": "h"}],
        "notReadyAddresses": [{"ip": "10.0.0.8"}],
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
    }],
}  # fmt: skip
SLICE = {
    "metadata": about("web-abc", labels={"kubernetes.io/service-name": "web"}),
    "addressType": "IPv4",
    "endpoints": [
        {"addresses": ["10.0.0.1"], "conditions": {"ready": True, "serving": True, "terminating": False}, "nodeName": "node-1", "zone": "z", "targetRef": REFERENCE},
        {"addresses": ["10.0.0.7"], "conditions": {"ready": False}, "hostname": "h", "deprecatedTopology": {"a/b": "c"}},
    ],
    "ports": [{"name": "http", "port": 80, "protocol": "TCP", "appProtocol": "http"}],
}  # fmt: skip


def known(kind: str, key: str) -> Object | None:
    return {"pod/shop/web-1": pod(), "service/shop/web": SERVICE}.get(f"{kind}/{key}")


def test_endpoints() -> None:
    """Endpoints tell of their service and their pods; other ports of those pods are targets as well."""
    group = endpoints_group(ENDPOINTS, known, lambda name: {"__meta_kubernetes_node_label_n": name}, {})

    names = (
        "__address__",
        "endpoint_ready",
        "pod_name",
        "pod_container_port_name",
        "node_label_n",
        "endpoint_hostname",
    )
    assert shown(group, *names) == [
        ["10.0.0.1:80", "true", "web-1", "http", "node-1", ""],
        ["10.0.0.7:80", "true", "-", "-", "-", "h"],
        ["10.0.0.8:80", "false", "-", "-", "-", ""],
        ["10.0.0.1:9000", "-", "web-1", "admin", "-", "-"],
    ]
    assert group.labels["__meta_kubernetes_service_name"] == "web"
    assert group.labels["__meta_kubernetes_service_annotation_prometheus_io_scrape"] == "true"
    assert group.labels["__meta_kubernetes_endpoints_name"] == "web"


def test_slice() -> None:
    """A slice tells the same in its own words."""
    group = slice_group(SLICE, known, lambda name: {}, {})

    names = (
        "__address__",
        "endpointslice_endpoint_conditions_ready",
        "endpointslice_endpoint_zone",
        "pod_name",
        "endpointslice_port_app_protocol",
        "endpointslice_endpoint_topology_a_b",
    )
    assert shown(group, *names) == [
        ["10.0.0.1:80", "true", "z", "web-1", "http", "-"],
        ["10.0.0.7:80", "false", "", "-", "http", "c"],
        ["10.0.0.1:9000", "-", "-", "web-1", "-", "-"],
    ]
    assert group.labels["__meta_kubernetes_service_name"] == "web"
    assert group.labels["__meta_kubernetes_endpointslice_address_type"] == "IPv4"


class Api:
    """An API whose objects can be changed while they are watched."""

    def __init__(self, objects: dict[str, list[Object]]) -> None:
        self.objects = objects
        self.asked: list[web.Request] = []
        self.streams: dict[str, web.StreamResponse] = {}
        self.opened = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if request.path not in self.objects:
            return web.json_response({"kind": "Status", "code": 404}, status=404)
        if "watch" not in request.query:
            # Two pages, as an API answers that has many.
            objects = self.objects[request.path]
            if "continue" not in request.query and len(objects) > 1:
                return web.json_response(
                    {"metadata": {"resourceVersion": "7", "continue": "more"}, "items": objects[:1]}
                )
            rest = objects[1:] if "continue" in request.query else objects
            return web.json_response({"metadata": {"resourceVersion": "7"}, "items": rest})
        answer = web.StreamResponse()
        await answer.prepare(request)
        async with self.opened:
            self.streams[request.path] = answer
            self.opened.notify_all()
        await asyncio.sleep(30)
        return answer

    async def tell(self, path: str, kind: str, found: Object) -> None:
        async with asyncio.timeout(10), self.opened:
            await self.opened.wait_for(lambda: path in self.streams)
        line = json.dumps({"type": kind, "object": found}).encode() + b"\n"
        # An event may come in pieces.
        await self.streams[path].write(line[:10])
        await self.streams[path].write(line[10:])


PODS = "/api/v1/namespaces/shop/pods"


def test_watched() -> None:
    """Pods that come, change and go are told when they do; what was watched from too long ago is listed again."""

    async def run() -> None:
        api = Api(
            {
                PODS: [pod(), pod("web-2", "10.0.0.2")],
                "/api/v1/nodes": [{"metadata": about("node-1", None, labels={"zone": "a"})}],
            }
        )
        async with serving(api.handle) as url:
            settings = KubernetesSettings(
                role="pod", api_server=url, namespaces=NamespaceSettings(names=("shop",)),
                selectors=(SelectorSettings(role="pod", label="app=web", field="status.phase=Running"),),
                attach_metadata=AttachSettings(node=True),
            )  # fmt: skip
            async with running(KubernetesDiscovery(settings, retry=0.05)) as told:
                await told.until(lambda told: set(told.groups) == {"pod/shop/web-1", "pod/shop/web-2"})
                assert {one["__meta_kubernetes_node_label_zone"] for one in told.targets()} == {"a"}

                await api.tell(PODS, "ADDED", pod("web-3", "10.0.0.3"))
                await told.until(lambda told: "10.0.0.3:80" in told.addresses())
                await api.tell(PODS, "DELETED", pod("web-1"))
                await told.until(lambda told: "10.0.0.1:80" not in told.addresses())
                await api.tell("/api/v1/nodes", "MODIFIED", {"metadata": about("node-1", None, labels={"zone": "b"})})
                await told.until(
                    lambda told: {one["__meta_kubernetes_node_label_zone"] for one in told.targets()} == {"b"}
                )

                api.objects[PODS] = [pod("web-9", "10.0.0.9")]
                await api.tell(PODS, "ERROR", {"kind": "Status", "code": 410, "message": "too old"})
                await told.until(
                    lambda told: {one["__meta_kubernetes_pod_name"] for one in told.targets()} == {"web-9"}
                )
        listed = next(one for one in api.asked if one.path == PODS)
        assert listed.query["labelSelector"] == "app=web"
        assert listed.query["fieldSelector"] == "status.phase=Running"
        watched = next(one for one in api.asked if one.path == PODS and "watch" in one.query)
        assert watched.query["resourceVersion"] == "7"

    asyncio.run(run())


OWNED: tuple[tuple[str, Object, Object, list[str]], ...] = (
    # what it shows, the owner of the pod, what owns that, the labels
    (
        "a deployment",
        {"kind": "ReplicaSet", "name": "web-5d"},
        {"kind": "Deployment", "name": "web"},
        ["web", "-", "-"],
    ),
    (
        "a cron job",
        {"kind": "Job", "name": "web-5d"},
        {"kind": "CronJob", "name": "nightly"},
        ["-", "web-5d", "nightly"],
    ),
    ("a job alone", {"kind": "Job", "name": "web-5d"}, {}, ["-", "web-5d", "-"]),
    ("another kind", {"kind": "DaemonSet", "name": "web-5d"}, {}, ["-", "-", "-"]),
)


@pytest.mark.parametrize(("owner", "above", "wanted"), [row[1:] for row in OWNED], ids=[row[0] for row in OWNED])
def test_owners(owner: Object, above: Object, wanted: list[str]) -> None:
    """A pod tells the deployment, the job and the cron job that it comes from, if that is asked for."""
    owned = pod()
    owned["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    middle = {"metadata": about("web-5d", ownerReferences=[{**above, "controller": True}] if above else [])}

    async def run() -> list[TargetGroup]:
        lists = ("/apis/apps/v1/replicasets", "/apis/batch/v1/jobs")
        api = Api({"/api/v1/pods": [owned], **{path: [middle] for path in lists}})
        async with serving(api.handle) as url:
            attach = AttachSettings(deployment=True, job=True, cronjob=True)
            settings = KubernetesSettings(role="pod", api_server=url, attach_metadata=attach)
            async with running(KubernetesDiscovery(settings)) as told:
                await told.until(lambda told: told.count == 1)
                return list(told.groups["pod/shop/web-1"])

    [group] = asyncio.run(run())

    assert shown(group, "pod_deployment_name", "pod_job_name", "pod_cronjob_name")[0] == wanted


def test_slices_are_watched_with_their_services_and_pods() -> None:
    """A slice is told anew when its service or its pod changes, and not when nothing about it did."""

    async def run() -> None:
        base = "/api/v1"
        slices = "/apis/discovery.k8s.io/v1/endpointslices"
        api = Api({slices: [SLICE], f"{base}/services": [SERVICE], f"{base}/pods": [pod()]})
        async with serving(api.handle) as url:
            settings = KubernetesSettings(role="endpointslice", api_server=url)
            async with running(KubernetesDiscovery(settings)) as told:
                await told.until(lambda told: "endpointslice/shop/web-abc" in told.groups)
                assert told.count == 1
                await api.tell(f"{base}/pods", "MODIFIED", {**pod(), "metadata": about("web-1", labels={"v": "2"})})
                await told.until(
                    lambda told: any(one.get("__meta_kubernetes_pod_label_v") == "2" for one in told.targets())
                )
                await api.tell(f"{base}/services", "DELETED", SERVICE)
                await told.until(lambda told: "__meta_kubernetes_service_name" not in told.targets()[0])

    asyncio.run(run())


def test_in_cluster(tmp_path: Path) -> None:
    """A pod finds the API, its token and its namespace by itself."""
    (tmp_path / "namespace").write_text("mine\n")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}

    found = access(KubernetesSettings(role="pod"), environ, tmp_path)

    assert (found.server, found.own_namespace) == ("https://[fd00::1]:443", "mine")
    assert found.client.bearer
    assert found.client.bearer.credentials_file == tmp_path / "token"


def test_not_in_a_cluster(tmp_path: Path) -> None:
    """Outside of a cluster it is said what is missing."""
    with pytest.raises(DiscoveryFailed, match="this is no pod"):
        access(KubernetesSettings(role="pod"), {}, tmp_path)


def kubeconfig(user: Object, **cluster: Any) -> str:
    return json.dumps({
        "current-context": "here",
        "contexts": [{"name": "there", "context": {}}, {"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://k:6443/", **cluster}}],
        "users": [{"name": "u", "user": user}],
    })  # fmt: skip


KUBECONFIGS: tuple[tuple[str, Object, Object, Callable[[Any], object], object], ...] = (
    ("a token", {"token": "t"}, {}, lambda client: client.bearer.credentials.get_secret_value(), "t"),
    ("a file with one", {"tokenFile": "t"}, {}, lambda client: client.bearer.credentials_file.name, "t"),
    ("a password", {"username": "u", "password": "p"}, {}, lambda client: client.basic_auth.username, "u"),
    ("a certificate", {"client-certificate": "c", "client-key": "k"}, {}, lambda client: client.tls_config.key_file.name, "k"),
    ("an authority as data", {"token": "t"}, {"certificate-authority-data": base64.b64encode(b"pem").decode()}, lambda client: client.tls_config.ca, "pem"),
    ("no check of the server", {"token": "t"}, {"insecure-skip-tls-verify": True}, lambda client: client.tls_config.insecure_skip_verify, True),
)  # fmt: skip


@pytest.mark.parametrize(
    ("user", "cluster", "look", "wanted"), [row[1:] for row in KUBECONFIGS], ids=[row[0] for row in KUBECONFIGS]
)
def test_kubeconfig(
    tmp_path: Path, user: Object, cluster: Object, look: Callable[[Any], object], wanted: object
) -> None:
    """The current context of a kubeconfig says where the API is and who asks."""
    (tmp_path / "config").write_text(kubeconfig(user, **cluster))

    found = from_kubeconfig(tmp_path / "config")

    assert found.server == "https://k:6443"
    assert look(found.client) == wanted


BAD_KUBECONFIGS = (
    ("a program to be run", kubeconfig({"exec": {"command": "aws"}}), "its user has exec, which is not run here"),
    ("no such context", json.dumps({"current-context": "x"}), "there is no 'x' among its contexts"),
    ("no YAML", "[", "cannot read"),
)


@pytest.mark.parametrize(
    ("text", "words"), [row[1:] for row in BAD_KUBECONFIGS], ids=[row[0] for row in BAD_KUBECONFIGS]
)
def test_bad_kubeconfigs(tmp_path: Path, text: str, words: str) -> None:
    """A kubeconfig that cannot be used says why."""
    (tmp_path / "config").write_text(text)

    with pytest.raises(DiscoveryFailed) as caught:
        from_kubeconfig(tmp_path / "config")

    assert words in str(caught.value)


def test_annotated() -> None:
    """By the one switch, what is annotated is scraped at the port it says, once for each pod."""
    pods, services = (resolve(job, GlobalSettings()) for job in annotated_jobs())
    six = pod("web-6", "fd00::6")

    found = targets_of(
        [pod_group(pod(), {}), pod_group(six, {}), pod_group({**pod("x"), "metadata": about("x")}, {})], pods
    )
    of_services = targets_of([slice_group(SLICE, known, lambda name: {}, {})], services)

    assert [target.url for target in found.targets] == ["http://10.0.0.1:9102/metrics", "http://[fd00::6]:9102/metrics"]
    assert dict(found.targets[0].labels) == {
        "job": "kubernetes-pods", "instance": "10.0.0.1:9102", "namespace": "shop", "pod": "web-1", "node": "node-1",
    }  # fmt: skip
    assert {target.labels["service"] for target in of_services.targets} == {"web"}
