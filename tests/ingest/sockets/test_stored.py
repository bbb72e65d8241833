"""From the socket down to a real store: what was acknowledged is what a query finds."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgpack
import pytest

from firstlight.ingest.sockets.open import open_log_sockets
from firstlight.ingest.sockets.settings import LogSocketSettings
from firstlight.sdk.metrics import Registry
from firstlight.store.columns import TABLES
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook
from tests.ingest.sockets.rig import ANYWHERE, Sockets
from tests.store.opening import opened
from tests.waiting import until
from tests.wire.beats.lumberjack import ack, compressed, event, window

pytestmark = pytest.mark.anyio

TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_what_is_acknowledged_can_be_queried(tmp_path: Path) -> None:
    """C5, R4: Beats, Fluentd and syslog at once, by service, severity, trace and what stands beside the line."""
    book, telemetry = LogBook(), Telemetry(Registry())
    settings = LogSocketSettings(beats=ANYWHERE, syslog_tcp=ANYWHERE, fluent=ANYWHERE)
    now = time.time_ns()
    async with opened(tmp_path / "store") as store:
        store.writer.committed.append(lambda kind, rows: book.learn(rows) if kind == "origins" else None)
        with ThreadPoolExecutor(2) as workers:
            server = await open_log_sockets(settings, store.writer.append, book, telemetry.ingest, lambda: now, workers)
            sockets = Sockets(server, telemetry)
            beats, fluent = await sockets.connect("beats"), await sockets.connect("fluent")
            documents = [
                {
                    "message": f"cart {n}",
                    "log.level": "error",
                    "service": {"name": "shop"},
                    "trace": {"id": TRACE},
                    "n": n,
                }
                for n in range(500)
            ]
            await beats.say(window(500) + compressed(b"".join(event(n + 1, one) for n, one in enumerate(documents))))
            assert await beats.hear(6) == ack(500)
            answer = msgpack.packb({"ack": "x"})
            await fluent.say(msgpack.packb(["app", [[now // 10**9, {"log": "by tag"}]], {"chunk": "x"}]))
            assert await fluent.hear(len(answer)) == answer
            syslog = await sockets.connect("syslog_tcp")
            await syslog.say(b'<11>1 - web-1 app 42 ID7 [x@1 a="b"] by syslog\n' * 3)
            await until(lambda: sockets.counted("items").get(("syslog", "logs")) == 3)
            for sender in sockets.senders:
                await sender.cut_off()
            await server.stop()
        found = await store.client.query(
            "SELECT service, count() AS rows, max(severity) AS severity, countIf(trace_id = unhex("
            f"'{TRACE}')) AS traced, max(attributes['n']) != '' AS n, max(attributes['syslog.x@1.a']) AS a"
            f" FROM {TABLES['logs']} GROUP BY service ORDER BY service"
        )

    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("app", 4, 17, 0, 0, "b"),
        ("shop", 500, 17, 500, 1, ""),
    ]
