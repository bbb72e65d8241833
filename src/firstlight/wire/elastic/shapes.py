"""Documents to columns: those that have the same names in the same places are read together, a field at a time.

Documents of one sender have few shapes, so that what is done once a shape and field costs next to nothing a document.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, TypeVar

MAX_DEPTH: Final = 20
"""How deep objects are taken apart; what is deeper is kept as JSON."""

Path = tuple[str, ...]
"""The names that lead to a value, the outermost first."""

Places = list[int] | range

Label = TypeVar("Label", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Group:
    """Objects of one shape: where they were, and for each path its values."""

    rows: Places
    paths: tuple[Path, ...]
    columns: Sequence[Sequence[Any]]

    def kinds(self) -> list[set[type]]:
        """Return the types of the values of each path."""
        return [set(map(type, column)) for column in self.columns]

    def pick(self, places: Sequence[int]) -> Group:
        """Return some of the objects, by their place in the group."""
        return Group(picked(self.rows, places), self.paths, [picked(column, places) for column in self.columns])


def groups(documents: Sequence[dict[str, Any]]) -> Iterator[Group]:
    """Yield documents by their shape; the values of a path are no objects, unless empty ones or too deep."""
    for group in _objects(documents, 1):
        yield Group(group.rows, (), ()) if group.paths == _ITSELF else group


def partition(labels: Sequence[Label]) -> dict[Label, Places]:
    """Return where each label is."""
    if not labels:
        return {}
    if labels.count(labels[0]) == len(labels):
        return {labels[0]: range(len(labels))}
    found: dict[Label, Places] = {}
    for place, label in enumerate(labels):
        places = found.get(label)
        if places is None:
            found[label] = [place]
        else:
            places.append(place)  # type: ignore[union-attr] # ranges are only made above
    return found


def picked(values: Sequence[Any], places: Sequence[int]) -> Any:
    """Return the values at some places."""
    if type(places) is range:  # which here are all places there are
        return values
    return [values[place] for place in places]


_ITSELF: Final[tuple[Path, ...]] = ((),)


def _objects(objects: Sequence[dict[str, Any]], depth: int) -> Iterator[Group]:
    for names, rows in partition(list(map(tuple, objects))).items():
        chosen = picked(objects, rows)
        if not names:
            yield Group(rows, _ITSELF, [chosen])
            continue
        found = [_values(column, depth) for column in zip(*map(dict.values, chosen), strict=True)]
        mixed = [one for one in found if len(one) > 1]
        if mixed:
            labels = list(zip(*(_labels(one, len(rows)) for one in mixed), strict=True))
            for alike in partition(labels).values():
                for group in _objects(picked(chosen, alike), depth):
                    yield Group(picked(picked(rows, alike), group.rows), group.paths, group.columns)
            continue
        paths = tuple((name, *path) for name, (one,) in zip(names, found, strict=True) for path in one.paths)
        yield Group(rows, paths, list(chain.from_iterable(one.columns for (one,) in found)))


def _values(column: Sequence[Any], depth: int) -> list[Group]:
    kinds = set(map(type, column))
    if dict not in kinds or depth >= MAX_DEPTH:
        return [Group(range(len(column)), _ITSELF, [column])]
    if len(kinds) == 1:
        return list(_objects(column, depth + 1))
    objects = [place for place, value in enumerate(column) if type(value) is dict]
    others = [place for place, value in enumerate(column) if type(value) is not dict]
    inner = _objects(picked(column, objects), depth + 1)
    return [
        Group(others, _ITSELF, [picked(column, others)]),
        *(Group(picked(objects, one.rows), one.paths, one.columns) for one in inner),
    ]


def _labels(found: Sequence[Group], length: int) -> list[int]:
    labels = [0] * length
    for label, group in enumerate(found):
        for row in group.rows:
            labels[row] = label
    return labels
