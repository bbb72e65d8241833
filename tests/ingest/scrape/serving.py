"""Small servers that answer as the APIs of others do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext

from aiohttp import web

from firstlight.ingest.scrape.discovery.group import Discoverer, TargetGroup

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, *, ssl: SSLContext | None = None, socket: str | None = None) -> AsyncIterator[str]:
    """Serve with `handler` on a free port, or on a socket; yield the URL."""
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)  # type: ignore[arg-type]
    await runner.setup()
    try:
        if socket:
            await web.UnixSite(runner, socket).start()
            yield f"unix://{socket}"
        else:
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl)
            await site.start()
            yield f"{'https' if ssl else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass(slots=True)
class Told:
    """What a discoverer published, by source, and a way to wait for it."""

    groups: dict[str, Sequence[TargetGroup]] = field(default_factory=dict)
    count: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, source: str, groups: Sequence[TargetGroup]) -> None:
        self.groups[source] = groups
        self.count += 1
        self._news.set()

    def targets(self) -> list[dict[str, str]]:
        """All targets with the labels of their groups, by address."""
        found = [
            {**group.labels, **target}
            for groups in self.groups.values()
            for group in groups
            for target in group.targets
        ]
        return sorted(found, key=lambda target: sorted(target.items()))

    def addresses(self) -> list[str]:
        """The addresses of all targets."""
        return sorted(target["__address__"] for target in self.targets())

    async def until(self, wanted: Callable[[Told], bool]) -> None:
        """Wait until what was told is as wanted."""
        async with asyncio.timeout(10):
            while not wanted(self):
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def running(discoverer: Discoverer) -> AsyncIterator[Told]:
    """Run a discoverer; yield what it tells."""
    told = Told()
    task = asyncio.create_task(discoverer.run(told))
    try:
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
