"""Which log files the pods of a node have, and what their paths tell.

A kubelet keeps them at ``<namespace>_<pod>_<uid>/<container>/<restarts>.log``, and what it rotated beside them, with
the time in the name and later packed: ``0.log.20260102-150405.gz``.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from firstlight.ingest.tail.discovery import is_file
from firstlight.ingest.tail.kubernetes_origin import Pod, PodPlace, pod_origin
from firstlight.ingest.tail.settings import PodLogs
from firstlight.wire.logs.book import LogBook
from firstlight.wire.origins import Origin

_NAME: Final = re.compile(r"(?P<restarts>\d+)\.log(?:\.\d{8}-\d{6}(?:\.gz)?)?")


def place_of(path: Path) -> PodPlace | None:
    """Return what the path of a log file tells, None if it is not one of a kubelet's.

    >>> place_of(Path("/var/log/pods/shop_web-1_u-1/web/0.log.20260102-150405.gz"))
    PodPlace(namespace='shop', pod='web-1', uid='u-1', container='web', restarts='0')
    """
    name, parts = _NAME.fullmatch(path.name), path.parent.parent.name.split("_")
    if name is None or len(parts) != 3 or not all(parts):
        return None
    namespace, pod, uid = parts
    return PodPlace(namespace, pod, uid, path.parent.name, name["restarts"])


@dataclass(frozen=True, slots=True)
class PodFile:
    """Files of one container of a pod, read alike."""

    place: PodPlace
    multiline: str
    start: str
    whose: Callable[[LogBook], Origin]


@dataclass(frozen=True, slots=True)
class PodFiles:
    """The log files of the pods of a node."""

    settings: PodLogs
    folder: Path
    find: Callable[[PodPlace], Pod | None]
    """Returns what the API tells of a pod, None if it tells nothing."""
    known: Callable[[], Awaitable[None]]
    """Returns when all pods are known of which the API tells."""

    def found(self) -> Iterator[tuple[Path, PodFile]]:
        """Yield the files that there are, those of a container from its oldest on."""
        settings = self.settings
        for path in sorted(self.folder.glob("*_*_*/*/*.log*")):
            place = place_of(path)
            if place is None or not self._wanted(place.namespace) or not is_file(path):
                continue
            yield path, PodFile(place, settings.multiline, settings.start, self._whose(place))

    def _wanted(self, namespace: str) -> bool:
        settings = self.settings
        return any(fnmatchcase(namespace, one) for one in settings.namespaces) and not any(
            fnmatchcase(namespace, one) for one in settings.exclude_namespaces
        )

    def _whose(self, place: PodPlace) -> Callable[[LogBook], Origin]:
        last: Pod | None = None

        def whose(book: LogBook) -> Origin:
            nonlocal last
            # A pod that was deleted is read to its end as who it was.
            last = self.find(place) or last
            return pod_origin(book, place, last, self.settings.labels)

        return whose
