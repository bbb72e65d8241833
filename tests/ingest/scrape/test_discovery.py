"""Discovery by files, HTTP, DNS, Consul and Docker, against servers that answer as those do (P5)."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any, cast

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from aiohttp import web
from pydantic import SecretStr

from firstlight.ingest.scrape.client import Client
from firstlight.ingest.scrape.client_settings import BasicAuthSettings
from firstlight.ingest.scrape.discovery.consul import ConsulDiscovery, health
from firstlight.ingest.scrape.discovery.dns import DnsDiscovery
from firstlight.ingest.scrape.discovery.docker import DockerDiscovery, container_targets
from firstlight.ingest.scrape.discovery.files import FileDiscovery
from firstlight.ingest.scrape.discovery.group import DiscoveryFailed
from firstlight.ingest.scrape.discovery.http import HttpDiscovery
from firstlight.ingest.scrape.discovery.settings import (
    ConsulSettings,
    DnsSettings,
    DockerFilter,
    DockerSettings,
    FileSettings,
    HttpDiscoverySettings,
    StaticSettings,
)
from firstlight.ingest.scrape.discovery.start import discoverers
from firstlight.ingest.scrape.discovery.static import StaticDiscovery
from firstlight.ingest.scrape.job_settings import DiscoverySettings
from tests.ingest.scrape.serving import Told, running, serving

SHOP = [{"targets": ["a:1", "b:1"], "labels": {"env": "test"}}, {"targets": ["c:1"]}]


def test_static() -> None:
    """Targets that are written down are told once."""

    async def run() -> list[dict[str, str]]:
        settings = StaticSettings(targets=("a:1", "b:1"), labels={"env": "test"})
        async with running(StaticDiscovery((settings,))) as told:
            await told.until(lambda told: told.count == 1)
            return told.targets()

    assert asyncio.run(run()) == [{"__address__": "a:1", "env": "test"}, {"__address__": "b:1", "env": "test"}]


def test_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Files of JSON and YAML are read when they appear and change; a bad one changes nothing; one that goes, goes."""
    caplog.set_level(logging.WARNING)
    discovery = FileDiscovery(FileSettings(files=(tmp_path / "*.json", tmp_path / "more.yml")))
    told = Told()

    async def look() -> list[str]:
        await discovery.once(told)
        return told.addresses()

    async def run() -> None:
        assert await look() == []
        (tmp_path / "a.json").write_text(json.dumps(SHOP))
        (tmp_path / "more.yml").write_text("- targets: [d:1]\n  labels: {port: 0080, on: yes}\n")
        assert await look() == ["a:1", "b:1", "c:1", "d:1"]
        assert told.targets()[3] == {
            "__address__": "d:1", "port": "0080", "on": "yes", "__meta_filepath": str(tmp_path / "more.yml"),
        }  # fmt: skip
        count = told.count
        await look()
        assert told.count == count
        (tmp_path / "a.json").write_text('[{"targets": ["x:1"]')
        assert await look() == ["a:1", "b:1", "c:1", "d:1"]
        (tmp_path / "a.json").write_text('[{"targets": ["x:1"]}]')
        assert await look() == ["d:1", "x:1"]
        (tmp_path / "a.json").unlink()
        assert await look() == ["d:1"]

    asyncio.run(run())

    assert [record.message.partition(";")[0] for record in caplog.records if record.levelno == logging.WARNING] == [
        f"file_sd_configs, {tmp_path}/a.json: cannot read {tmp_path}/a.json: Expecting ',' delimiter: line 1 column 21 (char 20)"
    ]


BAD_FILES = (
    ("a mapping", '{"targets": []}', "want a list of"),
    ("an unknown key", '[{"target": ["a:1"]}]', 'unknown key "target"; did you mean "targets"?'),
    ("targets of numbers", '[{"targets": [1]}]', "want a list of texts"),
    ("labels of numbers", '[{"targets": [], "labels": {"a": 1}}]', "want texts"),
    ("a label without a name", '[{"targets": [], "labels": {"": "a"}}]', "cannot use the label ''"),
)


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in BAD_FILES], ids=[row[0] for row in BAD_FILES])
def test_bad_files(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, words: str) -> None:
    """What is no list of targets is told, and nothing is published."""
    (tmp_path / "a.json").write_text(text)
    told = Told()

    asyncio.run(FileDiscovery(FileSettings(files=(tmp_path / "a.json",))).once(told))

    assert told.count == 0
    assert words in caplog.text


