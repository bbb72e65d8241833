"""What the API of Kubernetes tells of the pods of a node, listed once and watched; nothing where there is no API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from firstlight.ingest.scrape.client import Client
from firstlight.ingest.scrape.discovery.ask import mapping, text
from firstlight.ingest.scrape.discovery.group import DiscoveryFailed
from firstlight.ingest.scrape.discovery.kubernetes_access import ACCOUNT, Access, access
from firstlight.ingest.scrape.discovery.kubernetes_objects import metadata
from firstlight.ingest.scrape.discovery.kubernetes_watch import PATHS, RETRY, Watch
from firstlight.ingest.scrape.discovery.refresh import Complaints
from firstlight.ingest.tail.kubernetes_files import PodFiles
from firstlight.ingest.tail.kubernetes_origin import Pod, PodPlace
from firstlight.ingest.tail.settings import PodApi, PodLogs

WHO: Final = "tail.kubernetes"
PATIENCE: Final = 10.0
"""For how many seconds reading waits for what the API tells, before it begins with what paths tell."""

_STATIC: Final = ("kubernetes.io/config.mirror", "kubernetes.io/config.hash")
"""Where a pod that a kubelet has from a file says what it is called in paths instead of its uid."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pods:
    """The pods of a node. `find` may be called from any thread."""

    settings: PodLogs
    environ: Mapping[str, str] = field(default_factory=dict)
    account: Path = ACCOUNT
    patience: float = PATIENCE
    retry: float = RETRY
    _watches: list[Watch] = field(default_factory=list)
    _listed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def files(self) -> PodFiles | None:
        """Their log files; None if none are to be read."""
        folder = self.settings.pods
        return None if folder is None else PodFiles(self.settings, folder, self.find, self.known)

    async def run(self) -> None:
        """Watch until cancelled; return at once if there is no API to ask."""
        if not self.is_asked:
            return
        found = await self._access()
        node = self.settings.node or self.environ.get("NODE_NAME", "")
        if not node:
            _log.info("%s: NODE_NAME is not set, so that the pods of all nodes are watched", WHO)
        names = PATHS["pod"]
        api = self.settings.api
        spaces = api.namespaces.names if isinstance(api, PodApi) else ()
        selectors = {"fieldSelector": f"spec.nodeName={node}"} if node else {}
        urls = [
            f"{found.server}{names[0]}{f'/namespaces/{space}' if space else ''}/{names[1]}" for space in spaces or ("",)
        ]
        self._watches = [Watch("pod", url, selectors, _nobody_is_told, self.retry) for url in urls]
        async with Client(found.client, self.environ) as client, asyncio.TaskGroup() as tasks:
            for watch in self._watches:
                tasks.create_task(watch.run(client))
            for watch in self._watches:
                await watch.listed.wait()
            self._listed.set()

    async def known(self) -> None:
        """Return when all pods are known, or it has taken too long."""
        if not self.is_asked:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience):
                await self._listed.wait()

    def find(self, place: PodPlace) -> Pod | None:
        """Return what is told of the pod whose logs are at a place, None if it is not known, or is another by now."""
        for watch in self._watches:
            pod = watch.objects.get(f"{place.namespace}/{place.pod}")
            if pod is not None and place.uid in _names(pod):
                return pod
        return None

    @property
    def is_asked(self) -> bool:
        """Whether there is an API to ask."""
        api = self.settings.api
        return isinstance(api, PodApi) or (api == "auto" and bool(self.environ.get("KUBERNETES_SERVICE_HOST")))

    async def _access(self) -> Access:
        api = self.settings.api
        settings, complaints = api if isinstance(api, PodApi) else PodApi(), Complaints(WHO)
        while True:
            try:
                return access(settings, self.environ, self.account)
            except DiscoveryFailed as error:
                complaints.failed(error)
                await asyncio.sleep(self.retry)


def _names(pod: Mapping[str, Any]) -> set[str]:
    about = metadata(pod)
    annotations = mapping(about.get("annotations"))
    return {text(about.get("uid")), *(text(annotations.get(name)) for name in _STATIC)}


def _nobody_is_told(_kind: str, _key: str) -> None:
    """What is known of a pod is looked up when a line of it is read."""
