"""Loki's HTTP API: what a real Loki answered about some streams, asked of our API after the same push.

What has to differ is compared in its shape: the sizes that Loki's index tells before its chunks are written, what it
says of a directory of its own, and its limits, which it tells nobody who does not name a tenant.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from firstlight.api.loki.deletion import Deletions
from firstlight.api.loki.followers import Followers
from firstlight.api.loki.routes import Needed, loki_routes
from firstlight.api.loki.shelf import Shelf
from firstlight.api.loki.status import Facts
from firstlight.http.application import Application
from firstlight.http.decompress import decompress
from firstlight.ingest.admission import Admission
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.loki import PROTOBUF, SNAPPY, LokiPush, LokiPushSettings, loki_push_routes
from firstlight.ingest.process.processor import Processor
from firstlight.ingest.process.settings import ProcessSettings
from firstlight.ingest.processed import processed
from firstlight.ingest.receiver import Context
from firstlight.ingest.server import IngestServer
from firstlight.ingest.settings import IngestSettings
from firstlight.model.batch import Batch
from firstlight.query.engine import Engine
from firstlight.query.logql.door import LogqlDoor
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.source import LogSource
from firstlight.query.metrics.settings import SESSION
from firstlight.query.settings import QuerySettings
from firstlight.sdk.metrics import Registry
from firstlight.store.open import open_store
from firstlight.store.settings import RetentionSettings, StoreSettings
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook
from firstlight.wire.loki.intake import PushIntake
from firstlight.wire.loki.labels import SERVICE, read_labels
from firstlight.wire.loki.protobuf import ProtobufPushes
from tools.conformance.case import Case, expect

PUSHED: Final = "golden/loki_push.json"
ANSWERED: Final = "golden/loki_api.json"
TENANT: Final = "default"
WEEK: Final = 7 * 86_400.0

SHAPE: Final = re.compile(r"/index/stats|/status/buildinfo|/drilldown-limits")
OLDEST: Final = re.compile(r"(oldest acceptable timestamp is: ).*")
NOT_ENABLED: Final = "approx_topk is not enabled. See -limits.shard_aggregations"
NO_RULES: Final = "unable to read rule dir"

NOW_NS: Final = 1_795_206_540 * 10**9

Answer = Mapping[str, Any]
Entry = tuple[tuple[tuple[str, str], ...], int, str, tuple[tuple[str, str], ...]]
"""Labels without the service that is found for them, time, line, structured metadata."""


def cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each recorded request below `folder`, which has the recordings and the captures."""
    golden = json.loads((folder / ANSWERED).read_text())
    with TemporaryDirectory() as directory, asyncio.Runner() as runner:
        opened = served(Path(directory), golden["end"] * 10**9)
        client = runner.run(opened.__aenter__())
        try:
            headers = {"content-type": "application/json"}
            body = (folder / PUSHED).read_bytes()
            pushed = runner.run(client.post("/loki/api/v1/push", content=body, headers=headers))
            yield Case("the push", partial(expect, pushed.status_code, 204, of="the status"))
            for number, asked in enumerate(golden["entries"]):
                yield Case(f"{number}: {asked['method']} {asked['path']}", partial(_same, runner, client, asked))
        finally:
            runner.run(opened.__aexit__(None, None, None))


