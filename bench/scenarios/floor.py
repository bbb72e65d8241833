"""Where the time goes: each step of the way in, measured by itself in one process, without a server.

The first steps are the floor: what reading protobuf costs whoever does it. What the server uses beyond the sum of the
last three is HTTP, threads and waking up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.alone import alone
from bench.folder import fresh_folder
from bench.load.feed import export_of
from bench.load.plan import Plan
from bench.report import Figure, Report
from bench.scenarios.ingest import HISTOGRAMS, LOGS, POINTS, SPANS
from bench.scenarios.scenario import Options, Scenario
from bench.sent.export import Export
from bench.sent.written import REQUESTS
from bench.usage import Meanwhile
from firstlight.model.batch import Batch
from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store, open_store
from firstlight.store.settings import RetentionSettings, StoreSettings
from firstlight.telemetry import StoreInstruments
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.messages import readers
from firstlight.wire.otlp.names import Translation

EXPORTS: Final = 16
REQUESTS_EACH: Final = 8
TOGETHER: Final = 8
"""How many requests share an insert, as with eight senders."""

KINDS: Final[Mapping[str, Plan]] = {"spans": SPANS, "logs": LOGS, "points": POINTS, "histograms": HISTOGRAMS}


def run(options: Options) -> Iterator[Report]:
    """Measure each kind of telemetry."""
    for kind, plan in KINDS.items():
        meanwhile = Meanwhile()
        report = alone(_measure, kind, plan, max(2, round(REQUESTS_EACH * options.scale)))
        yield replace(report, remarks=meanwhile.remarks())


def _measure(kind: str, plan: Plan, rounds: int) -> Report:
    exports = [export_of(plan, seed) for seed in range(EXPORTS)]
    # One round more, so that what is seen for the first time is not measured.
    first, *later = [[bytes(export.body(time.time_ns())) for export in exports] for _ in range(rounds + 1)]
    bodies = [body for some in later for body in some]
    steps = asyncio.run(_steps(plan, first, bodies, fresh_folder()))
    items = _items(exports) * rounds
    words = f"one step at a time, {TOGETHER} requests an insert"
    return Report(f"floor-{kind}", words, [Figure(name, 1e6 * spent / items, "µs") for name, spent in steps.items()])


async def _steps(plan: Plan, first: Sequence[bytes], bodies: Sequence[bytes], folder: Path) -> Mapping[str, float]:
    decoder = OtlpDecoder(Translation())
    message = REQUESTS[plan.signal]
    reader = readers()[plan.signal.capitalize()]

    def decode(body: bytes) -> Batch:
        return decoder.decode(plan.signal, body, json=False, tenant="default", now_ns=time.time_ns())

    store = await open_store(
        StoreSettings(), RetentionSettings(), StoreInstruments(Registry()), directory=folder, now_ns=time.time_ns
    )
    store.writer.committed.append(decoder.learn)
    try:
        await _append(store, [decode(body) for body in first])
        await asyncio.sleep(2.0)
        steps = {
            "protobuf, upb": _each(message.FromString, bodies),
            "protobuf, ptars": _each(reader.read, bodies),
            "decode": _each(decode, bodies),
        }
        batches = [decode(body) for body in bodies]
        began = time.process_time()
        await _append(store, batches)
        steps["store"] = time.process_time() - began
        began = time.process_time()
        await asyncio.sleep(5.0)
        steps["merges after"] = time.process_time() - began
    finally:
        await store.close()
    return steps


def _each(step: Callable[[bytes], object], bodies: Sequence[bytes]) -> float:
    began = time.process_time()
    for body in bodies:
        step(body)
    return time.process_time() - began


async def _append(store: Store, batches: Sequence[Batch]) -> None:
    for place in range(0, len(batches), TOGETHER):
        await asyncio.gather(*(store.writer.append(batch) for batch in batches[place : place + TOGETHER]))


def _items(exports: Sequence[Export]) -> int:
    return sum(export.items for export in exports)


SCENARIO: Final = Scenario("floor", "the steps of the way in, one by one, and the least that reading costs", run)
