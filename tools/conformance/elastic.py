"""Elasticsearch: what real clients sent in bulk, and scenarios of searches, through an application with the store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import orjson

from tools.conformance.case import Case, expect
from tools.conformance.elastic_scenarios import Step, differences, steps, with_previous
from tools.conformance.elastic_served import served

SCENARIOS: Final = "scenarii"

EXCLUDED: Final[Mapping[str, str]] = {
    "aggregations/0001-aggregations.yaml[7]": "split_size is Quickwit's, and so is the error that it makes",
    "aggregations/0001-aggregations.yaml[8]": "segment_size is Quickwit's, and so is the error that it makes",
    "aggregations/0001-aggregations.yaml[9]": "shard_size makes an error only where there are several splits",
    "aggregations/0001-aggregations.yaml[10]": "split_size is Quickwit's",
    "aggregations/0001-aggregations.yaml[11]": "percentiles of DDSketch; Elasticsearch has those of t-digest",
    "aggregations/0001-aggregations.yaml[18]": "after_key with the types of tantivy before the values",
    "aggregations/0002-doc-len.yaml[1]": "_doc_length is Quickwit's",
    **{
        f"es_field_capabilities/0001-field-capabilities.yaml[{number}]": "a text told to be a keyword at the same time"
        for number in (16, 17, 18)
    },
    "search_after/0001-search_after_edge_case.yaml[13]": "a field of mixed types, which Elasticsearch does not have",
    "search_after/0001-search_after_edge_case.yaml[14]": "a field of mixed types, which Elasticsearch does not have",
    "search_after/0001-search_after_edge_case.yaml[15]": "a field of mixed types, which Elasticsearch does not have",
}
"""Steps that are not run, and why."""


def capture_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each request that a client sent: it is answered, and what it brought is told again whole."""
    with TemporaryDirectory() as directory, asyncio.Runner() as runner:
        opened = served(Path(directory))
        client = runner.run(opened.__aenter__())
        try:
            for path in sorted(folder.glob("*.json")):
                yield Case(path.stem, partial(_captured, runner, client, path))
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _captured(runner: asyncio.Runner, client: httpx.AsyncClient, path: Path) -> None:
    asked = json.loads(path.read_text())
    body = path.with_suffix(".bin").read_bytes()
    headers = {name: value for name, value in asked["headers"].items() if name not in ("host", "content-length")}
    found = runner.run(client.request(asked["method"], asked["path"], content=body, headers=headers))
    expect(found.status_code, 200, of="the status")
    expect(found.headers.get("x-elastic-product"), "Elasticsearch", of="the product")
    if not body:
        return
    answer = found.json()
    expect(answer["errors"], False, of="errors")
    lines = [orjson.loads(line) for line in body.splitlines() if line]
    documents = [one for one in lines if not one.keys() & {"index", "create"}]
    kept = []
    for item in answer["items"]:
        ((_, told),) = item.items()
        kept.append(runner.run(client.get(f"/{told['_index']}/_doc/{told['_id']}")).json()["_source"])
    expect(kept, documents, of="the documents")


def scenario_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each step of the scenarios that speaks Elasticsearch's API."""
    with TemporaryDirectory() as directory, asyncio.Runner() as runner:
        opened = served(Path(directory))
        client = runner.run(opened.__aenter__())
        previous: list[Any] = [None]
        try:
            for step in steps(folder / SCENARIOS):
                if step.name.rpartition(" ")[0] in EXCLUDED:
                    continue
                if step.counts:
                    yield Case(step.name, partial(_done, runner, client, step, previous))
                else:
                    _done(runner, client, step, previous)
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _done(runner: asyncio.Runner, client: httpx.AsyncClient, step: Step, previous: list[Any]) -> None:
    said = step.said
    body, headers = _body(step, previous[0])
    url = "/" + str(said.get("endpoint", "")).lstrip("/")
    asked = client.request(said["method"], url, params=said.get("params") or None, content=body, headers=headers)
    found = runner.run(asked)
    status = said.get("status_code", 200)
    if status is not None and found.status_code != status:
        raise AssertionError(f"status {found.status_code}; want {status}: {found.text[:500]}")
    answer = found.json() if found.content and "json" in found.headers.get("content-type", "") else found.text
    previous[0] = answer
    if wrong := list(differences(answer, said.get("expected") or {})):
        raise AssertionError("\n".join(wrong[:10]))


def _body(step: Step, previous: Any) -> tuple[bytes, dict[str, str]]:
    said = step.said
    headers = {str(name).lower(): str(value) for name, value in (said.get("headers") or {}).items()}
    if "body_from_file" in said:
        return (step.folder / said["body_from_file"]).read_bytes(), headers
    if "ndjson" in said:
        lines = b"".join(orjson.dumps(with_previous(one, previous), default=str) + b"\n" for one in said["ndjson"])
        return lines, {"content-type": "application/json", **headers}
    if "json" in said:
        body = json.dumps(with_previous(said["json"], previous), default=str).encode()
        return body, {"content-type": "application/json", **headers}
    return b"", headers