@asynccontextmanager
async def served(directory: Path, now_ns: int) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client of the API of an empty store, with the limits that Loki has unless it is told otherwise."""
    telemetry, logql, queries = Telemetry(Registry()), LogqlSettings(), QuerySettings()
    store = await open_store(
        StoreSettings(), RetentionSettings(), telemetry.store, directory=directory / "store", now_ns=lambda: now_ns
    )
    try:
        with ThreadPoolExecutor(2) as workers:
            book = LogBook()
            sessions = store.client.readers(queries.max_running, SESSION)
            source = LogSource(sessions, workers, logql, now_ms=lambda: now_ns // 10**6)
            store.writer.committed.append(source.learn)
            engine = Engine(queries, telemetry.query)
            admission = Admission(IngestSettings(), telemetry.ingest)
            append = processed(store.writer.append, Processor(ProcessSettings()).process, workers)
            ingest = IngestServer(append, admission, telemetry.ingest, workers, lambda: now_ns)
            limits = LokiPushSettings(max_age=WEEK, max_ahead=600.0, max_label_names=15).limits
            push = LokiPush(PushIntake(book, limits), max_json=IngestSettings().max_json)
            needed = Needed(
                door=LogqlDoor(source, engine, logql, time.monotonic),
                finder=source,
                shelf=Shelf(sessions, engine, source, TENANT),
                followers=Followers(telemetry.query),
                facts=Facts("0", logql),
                tenant=TENANT,
                deletions=Deletions(store.client, source, TENANT),
            )
            door = HttpDoor(ingest, admission, body_seconds=10.0)
            routes = [*loki_push_routes(door, push), *loki_routes(needed, lambda: now_ns)]
            transport = httpx.ASGITransport(Application(routes, telemetry.http))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                yield client
    finally:
        await store.close()


def _same(runner: asyncio.Runner, client: httpx.AsyncClient, asked: Answer) -> None:
    body = asked.get("request_body")
    headers = {"content-type": "application/json"} if body else {}
    found = runner.run(client.request(asked["method"], asked["path"], content=body, headers=headers))
    wanted = asked["body"]
    if isinstance(wanted, str) and wanted.startswith(NO_RULES):
        expect((found.status_code, found.text), (404, "no rule groups found\n"), of="an answer without rules")
        return
    if asked["path"].endswith("/drilldown-limits"):
        expect(found.status_code, 200, of="the status, where nobody has to name a tenant")
        return
    if wanted == NOT_ENABLED:
        expect(found.status_code in (200, 400), True, of="an answer where approx_topk is enabled")
        return
    expect(found.status_code, asked["status"], of="the status")
    expect(found.headers["content-type"].lower(), asked["content_type"].lower(), of="the content type")
    if isinstance(wanted, str):
        expect(OLDEST.sub(r"\1", found.text), OLDEST.sub(r"\1", wanted), of="the text")
    elif "/index/volume" in asked["path"]:
        _same_volume(found.json()["data"], wanted["data"])
    elif SHAPE.search(asked["path"]):
        expect(sorted(found.json()), sorted(wanted), of="the names in the answer")
    else:
        _same_value(found.json(), wanted, "the answer")


def _same_volume(found: Any, wanted: Any) -> None:
    """Compare volumes roughly: Loki counts what its chunks hold, symbols too, and spreads it evenly over their time."""
    expect(found["resultType"], wanted["resultType"], of="the type of the result")
    ours, theirs = (sorted(one["result"], key=_key) for one in (found, wanted))
    expect([one["metric"] for one in ours], [one["metric"] for one in theirs], of="the groups")
    for one, other in zip(ours, theirs, strict=True):
        if "value" in one:
            expect(one["value"][0], other["value"][0], of="the time")
            values = [one["value"][1]], [other["value"][1]]
        else:
            expect([point[0] for point in one["values"]], [point[0] for point in other["values"]], of="the times")
            values = [point[1] for point in one["values"]], [point[1] for point in other["values"]]
        near = math.isclose(*(sum(map(int, some)) for some in values), rel_tol=0.1)
        expect(near, True, of=f"that the volumes are near each other ({values})")


def _same_value(found: Any, wanted: Any, place: str) -> None:
    if isinstance(wanted, dict) and isinstance(found, dict):
        found = {name: value for name, value in found.items() if name != "stats"}
        expect(sorted(found), sorted(wanted), of=f"the names in {place}")
        for name, value in wanted.items():
            _same_value(found[name], value, f"{place}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list):
        expect(len(found), len(wanted), of=f"how many are in {place}")
        # Loki has streams, and labels that it detects, in the order of a hash.
        unordered = place.endswith((".result", ".detectedLabels", "answer.data"))
        pairs = [sorted(one, key=_key) for one in (found, wanted)] if unordered else [found, wanted]
        for number, (one, other) in enumerate(zip(*pairs, strict=True)):
            _same_value(one, other, f"{place}[{number}]")
    elif isinstance(wanted, str) and isinstance(found, str) and place.endswith("[1]") and _is_near(found, wanted):
        return
    else:
        expect(found, wanted, of=place)


def _key(one: Any) -> str:
    if isinstance(one, dict):
        one = one.get("metric", one.get("stream", one.get("label", one)))
    return json.dumps(one, sort_keys=True)


def _is_near(found: str, wanted: str) -> bool:
    try:
        return math.isclose(float(found), float(wanted), rel_tol=1e-9)
    except ValueError:
        return False


def capture_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each push of a real client in `folder`: all of it is taken, and it is what was sent."""
    for path in sorted(folder.glob("*.bin")):
        yield Case(path.name, partial(_stored, path))


def _stored(path: Path) -> None:
    told = json.loads(path.with_suffix(".json").read_text())
    headers = {name.lower(): value for name, value in told["headers"].items()}
    kind = headers["content-type"].partition(";")[0]
    encoding = headers.get("content-encoding", SNAPPY if kind == PROTOBUF else "")
    body = decompress(path.read_bytes(), encoding, limit=64 * 2**20, grow=lambda size: None)
    context = Context(TENANT, NOW_NS, kind, path=told["path"])
    receiver = LokiPush(PushIntake(LogBook()), max_json=len(body) + 1)
    batch = receiver.decode(body, context)
    expect(batch.rejected.message, "", of="what was refused")
    expect(receiver.reply(batch, context).status, 204, of="the status")
    sent = _in_protobuf(body) if kind == PROTOBUF else _in_json(body)
    expect(sorted(_stored_entries(batch)), sorted(sent), of="the entries")


def _stored_entries(batch: Batch) -> Iterator[Entry]:
    origins = {row["origin_id"]: dict(row["labels"]) for row in batch.tables["origins"].to_pylist()}
    times = batch.tables["logs"]["ts"].cast("int64").to_pylist()
    for time_ns, row in zip(times, batch.tables["logs"].to_pylist(), strict=True):
        labels = origins[row["origin_id"]]
        yield _entry(labels, time_ns, row["body"], row["attributes"])


def _in_json(body: bytes) -> Iterator[Entry]:
    for stream in json.loads(body)["streams"]:
        for time_ns, line, *beside in stream["values"]:
            yield _entry(stream["stream"], int(time_ns), line, (beside[0] if beside else {}).items())


def _in_protobuf(body: bytes) -> Iterator[Entry]:
    request: Any = ProtobufPushes().reader.request.FromString(body)
    for stream in request.streams:
        labels = read_labels(stream.labels.decode())
        for entry in stream.entries:
            pairs = [(one.name.decode(), one.value.decode()) for one in entry.metadata]
            yield _entry(labels, entry.timestamp.seconds * 10**9 + entry.timestamp.nanos, entry.line.decode(), pairs)


def _entry(labels: Mapping[str, str], time_ns: int, line: str, beside: Iterable[tuple[str, str]]) -> Entry:
    named = {name: value for name, value in labels.items() if name != SERVICE}
    return tuple(sorted(named.items())), time_ns, line, tuple(sorted(beside))
