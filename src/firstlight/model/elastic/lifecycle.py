"""How long an index is kept: the delete phase of its lifecycle policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from firstlight.model.elastic.state import State, flat

POLICY_SETTING: Final = "index.lifecycle.name"
UNITS: Final = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "micros": 1e-6, "nanos": 1e-9}

_AGE: Final = re.compile(r"(\d+(?:\.\d+)?)(d|h|m|s|ms|micros|nanos)")


def seconds(text: str) -> float | None:
    """Return how long a time value of Elasticsearch is, or None if it is none.

    >>> seconds("7d")
    604800.0
    """
    found = _AGE.fullmatch(text.strip())
    return float(found[1]) * UNITS[found[2]] if found else 0.0 if text.strip() == "0" else None


def delete_after(policy: Mapping[str, Any]) -> float | None:
    """Return after how many seconds a policy deletes an index, or None if it never does."""
    phase = ((policy.get("policy") or {}).get("phases") or {}).get("delete")
    if not isinstance(phase, Mapping) or "delete" not in (phase.get("actions") or {"delete": {}}):
        return None
    return seconds(str(phase.get("min_age", "0ms")))


def retention_of(state: State) -> dict[str, float]:
    """Return how many seconds each index is kept that has a policy which deletes, or a lifecycle of a data stream."""
    found: dict[str, float] = {}
    for index in state.indices.values():
        settings = flat(index.settings)
        name = settings.get(POLICY_SETTING) or settings.get(POLICY_SETTING.removeprefix("index."))
        age = delete_after(state.sections["policies"].get(str(name)) or {}) if name else None
        if age is not None:
            found[index.name] = age
    return found
