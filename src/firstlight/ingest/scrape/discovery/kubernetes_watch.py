"""Objects of Kubernetes as they are now: listed once, and then watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import orjson
from aiohttp import ClientResponse

from firstlight.errors import brief
from firstlight.ingest.scrape.client import FAILURES, Client, failure
from firstlight.ingest.scrape.discovery.ask import ask, mapping, sequence, text
from firstlight.ingest.scrape.discovery.group import DiscoveryFailed
from firstlight.ingest.scrape.discovery.kubernetes_objects import Object, key_of, metadata
from firstlight.ingest.scrape.discovery.refresh import Complaints

PATHS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "pod": ("/api/v1", "pods"),
    "service": ("/api/v1", "services"),
    "endpoints": ("/api/v1", "endpoints"),
    "endpointslice": ("/apis/discovery.k8s.io/v1", "endpointslices"),
    "node": ("/api/v1", "nodes"),
    "namespace": ("/api/v1", "namespaces"),
    "replicaset": ("/apis/apps/v1", "replicasets"),
    "job": ("/apis/batch/v1", "jobs"),
    "ingress": ("/apis/networking.k8s.io/v1", "ingresses"),
})  # fmt: skip
"""Where the API has each kind."""

PAGE = 500
WATCH = 300
"""Seconds after which the API ends a watch, and it is begun again."""

RETRY = 5.0
PAUSE = 1.0
"""Seconds between two watches: an API that ends each at once is not to be asked without end."""

LINE = 32 * 1024 * 1024
"""Bytes that one event may have."""


class _Expired(Exception):
    """What was watched from is too long ago: it has to be listed again."""


@dataclass(slots=True)
class Watch:
    """The objects of one kind, in one namespace or all."""

    kind: str
    url: str
    """Of the list."""
    selectors: Mapping[str, str]
    changed: Callable[[str, str], None]
    """Told the kind and key of what changed, after it did."""
    retry: float = RETRY
    objects: dict[str, Object] = field(default_factory=dict)
    listed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when all objects are known for the first time."""

    async def run(self, client: Client) -> None:
        """List and watch until cancelled."""
        complaints = Complaints(f"kubernetes_sd_configs, {self.url}")
        version = ""
        while True:
            try:
                if not version:
                    version = await self._list(client)
                    self.listed.set()
                complaints.works()
                version = await self._watch(client, version)
                # Nothing is missed meanwhile: the next watch begins where this one ended.
                await asyncio.sleep(min(self.retry, PAUSE))
            except _Expired:
                version = ""
            except DiscoveryFailed as error:
                complaints.failed(error)
                version = ""
                await asyncio.sleep(self.retry)

    async def _list(self, client: Client) -> str:
        """Take over what there is now, and return the version from which to watch."""
        found: dict[str, Object] = {}
        params: dict[str, str | list[str]] = {**self.selectors, "limit": str(PAGE)}
        while True:
            page = mapping((await ask(client, self.url, params=params)).data)
            found |= {key_of(one): _trimmed(one) for one in map(mapping, sequence(page.get("items")))}
            about = metadata(page)
            if not about.get("continue"):
                break
            params["continue"] = text(about["continue"])
        before, self.objects = self.objects, found
        for key in before.keys() | found.keys():
            if before.get(key) != found.get(key):
                self.changed(self.kind, key)
        return text(about.get("resourceVersion"))

    async def _watch(self, client: Client, version: str) -> str:
        """Follow changes until the API ends it, and return the version from which to go on."""
        params = {
            **self.selectors,
            "watch": "1",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH),
        }
        try:
            async with client.get(self.url, params=params, seconds=WATCH + 30.0) as answer:
                if answer.status == 410:
                    raise _Expired
                if answer.status != 200:
                    told = brief((await answer.content.read(200)).decode(errors="replace"))
                    raise DiscoveryFailed(f"cannot watch {self.url}: the answer's status is {answer.status}, {told}")
                async for line in _lines(answer):
                    version = self._take(mapping(orjson.loads(line))) or version
        except (_Expired, DiscoveryFailed):
            raise
        except FAILURES as error:
            raise DiscoveryFailed(f"cannot watch {self.url}: {failure(error)}") from None
        return version

    def _take(self, event: Mapping[str, Any]) -> str:
        found, kind = mapping(event.get("object")), event.get("type")
        if kind == "ERROR":
            if found.get("code") == 410:
                raise _Expired
            raise DiscoveryFailed(f"cannot watch {self.url}: {brief(found.get('message'))}")
        if kind in ("ADDED", "MODIFIED"):
            self.objects[key_of(found)] = _trimmed(found)
            self.changed(self.kind, key_of(found))
        elif kind == "DELETED":
            self.objects.pop(key_of(found), None)
            self.changed(self.kind, key_of(found))
        return text(metadata(found).get("resourceVersion"))


def _trimmed(found: Object) -> Object:
    # Who wrote which field is half of what the API tells, and of no use here.
    about = {name: value for name, value in metadata(found).items() if name != "managedFields"}
    return {**found, "metadata": about}


async def _lines(answer: ClientResponse) -> AsyncIterator[bytes]:
    left = bytearray()
    async for chunk in answer.content.iter_any():
        left += chunk
        if b"\n" not in chunk:
            if len(left) > LINE:
                raise DiscoveryFailed(f"cannot watch: an event has more than {LINE} bytes")
            continue
        *lines, rest = bytes(left).split(b"\n")
        left = bytearray(rest)
        for line in lines:
            if line.strip():
                yield line
