"""What pydantic finds wrong, in our words, at the line where it was written.

Only the type of each of pydantic's errors is used, never its prose: what was wanted is told by the shape, what was
found by the values that were read. A secret is never quoted, nor anything in which there may be one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from firstlight.config.document import Fault, Place
from firstlight.config.shape import Key, Shape, allows_null, fields, holds_secret, inside, names, narrow, words
from firstlight.errors import brief, unknown_word

# Of each check that a value of the right type may fail: where pydantic tells the limit, and how we do.
_LIMITS = {
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "{} or more"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "{} or less"),
    "multiple_of": ("multiple_of", "a multiple of {}"),
    "finite_number": ("", "a finite number"),
    "string_too_short": ("min_length", "{} or more characters"),
    "string_too_long": ("max_length", "{} or fewer characters"),
    "string_pattern_mismatch": ("pattern", "text that matches {}"),
    "too_short": ("min_length", "{} or more entries"),
    "too_long": ("max_length", "{} or fewer entries"),
}


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in what was read: what is wanted there, what was found, and what it lies in."""

    key: Key
    shape: Shape
    found: Any
    holder: Shape = ()

    def down(self, step: str | int) -> _Spot:
        holder = narrow(self.shape, self.found) or self.shape
        found = self.found[step] if self.has(step) else None
        return _Spot((*self.key, step), inside(holder, step), found, holder)

    def has(self, step: str | int) -> bool:
        if isinstance(self.found, list):
            return isinstance(step, int) and step < len(self.found)
        return isinstance(self.found, dict) and step in self.found


def faults(errors: Sequence[ErrorDetails], shape: Shape, tree: Any, places: Mapping[Key, Place]) -> Iterator[Fault]:
    """Yield one fault for each setting that pydantic complains about."""
    # A setting that is a union has several errors: one for each type that it is not.
    spots: dict[Key, _Spot] = {}
    about: dict[Key, dict[str, ErrorDetails]] = {}
    for error in errors:
        spot = _locate(error, _Spot((), shape, tree))
        spots[spot.key] = spot
        about.setdefault(spot.key, {})[error["type"]] = error
    for key, spot in spots.items():
        place = next(places[key[:end]] for end in range(len(key), -1, -1) if key[:end] in places)
        # What is wrong with an unknown setting is the section that does not know it.
        yield Fault(place, key[:-1] if "extra_forbidden" in about[key] else key, _words(spot, about[key]))


def _locate(error: ErrorDetails, spot: _Spot) -> _Spot:
    for step in error["loc"]:
        # Other steps are pydantic's own: the member of a union, the check of a function.
        if spot.has(step):
            spot = spot.down(step)
    match error["type"], error["loc"]:
        case "missing", (*_, name):
            return spot.down(name)
        case "union_tag_not_found" | "union_tag_invalid", _:
            return spot.down(error["ctx"]["discriminator"].strip("'"))
        case _, (*_, name, "[key]"):
            return _Spot(spot.key, names(spot.holder), name)
    return spot


def _words(spot: _Spot, errors: Mapping[str, ErrorDetails]) -> str:
    """Return what is wrong at `spot`, from all errors there by their types."""
    wanted, found = words(spot.shape), spot.found
    if "extra_forbidden" in errors:
        known = [name for kind in spot.holder if kind.model for name in fields(kind.model)]
        return unknown_word("setting", str(spot.key[-1]), known)
    if "missing" in errors or "union_tag_not_found" in errors:
        return f"required, but not set; want {wanted}"
    if found is None and not allows_null(spot.shape):
        return f"no value given; want {wanted}"
    if limited := [name for name in errors if name in _LIMITS]:
        return _limit(spot, errors[limited[0]])
    if "value_error" in errors and len(errors) == 1 and _is_judged(spot):
        return str(errors["value_error"]["ctx"]["error"])
    choices = [str(choice) for kind in spot.shape for choice in kind.choices]
    if isinstance(found, str) and choices and all(kind.choices for kind in spot.shape if not kind.is_null):
        return unknown_word("value", found, choices)
    return f"cannot read {_shown(spot)}; want {wanted}"


def _is_judged(spot: _Spot) -> bool:
    """Whether a check of somebody's own saw what it expects to see, and so has something to say."""
    return not isinstance(spot.found, dict | list) or any(kind.model or kind.entries for kind in spot.shape)


def _limit(spot: _Spot, error: ErrorDetails) -> str:
    # Of a secret text, pydantic says what it says of lists.
    of_text = "string_" if isinstance(spot.found, str) and error["type"] in ("too_short", "too_long") else ""
    name, form = _LIMITS[of_text + error["type"]]
    limit = error.get("ctx", {}).get(name)
    unit = next((kind.unit for kind in spot.shape if kind.unit), None)
    shown = unit.show(limit) if unit else str(limit).removesuffix(".0")
    # A number is told without the quotes of the text that it was.
    found = _shown(spot) if name.endswith(("length", "pattern")) else _shown(spot).strip("'")
    return f"cannot use {found}; want {form.format(shown)}"


def _shown(spot: _Spot) -> str:
    if holds_secret(spot.shape):
        return "the value (not shown: it may be secret)"
    match spot.found:
        case list() if spot.found:
            return "a list"
        case dict() if spot.found:
            return "a mapping"
    return brief(spot.found)
