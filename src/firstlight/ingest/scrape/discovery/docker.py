"""Targets that are containers: each address and port of each container that a Docker engine runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from firstlight.ingest.scrape.client import Client
from firstlight.ingest.scrape.discovery.ask import ask, mapping, sequence, text
from firstlight.ingest.scrape.discovery.group import ADDRESS, Publish, TargetGroup, as_label, join_host_port
from firstlight.ingest.scrape.discovery.refresh import refresh
from firstlight.ingest.scrape.discovery.settings import DockerSettings

PREFIX = "__meta_docker_"
Labels = dict[str, str]


@dataclass(frozen=True, slots=True)
class DockerDiscovery:
    """Asks one engine again and again."""

    settings: DockerSettings
    environ: Mapping[str, str] = field(default_factory=dict)

    async def run(self, publish: Publish) -> None:
        """Ask until cancelled."""
        async with self.client() as client:

            async def find() -> list[TargetGroup]:
                return await self.find(client)

            source = f"docker_sd_configs, {self.settings.host}"
            await refresh(find, publish, source=source, interval=self.settings.refresh_interval)

    def client(self) -> Client:
        """Return what the engine is asked with."""
        parts = urlsplit(self.settings.host)
        path = f"{parts.netloc}{parts.path}" if parts.scheme == "unix" else None
        return Client(self.settings.client, self.environ, unix_socket=path)

    async def find(self, client: Client) -> list[TargetGroup]:
        """Return the containers that run now."""
        base = base_url(self.settings.host)
        wanted = {one.name: list(one.values) for one in self.settings.filters}
        params = {"filters": orjson.dumps(wanted).decode()} if wanted else None
        # Of a container that uses another's network, that one may not be among those wanted.
        containers = sequence((await ask(client, f"{base}/containers/json", params=params)).data)
        networks = sequence((await ask(client, f"{base}/networks")).data)
        everyone = containers if not wanted else sequence((await ask(client, f"{base}/containers/json")).data)
        return [TargetGroup("docker", tuple(container_targets(containers, networks, self.settings, everyone)))]


def base_url(host: str) -> str:
    """Return what the URLs of an engine begin with."""
    parts = urlsplit(host)
    if parts.scheme == "unix":
        return "http://localhost"
    return f"{'https' if parts.scheme == 'https' else 'http'}://{parts.netloc}{parts.path.rstrip('/')}"


def container_targets(
    containers: list[Any], networks: list[Any], settings: DockerSettings, everyone: list[Any]
) -> Iterator[Labels]:
    """Yield the labels of each target among `containers`, as the engine's API tells of them."""
    of_networks = {text(network.get("Id")): _network_labels(network) for network in map(mapping, networks)}
    by_id = {text(container.get("Id")): container for container in map(mapping, everyone)}
    for container in map(mapping, containers):
        if not sequence(container.get("Names")):
            continue
        mode = text(mapping(container.get("HostConfig")).get("NetworkMode"))
        common = {
            f"{PREFIX}container_id": text(container.get("Id")),
            f"{PREFIX}container_name": text(container["Names"][0]),
            f"{PREFIX}container_network_mode": mode,
            **_labels(f"{PREFIX}container_label_", container.get("Labels")),
        }
        attached = _networks_of(container)
        if not attached and mode.startswith("container:"):
            attached = _networks_of(mapping(by_id.get(mode.removeprefix("container:"))))
        # Which is first must not depend on the order of an answer.
        names = sorted(name for name, network in attached.items() if network)
        for name in names[:1] if settings.match_first_network else names:
            network = mapping(attached[name])
            of_network = of_networks.get(text(network.get("NetworkID")), {})
            for labels in _addresses(container, text(network.get("IPAddress")), mode, settings):
                yield {**labels, **common, **of_network}


def _addresses(container: Mapping[str, Any], host: str, mode: str, settings: DockerSettings) -> Iterator[Labels]:
    ports = [port for port in map(mapping, sequence(container.get("Ports"))) if port.get("Type") == "tcp"]
    for port in ports:
        labels = {
            ADDRESS: join_host_port(host, port.get("PrivatePort", 0)),
            f"{PREFIX}network_ip": host,
            f"{PREFIX}port_private": text(port.get("PrivatePort")),
        }
        if port.get("PublicPort"):
            labels[f"{PREFIX}port_public"] = text(port["PublicPort"])
            labels[f"{PREFIX}port_public_ip"] = text(port.get("IP"))
        yield labels
    if not ports:
        address = settings.host_networking_host if mode == "host" else join_host_port(host, settings.port)
        yield {ADDRESS: address, f"{PREFIX}network_ip": host}


def _networks_of(container: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(mapping(container.get("NetworkSettings")).get("Networks"))


def _network_labels(network: Mapping[str, Any]) -> Labels:
    return {
        f"{PREFIX}network_id": text(network.get("Id")),
        f"{PREFIX}network_name": text(network.get("Name")),
        f"{PREFIX}network_scope": text(network.get("Scope")),
        f"{PREFIX}network_internal": text(network.get("Internal", False)),
        f"{PREFIX}network_ingress": text(network.get("Ingress", False)),
        **_labels(f"{PREFIX}network_label_", network.get("Labels")),
    }


def _labels(prefix: str, told: Any) -> Labels:
    return {f"{prefix}{as_label(name)}": text(value) for name, value in mapping(told).items()}
