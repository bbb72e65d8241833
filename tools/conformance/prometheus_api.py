"""Prometheus' HTTP API: what a real Prometheus 2.42 answered, asked of our API about the same data in a store.

What version 3 answers otherwise is compared as far as it is the same: windows are open on the left, complaints have
other words, names of labels may have any characters. What tells of the state of a process is compared in its shape.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import numpy as np
import pyarrow as pa

from firstlight.api.prometheus.routes import Needed, common_of, prometheus_routes, unknown_route
from firstlight.api.prometheus.shelf import Shelf
from firstlight.api.prometheus.status import Facts, Reloaded
from firstlight.http.application import Application
from firstlight.model.batch import Batch
from firstlight.model.series import series_id
from firstlight.model.tables import SCHEMAS
from firstlight.model.targets import ActiveTarget, DroppedTarget, Health, MetricMeaning
from firstlight.query.engine import Engine
from firstlight.query.metrics.settings import SESSION
from firstlight.query.metrics.source import Source
from firstlight.query.promql.door import PromqlDoor
from firstlight.query.promql.labels import NAME
from firstlight.query.promql.settings import PromqlSettings
from firstlight.query.settings import QuerySettings
from firstlight.sdk.metrics import Registry
from firstlight.store.open import open_store
from firstlight.store.settings import RetentionSettings, StoreSettings
from firstlight.telemetry import Telemetry
from tools.conformance.case import Case, expect
from tools.conformance.promql_memory import MemorySource
from tools.conformance.promqltest import Load, commands

BASE_MS: Final = 1_700_000_000_000
"""When the data begin."""

DAY_MS: Final = 86_400_000
NOW_MS: Final = BASE_MS + 2 * 3_600_000
TENANT: Final = "default"
DOWN: Final = {"host": "127.0.0.1:1", "instance": "127.0.0.1:1", "job": "down", "team": "x"}

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
        opened = _client(Path(directory), (folder / DATA).read_text())
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


# --- the API, about a store with the data in it -------------------------------------------------------------------


@asynccontextmanager
async def _client(directory: Path, data: str) -> AsyncIterator[httpx.AsyncClient]:
    telemetry, promql, queries = Telemetry(Registry()), PromqlSettings(), QuerySettings()
    store = await open_store(
        StoreSettings(),
        RetentionSettings(),
        telemetry.store,
        directory=directory / "store",
        now_ns=lambda: NOW_MS * 10**6,
    )
    try:
        for batch in _batches(data):
            await store.writer.append(batch)
        sessions = store.client.readers(queries.max_running, SESSION)
        engine = Engine(queries, telemetry.query)
        source = Source(sessions, now_ms=lambda: NOW_MS)
        with ThreadPoolExecutor(2) as workers:
            needed = Needed(
                PromqlDoor(source, engine, promql, workers, time.monotonic),
                Shelf(sessions, engine, source, TENANT),
                _facts(),
                promql,
                TENANT,
                targets=_Scraped(),
                admin=_Admin(),
                external_labels=lambda: {"cluster": "lab", "replica": "a"},
            )
            common = common_of(lambda: NOW_MS)
            app = Application([*prometheus_routes(needed, common), unknown_route(common)], telemetry.http)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                yield client
    finally:
        await store.close()


def _batches(data: str) -> Iterator[Batch]:
    """Yield what a server would store of the series of a language test, and of a target that is down."""
    memory = MemorySource()
    for command in commands(data):
        if isinstance(command, Load):
            memory.load(command)
    for labels, samples in memory.series.items():
        times = np.array(sorted(samples), np.int64)
        values = [samples[one][0] for one in times.tolist()]
        yield _batch(dict(labels), BASE_MS + times, np.array(values, np.float64))
    yield _batch({NAME: "up", **DOWN}, np.array([NOW_MS], np.int64), np.zeros(1))


def _batch(labels: dict[str, str], times: np.ndarray[Any, np.dtype[np.int64]], values: Any) -> Batch:
    metric = labels.pop(NAME)
    key = series_id(metric, labels)
    days = sorted({one // DAY_MS for one in times.tolist()})
    named = {"tenant": TENANT, "series_id": key, "metric": metric, "labels": list(labels.items())}
    count = len(times)
    samples = {
        "tenant": pa.array([TENANT] * count),
        "series_id": pa.array([key] * count, pa.uint64()),
        "ts": pa.array(times),
        "value": pa.array(values),
    }
    return Batch(
        {"series": _table("series", [{**named, "day": day} for day in days]), "samples": _filled("samples", samples)},
        items=count,
    )


def _table(kind: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = SCHEMAS[kind]
    return _filled(kind, {name: pa.array([row[name] for row in rows], schema.field(name).type) for name in rows[0]})


def _filled(kind: str, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Return a table whose other columns hold nothing."""
    schema = SCHEMAS[kind]
    count = len(next(iter(columns.values())))
    whole = [
        columns[field.name].cast(field.type)
        if field.name in columns
        else pa.array([_nothing(field)] * count, field.type)
        for field in schema
    ]
    return pa.table(whole, schema=schema)


def _nothing(field: pa.Field) -> Any:
    kind = field.type
    if field.nullable:
        return None
    if pa.types.is_map(kind) or pa.types.is_list(kind):
        return []
    if pa.types.is_fixed_size_binary(kind):
        return bytes(kind.byte_width)
    return "" if pa.types.is_string(kind) or pa.types.is_dictionary(kind) else 0


def _facts() -> Facts:
    return Facts(
        version="0",
        started_ms=BASE_MS,
        retention="100y",
        config=str,
        flags=dict,
        reloaded=lambda: Reloaded(True, BASE_MS),
    )


class _Scraped:
    """The targets of the recording."""

    def pools(self) -> list[str]:
        return ["down", "dropped"]

    def active(self) -> list[ActiveTarget]:
        return [
            ActiveTarget(
                "down",
                "http://127.0.0.1:1/metrics",
                DOWN,
                {"__address__": "127.0.0.1:1", "__metrics_path__": "/metrics", "__scheme__": "http",
                 "__scrape_interval__": "1s", "__scrape_timeout__": "1s", "job": "down", "team": "x"},
                1.0,
                1.0,
                Health.DOWN,
                "connection refused",
                NOW_MS,
                0.001,
            )
        ]  # fmt: skip

    def dropped(self) -> list[DroppedTarget]:
        return [
            DroppedTarget(
                "dropped",
                {"__address__": "127.0.0.1:2", "__metrics_path__": "/metrics", "__scheme__": "http",
                 "__scrape_interval__": "15s", "__scrape_timeout__": "10s", "job": "dropped"},
            )
        ]  # fmt: skip

    def dropped_counts(self) -> dict[str, int]:
        return {"down": 0, "dropped": 1}

    def meanings(self, target: ActiveTarget) -> list[MetricMeaning]:
        return []


class _Admin:
    """Changes nothing."""

    async def delete_series(self, tenant: str, matchers: Any, start_ms: int, end_ms: int) -> None:
        pass

    async def clean_tombstones(self) -> None:
        pass

    async def snapshot(self, *, skip_head: bool) -> str:
        return "snapshot"