def test_http() -> None:
    """A server is asked with its interval and its password; what it answers is told until it answers otherwise."""
    asked: list[web.Request] = []
    answers = iter([(200, SHOP), (500, "oops"), (200, [{"targets": ["z:1"]}])])

    async def handle(request: web.Request) -> web.Response:
        asked.append(request)
        status, data = next(answers, (200, [{"targets": ["z:1"]}]))
        return web.json_response(data, status=status)

    async def run() -> None:
        async with serving(handle) as url:
            settings = HttpDiscoverySettings(
                url=f"{url}/targets",
                refresh_interval=0.05,
                basic_auth=BasicAuthSettings(username="me", password=SecretStr("pass")),
            )
            async with running(HttpDiscovery(settings)) as told:
                await told.until(lambda told: told.count == 1)
                assert told.targets()[0] == {"__address__": "a:1", "env": "test", "__meta_url": f"{url}/targets"}
                await told.until(lambda told: told.addresses() == ["z:1"])

    asyncio.run(run())

    assert asked[0].headers["X-Prometheus-Refresh-Interval-Seconds"] == "0.05"
    assert asked[0].headers["Authorization"] == "Basic bWU6cGFzcw=="
    assert asked[0].headers["Accept"] == "application/json"


BAD_ANSWERS = (
    ("another type", web.Response(text="[]"), "its Content-Type is 'text/plain; charset=utf-8'; want application/json"),
    ("no JSON", web.Response(body=b"[", content_type="application/json"), "it is not JSON"),
    ("a status", web.Response(status=503, text="later"), "its status is 503, 'later'"),
    (
        "a redirect to nowhere",
        web.Response(status=302, headers={"Location": "ftp://a"}),
        "cannot follow a redirect to ftp",
    ),
)


@pytest.mark.parametrize(("answer", "words"), [row[1:] for row in BAD_ANSWERS], ids=[row[0] for row in BAD_ANSWERS])
def test_bad_answers(answer: web.Response, words: str) -> None:
    """An answer that cannot be used is told with what was wrong about it."""

    async def handle(request: web.Request) -> web.Response:
        return answer

    async def run() -> None:
        async with serving(handle) as url:
            discovery = HttpDiscovery(HttpDiscoverySettings(url=url))
            async with Client(discovery.settings.client) as client:
                await discovery.find(client)

    with pytest.raises(DiscoveryFailed) as caught:
        asyncio.run(run())

    assert words in str(caught.value)


RECORDS = {
    ("web.test.", "A"): ["10.0.0.1", "10.0.0.2"],
    ("web.test.", "AAAA"): ["2001:db8::1"],
    ("_m._tcp.test.", "SRV"): ["0 0 9100 node-1.test."],
    ("mail.test.", "MX"): ["10 mx.test."],
    ("zone.test.", "NS"): ["ns.test."],
}


