"""What a model of settings wants: its types, seen from outside.

A *key* is the way to a setting: names, and numbers of list entries. A *shape* is the types that may stand at a key:
one or, for a union, several. Of several sections that may stand at one key, a field such as ``kind: slack`` must tell
which is meant. Which types of Python and pydantic are understood is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import Enum
from functools import reduce
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from firstlight.config.units import Unit

Key: TypeAlias = tuple[str | int, ...]
Model: TypeAlias = type[BaseModel]

ENTRY, NAMED = "[]", "<name>"
"""The steps, in the key of a setting, that stand for any entry of a list and of a mapping."""

SECRETS = (SecretStr, SecretBytes)

_WORDS: Mapping[Any, str] = {
    NoneType: "null",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    SecretStr: "text (a secret)",
    SecretBytes: "text (a secret)",
    Path: "a path",
    Any: "anything",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of a shape."""

    type: Any
    unit: Unit | None = None

    @property
    def model(self) -> Model | None:
        """The model, if this is a section of settings."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, BaseModel) else None

    @property
    def is_null(self) -> bool:
        """Whether this is null."""
        return self.type in (NoneType, None)

    @property
    def is_list(self) -> bool:
        """Whether this is a list, a tuple or a set."""
        return self._derives(Sequence) or self._derives(AbstractSet)

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping of names to something."""
        return self._derives(Mapping)

    @property
    def entries(self) -> Shape:
        """The shape of the entries, if this is a list or a mapping."""
        if not (self.is_list or self.is_mapping):
            return ()
        return kinds((get_args(self.type) or (Any, Any))[1 if self.is_mapping else 0])

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values to choose from, if they are counted."""
        if isinstance(self.type, type) and issubclass(self.type, Enum):
            return tuple(member.value for member in self.type)
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def is_text(self) -> bool:
        """Whether this type, and not YAML, decides what the text of a scalar means."""
        return self.type not in (Any, object) and all(isinstance(choice, str) for choice in self.choices)

    def _derives(self, abstract: type) -> bool:
        bare = get_origin(self.type) or self.type
        return isinstance(bare, type) and issubclass(bare, abstract) and not issubclass(bare, str | bytes)

    def __str__(self) -> str:
        if self.choices:
            return ("one of " if len(self.choices) > 1 else "") + ", ".join(map(str, self.choices))
        if self.model:
            return f"a section of settings ({', '.join(fields(self.model))})"
        if self.entries:
            return f"{'a mapping of names, each to' if self.is_mapping else 'a list, each'} {words(self.entries)}"
        # A type that reads itself, such as ListenAddress, has `words` as a unit has.
        told = getattr(self.unit or self.type, "words", None)
        return str(told or _WORDS.get(self.type) or getattr(self.type, "__name__", "another value"))


Shape: TypeAlias = tuple[Kind, ...]


def kinds(annotation: Any, metadata: Sequence[Any] = ()) -> Shape:
    """Return the types that a type annotation allows; `metadata` is what an ``Annotated`` around it adds."""
    if get_origin(annotation) is Annotated:
        return kinds(get_args(annotation)[0], get_args(annotation)[1:])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(kind for member in get_args(annotation) for kind in kinds(member, metadata))
    return (Kind(annotation, next((mark for mark in metadata if isinstance(mark, Unit)), None)),)


def fields(model: Model) -> dict[str, FieldInfo]:
    """Return the fields of a model by the names that users write."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def shapes(model: Model) -> dict[str, Shape]:
    """Return the shapes of a model's fields by the names that users write."""
    return {name: kinds(info.annotation, info.metadata) for name, info in fields(model).items()}


def inside(shape: Shape, step: str | int) -> Shape:
    """Return the shape one step further down; empty if there is nothing."""
    found: list[Kind] = []
    for kind in shape:
        if kind.model:
            found += shapes(kind.model).get(str(step), ())
        elif kind.is_list if isinstance(step, int) else kind.is_mapping:
            found += kind.entries
    return tuple(found)


