"""Groups of metrics that were pushed, kept until they are pushed anew or deleted: what a Pushgateway holds.

A group is told apart by the labels of its path. A push replaces the whole group (PUT), or the metrics of the names that
it has (POST). Every group says besides when it was last pushed to, and when that last failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from firstlight.errors import DecodeError
from firstlight.wire.prometheus.labels import METRIC_NAME
from firstlight.wire.pushes.labelled import Labelled, key_of
from firstlight.wire.stored import Metadata

PUSHED: Final = "push_time_seconds"
FAILED: Final = "push_failure_time_seconds"
HELPS: Final = {
    PUSHED: "Last Unix time when changing this group in the Pushgateway succeeded.",
    FAILED: "Last Unix time when changing this group in the Pushgateway failed.",
}


@dataclass(frozen=True, slots=True)
class Family:
    """The samples of one metric of a group: labels, without those of the group, and values."""

    type: str
    help: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What was pushed under one set of labels; times are in milliseconds, 0 for never."""

    labels: Mapping[str, str]
    families: Mapping[str, Family] = field(default_factory=dict)
    pushed: int = 0
    failed: int = 0

    def samples(self, time: int) -> list[Labelled]:
        """Return the samples of the group as of `time`."""
        found = [
            Labelled({**labels, **self.labels}, time, value)
            for family in self.families.values()
            for labels, value in family.samples
        ]
        times = ((PUSHED, self.pushed), (FAILED, self.failed))
        return found + [Labelled({METRIC_NAME: name, **self.labels}, time, at / 1000) for name, at in times]

    def metadata(self, tenant: str) -> Iterator[Metadata]:
        """Yield what is known of the group's metrics."""
        for name, family in self.families.items():
            yield Metadata(tenant, name, family.type, "", family.help)
        for name, text in HELPS.items():
            yield Metadata(tenant, name, "gauge", "", text)


@dataclass(frozen=True, slots=True)
class Change:
    """What a request makes of one group, as it was when the request came; None deletes it."""

    tenant: str
    labels: Mapping[str, str]
    group: Group | None
    replaces: bool = True
    """Whether what is not in `pushed` goes."""
    pushed: Mapping[str, Family] = field(default_factory=dict)
    ended: Sequence[Labelled] = ()
    """The series that are no more after the change."""


class Groups:
    """All groups, of all tenants."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, bytes], Group] = {}

    def __iter__(self) -> Iterator[tuple[str, Group]]:
        return ((tenant, group) for (tenant, _), group in list(self._groups.items()))

    def push(
        self, tenant: str, labels: Mapping[str, str], families: Mapping[str, Family], now: int, *, replaces: bool
    ) -> Change:
        """Return what pushing `families` will make of a group; nothing is changed yet."""
        before = self._groups.get((tenant, key_of(labels)), Group(labels))
        kept = {} if replaces else before.families
        after = Group(labels, {**kept, **families}, now, before.failed)
        remaining = {key_of(one.labels) for one in after.samples(now)}
        known = before.samples(now) if before.pushed or before.failed else []
        ended = [one for one in known if key_of(one.labels) not in remaining]
        return Change(tenant, labels, after, replaces, families, ended)

    def delete(self, tenant: str, labels: Mapping[str, str], now: int) -> Change:
        """Return what deleting a group will do; nothing is changed yet."""
        before = self._groups.get((tenant, key_of(labels)))
        ended = before.samples(now) if before else ()
        return Change(tenant, labels, None, ended=ended)

    def fail(self, tenant: str, labels: Mapping[str, str], now: int) -> None:
        """Take note that a push to a group failed."""
        before = self._groups.get((tenant, key_of(labels)), Group(labels))
        self._groups[tenant, key_of(labels)] = replace(before, failed=now)

    def apply(self, change: Change) -> None:
        """Do what a change says, to the group as it is by now: others may have pushed to it meanwhile."""
        key = (change.tenant, key_of(change.labels))
        if change.group is None:
            self._groups.pop(key, None)
            return
        now = self._groups.get(key, Group(change.labels))
        kept = {} if change.replaces else now.families
        self._groups[key] = Group(change.labels, {**kept, **change.pushed}, change.group.pushed, now.failed)

    # --- as bytes, to be kept ------------------------------------------------------------------------------------

    def dump(self) -> bytes:
        """Return all groups as bytes that `load` understands."""
        return orjson.dumps({"version": 1, "groups": [_plain(tenant, group) for tenant, group in self]})

    @classmethod
    def load(cls, data: bytes) -> Groups:
        """Return the groups that `dump` made bytes of. Raise DecodeError if it did not."""
        groups = cls()
        try:
            found = orjson.loads(data)
            if found["version"] != 1:
                raise DecodeError(f"cannot read the pushed groups: they have version {found['version']}; want 1")
            for one in found["groups"]:
                group = _group(one)
                groups._groups[one["tenant"], key_of(group.labels)] = group
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise DecodeError(f"cannot read the pushed groups: {error!r}; want what was written before") from None
        return groups


def _plain(tenant: str, group: Group) -> dict[str, Any]:
    families = {
        name: {
            "type": family.type,
            "help": family.help,
            # As text, which keeps infinities and NaN.
            "samples": [[dict(labels), float(value).hex()] for labels, value in family.samples],
        }
        for name, family in group.families.items()
    }
    return {
        "tenant": tenant,
        "labels": dict(group.labels),
        "pushed": group.pushed,
        "failed": group.failed,
        "families": families,
    }


def _group(plain: Mapping[str, Any]) -> Group:
    families = {
        name: Family(
            one["type"], one["help"], tuple((labels, float.fromhex(value)) for labels, value in one["samples"])
        )
        for name, one in plain["families"].items()
    }
    return Group(plain["labels"], families, plain["pushed"], plain["failed"])