class NameServer(asyncio.DatagramProtocol):
    """Answers what is in `RECORDS`, that there is no other name, and that it cannot for `broken.test`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        question = dns.message.from_wire(data)
        answer = dns.message.make_response(question)
        asked = question.question[0]
        name, kind = str(asked.name), dns.rdatatype.to_text(asked.rdtype)
        if found := RECORDS.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *found))
        else:
            answer.set_rcode(dns.rcode.SERVFAIL if name.startswith("broken") else dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


LOOKED_UP: tuple[tuple[str, str, list[dict[str, str]]], ...] = (
    ("A", "web.test", [{"__address__": "10.0.0.1:80"}, {"__address__": "10.0.0.2:80"}]),
    ("AAAA", "web.test", [{"__address__": "[2001:db8::1]:80"}]),
    ("SRV", "_m._tcp.test", [{"__address__": "node-1.test:9100", "__meta_dns_srv_record_target": "node-1.test.", "__meta_dns_srv_record_port": "9100"}]),
    ("MX", "mail.test", [{"__address__": "mx.test:80", "__meta_dns_mx_record_target": "mx.test."}]),
    ("NS", "zone.test", [{"__address__": "ns.test:80", "__meta_dns_ns_record_target": "ns.test."}]),
    ("A", "none.test", []),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "wanted"), LOOKED_UP, ids=[f"{row[0]} {row[1]}" for row in LOOKED_UP])
def test_dns(kind: str, name: str, wanted: list[dict[str, str]]) -> None:
    """Records become addresses; a name that is not there has none."""
    found = asyncio.run(_looked_up(kind, name))

    assert [dict(target) for target in found] == [{"__meta_dns_name": name, **labels} for labels in wanted]


def test_dns_that_fails() -> None:
    """A server that cannot answer is told, and is no empty answer."""
    with pytest.raises(DiscoveryFailed, match=r"cannot look up A of 'broken\.test'"):
        asyncio.run(_looked_up("A", "broken.test"))


async def _looked_up(kind: str, name: str) -> tuple[Any, ...]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    try:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
        settings = DnsSettings(names=(name,), type=kind, port=80)
        return (await DnsDiscovery(settings, resolver).find(name)).targets
    finally:
        transport.close()


def node(name: str, address: str, **service: Any) -> dict[str, Any]:
    return {
        "Node": {"Node": name, "Address": address, "Datacenter": "dc1", "Meta": {"rack": "r-1"}, "TaggedAddresses": {"wan": "9.9.9.9"}},
        "Service": {"ID": f"{name}-web", "Service": "web", "Tags": ["v1", "blue"], "Address": "", "Port": 80, "Meta": {"team.name": "t"}, **service},
        "Checks": [{"CheckID": "serfHealth", "Status": "passing"}, {"CheckID": "service:web", "Status": "warning"}],
    }  # fmt: skip


class Consul:
    """A catalogue that can be changed, and answers questions that wait when it is."""

    def __init__(self) -> None:
        self.index = 5
        self.services: dict[str, list[str]] = {"web": ["v1", "blue"], "db": []}
        self.nodes = {"web": [node("n1", "10.0.0.1"), node("n2", "10.0.0.2", Address="10.1.0.2", Port=8080)], "db": []}
        self.asked: list[web.Request] = []
        self.news = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        async with self.news:
            await self.news.wait_for(lambda: self.index > int(request.query["index"]))
        kind, _, name = request.path.removeprefix("/pre/v1/").rpartition("/")
        data = self.services if kind == "catalog" else self.nodes.get(name, [])
        return web.json_response(data, headers={"X-Consul-Index": str(self.index)})

    async def change(self) -> None:
        async with self.news:
            self.index += 1
            self.news.notify_all()


def test_consul() -> None:
    """The catalogue is watched: services and instances that come and go are told when they do."""

    async def run() -> None:
        consul = Consul()
        async with serving(consul.handle) as url:
            settings = ConsulSettings(
                server=url.removeprefix("http://"), path_prefix="/pre", tags=("v1",), token=SecretStr("hush"),
                datacenter="dc1", node_meta={"rack": "r-1"}, refresh_interval=0.01,
            )  # fmt: skip
            async with running(ConsulDiscovery(settings)) as told:
                await told.until(lambda told: len(told.addresses()) == 2)
                assert told.targets()[0] == {
                    "__address__": "10.0.0.1:80", "__meta_consul_address": "10.0.0.1", "__meta_consul_dc": "dc1",
                    "__meta_consul_node": "n1", "__meta_consul_namespace": "", "__meta_consul_partition": "",
                    "__meta_consul_tags": ",v1,blue,", "__meta_consul_service": "web", "__meta_consul_service_address": "",
                    "__meta_consul_service_port": "80", "__meta_consul_service_id": "n1-web", "__meta_consul_health": "warning",
                    "__meta_consul_metadata_rack": "r-1", "__meta_consul_service_metadata_team_name": "t",
                    "__meta_consul_tagged_address_wan": "9.9.9.9",
                }  # fmt: skip
                assert told.addresses() == ["10.0.0.1:80", "10.1.0.2:8080"]
                consul.nodes["web"].pop()
                await consul.change()
                await told.until(lambda told: told.addresses() == ["10.0.0.1:80"])
                del consul.services["web"]
                await consul.change()
                await told.until(lambda told: told.addresses() == [])
        first = consul.asked[0]
        assert first.path == "/pre/v1/catalog/services"
        assert first.headers["X-Consul-Token"] == "hush"
        assert dict(first.query) == {
            "index": "0",
            "wait": "120000ms",
            "dc": "dc1",
            "stale": "",
            "node-meta": "rack:r-1",
        }
        assert {one.query.get("tag") for one in consul.asked[1:] if "health" in one.path} == {"v1"}
        assert not any(one.path.endswith("/db") for one in consul.asked)

    asyncio.run(run())


HEALTH: tuple[tuple[str, list[dict[str, str]], str], ...] = (
    ("nothing said", [], "passing"),
    ("all well", [{"Status": "passing"}], "passing"),
    ("the worst counts", [{"Status": "warning"}, {"Status": "critical"}], "critical"),
    ("maintenance of the node", [{"Status": "critical", "CheckID": "_node_maintenance"}], "maintenance"),
    ("maintenance of the service", [{"Status": "critical", "CheckID": "_service_maintenance:web"}], "maintenance"),
)


@pytest.mark.parametrize(("checks", "wanted"), [row[1:] for row in HEALTH], ids=[row[0] for row in HEALTH])
def test_consul_health(checks: list[dict[str, str]], wanted: str) -> None:
    """The checks of an instance come to one word."""
    assert health(checks) == wanted


def container(name: str, mode: str, networks: dict[str, Any], *ports: dict[str, Any]) -> dict[str, Any]:
    return {
        "Id": f"id-{name}", "Names": [f"/{name}"], "Labels": {"com.example/app": name}, "Ports": list(ports),
        "HostConfig": {"NetworkMode": mode}, "NetworkSettings": {"Networks": networks},
    }  # fmt: skip


FRONT = {"NetworkID": "net-1", "IPAddress": "172.18.0.2"}
BACK = {"NetworkID": "net-2", "IPAddress": "172.19.0.2"}
NETWORKS = [
    {"Id": "net-1", "Name": "front", "Scope": "local", "Internal": False, "Ingress": False, "Labels": {"a.b": "c"}},
    {"Id": "net-2", "Name": "back", "Scope": "local", "Internal": True, "Ingress": False, "Labels": {}},
]
TCP = {"PrivatePort": 80, "PublicPort": 8080, "IP": "0.0.0.0", "Type": "tcp"}
CONTAINERS = [
    container("web", "front", {"front": FRONT, "back": BACK}, TCP, {"PrivatePort": 53, "Type": "udp"}),
    container("side", "container:id-web", {}),
    container("bare", "back", {"back": {"NetworkID": "net-2", "IPAddress": "172.19.0.9"}}),
    container("own", "host", {"host": {"NetworkID": "net-3", "IPAddress": ""}}),
]

DOCKER: tuple[tuple[str, dict[str, Any], list[str]], ...] = (
    ("one network of each, by name", {}, ["172.19.0.2:80", "172.19.0.2:9000", "172.19.0.9:9000", "docker-host"]),
    ("all networks", {"match_first_network": False}, ["172.18.0.2:80", "172.18.0.2:9000", "172.19.0.2:80", "172.19.0.2:9000", "172.19.0.9:9000", "docker-host"]),
)  # fmt: skip


@pytest.mark.parametrize(("more", "wanted"), [row[1:] for row in DOCKER], ids=[row[0] for row in DOCKER])
def test_docker_addresses(more: dict[str, Any], wanted: list[str]) -> None:
    """Ports, networks, shared networks and the host's own network become addresses."""
    settings = DockerSettings(host="unix:///x", port=9000, host_networking_host="docker-host", **more)

    found = container_targets(CONTAINERS, NETWORKS, settings, CONTAINERS)

    assert sorted(labels["__address__"] for labels in found) == wanted


