"""Who sent what over OTLP: resource and scope, recognised by their bytes and decoded once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufError
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from firstlight.errors import DecodeError
from firstlight.wire.origins import UNKNOWN_SERVICE, Attributes, Origin, StoredOrigins, digest, index_labels
from firstlight.wire.otlp.columns import any_value, parents, text

M = TypeVar("M", bound=Message)

Key = tuple[bytes, bytes, bytes, bytes]


class Origins(StoredOrigins):
    """Remembers origins by their bytes, too; as many of them as entries of the other memory."""

    def __init__(self, limit: int = 100_000) -> None:
        super().__init__(limit)
        self._seen: dict[Key, Origin] = {}

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
        labels=index_labels(resource_attributes.texts),
        resource_schema_url=urls[0],
        resource_dropped=sender.dropped_attributes_count,
        scope_name=library.name,
        scope_version=library.version,
        scope=scope_attributes,
        scope_schema_url=urls[1],
        scope_dropped=library.dropped_attributes_count,
    )


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
