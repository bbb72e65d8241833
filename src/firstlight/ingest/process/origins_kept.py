"""The origins of records, remembered as they pass, so that a record that changes its day or its stream has one.

The rows of `origins` come once a day, with the first records of an origin. Where processing gives a record another
day, or makes another origin of one, the row for it is made from the one that came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

import pyarrow as pa

from firstlight.model.tables import ORIGINS
from firstlight.wire.origins import UNKNOWN_SERVICE, digest

Row = dict[str, Any]
Key = tuple[str, int]

LIMIT: Final = 100_000
"""How many origins are remembered: as many as those who send rows only once remember to have sent."""

MAX_DERIVED: Final = 20_000
"""How many origins are made of others, at most, until they are forgotten."""


class KeptOrigins:
    """Remembers the rows of origins, and which of the rows made here are stored. Safe to use from several threads."""

    def __init__(self) -> None:
        self._rows: dict[Key, Row] = {}
        self._stored: set[tuple[str, int, int]] = set()
        self._derived: dict[tuple[str, int, str], Row] = {}

    def see(self, origins: pa.Table) -> None:
        """Take note of rows on their way to the store."""
        for row in origins.to_pylist():
            if len(self._rows) >= LIMIT:
                with suppress(RuntimeError):  # as when another thread does the same just now
                    self._rows.pop(next(iter(self._rows)), None)
            self._rows[row["tenant"], row["origin_id"]] = row

    def learn(self, stored: pa.Table) -> None:
        """Take note that rows of `origins` are durable."""
        if len(self._stored) >= LIMIT:
            self._stored.clear()
        columns = (stored["tenant"], stored["day"].cast(pa.int32()), stored["origin_id"])
        self._stored.update(zip(*(column.to_pylist() for column in columns), strict=True))

    def forget(self, day: int) -> None:
        """Take note that the rows of a day are no longer there."""
        self._stored = {known for known in self._stored.copy() if known[1] != day}

    def knows(self, tenant: str, origin: int) -> bool:
        """Return whether a row of an origin has been seen."""
        return (tenant, origin) in self._rows

    def labels(self, tenant: str, origin: int) -> Mapping[str, str]:
        """Return the stream labels of an origin, none if it is not known."""
        row = self._rows.get((tenant, origin))
        return dict(row["labels"]) if row else {}

    def rows(self, tenant: str, wanted: Iterable[tuple[int, int]], there: pa.Table | None) -> pa.Table | None:
        """Return `there` and the rows of origins on days, as (day, origin), that are neither in it nor stored."""
        present = (
            set(zip(there["day"].cast(pa.int32()).to_pylist(), there["origin_id"].to_pylist(), strict=True))
            if there is not None
            else set()
        )
        missing = [
            self._rows[tenant, origin] | {"day": day}
            for day, origin in sorted(set(wanted))
            if (day, origin) not in present and (tenant, day, origin) not in self._stored
            if (tenant, origin) in self._rows
        ]
        if not missing:
            return there
        made = pa.Table.from_pylist(missing, ORIGINS)
        return made if there is None else pa.concat_tables([there, made])

    def with_service(self, tenant: str, origin: int, service: str) -> int:
        """Return the origin that is as another but for its service. Its stream stays the same."""
        return self._derive(tenant, origin, f"service {service}", {"service": service})

    def with_labels(self, tenant: str, origin: int, labels: Mapping[str, str]) -> int:
        """Return the origin that is as another but for the labels of its stream."""
        ordered = dict(sorted(labels.items()))
        row = self._rows.get((tenant, origin))
        changes: Row = {"labels": list(ordered.items())}
        named = ordered.get("service_name", "")
        if row and named and row["service"].startswith(UNKNOWN_SERVICE):
            changes["service"] = named
        return self._derive(tenant, origin, f"labels {ordered!r}", changes)

    def service(self, tenant: str, origin: int) -> str:
        """Return the service of an origin, nothing if it is not known."""
        row = self._rows.get((tenant, origin))
        return str(row["service"]) if row else ""

    def _derive(self, tenant: str, origin: int, words: str, changes: Row) -> int:
        row = self._rows.get((tenant, origin))
        key = (tenant, origin, words)
        if row is None or (key not in self._derived and len(self._derived) >= MAX_DERIVED):
            return origin
        made = self._derived.get(key)
        if made is None:
            made = self._derived[key] = row | changes | {"origin_id": digest(f"{origin} {words}")}
        number = int(made["origin_id"])
        self._rows[tenant, number] = made
        return number