def test_docker(tmp_path: Path) -> None:
    """An engine is asked over its socket, for what is wanted; containers tell their labels."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        if request.path == "/networks":
            return web.json_response(NETWORKS)
        return web.json_response(CONTAINERS[:1] if request.query else CONTAINERS)

    async def run() -> list[dict[str, str]]:
        async with serving(handle, socket=str(tmp_path / "docker.sock")) as host:
            settings = DockerSettings(host=host, filters=(DockerFilter(name="label", values=("a=b",)),))
            async with running(DockerDiscovery(settings)) as told:
                await told.until(lambda told: told.count == 1)
                return told.targets()

    assert asyncio.run(run()) == [{
        "__address__": "172.19.0.2:80", "__meta_docker_container_id": "id-web", "__meta_docker_container_name": "/web",
        "__meta_docker_container_network_mode": "front", "__meta_docker_container_label_com_example_app": "web",
        "__meta_docker_network_id": "net-2", "__meta_docker_network_name": "back", "__meta_docker_network_scope": "local",
        "__meta_docker_network_internal": "true", "__meta_docker_network_ingress": "false",
        "__meta_docker_network_ip": "172.19.0.2", "__meta_docker_port_private": "80", "__meta_docker_port_public": "8080",
        "__meta_docker_port_public_ip": "0.0.0.0",
    }]  # fmt: skip
    assert [path.partition("?")[0] for path in asked] == ["/containers/json", "/networks", "/containers/json"]
    assert "filters=" in asked[0]


def test_every_kind_is_started() -> None:
    """Each entry of each kind has its discoverer."""
    settings = DiscoverySettings.model_validate({
        "static_configs": [{"targets": ["a:1"]}, {"targets": ["b:1"]}],
        "file_sd_configs": [{"files": ["a.json"]}],
        "http_sd_configs": [{"url": "http://a"}],
        "dns_sd_configs": [{"names": ["a"]}],
        "consul_sd_configs": [{}],
        "docker_sd_configs": [{"host": "unix:///a"}],
        "kubernetes_sd_configs": [{"role": "pod"}, {"role": "node"}],
    })  # fmt: skip

    assert [type(one).__name__.removesuffix("Discovery") for one in discoverers(settings, {})] == [
        "Static", "File", "Http", "Dns", "Consul", "Docker", "Kubernetes", "Kubernetes",
    ]  # fmt: skip
