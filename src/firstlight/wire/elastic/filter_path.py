"""Answers cut down to what a client wants of them: the parameter `filter_path`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from firstlight.model.elastic.patterns import matches


def filtered(answer: Any, expression: str) -> Any:
    """Return what an expression such as ``items.*.error,-took`` leaves of an answer.

    >>> filtered({"took": 1, "items": [{"index": {"_id": "a", "status": 201}}]}, "items.*.status")
    {'items': [{'index': {'status': 201}}]}
    """
    paths = [path.strip().replace("\\.", "\0").split(".") for path in expression.split(",") if path.strip()]
    includes = [path for path in paths if not path[0].startswith("-")]
    excludes = [[path[0][1:], *path[1:]] for path in paths if path[0].startswith("-")]
    if includes:
        answer = _included(answer, includes)
    if excludes and answer is not None:
        answer = _excluded(answer, excludes)
    return {} if answer is None else answer


def _included(value: Any, paths: Sequence[Sequence[str]]) -> Any:
    if any(not path or path == ["**"] for path in paths):
        return value
    if isinstance(value, Mapping):
        found = {name: kept for name, one in value.items() if (kept := _included_under(name, one, paths)) is not None}
        return found or None
    if isinstance(value, list):
        return [kept for one in value if (kept := _included(one, paths)) is not None] or None
    return None


def _included_under(name: str, value: Any, paths: Sequence[Sequence[str]]) -> Any:
    rest = _rest(name, paths)
    return _included(value, rest) if rest else None


def _excluded(value: Any, paths: Sequence[Sequence[str]]) -> Any:
    if isinstance(value, Mapping):
        found = {}
        for name, one in value.items():
            rest = _rest(name, paths)
            if any(not path or path == ["**"] for path in rest):
                continue
            found[name] = _excluded(one, rest) if rest else one
        return found
    return [_excluded(one, paths) for one in value] if isinstance(value, list) else value


def _rest(name: str, paths: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Return what is left of the paths that lead through `name`."""
    found: list[Sequence[str]] = []
    for path in paths:
        if not path:
            continue
        if path[0] == "**":
            found.append(path)
            if len(path) > 1 and matches(path[1], name):
                found.append(path[2:])
        elif matches(path[0].replace("\0", "."), name):
            found.append(path[1:])
    return found
