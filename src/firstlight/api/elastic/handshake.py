"""What clients ask before they do anything: who answers, of which version, with what licence, in what health."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, route
from firstlight.api.elastic.kept import Kept

VERSION: Final = "8.17.0"
"""The version that is spoken, unless the client is of another one and would speak to no older one."""

LUCENE: Final = "9.12.0"
NODE: Final = "firstlight"
CLUSTER: Final = "firstlight"

_AGENT: Final = re.compile(
    r"(?:Elastic-)?(?:\w+beat|Elastic-Agent|APM-Server|fleet-server)/(\d+\.\d+\.\d+)", re.IGNORECASE
)
_COMPATIBLE: Final = re.compile(r"compatible-with\s*=\s*(\d+)")

FEATURES: Final = ("data_streams", "ilm", "logs", "searchable_snapshots", "security", "slm")


def version_for(headers: Mapping[str, str]) -> str:
    """Return the version that is told to a client: its own, if it is one that refuses older servers."""
    if found := _AGENT.search(headers.get("user-agent", "")):
        return found[1]
    wanted = _COMPATIBLE.search(headers.get("accept", "")) or _COMPATIBLE.search(headers.get("content-type", ""))
    return f"{wanted[1]}.0.0" if wanted and int(wanted[1]) > int(VERSION.partition(".")[0]) else VERSION


class Handshake:
    """Answers who we are."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            route("/", self.info),
            route("/_license", self.license),
            route("/_xpack", self.xpack),
            route("/_xpack/usage", self.xpack),
            *(route(path, self.health) for path in ("/_cluster/health", "/_cluster/health/{index}")),
            route("/_cluster/stats", self.stats),
            *(route(path, self.nodes) for path in _NODES),
            route("/_security/_authenticate", self.authenticate),
        ]

    async def info(self, asked: Asked) -> Answer:
        """Answer name, cluster and version."""
        with self._kept.reading() as state:
            cluster_uuid = state.cluster_uuid
        version = {
            "number": version_for(asked.headers), "build_flavor": "default", "build_type": "tar",
            "build_hash": "0" * 40, "build_date": "2026-01-01T00:00:00.000000000Z", "build_snapshot": False,
            "lucene_version": LUCENE, "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        }  # fmt: skip
        return Answer(
            {
                "name": NODE, "cluster_name": CLUSTER, "cluster_uuid": cluster_uuid, "version": version,
                "tagline": "You Know, for Search",
            }
        )  # fmt: skip

    async def license(self, asked: Asked) -> Answer:
        """Answer a licence that allows everything that is there."""
        with self._kept.reading() as state:
            uid = state.cluster_uuid
        found = {
            "status": "active", "uid": uid, "type": "basic", "issue_date": "2026-01-01T00:00:00.000Z",
            "issue_date_in_millis": 1_767_225_600_000, "max_nodes": 1000, "issued_to": CLUSTER, "issuer": CLUSTER,
            "start_date_in_millis": -1,
        }  # fmt: skip
        return Answer({"license": found})

    async def xpack(self, asked: Asked) -> Answer:
        """Answer which features there are."""
        there = {"data_streams", "ilm", "logs"}
        with self._kept.reading() as state:
            uid = state.cluster_uuid
        return Answer(
            {
                "build": {"hash": "0" * 40, "date": "2026-01-01T00:00:00.000000000Z"},
                "license": {"uid": uid, "type": "basic", "mode": "basic", "status": "active"},
                "features": {name: {"available": name in there, "enabled": name in there} for name in FEATURES},
                "tagline": "You know, for X",
            }
        )

    async def health(self, asked: Asked) -> Answer:
        """Answer that all is well: what could not store would not answer."""
        with self._kept.reading() as state:
            count = len(state.indices) + 1
        return Answer(
            {
                "cluster_name": CLUSTER, "status": "green", "timed_out": False, "number_of_nodes": 1,
                "number_of_data_nodes": 1, "active_primary_shards": count, "active_shards": count,
                "relocating_shards": 0, "initializing_shards": 0, "unassigned_shards": 0,
                "delayed_unassigned_shards": 0, "number_of_pending_tasks": 0, "number_of_in_flight_fetch": 0,
                "task_max_waiting_in_queue_millis": 0, "active_shards_percent_as_number": 100.0,
            }
        )  # fmt: skip

    async def stats(self, asked: Asked) -> Answer:
        """Answer how large the cluster is."""
        with self._kept.reading() as state:
            count, uid = len(state.indices), state.cluster_uuid
        nodes = {"count": {"total": 1, "data": 1, "ingest": 1, "master": 1}, "versions": [version_for(asked.headers)]}
        found: dict[str, Any] = {"cluster_name": CLUSTER, "cluster_uuid": uid, "status": "green"}
        return Answer({**found, "indices": {"count": count}, "nodes": nodes})

    async def nodes(self, asked: Asked) -> Answer:
        """Answer the one node, at the address that it was asked at."""
        address = asked.headers.get("host", "127.0.0.1:9200")
        node = {
            "name": NODE, "transport_address": address, "host": address.partition(":")[0],
            "ip": address.partition(":")[0], "version": version_for(asked.headers), "build_flavor": "default",
            "build_type": "tar", "build_hash": "0" * 40, "roles": ["data", "ingest", "master"], "attributes": {},
            "http": {"bound_address": [address], "publish_address": address, "max_content_length_in_bytes": 67_108_864},
            "plugins": [], "modules": [], "ingest": {"processors": []}, "settings": {},
        }  # fmt: skip
        counts = {"total": 1, "successful": 1, "failed": 0}
        return Answer({"_nodes": counts, "cluster_name": CLUSTER, "nodes": {NODE: node}})

    async def authenticate(self, asked: Asked) -> Answer:
        """Answer whom we take the client for."""
        return Answer({"username": "firstlight", "roles": ["superuser"], "enabled": True, "metadata": {}})


_NODES: Final = ("/_nodes", "/_nodes/{metric}", "/_nodes/{node}/{metric}", "/_nodes/{node}/{metric}/{more}")
