"""The sending process: a plan comes in as a line of JSON, the outcome goes out as another.

Between them it says "warm" after the warm-up, and goes on when it is sent a line: that is when whoever measures reads
the server's clocks.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict

from bench.load.feed import CONTENT_TYPES, Feed
from bench.load.grpc import METHODS, Channel
from bench.load.http import Connection
from bench.load.plan import Outcome, Plan
from bench.load.sending import Link, Sending


def links(plan: Plan) -> list[Link]:
    """Return the connections that the plan asks for."""
    if plan.protocol == "grpc":
        return [Channel(plan.address, METHODS[plan.signal]) for _ in range(plan.connections)]
    compression = "gzip" if plan.encoding == "gzip" else ""
    return [
        Connection(plan.address, f"/v1/{plan.signal}", CONTENT_TYPES[plan.encoding], compression)
        for _ in range(plan.connections)
    ]


async def run(plan: Plan) -> Outcome:
    """Send as planned and return what came of it."""
    feed = Feed(plan)
    sending = Sending(plan, feed, links(plan))
    try:
        warmed = await sending.run(plan.warm_up, feed.cycle)
        print("warm", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        began, cpu = time.monotonic(), time.process_time()
        tally = await sending.run(plan.seconds)
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    finally:
        await sending.close()
    return Outcome(
        seconds=seconds,
        requests=tally.requests,
        statuses=dict(tally.statuses),
        accepted=tally.accepted,
        warmed=warmed.accepted,
        body_bytes=tally.body_bytes,
        refusals_without_delay=tally.refusals_without_delay,
        p50_ms=tally.latency_ms(50),
        p99_ms=tally.latency_ms(99),
        worst_ms=tally.latency_ms(100),
        cpu_seconds=cpu,
    )


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(run(Plan(**json.loads(sys.stdin.readline())))))), flush=True)
