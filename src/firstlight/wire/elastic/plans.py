"""What is to be done with documents of one shape, found out once: which field goes where, and what it is called."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from firstlight.model.elastic.names import SPELLINGS, Column
from firstlight.wire.elastic.shapes import Path

MAX_PLANS: Final = 10_000

MAX_WAYS: Final = 1_000
"""In how many ways documents of one shape are read that differ in which of their fields are good for columns."""

Spelling = tuple[tuple[Column, str], ...]
"""The columns of a document, each with what it is called there."""

Dotted = tuple[tuple[str, int], ...]
"""Names whose last part has dots in it, with where that part begins."""


class Candidate(NamedTuple):
    """A field that is a column if its value is good for it."""

    place: int
    spelled: str
    """Its name; one that is not nested but has the dots in it begins with ``=``."""


@dataclass(frozen=True, slots=True)
class Way:
    """How documents become attributes once it is known which of their fields are columns."""

    spelled: Spelling
    places: tuple[int, ...]
    """The fields that become attributes."""
    names: tuple[str, ...]
    """What these are called."""
    dotted: Dotted
    is_odd: bool
    """Whether the documents cannot be told from their attributes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with documents that have these paths."""

    paths: tuple[Path, ...]
    candidates: Mapping[Column, Sequence[Candidate]]
    has_odd_time: bool
    """Whether the time is an object, which it cannot be."""
    is_literal: bool
    """Whether there are names with dots in them, or empty ones."""
    ways: dict[tuple[tuple[tuple[Column, int], ...], tuple[int, ...]], Way] = field(default_factory=dict)

    @classmethod
    def of(cls, paths: tuple[Path, ...]) -> Plan:
        """Return the plan for documents that have values at `paths`."""
        places = {path: place for place, path in enumerate(paths)}
        candidates = {
            column: tuple(one for name in spellings for one in _candidates(column, name, places))
            for column, spellings in SPELLINGS.items()
        }
        time = SPELLINGS[Column.TIME][0]
        has_odd_time = any(path[0] == time and len(path) > 1 for path in paths)
        return cls(paths, candidates, has_odd_time, any(not name or "." in name for path in paths for name in path))

    def way(self, chosen: tuple[tuple[Column, int], ...], opaque: tuple[int, ...]) -> Way:
        """Return how to go on if these fields are columns; `opaque` are those that have arrays or objects in them."""
        opaque = opaque if self.is_literal else ()  # only with dots in names it matters
        found = self.ways.get((chosen, opaque))
        if found is None:
            if len(self.ways) >= MAX_WAYS:
                self.ways.clear()
            found = self.ways[chosen, opaque] = self._way(dict(chosen), opaque)
        return found

    def _way(self, chosen: Mapping[Column, int], opaque: Collection[int]) -> Way:
        spelled = tuple(
            (column, next(one.spelled for one in self.candidates[column] if one.place == place))
            for column, place in chosen.items()
        )
        places = tuple(place for place in range(len(self.paths)) if place not in chosen.values())
        names = tuple(".".join(self.paths[place]) for place in places)
        dotted: list[tuple[str, int]] = []
        is_odd = False
        if self.is_literal:
            for prefix, siblings in _objects({self.paths[place]: place in opaque for place in places}):
                for name in siblings:
                    if not name or "." in name:
                        dotted.append((f"{prefix}{name}", len(prefix)))
                        is_odd |= _collides(name, siblings)
            arrays = tuple(f"{'.'.join(self.paths[place])}." for place in opaque)
            is_odd |= any(name.startswith(arrays) for name, _ in dotted)
        return Way(spelled, places, names, tuple(dotted), is_odd)


class Plans(dict[tuple[Path, ...], Plan]):
    """Plans by the paths of documents, remembered."""

    def __missing__(self, paths: tuple[Path, ...]) -> Plan:
        if len(self) >= MAX_PLANS:
            self.clear()
        found = self[paths] = Plan.of(paths)
        return found


def _candidates(column: Column, name: str, places: Mapping[Path, int]) -> Iterator[Candidate]:
    if "." in name and (place := places.get(tuple(name.split(".")))) is not None:
        yield Candidate(place, name)
    if (place := places.get((name,))) is not None:
        yield Candidate(place, f"={name}" if "." in name else name)


def _objects(paths: Mapping[Path, bool]) -> Iterator[tuple[str, Mapping[str, bool]]]:
    """Yield each object with what its names are joined to, and its names: whether more than a plain value is there.

    `paths` says so of their own ends.
    """
    found: dict[Path, dict[str, bool]] = {}
    for path, is_opaque in paths.items():
        for depth, name in enumerate(path):
            found.setdefault(path[:depth], {})[name] = is_opaque or depth < len(path) - 1
    for outer, siblings in found.items():
        yield "".join(f"{name}." for name in outer), siblings


def _collides(name: str, siblings: Mapping[str, bool]) -> bool:
    """Say whether a name with dots would lead into another field of its object when it is taken apart."""
    parts = name.split(".")
    return (
        "" in parts
        or any(siblings.get(".".join(parts[:count])) for count in range(1, len(parts)))
        or (siblings[name] and any(other.startswith(f"{name}.") for other in siblings))
    )
