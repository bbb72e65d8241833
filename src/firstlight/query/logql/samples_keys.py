"""What lines are counted by, so that the engine has little to compare: one number, as far as that goes.

The number is made of the group of the stream, the severity and the bucket of time, each if it matters. What rows have
beside the line stands in columns of its own, of which a name that no row has is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.query.logql.lines import Lines, Places, Times
from firstlight.query.logql.samples_plan import EXTRACTED
from firstlight.query.logql.source_lines import Wanted, lines_of, lines_of_columns
from firstlight.query.logql.sql_fields import INTRINSIC, LEVEL, SEVERITIES, attribute, metadata, severity
from firstlight.query.logql.sql_rows import of_described
from firstlight.query.logql.sql_terms import TRUE, Bindings
from firstlight.query.logql.sql_windows import Buckets
from firstlight.query.logql.streams import Found

MOST_NUMBERED: Final = 10_000
"""How many streams are told apart by number; more are by their ids."""


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """What lines of the streams `found` are counted by."""

    found: Found
    buckets: Buckets
    level: bool
    """Whether lines have `detected_level`."""
    names: tuple[str, ...] | None
    """The metadata that stands in the columns `m0`, `m1`, …; None: all of it, in columns of their own."""
    group_of: Places | None = None
    """Of each stream its group, None if the number does not tell them apart."""
    by_severity: bool = False

    def columns(self, bound: Bindings) -> list[tuple[str, str]]:
        """Return what is selected and grouped by: expressions with their names."""
        if self.names is None:
            beside = Wanted(self.level).beside_line
            return [("origin_id", "origin_id"), *beside, (self.buckets.sql(bound), "number")]
        texts = [(self._text_of(name, bound), f"m{place}") for place, name in enumerate(self.names)]
        by_id = [("origin_id", "origin_id")] if self.group_of is None else []
        return [*by_id, *texts, (self._number(bound), "number")]

    def lines(self, rows: pa.Table) -> tuple[Lines, Times]:
        """Return a line for each row that was counted, and of each the bucket."""
        rest = rows.column("number").to_numpy().astype(np.int64)
        if self.names is None:
            return lines_of(rows, self.found, Wanted(self.level)), rest
        rest, buckets = np.divmod(rest, self.buckets.size)
        severities = None
        if self.by_severity:
            rest, severities = np.divmod(rest, SEVERITIES)
        streams = None
        if self.group_of is not None:
            _, firsts = np.unique(self.group_of, return_index=True)
            streams = firsts[rest].astype(np.int32)
        return lines_of_columns(rows, self.found, self.names, streams, severities), buckets

    def _text_of(self, name: str, bound: Bindings) -> str:
        if name == LEVEL:
            return attribute(name, bound)
        described = of_described(self.found, bound) if name in INTRINSIC else TRUE
        return metadata(name, bound, level=False, described=described)

    def _number(self, bound: Bindings) -> str:
        number, limit = "0", 1
        groups = 1 if self.group_of is None else int(self.group_of.max(initial=0)) + 1
        if self.group_of is not None and groups > 1:
            ids, numbers = bound.bind(self.found.ids.tolist(), "Array(UInt64)"), self.group_of.tolist()
            number = f"transform(origin_id, {ids}, {bound.bind(numbers, 'Array(UInt32)')}, 0)"
        limit *= groups
        if self.by_severity:
            number, limit = f"({number} * {SEVERITIES} + {severity()})", limit * SEVERITIES
        number, limit = f"{number} * {self.buckets.size} + {self.buckets.sql(bound)}", limit * self.buckets.size
        return f"toUInt{32 if limit < 2**32 else 64}({number})"


def keys_of(found: Found, buckets: Buckets, names: frozenset[str] | None, *, level: bool, seen: bool) -> Keys:
    """Return what lines are counted by, if only `names` of labels matter; `seen`: rows may have `doubtful` ones."""
    if names is None:
        return Keys(found, buckets, level, None)
    by_severity = level and LEVEL in names and not _is_settled(LEVEL, names, found)
    unsure = doubtful(names, found) if not seen else ()
    asked = [name for name in sorted(names) if not _is_settled(name, names, found) and name not in unsure]
    if by_severity and not seen:
        asked = [name for name in asked if name != LEVEL]
    group_of = None
    if len(found) <= MOST_NUMBERED:
        shown = [
            tuple((name, origin.labels.get(name), origin.beside.get(name)) for name in sorted(names))
            for origin in found.origins
        ]
        numbers: dict[object, int] = {}
        group_of = np.array([numbers.setdefault(key, len(numbers)) for key in shown], np.int32)
    return Keys(found, buckets, level, tuple(asked), group_of, by_severity)


def doubtful(names: frozenset[str], found: Found) -> tuple[str, ...]:
    """Return those of `names` that only attributes can be, and that can be found by their keys."""
    return tuple(
        name
        for name in sorted(names)
        if not _is_settled(name, names, found) and name not in INTRINSIC and ("_" not in name or name == LEVEL)
    )


def _is_settled(name: str, names: frozenset[str], found: Found) -> bool:
    """Return whether rows need not be asked for `name`: all streams have such a label, which goes first."""
    return f"{name}{EXTRACTED}" not in names and all(name in origin.labels for origin in found.origins)
