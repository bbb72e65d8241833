"""Keys of buckets: which bucket, or buckets, a record falls into, and how each is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from firstlight.query.elastic.faults import illegal, unsupported

MAX_BUCKETS: Final = 65_535


Shown = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Keys:
    """The key of a record's bucket as SQL: one that may be NULL, or an array of keys."""

    sql: str
    kind: str
    """The type of the engine that keys have."""
    show: Shown
    """Returns what a bucket of a key tells of it."""
    many: bool = False
    numbered: Sequence[dict[str, Any]] | None = None
    """What is told of each bucket, if their keys are numbers from 0 and all of them are shown."""

    def column(self, allowed: str = "") -> str:
        """Return the key as a column to group by; `allowed` is an array of those that matter."""
        if self.many:
            return (
                f"arrayJoin(arrayFilter(y -> has({allowed}, y), {self.sql}))" if allowed else f"arrayJoin({self.sql})"
            )
        return f"if(has({allowed}, {self.sql}), {self.sql}, NULL)" if allowed else self.sql


def order_of(said: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Return what buckets are ordered by, each with whether it descends."""
    given = said.get("order")
    listed = given if isinstance(given, list) else [given] if given else []
    found = []
    for one in listed:
        if not isinstance(one, Mapping) or len(one) != 1:
            raise illegal("Must specify at least one field for [order]")
        ((path, direction),) = one.items()
        if ">" in str(path):
            raise unsupported("order through other buckets", str(path), "_count, _key, or a metric")
        found.append((str(path), str(direction).lower() == "desc"))
    return found


def number_of(value: Any, name: str) -> float:
    """Return what a request says a number is."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise illegal(f"[{name}] must be a number, but was [{str(value)[:50]}]") from None
