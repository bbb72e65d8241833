"""Who sent what: resource and scope, recognised by their bytes and decoded once.

The rows of `origins` that a request needs are those not yet known to be stored for its days. They become known when
the store says so (`learn`), so that a request whose insert failed does not leave records without their origin.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufError
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from firstlight.errors import DecodeError
from firstlight.model.tables import ORIGINS
from firstlight.wire.otlp.columns import any_value, parents, text

M = TypeVar("M", bound=Message)

UNKNOWN_SERVICE = "unknown_service"
"""What a resource without `service.name` is called, as OpenTelemetry says."""

NANOSECONDS_PER_DAY = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Attributes:
    """Decoded attributes: their texts by name, and their types as letters in the same order."""

    texts: Mapping[str, str]
    types: str


@dataclass(frozen=True, slots=True)
class Origin:
    """A resource and a scope of it."""

    id: int
    service: str
    resource: Attributes
    resource_schema_url: str
    resource_dropped: int
    scope_name: str
    scope_version: str
    scope: Attributes
    scope_schema_url: str
    scope_dropped: int


Key = tuple[bytes, bytes, bytes, bytes]


class Origins:
    """Remembers origins by their bytes, and which of them are stored for which day.

    Both memories are bounded by `limit` entries and start anew when full; forgetting costs a second row, which the
    store folds into the first, and nothing else. Safe to use from several threads.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._seen: dict[Key, Origin] = {}
        self._stored: set[tuple[str, int, int]] = set()

    def of(self, resources: pa.StructArray, scope_lists: pa.ListArray, scopes: pa.StructArray) -> list[Origin]:
        """Return the origin of each scope of a request. Raise DecodeError if a resource or a scope is malformed."""
        rows = parents(scope_lists)
        keys = zip(
            resources.field("resource").take(rows).to_pylist(),
            resources.field("schema_url").take(rows).to_pylist(),
            scopes.field("scope").to_pylist(),
            scopes.field("schema_url").to_pylist(),
            strict=True,
        )
        return [self._seen.get(key) or self._read(key) for key in keys]

    def _read(self, key: Key) -> Origin:
        origin = read_origin(*key)
        if len(self._seen) >= self._limit:
            self._seen.clear()
        self._seen[key] = origin
        return origin

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


def days_of(nanoseconds: npt.NDArray[np.int64]) -> list[int]:
    """Return the days since 1970 that these times fall on."""
    if not len(nanoseconds):
        return []
    first, last = int(nanoseconds.min()) // NANOSECONDS_PER_DAY, int(nanoseconds.max()) // NANOSECONDS_PER_DAY
    if first == last:
        return [first]
    days: list[int] = np.unique(nanoseconds // NANOSECONDS_PER_DAY).tolist()
    return days


def read_origin(resource: bytes, resource_url: bytes, scope: bytes, scope_url: bytes) -> Origin:
    """Return the origin that these messages describe; raise DecodeError if one of them is malformed."""
    sender = _parse(Resource(), resource)
    library = _parse(InstrumentationScope(), scope)
    resource_attributes, scope_attributes = read_attributes(sender.attributes), read_attributes(library.attributes)
    urls = [_text(resource_url), _text(scope_url)]
    canonical = repr(
        (
            sorted(zip(resource_attributes.texts.items(), resource_attributes.types, strict=True)),
            sorted(zip(scope_attributes.texts.items(), scope_attributes.types, strict=True)),
            library.name,
            library.version,
            urls,
        )
    )
    return Origin(
        id=digest(canonical),
        service=resource_attributes.texts.get("service.name") or UNKNOWN_SERVICE,
        resource=resource_attributes,
        resource_schema_url=urls[0],
        resource_dropped=sender.dropped_attributes_count,
        scope_name=library.name,
        scope_version=library.version,
        scope=scope_attributes,
        scope_schema_url=urls[1],
        scope_dropped=library.dropped_attributes_count,
    )


def digest(canonical: str) -> int:
    """Return 64 bits that stand for `canonical`."""
    return int.from_bytes(hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def read_attributes(pairs: Iterable[KeyValue]) -> Attributes:
    """Return attributes as texts and types; of two with one name the later stands, as in OpenTelemetry's SDKs."""
    found = {pair.key: any_value(pair.value) for pair in pairs}
    return Attributes({name: value for name, (value, _) in found.items()}, "".join(kind for _, kind in found.values()))


def _parse(message: M, raw: bytes) -> M:
    try:
        message.ParseFromString(raw)
    except (ProtobufError, RecursionError) as error:
        raise DecodeError(f"cannot read the {type(message).__name__} of the request: {error}") from None
    return message


def _text(raw: bytes) -> str:
    value: str = text(pa.array([raw], pa.binary()))[0].as_py()
    return value
