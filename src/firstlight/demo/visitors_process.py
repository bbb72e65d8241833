"""The load generator as a process: `python -m firstlight.demo.visitors_process`, started by the supervisor.

Visitors come when the list of visits says so, however slow the shop is; who would be one too many waiting is skipped,
and counted. A request that fails is reported with the id of its trace.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field

import httpx

from firstlight.demo import headers
from firstlight.demo.lifeline import Lifeline
from firstlight.demo.messages import Assignment, Failed, Ready, Tally
from firstlight.demo.visits import Visit, visits

WAITING_AT_MOST = 100
PATIENCE_S = 15.0
LEAVING_LIMIT_S = 5.0


@dataclass(slots=True)
class Visitors:
    """Sends the requests, and counts what becomes of them."""

    client: httpx.AsyncClient
    lifeline: Lifeline
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    waiting: set[asyncio.Task[None]] = field(default_factory=set)

    async def come(self, assignment: Assignment) -> None:
        """Send requests from the start on; end by being cancelled."""
        start = await self.lifeline.begun
        for visit in visits(assignment.settings.seed, assignment.settings.rate):
            await asyncio.sleep(start.at_s + visit.at_s - time.time())
            if len(self.waiting) >= WAITING_AT_MOST:
                self.skipped += 1
                continue
            task = asyncio.create_task(self._visit(visit))
            self.waiting.add(task)
            task.add_done_callback(self.waiting.discard)

    async def leave(self) -> None:
        """Wait for the answers still owed, but not for ever, and report the tally."""
        if self.waiting:
            await asyncio.wait(self.waiting, timeout=LEAVING_LIMIT_S)
        self.failed += len(self.waiting)
        for task in self.waiting:
            task.cancel()
        self.lifeline.tell(Tally(sent=self.sent, failed=self.failed, skipped=self.skipped))

    async def _visit(self, visit: Visit) -> None:
        method, path = visit.request.split()
        ids = {headers.TENANT: visit.tenant_id, headers.CORRELATION: visit.correlation_id}
        body = visit.order.model_dump() if visit.order else None
        self.sent += 1
        try:
            answer = await self.client.request(method, path, json=body, headers=ids)
        except httpx.TransportError as error:
            self._report(visit, f"was not answered ({type(error).__name__})", None)
            return
        if answer.status_code >= 500:
            self._report(visit, f"was answered {answer.status_code}", answer.headers.get(headers.TRACE))

    def _report(self, visit: Visit, answer: str, trace_id: str | None) -> None:
        self.failed += 1
        self.lifeline.tell(Failed(request=visit.request, answer=answer, trace_id=trace_id))


async def _main() -> None:
    logging.basicConfig(level=logging.WARNING)
    lifeline = await Lifeline.open()
    assignment = await lifeline.assignment()
    if assignment is None:
        return
    limits = httpx.Limits(max_connections=WAITING_AT_MOST)
    async with httpx.AsyncClient(
        base_url=assignment.urls["storefront"], timeout=PATIENCE_S, limits=limits, trust_env=False
    ) as client:
        visitors = Visitors(client, lifeline)
        async with asyncio.TaskGroup() as tasks:
            coming = tasks.create_task(visitors.come(assignment))
            lifeline.tell(Ready())
            await lifeline.wait()
            coming.cancel()
        await visitors.leave()


if __name__ == "__main__":
    asyncio.run(_main())
