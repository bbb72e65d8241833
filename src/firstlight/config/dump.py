"""Settings as they are in use: written out, and compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel

from firstlight.config.shape import Key, dotted
from firstlight.errors import without_password


def dump(instance: BaseModel) -> str:
    """Return the settings as YAML, with secrets and the passwords of URLs masked."""
    return yaml.safe_dump(plain(instance), sort_keys=False, allow_unicode=True)


def plain(instance: BaseModel) -> dict[str, Any]:
    """Return the settings as mappings, lists and scalars such as YAML has, masked as in `dump`."""
    return {name: _masked(value) for name, value in instance.model_dump(mode="json", by_alias=True).items()}


def changed(old: BaseModel, new: BaseModel) -> list[str]:
    """Return the settings that differ between two instances of one model, as ``store.url``."""
    return [dotted(key) for key in _differences(old, new, ())]


def _differences(old: BaseModel, new: BaseModel, key: Key) -> Iterator[Key]:
    for name, info in type(old).model_fields.items():
        before, after, here = getattr(old, name), getattr(new, name), (*key, info.alias or name)
        if isinstance(before, BaseModel) and type(before) is type(after):
            yield from _differences(before, after, here)
        elif before != after:
            yield here


def _masked(value: Any) -> Any:
    match value:
        case dict():
            return {name: _masked(entry) for name, entry in value.items()}
        case list():
            return [_masked(entry) for entry in value]
        case str():
            return without_password(value)
    return value
