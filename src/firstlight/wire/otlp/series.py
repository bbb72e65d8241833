"""Which series a data point belongs to, recognised by its bytes.

A point's attributes come as the same bytes each time, so a series is decoded, translated to Prometheus' names and
hashed only when it is first seen; after that it is one look-up. As with origins, rows of `series` and `metadata` are
sent along until the store says that they are durable for that day.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufError
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from firstlight.errors import DecodeError
from firstlight.model.series import series_id
from firstlight.model.tables import SERIES
from firstlight.wire.census import Census, One
from firstlight.wire.origins import Attributes, Origin
from firstlight.wire.otlp.names import (
    TARGET_INFO,
    Kind,
    Scope,
    Translation,
    metric_name,
    series_labels,
    target_info_labels,
    unit_name,
)
from firstlight.wire.otlp.origins import read_attributes
from firstlight.wire.otlp.records import BAD_ATTRIBUTE
from firstlight.wire.stored import Metadata, Stored

DELTA = 1
TEMPORALITIES = ("", "delta", "cumulative")
MAX_LABELS = 128
MAX_LABEL_LENGTH = 4096

BAD_NAME = "metric or attribute without a usable name"
TOO_MANY_LABELS = f"more than {MAX_LABELS} labels"
LABEL_TOO_LONG = f"label longer than {MAX_LABEL_LENGTH} characters"


class Unfit(Exception):
    """A point or a series that cannot be kept; its text is the reason that the sender is told."""


class Description(NamedTuple):
    """What makes a metric of an origin one, as its sender wrote it."""

    tenant: str
    origin_id: int
    name: bytes
    unit: bytes
    help: bytes
    kind: Kind
    temporality: int
    monotonic: bool


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """A metric of one origin. `place` is a number of its own, by which points say whose they are."""

    place: int
    origin: Origin
    name: str
    unit: str
    kind: Kind
    temporality: int
    monotonic: bool
    metadata: Metadata


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A series under the name and labels of Prometheus."""

    id: int
    name: str
    labels: Mapping[str, str]
    attributes: Attributes
    metric: Metric


@dataclass(frozen=True, slots=True)
class Family:
    """The series that one histogram or summary point is to Prometheus: its own, and those of buckets, sum and count."""

    base: Series
    members: tuple[Series, ...]
    ids: npt.NDArray[np.uint64]

    @property
    def series(self) -> tuple[Series, ...]:
        """All of them, its own first."""
        return (self.base, *self.members)


class Member(NamedTuple):
    """How a member of a family differs from its base: what its name ends with, and the label it has besides."""

    suffix: str
    label: str = ""
    value: str = ""


Key = tuple[int, bytes]
FamilyKey = tuple[int, bytes, bytes]


@dataclass(slots=True)
class _Memory:
    """Everything remembered by bytes; thrown away whole when it is full."""

    metrics: dict[Description, Metric | Unfit] = field(default_factory=dict)
    ids: dict[Key, int] = field(default_factory=dict)
    families: dict[FamilyKey, Family] = field(default_factory=dict)
    targets: dict[tuple[str, int], Series | None] = field(default_factory=dict)
    members: int = 0
    """How many series the families have: a histogram may be a thousand."""

    def __len__(self) -> int:
        return len(self.metrics) + len(self.ids) + self.members + len(self.targets)


