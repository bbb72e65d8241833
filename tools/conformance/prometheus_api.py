"""Prometheus' HTTP API: what a real Prometheus 2.42 answered, asked of our API about the same data in a store.

What version 3 answers otherwise is compared as far as it is the same: windows are open on the left, complaints have
other words, names of labels may have any characters. What tells of the state of a process is compared in its shape.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from tools.conformance.case import Case, expect
from tools.conformance.prometheus_served import NOW_MS, served

GOLDEN: Final = "wire/golden/prometheus_2.42_api.json"
DATA: Final = "promql/compliance/data.test"

STATE: Final = re.compile(r"/api/v1/(targets|status|alerts|admin)")
"""What tells of the state of a process: its shape counts."""

OTHERS: Final = re.compile(r"/api/v1/write")
"""What is no part of this API."""

NEWER_NAMES: Final = "/api/v1/label/bad-name/values"

Answer = Mapping[str, Any]


def cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each recorded request below `folder`, which is the top of the material."""
    golden = json.loads((folder / GOLDEN).read_text())
    with TemporaryDirectory() as directory, asyncio.Runner() as runner:
        opened = served(Path(directory), (folder / DATA).read_text())
        client = runner.run(opened.__aenter__())
        try:
            for number, asked in enumerate(golden["entries"]):
                if not OTHERS.match(asked["path"]):
                    run = partial(_same, runner, client, asked)
                    yield Case(f"{number}: {asked['method']} {asked['path']}", run)
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _same(runner: asyncio.Runner, client: httpx.AsyncClient, asked: Answer) -> None:
    form = asked["form"]
    headers = {} if form is None else {"content-type": "application/x-www-form-urlencoded"}
    found = runner.run(client.request(asked["method"], asked["path"], content=form, headers=headers))
    if asked["path"] == NEWER_NAMES:
        expect(found.json(), {"status": "success", "data": []}, of="an answer of version 3")
        return
    expect(found.status_code, asked["status"], of="the status")
    expect(found.headers["content-type"].partition("; escaping")[0], asked["content_type"], of="the content type")
    wanted = asked["body"]
    if isinstance(wanted, str):
        expect(found.text, wanted if "federate" not in asked["path"] else _timed(wanted), of="the text")
    elif wanted["status"] == "error":
        _same_error(found.json(), wanted)
    elif STATE.match(asked["path"]):
        _same_shape(found.json(), wanted, asked["path"].rpartition("/")[2])
    else:
        _same_value(found.json(), _of_version_3(wanted, asked["path"]), "%5B" in asked["path"], "the answer")


def _timed(text: str) -> str:
    return re.sub(r"\d+\n\Z", f"{NOW_MS}\n", text)


def _same_error(found: Answer, wanted: Answer) -> None:
    """Version 3 has other words for much; the type, and which parameter is wrong, are the same."""
    expect({**found, "error": ""}, {**wanted, "error": ""}, of="the kind of error")
    if wanted["error"].startswith("invalid expression type"):
        wanted = {**wanted, "error": f'invalid parameter "query": {wanted["error"]}'}
    if "parse error" not in wanted["error"] and "duplicate series" not in wanted["error"]:
        expect(found["error"], wanted["error"], of="the error")
        return
    expect(_beginning(found["error"]), _beginning(wanted["error"]), of="how the error begins")


def _beginning(words: str) -> str:
    return re.match(r'(?:invalid parameter "[^"]*": )?(?:\d+:\d+: parse error|found duplicate series)', words)[0]  # type: ignore[index]


def _of_version_3(wanted: Answer, path: str) -> Answer:
    """Return an answer without the samples at the left edge of a window, if it is the window that is asked for."""
    if not (path.startswith("/api/v1/query?") and wanted["data"].get("resultType") == "matrix"):
        return wanted
    some = [{**one, "values": one["values"][1:]} for one in wanted["data"]["result"]]
    return {**wanted, "data": {**wanted["data"], "result": some}}


def _same_shape(found: Any, wanted: Any, place: str) -> None:
    """Raise AssertionError unless `found` has all that `wanted` has, of the same types."""
    if isinstance(wanted, dict):
        expect(isinstance(found, dict), True, of=f"{place} is an object")
        if place == "flags.data":
            return  # others are set here
        expect(sorted(wanted.keys() - found.keys()), [], of=f"what {place} lacks")
        for name, value in wanted.items():
            _same_shape(found[name], value, f"{place}.{name}")
    elif isinstance(wanted, list):
        expect(isinstance(found, list), True, of=f"{place} is a list")
        if found and wanted:
            _same_shape(found[0], wanted[0], f"{place}[0]")
    elif isinstance(wanted, int | float):
        expect(isinstance(found, int | float), True, of=f"{place} is a number")
    else:
        expect(type(found), type(wanted), of=f"the type of {place}")


def _same_value(found: Any, wanted: Any, rough: bool, place: str) -> None:
    if isinstance(wanted, dict) and isinstance(found, dict):
        expect(sorted(found), sorted(wanted), of=f"the names in {place}")
        for name, value in wanted.items():
            _same_value(found[name], value, rough, f"{place}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list):
        ordered = [sorted(one, key=_key) for one in (found, wanted)] if place.endswith(".result") else [found, wanted]
        expect(len(found), len(wanted), of=f"how many are in {place}")
        for number, (one, other) in enumerate(zip(*ordered, strict=True)):
            _same_value(one, other, rough, f"{place}[{number}]")
    elif place.endswith("[1]") and isinstance(wanted, str) and _number(wanted) is not None:
        ours, theirs = _number(found), _number(wanted)
        # A rate over a window that is open has other samples at its edge.
        near = ours is not None and theirs is not None and math.isclose(ours, theirs, rel_tol=0.1 if rough else 1e-9)
        if not near:
            expect(found, wanted, of=place)
    else:
        expect(found, wanted, of=place)


def _key(one: Any) -> str:
    return json.dumps(one["metric"] if isinstance(one, dict) else one, sort_keys=True)


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