def at(shape: Shape, key: Key) -> Shape:
    """Return the shape at a key; empty if there is nothing."""
    return reduce(inside, key, shape)


def names(shape: Shape) -> Shape:
    """Return the shape of the names in a mapping of this shape."""
    return tuple(name for kind in shape if kind.is_mapping for name in kinds((get_args(kind.type) or (Any,))[0]))


def narrow(shape: Shape, value: object) -> Shape:
    """Return the types that `value` may be meant for: of several models, the one that its ``kind: slack`` says."""
    told = value if isinstance(value, dict) else {}
    return tuple(
        kind
        for kind in shape
        if not kind.model or all(told.get(name, word) == word for name, word in tags(kind.model).items())
    )


def tags(model: Model) -> dict[str, Any]:
    """Return the fields that allow one word only, and the word: what tells a model from its siblings."""
    return {name: only[0].choices[0] for name, only in shapes(model).items() if len(only) == len(only[0].choices) == 1}


def allows_null(shape: Shape) -> bool:
    """Return whether null is among the values."""
    return any(kind.is_null or kind.type in (Any, object) for kind in shape)


def holds_secret(shape: Shape, above: tuple[Model, ...] = ()) -> bool:
    """Return whether there may be a secret in a value of this shape, however deep."""
    return any(
        kind.type in SECRETS
        or holds_secret(kind.entries, above)
        or (kind.model and kind.model not in above and _has_secret(kind.model, above))
        for kind in shape
    )


def _has_secret(model: Model, above: tuple[Model, ...]) -> bool:
    return any(holds_secret(shape, (*above, model)) for shape in shapes(model).values())


def words(shape: Shape) -> str:
    """Return what is wanted, in the words of users."""
    return ", or ".join(dict.fromkeys(map(str, shape)))


def dotted(key: Key) -> str:
    """Return a key as users write it: ``receivers.oncall.slack[0].channel``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else step if step == ENTRY else f".{step}" for step in key)
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that a model has, whatever is written where."""

    key: Key
    shape: Shape
    description: str
    holder: Model
    opens: bool = False
    """Whether it is followed by settings that are in it, or in each of its entries."""

    @property
    def section(self) -> Model | None:
        """The model of the settings in it, one level deeper; None if this is a value."""
        solid = [kind for kind in self.shape if not kind.is_null]
        return solid[0].model if len(solid) == 1 else None

    @property
    def fixed(self) -> bool:
        """Whether the key names one place, and not one in each entry of a list or mapping."""
        return ENTRY not in self.key and NAMED not in self.key


def settings(model: Model, key: Key = (), above: tuple[Model, ...] = ()) -> Iterator[Setting]:
    """Yield the settings of `model`: plain values first, then each that has settings in it, with those.

    What holds itself, as a route holds routes, is entered once.
    """
    above = (*above, model)
    deeper: list[tuple[Setting, list[Setting]]] = []
    for name, info in fields(model).items():
        setting = Setting((*key, name), kinds(info.annotation, info.metadata), info.description or "", model)
        inner = [one for one in _sections(setting) if one.section not in above]
        if inner:
            deeper.append((setting, inner))
        else:
            yield setting
    for setting, inner in deeper:
        yield from [] if setting.section else [replace(setting, opens=True)]
        for one in inner:
            yield replace(one, opens=True)
            yield from settings(one.section, one.key, above) if one.section else []


def _sections(setting: Setting) -> Iterator[Setting]:
    """Yield `setting` if it is a section, or else what its entries are, as far as they are sections."""
    if setting.section:
        yield setting
        return
    for kind in setting.shape:
        key = (*setting.key, NAMED if kind.is_mapping else ENTRY)
        for entry in kind.entries:
            yield from _sections(replace(setting, key=key, shape=(entry,), description=""))