class Directory:
    """Remembers metrics and series, and which of them are stored for which day. Safe to use from several threads.

    Bounded by `limit` series; forgetting, when that is reached, costs decoding them again and rows that the store folds
    into those it has.
    """

    def __init__(self, translation: Translation, limit: int = 500_000, census: Census | None = None) -> None:
        self._translation = translation
        self._limit = limit
        self._places = itertools.count()
        self._memory = _Memory()
        self._stored = Stored(limit)
        self._census = census

    def metric(self, described: Description, origin: Origin) -> Metric | Unfit:
        """Return the metric so described, or why it cannot be kept."""
        found = self._memory.metrics.get(described)
        if found is None:
            found = self._read_metric(described, origin)
            self._roomy().metrics[described] = found
        return found

    def ids(self, keys: Iterable[Key]) -> list[int | None]:
        """Return the ids of number points' series by what identifies them; None for those not seen before."""
        return list(map(self._memory.ids.get, keys))

    def learn_id(self, key: Key, found: int) -> None:
        """Remember that points with this key belong to the series `found`."""
        self._roomy().ids[key] = found

    def family(self, key: FamilyKey) -> Family | None:
        """Return the series of a histogram or summary point by what identifies it; None if not seen before."""
        return self._memory.families.get(key)

    def read_family(self, key: FamilyKey, metric: Metric, pairs: Sequence[bytes], members: Iterable[Member]) -> Family:
        """Decode the series of a histogram or summary point and remember them. Raise Unfit if they cannot be kept."""
        base = self.read(metric, pairs)
        found = tuple(_member(base, member) for member in members)
        family = Family(base, found, np.array([one.id for one in found], np.uint64))
        memory = self._roomy()
        memory.families[key] = family
        memory.members += 1 + len(found)
        return family

    def read(self, metric: Metric, pairs: Sequence[bytes]) -> Series:
        """Return a metric's series with these attributes, each a KeyValue's bytes. Raise Unfit if it cannot be kept."""
        try:
            attributes = read_attributes(map(KeyValue.FromString, pairs))
        except (ProtobufError, RecursionError):
            raise Unfit(BAD_ATTRIBUTE) from None
        origin = metric.origin
        scope = Scope(origin.scope_name, origin.scope_version, origin.scope_schema_url, origin.scope.texts)
        try:
            labels = series_labels(
                attributes.texts, resource=origin.resource.texts, scope=scope, translation=self._translation
            )
        except DecodeError:
            raise Unfit(BAD_NAME) from None
        if len(labels) > MAX_LABELS:
            raise Unfit(TOO_MANY_LABELS)
        if max(map(len, labels.values()), default=0) > MAX_LABEL_LENGTH:
            raise Unfit(LABEL_TOO_LONG)
        name = metric.metadata.metric
        return Series(series_id(name, labels), name, labels, attributes, metric)

    def target(self, tenant: str, origin: Origin) -> Series | None:
        """Return the `target_info` series of an origin's resource, or None if there is nothing to tell."""
        key = (tenant, origin.id)
        if key not in self._memory.targets:
            self._roomy().targets[key] = self._read_target(tenant, origin)
        return self._memory.targets[key]

    def unstored(self, tenant: str, day: int, ids: Iterable[int]) -> set[int]:
        """Return those of `ids` whose rows of `series` are not known to be stored for `day`."""
        return self._stored.unstored(tenant, day, ids)

    def refused(self, tenant: str, day: int, ids: Collection[int]) -> dict[int, str]:
        """Return those of `ids` that were found too many for a day before, and why."""
        return self._census.refused(tenant, day, ids) if self._census and ids else {}

    def admit(self, tenant: str, day: int, groups: Iterable[Sequence[Series]]) -> dict[int, str]:
        """Return which groups of series, by the id of their first, are too many for a day: why each is refused."""
        if not self._census:
            return {}
        return self._census.admit(
            tenant, day, [tuple(One(one.id, one.name, one.labels) for one in group) for group in groups]
        )

    def untold(self, day: int, metrics: Iterable[Metric]) -> list[Metadata]:
        """Return the metadata of `metrics` that are not known to be stored for `day`."""
        return self._stored.untold(day, (one.metadata for one in metrics))

    def learn(self, kind: str, stored: pa.Table) -> None:
        """Take note that rows of `series` or `metadata` are durable; other kinds are none of its business."""
        self._stored.learn(kind, stored)

    def forget(self, kind: str, day: int) -> None:
        """Take note that the rows of `series` or `metadata` of a day are no longer there."""
        self._stored.forget(kind, day)

    def _roomy(self) -> _Memory:
        if len(self._memory) >= self._limit:
            self._memory = _Memory()
        return self._memory

    def _read_metric(self, described: Description, origin: Origin) -> Metric | Unfit:
        name, unit, text = (raw.decode("utf-8", "replace") for raw in described[2:5])
        kind, monotonic, strategy = described.kind, described.monotonic, self._translation.strategy
        try:
            family = metric_name(name, unit, kind, monotonic=monotonic, strategy=strategy)
        except DecodeError:
            return Unfit(BAD_NAME)
        metadata = Metadata(
            described.tenant, family, _type(kind, monotonic=monotonic), unit_name(unit, strategy=strategy), text
        )
        return Metric(next(self._places), origin, name, unit, kind, described.temporality, monotonic, metadata)

    def _read_target(self, tenant: str, origin: Origin) -> Series | None:
        labels = target_info_labels(origin.resource.texts, translation=self._translation)
        if not labels:
            return None
        metadata = Metadata(tenant, TARGET_INFO, "gauge", "", "Attributes of the resource that sends metrics.")
        metric = Metric(next(self._places), origin, TARGET_INFO, "", Kind.GAUGE, 0, monotonic=False, metadata=metadata)
        return Series(series_id(TARGET_INFO, labels), TARGET_INFO, labels, origin.resource, metric)


def _type(kind: Kind, *, monotonic: bool) -> str:
    match kind:
        case Kind.SUM:
            return "counter" if monotonic else "gauge"
        case Kind.EXPONENTIAL_HISTOGRAM:
            return "histogram"
        case _:
            return str(kind)


def _member(base: Series, member: Member) -> Series:
    labels = {**base.labels, member.label: member.value} if member.label else base.labels
    name = base.name + member.suffix
    return Series(series_id(name, labels), name, labels, base.attributes, base.metric)


def series_rows(found: Iterable[tuple[int, Series]]) -> pa.Table:
    """Return rows of `series` for pairs of day and series."""
    rows = [
        {
            "tenant": one.metric.metadata.tenant,
            "day": day,
            "series_id": one.id,
            "metric": one.name,
            "labels": sorted(one.labels.items()),
            "type": one.metric.metadata.type,
            "name": one.metric.name,
            "unit": one.metric.unit,
            "temporality": TEMPORALITIES[one.metric.temporality],
            "monotonic": one.metric.monotonic,
            "origin_id": one.metric.origin.id,
            "attributes": list(one.attributes.texts.items()),
            "attribute_types": one.attributes.types,
        }
        for day, one in found
    ]
    return pa.Table.from_pylist(rows, SERIES)
