"""Reads one container as long as it runs, however often the connection ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firstlight.errors import DecodeError
from firstlight.ingest.scrape.client import Client
from firstlight.ingest.scrape.discovery.ask import mapping
from firstlight.ingest.scrape.discovery.group import DiscoveryFailed
from firstlight.ingest.tail.docker_container import Container
from firstlight.ingest.tail.docker_engine import Engine, NotThere
from firstlight.ingest.tail.docker_frames import Frames, Lines
from firstlight.wire.origins import Origin


@dataclass(slots=True)
class Reading:
    """The reading of one container. `active` while there is a task that does it."""

    key: str
    container: Container
    engine: Engine
    who: Callable[[Mapping[str, Any]], Origin]
    """Returns who a container is that was inspected."""
    hold: Callable[[], Awaitable[None]]
    """Returns when there is room for more."""
    active: bool = False
    again: bool = True
    """Whether it was started since it was last read to its end."""

    def is_wanted(self, state: Mapping[str, Any]) -> bool:
        """Return whether there may be something to read, as the list of containers has it."""
        return self.again or state.get("State") in ("running", "paused", "restarting")

    async def run(self, client: Client, retry: float) -> None:
        """Read until it has stopped, or is not there any more."""
        try:
            while await self._once(client, retry):
                pass
        finally:
            self.active = False

    async def _once(self, client: Client, retry: float) -> bool:
        """Read until the connection ends; return whether there may be more."""
        self.again = False
        try:
            inspected = await self.engine.inspect(client, self.key)
            self.container.origin = self.who(inspected)
            has_terminal = bool(mapping(inspected.get("Config")).get("Tty"))
            await self._read(client, has_terminal=has_terminal)
            inspected = await self.engine.inspect(client, self.key)
        except NotThere as error:
            if error.words:
                self.engine.complain(error.words)
            self.container.end()
            return False
        except (DiscoveryFailed, DecodeError) as error:
            self.engine.complain(str(error))
            await asyncio.sleep(retry)
            return True
        if mapping(inspected.get("State")).get("Running"):
            await asyncio.sleep(retry)  # an engine that ends each connection at once is not to be asked without end
            return True
        if not self.again:
            self.container.end()
        return self.again

    async def _read(self, client: Client, *, has_terminal: bool) -> None:
        container, loop = self.container, asyncio.get_running_loop()
        take = (Lines(container.longest) if has_terminal else Frames()).take
        async with self.engine.logs(client, self.key, container.begin()) as chunks:
            async for data in chunks:
                container.take_in(take(data), loop.time())
                await self.hold()
