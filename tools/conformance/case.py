"""What is run: a kind of material, and the cases found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that must hold. `run` returns if it does, and raises `AssertionError` with what was found if not."""

    name: str
    run: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of material, in `folder` below the top of the material.

    `cases` is given that folder and yields what it finds there, in a fixed order. Each case is run before the next is
    asked for, so `cases` may hold something open around its yields: a server, a store with data in it.
    """

    name: str
    folder: str
    cases: Callable[[Path], Iterator[Case]]


def expect(found: object, wanted: object, *, of: str) -> None:
    """Raise `AssertionError` unless `found` is `wanted`; say what differs, and `of` what."""
    if found != wanted:
        raise AssertionError(f"{of}: found {found!r}; want {wanted!r}")
