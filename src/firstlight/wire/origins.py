"""Who sent: resource, scope and stream labels as rows of `origins`, and which of these rows are stored.

The rows of `origins` that a request needs are those not yet known to be stored for its days. They become known when
the store says so (`learn`), so that a request whose insert failed does not leave records without their origin.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.model.tables import ORIGINS

UNKNOWN_SERVICE: Final = "unknown_service"
"""What a resource without `service.name` is called, as OpenTelemetry says."""

NANOSECONDS_PER_DAY: Final = 86_400 * 10**9

INDEXED: Final = frozenset(
    {
        "cloud.availability_zone", "cloud.region", "container.name", "deployment.environment",
        "deployment.environment.name", "k8s.cluster.name", "k8s.container.name", "k8s.cronjob.name",
        "k8s.daemonset.name", "k8s.deployment.name", "k8s.job.name", "k8s.namespace.name", "k8s.pod.name",
        "k8s.replicaset.name", "k8s.statefulset.name", "service.instance.id", "service.name", "service.namespace",
    }
)  # fmt: skip
"""The resource attributes that Loki makes labels of a stream, unless it is told otherwise."""

_NOT_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")


@dataclass(frozen=True, slots=True)
class Attributes:
    """Decoded attributes: their texts by name, and their types as letters in the same order."""

    texts: Mapping[str, str]
    types: str


NO_ATTRIBUTES: Final = Attributes({}, "")


@dataclass(frozen=True, slots=True)
class Origin:
    """A resource and a scope of it. `labels` are those of the stream that Loki would put its logs into."""

    id: int
    service: str
    resource: Attributes
    labels: Mapping[str, str]
    resource_schema_url: str = ""
    resource_dropped: int = 0
    scope_name: str = ""
    scope_version: str = ""
    scope: Attributes = NO_ATTRIBUTES
    scope_schema_url: str = ""
    scope_dropped: int = 0


class StoredOrigins:
    """Remembers which origins are stored for which day; bounded by `limit` entries, safe to use from several threads.

    It starts anew when full; forgetting costs a second row, which the store folds into the first, and nothing else.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._stored: set[tuple[str, int, int]] = set()

    def rows(self, tenant: str, origins: Iterable[Origin], days: Sequence[int]) -> pa.Table | None:
        """Return the rows of those `origins` that are not yet stored for each of `days`, or None if all are."""
        missing = {
            (day, origin.id): origin
            for origin in origins
            for day in days
            if (tenant, day, origin.id) not in self._stored
        }
        if not missing:
            return None
        found = [
            {
                "tenant": tenant,
                "day": day,
                "origin_id": origin.id,
                "service": origin.service,
                "resource": list(origin.resource.texts.items()),
                "resource_types": origin.resource.types,
                "resource_schema_url": origin.resource_schema_url,
                "resource_dropped": origin.resource_dropped,
                "scope_name": origin.scope_name,
                "scope_version": origin.scope_version,
                "scope_attributes": list(origin.scope.texts.items()),
                "scope_types": origin.scope.types,
                "scope_schema_url": origin.scope_schema_url,
                "scope_dropped": origin.scope_dropped,
                "labels": list(origin.labels.items()),
            }
            for (day, _), origin in missing.items()
        ]
        return pa.Table.from_pylist(found, ORIGINS)

    def learn(self, stored: pa.Table) -> None:
        """Take note that these rows of `origins` are durable."""
        if len(self._stored) >= self._limit:
            self._stored.clear()
        columns = (stored["tenant"], stored["day"].cast(pa.int32()), stored["origin_id"])
        self._stored.update(zip(*(column.to_pylist() for column in columns), strict=True))

    def forget(self, day: int) -> None:
        """Take note that the rows of a day are no longer there."""
        self._stored = {known for known in self._stored if known[1] != day}


def index_labels(resource: Mapping[str, str]) -> dict[str, str]:
    """Return the stream labels that Loki gives to logs of a resource, by its defaults."""
    labels = {label_name(name): value for name, value in resource.items() if name in INDEXED and value}
    labels.setdefault("service_name", UNKNOWN_SERVICE)
    return labels


def label_name(name: str) -> str:
    """Return the name of an attribute as Loki spells it.

    >>> label_name("http.route")
    'http_route'
    """
    spelled = _NOT_LABEL.sub("_", name)
    return f"key_{spelled}" if spelled[:1].isdigit() else spelled


def digest(canonical: str) -> int:
    """Return 64 bits that stand for `canonical`."""
    return int.from_bytes(hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def days_of(nanoseconds: npt.NDArray[np.int64]) -> list[int]:
    """Return the days since 1970 that these times fall on."""
    if not len(nanoseconds):
        return []
    first, last = int(nanoseconds.min()) // NANOSECONDS_PER_DAY, int(nanoseconds.max()) // NANOSECONDS_PER_DAY
    if first == last:
        return [first]
    days: list[int] = np.unique(nanoseconds // NANOSECONDS_PER_DAY).tolist()
    return days
