"""One job: what is discovered for it, the targets that this comes to, and a loop for each of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from firstlight.ingest.scrape.client import Client
from firstlight.ingest.scrape.fetch import Fetch, HttpFetch
from firstlight.ingest.scrape.job import Job
from firstlight.ingest.scrape.loop import TargetLoop, World
from firstlight.ingest.scrape.reading import Reading
from firstlight.ingest.scrape.targets import Dropped, Found, Invalid, Target, targets_of
from firstlight.ingest.scrape.watch import Watch

SETTLE: Final = 5.0
"""How many seconds what was discovered is left as it is: what changes, changes more than once."""

_log = logging.getLogger(__name__)


class Pool:
    """Scrapes the targets of a job, from `start` to `stop`. `retire` is told of loops whose targets are gone."""

    def __init__(
        self,
        job: Job,
        world: World,
        environ: Mapping[str, str],
        retire: Callable[[TargetLoop], None],
        fetch: Fetch | None = None,
    ) -> None:
        """Take another way to `fetch` than HTTP, if it is another."""
        self.job = job
        self.loops: dict[int, TargetLoop] = {}
        """What is scraped, by the keys of the targets."""
        self.dropped: tuple[Dropped, ...] = ()
        self._invalid: tuple[Invalid, ...] = ()
        self._world = world
        self._environ = environ
        self._retire = retire
        self._local = fetch
        self._client: Client | None = None
        self._fetch = fetch
        self._old_clients: list[Client] = []
        self._news = asyncio.Event()
        self._watch = Watch(environ, self._news.set)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Discover and scrape from now on."""
        await self._open()
        await self._watch.follow(self.job.settings)
        self._task = asyncio.create_task(self._follow(), name=f"the targets of {self.job.name}")
        self._task.add_done_callback(_log_end)

    async def change(self, job: Job, fetch: Fetch | None = None) -> None:
        """Go on as `job` says. What is scraped already, and is still wanted, is only scraped in another way."""
        old, self.job = self.job, job
        self._local = fetch
        if job.client != old.client and self._client:
            # Requests that are under way are made by it: it is closed when there has been time for them to end.
            self._old_clients.append(self._client)
            asyncio.get_running_loop().call_later(2 * old.interval, self._close_old)
            self._client = None
        await self._open()
        for loop in self.loops.values():
            loop.change(self._fetch_now, partial(self._succeed, loop.target))
        await self._watch.follow(job.settings)
        self._news.set()

    async def stop(self, *, for_good: bool = False) -> None:
        """Scrape no more. With `for_good`, the series of all targets are told to have ended, in due time."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._watch.stop()
        loops, self.loops = list(self.loops.values()), {}
        if for_good:
            for loop in loops:
                self._retire(loop)
        await asyncio.gather(*(loop.stop() for loop in loops))
        self._world.telemetry.targets.set(0, self.job.name)
        for client in [*self._old_clients, *([self._client] if self._client else [])]:
            await client.__aexit__(None, None, None)
        self._old_clients = []

    async def sync(self) -> None:
        """Make the loops those of the targets that are discovered now."""
        job = self.job
        work = partial(targets_of, self._watch.groups, job)
        found = await asyncio.get_running_loop().run_in_executor(self._world.workers, work)
        if job is self.job:
            self._apply(found)

    async def _follow(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self.sync()
            await self._world.clock.sleep(SETTLE)

    async def _open(self) -> None:
        if self._local is None and self._client is None:
            self._client = Client(self.job.client, self._environ)
            await self._client.__aenter__()
        self._fetch = self._local or (HttpFetch.of(self._client, self.job) if self._client else None)

    @property
    def _fetch_now(self) -> Fetch:
        assert self._fetch is not None, "`start` was called"
        return self._fetch

    def _apply(self, found: Found) -> None:
        wanted = {target.key: target for target in found.targets}
        limit = self.job.limits.targets
        over = f"target_limit exceeded (number of targets: {len(wanted)}, limit: {limit})"
        refusal = over if limit and len(wanted) > limit else ""
        if refusal and not any(loop.refusal for loop in self.loops.values()):
            _log.warning("job %r: %s; none of them is scraped", self.job.name, refusal)
        for key in self.loops.keys() - wanted.keys():
            self._retire(self.loops.pop(key))
        for key, target in wanted.items():
            if key in self.loops:
                self.loops[key].target = target  # How it was discovered may be told otherwise.
                self.loops[key].refusal = refusal
            else:
                reading = Reading(self._world.book, self._world.tenant, self.job, target)
                self.loops[key] = loop = TargetLoop(target, self._fetch_now, reading, self._world)
                loop.refusal = refusal
                loop.start()
        self.dropped = found.dropped
        for fault in found.invalid if found.invalid != self._invalid else ():
            told = dict(fault.discovered)
            _log.warning("job %r: cannot scrape what %s found: %s: %s", self.job.name, fault.source, fault.reason, told)
        self._invalid = found.invalid
        self._world.telemetry.targets.set(len(self.loops), self.job.name)

    def _succeed(self, target: Target, earlier: Reading) -> Reading:
        return Reading(self._world.book, self._world.tenant, self.job, target, earlier)

    def _close_old(self) -> None:
        if self._old_clients:
            client = self._old_clients.pop(0)
            task = asyncio.ensure_future(client.__aexit__(None, None, None))
            task.add_done_callback(_log_end)


def _log_end(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("BUG: a part of scraping has ended", exc_info=error)
