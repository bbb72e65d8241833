"""Scenarios of REST calls as Quickwit's tests have them: steps in YAML, each with what is expected of its answer.

They are run as for a real Elasticsearch. Folders whose index only Quickwit can be told to make are told to us in
Elasticsearch's words: the same fields, the same documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import yaml

ENGINE: Final = "elasticsearch"
OTHER: Final = "quickwit"
TRANSLATED: Final = ("aggregations", "search_after", "sort_orders")
"""Folders that are written for Quickwit alone, though they ask in Elasticsearch's API."""

TYPES: Final = {
    "datetime": "date", "u64": "unsigned_long", "i64": "long", "f64": "double", "text": "text", "bool": "boolean",
    "ip": "ip", "json": "object",
}  # fmt: skip

SECONDS: Final = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z$")


@dataclass(frozen=True, slots=True)
class Step:
    """One call, and what is expected."""

    name: str
    said: Mapping[str, Any]
    folder: Path
    counts: bool
    """Whether it is a case, and not something done before or after cases."""


def steps(top: Path) -> Iterator[Step]:
    """Yield the steps of all folders below `top` in their order."""
    for folder in sorted(path for path in top.iterdir() if path.is_dir()):
        yield from _folder(folder, {}, folder.name)


def _folder(folder: Path, context: Mapping[str, Any], name: str) -> Iterator[Step]:
    engine = OTHER if name.partition("/")[0] in TRANSLATED else ENGINE
    context = dict(context)
    for file in ("_ctx.yaml", f"_ctx.{engine}.yaml"):
        if (folder / file).exists():
            for one in _documents(folder / file):
                context |= one
    for file in ("_setup.yaml", f"_setup.{engine}.yaml"):
        yield from _file(folder / file, context, name, engine, counts=False)
    for path in sorted(folder.glob("[!_]*.yaml")):
        yield from _file(path, context, name, engine, counts=True)
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        yield from _folder(inner, context, f"{name}/{inner.name}")
    for file in (f"_teardown.{engine}.yaml", "_teardown.yaml"):
        yield from _file(folder / file, context, name, engine, counts=False)


def _file(path: Path, context: Mapping[str, Any], name: str, engine: str, *, counts: bool) -> Iterator[Step]:
    if not path.exists():
        return
    for number, one in enumerate(_documents(path), 1):
        said = {**context, **one}
        if engine not in said.get("engines", [engine]):
            continue
        if engine == OTHER:
            said = _translated(said)
        methods = said.get("method", "GET")
        for method in methods if isinstance(methods, list) and counts else [_first(methods)]:
            yield Step(f"{name}/{path.name}[{number}] {method}", {**said, "method": method}, path.parent, counts)


def _first(methods: Any) -> str:
    return str(methods[0] if isinstance(methods, list) else methods)


def _documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def _translated(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step for Quickwit in Elasticsearch's words."""
    found = dict(said)
    endpoint = str(found.get("endpoint", "")).removeprefix("_elastic/")
    if "shuffle_ndjson" in found:
        found["ndjson"] = found.pop("shuffle_ndjson")
    if endpoint == "indexes/":
        index = found["json"]["index_id"]
        mapped = found["json"]["doc_mapping"].get("field_mappings", [])
        properties = {one["name"]: {"type": TYPES[one["type"]]} for one in mapped}
        found |= {"method": "PUT", "json": {"mappings": {"properties": properties}}}
        endpoint = index
    elif endpoint.startswith("indexes/"):
        endpoint = endpoint.removeprefix("indexes/")
        found["status_code"] = None
    elif endpoint.endswith("/ingest"):
        endpoint = endpoint.removesuffix("/ingest") + "/_bulk"
        found["ndjson"] = list(chain.from_iterable(({"index": {}}, one) for one in found["ndjson"]))
        found["params"] = {}
    if "expected" in found:
        found["expected"] = _in_milliseconds(found["expected"])
    return {**found, "endpoint": endpoint}


def _in_milliseconds(wanted: Any) -> Any:
    """Return an expectation with times as Elasticsearch writes them, who always tells milliseconds."""
    if isinstance(wanted, Mapping):
        return {name: _in_milliseconds(one) for name, one in wanted.items()}
    if isinstance(wanted, list):
        return [_in_milliseconds(one) for one in wanted]
    return SECONDS.sub(r"\1.000Z", wanted) if isinstance(wanted, str) else wanted


def differences(found: Any, wanted: Any, place: str = "") -> Iterator[str]:
    """Yield where an answer is not what is expected of it."""
    if isinstance(wanted, Mapping) and "$expect" in wanted:
        expressions = wanted["$expect"]
        for one in [expressions] if isinstance(expressions, str) else expressions:
            if not eval(one, {"val": found}):  # noqa: S307 - what the scenarios are written in
                yield f"{place}: {one} does not hold of {shown(found)}"
    elif isinstance(wanted, Mapping):
        if not isinstance(found, Mapping):
            yield f"{place}: found {shown(found)}; want an object"
            return
        for name, one in wanted.items():
            if name not in found:
                yield f"{place}.{name}: is not there; want {shown(one)}"
            else:
                yield from differences(found[name], one, f"{place}.{name}")
    elif isinstance(wanted, Sequence) and not isinstance(wanted, str):
        if not isinstance(found, list) or len(found) != len(wanted):
            yield f"{place}: found {shown(found)}; want {shown(wanted)}"
            return
        for number, (here, one) in enumerate(zip(found, wanted, strict=True)):
            yield from differences(here, one, f"{place}[{number}]")
    elif found != wanted:
        yield f"{place}: found {shown(found)}; want {shown(wanted)}"


def shown(value: Any) -> str:
    """Return a value as a complaint shows it."""
    return json.dumps(value, default=str)[:300]


def with_previous(said: Any, previous: Any) -> Any:
    """Return a body in which what refers to the answer before is replaced by it."""
    if isinstance(said, Mapping):
        if "$previous" in said:
            return eval(said["$previous"], {"val": previous})  # noqa: S307 - what the scenarios are written in
        return {name: with_previous(one, previous) for name, one in said.items()}
    return [with_previous(one, previous) for one in said] if isinstance(said, list) else said
