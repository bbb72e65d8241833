"""What it costs to understand a line, by what the line is: the processor alone, without a server, in this process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa

from bench.report import Figure, Report
from bench.scenarios.scenario import Options, Scenario
from firstlight.ingest.process.processor import Processor
from firstlight.ingest.process.redaction_detectors import DETECTORS
from firstlight.ingest.process.redaction_settings import RedactionSettings
from firstlight.ingest.process.settings import ProcessSettings
from firstlight.model.batch import Batch
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import Sheet

LINES: Final = 1_000
"""Lines of a batch, as shippers send them."""

ROUNDS: Final = 60
NOW: Final = 1_795_262_400 * 10**9

TARGET: Final = 2.0
"""Microseconds for a line of JSON of 250 bytes with eight fields."""


def _json(chance: random.Random) -> str:
    return (
        f'{{"timestamp":"2026-11-21T05:{chance.randrange(60):02}:13.{chance.randrange(1000):03}Z","level":"INFO",'
        f'"service":"api","trace_id":"{chance.getrandbits(128):032x}","span_id":"{chance.getrandbits(64):016x}",'
        f'"endpoint":"/v1/users/{chance.randrange(9_999)}","message":"request handled and finished without trouble",'
        f'"latency_ms":{chance.randrange(900)}}}'
    )


def _json_escaped(chance: random.Random) -> str:
    return _json(chance).replace("request", 'request \\"x\\"')


def _json_nested(chance: random.Random) -> str:
    return _json(chance).replace('"endpoint":', '"http":{"method":"GET","status":200},"endpoint":')


def _logfmt(chance: random.Random) -> str:
    return (
        f"ts=2026-11-21T05:{chance.randrange(60):02}:13.877Z caller=push.go:{chance.randrange(300)} level=info"
        f' user={chance.randrange(50)} traceID={chance.getrandbits(128):032x} msg="write operation took a while"'
        f" duration={chance.randrange(900)}ms size={chance.randrange(9_000)} path=/api/v1/push status=204"
    )


def _access(chance: random.Random) -> str:
    return (
        f"10.1.2.{chance.randrange(250)} - - [21/Nov/2026:05:04:{chance.randrange(60):02} +0000]"
        f' "GET /api/v1/things/{chance.randrange(9_999)} HTTP/1.1" 200 {chance.randrange(9_999)}'
        ' "https://example.com/x" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"'
    )


def _spring(chance: random.Random) -> str:
    return (
        f"2026-11-21T05:{chance.randrange(60):02}:13.877Z  INFO 12345 --- [           main] c.e.shop.OrderController"
        f" : Order {chance.randrange(9_999)} accepted, after a long time in which nothing went wrong with it"
    )


def _plain(chance: random.Random) -> str:
    return (
        f"the worker number {chance.randrange(99)} has picked up the job and will now go about the things it has to do,"
        f" such as counting to {chance.randrange(9_999)} and reporting back, without a level"
    )


KINDS: Final[Mapping[str, Callable[[random.Random], str]]] = MappingProxyType(
    {
        "JSON": _json,
        "JSON with escapes": _json_escaped,
        "JSON, nested": _json_nested,
        "logfmt": _logfmt,
        "access log": _access,
        "Spring Boot": _spring,
        "plain": _plain,
    }
)


def run(options: Options) -> Iterator[Report]:
    """Measure the processor on each kind of line, and what redaction adds."""
    rounds = max(3, round(ROUNDS * options.scale))
    batches = {
        name: batch([write(chance) for chance in [random.Random(7)] for _ in range(LINES)])
        for name, write in KINDS.items()
    }
    hidden = ProcessSettings(redaction=RedactionSettings(detectors=dict.fromkeys(DETECTORS, "mask")))
    figures = []
    for name, one in batches.items():
        cost = microseconds(Processor(ProcessSettings()), one, rounds)
        figures.append(Figure(name, cost, "µs", TARGET if name == "JSON" else None))
    bare = microseconds(Processor(ProcessSettings(recognise=False)), batches["plain"], rounds)
    redacted = microseconds(Processor(hidden.model_copy(update={"recognise": False})), batches["plain"], rounds)
    figures.append(Figure(f"all {len(DETECTORS)} detectors, plain", redacted - bare, "µs"))
    yield Report("process", f"CPU time for a line, {LINES:,} lines at once, in one thread", figures)


def batch(lines: Sequence[str]) -> Batch:
    """Return lines as their sender gave them, without a time of theirs."""
    book = LogBook()
    sheet = Sheet(
        origins=[book.origin({"service.name": "api"})],
        origin_of=np.zeros(len(lines), np.int64),
        ts=np.zeros(len(lines), np.int64),
        body=pa.array(lines, pa.string()),
    )
    return book.batch("default", sheet, NOW)


def microseconds(processor: Processor, one: Batch, rounds: int) -> float:
    """Return the CPU time that a line takes at best, once the processor has seen such lines."""
    processor.process(one)
    taken = []
    for _ in range(rounds):
        started = time.process_time()
        processor.process(one)
        taken.append(time.process_time() - started)
    return 1e6 * min(taken) / LINES


SCENARIOS: Final = (Scenario("process", "understanding lines, by what they are", run),)
