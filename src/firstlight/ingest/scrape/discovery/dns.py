"""Targets from records of the DNS: A, AAAA, MX, NS and SRV."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.resolver

from firstlight.errors import brief
from firstlight.ingest.scrape.discovery.group import ADDRESS, DiscoveryFailed, Publish, TargetGroup, join_host_port
from firstlight.ingest.scrape.discovery.refresh import refresh
from firstlight.ingest.scrape.discovery.settings import DnsSettings

PREFIX = "__meta_dns_"


@dataclass(frozen=True, slots=True)
class DnsDiscovery:
    """Looks up each name again and again; each name is a source."""

    settings: DnsSettings
    resolver: dns.asyncresolver.Resolver | None = None
    """Whom to ask; by default whom this machine asks."""

    async def run(self, publish: Publish) -> None:
        """Look up until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name in self.settings.names:
                tasks.create_task(self._run_one(name, publish))

    async def _run_one(self, name: str, publish: Publish) -> None:
        async def find() -> list[TargetGroup]:
            return [await self.find(name)]

        await refresh(find, publish, source=f"dns_sd_configs, {name}", interval=self.settings.refresh_interval)

    async def find(self, name: str) -> TargetGroup:
        """Return the targets of one name; none if there is no such name."""
        try:
            resolver = self.resolver or dns.asyncresolver.get_default_resolver()
            answer = await resolver.resolve(name, self.settings.type, search=True)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return TargetGroup(name)
        except (dns.exception.DNSException, OSError) as error:
            told = " ".join(str(error).split())
            raise DiscoveryFailed(f"cannot look up {self.settings.type} of {brief(name)}: {told}") from None
        # Servers turn their records round from answer to answer.
        return TargetGroup(name, tuple(self._target(name, record) for record in sorted(answer, key=str)))

    def _target(self, name: str, record: Any) -> Mapping[str, str]:
        labels = {f"{PREFIX}name": name}
        port: int = self.settings.port or 0
        match self.settings.type:
            case "SRV":
                host, port = str(record.target), int(record.port)
                labels |= {f"{PREFIX}srv_record_target": host, f"{PREFIX}srv_record_port": str(port)}
            case "MX":
                host = str(record.exchange)
                labels[f"{PREFIX}mx_record_target"] = host
            case "NS":
                host = str(record.target)
                labels[f"{PREFIX}ns_record_target"] = host
            case _:
                host = str(record.address)
        # A name is rooted in the DNS by a dot that nobody writes elsewhere.
        return {ADDRESS: join_host_port(host.rstrip("."), port), **labels}
