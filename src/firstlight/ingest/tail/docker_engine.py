"""What is asked of a Docker engine: its containers, their logs, and what happens to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from aiohttp import ClientResponse

from firstlight.errors import ConfigError, DecodeError, brief
from firstlight.ingest.scrape.client import FAILURES, Client, failure
from firstlight.ingest.scrape.discovery.ask import ask, mapping, sequence, text
from firstlight.ingest.scrape.discovery.docker import DockerDiscovery, base_url
from firstlight.ingest.scrape.discovery.group import DiscoveryFailed
from firstlight.ingest.scrape.discovery.settings import DockerSettings
from firstlight.ingest.tail.runtime_times import SECOND

DEFAULT: Final = "unix:///var/run/docker.sock"
TIMEOUT: Final = 30.0
MAX_SAID: Final = 1_000
"""How many complaints are remembered, not to be said again."""

STEP: Final = 64 * 1024
"""Bytes that are taken of an answer at a time."""

_EVENTS: Final = orjson.dumps({"type": ["container"], "event": ["start", "die", "destroy"]}).decode()

_log = logging.getLogger(__name__)


class NotThere(Exception):
    """A container that cannot be read any more, or not at all; `words` say why if users should know."""

    def __init__(self, words: str = "") -> None:
        super().__init__(words)
        self.words = words


def engine_at(socket: str, environ: Mapping[str, str]) -> str:
    """Return the address of an engine as a URL; raise ConfigError if none is known that can be used.

    >>> engine_at("/run/podman.sock", {}), engine_at("auto", {"DOCKER_HOST": "tcp://127.0.0.1:2375"})
    ('unix:///run/podman.sock', 'tcp://127.0.0.1:2375')
    """
    if socket != "auto":
        return f"unix://{socket}" if socket.startswith("/") else socket
    host = environ.get("DOCKER_HOST") or DEFAULT
    if not host.startswith(("unix://", "tcp://", "http://", "https://")):
        raise ConfigError(
            f"cannot ask the engine at {brief(host)}, which DOCKER_HOST names; want unix:///path or tcp://host:port;"
            " set tail.docker.socket"
        )
    return host


@dataclass(slots=True)
class Engine:
    """One engine."""

    host: str
    environ: Mapping[str, str] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def client(self) -> Client:
        """Return what it is asked with."""
        return DockerDiscovery(DockerSettings(host=self.host), self.environ).client()

    def complain(self, words: str) -> None:
        """Say what is wrong, once."""
        if words not in self._said:
            if len(self._said) >= MAX_SAID:
                self._said.clear()
            self._said.add(words)
            _log.warning("tail.docker, %s: %s", self.host, words)

    async def containers(self, client: Client) -> dict[str, Mapping[str, Any]] | None:
        """Return all containers by their ids, None if the engine does not answer."""
        try:
            found = await ask(client, f"{base_url(self.host)}/containers/json", params={"all": "1"})
        except DiscoveryFailed as error:
            self.complain(str(error))
            return None
        return {text(one.get("Id")): one for one in map(mapping, sequence(found.data)) if one.get("Id")}

    async def inspect(self, client: Client, key: str) -> Mapping[str, Any]:
        """Return what is known of a container; raise `NotThere` if it was removed, `DiscoveryFailed`."""
        url = f"{base_url(self.host)}/containers/{key}/json"
        try:
            async with client.get(url, seconds=TIMEOUT) as answer:
                await _check(answer, url)
                return mapping(orjson.loads(await answer.read()))
        except (DiscoveryFailed, NotThere):
            raise
        except FAILURES as error:
            raise DiscoveryFailed(f"cannot ask {url}: {failure(error)}") from None

    @asynccontextmanager
    async def logs(self, client: Client, key: str, since: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """Yield what a container writes, and has written since a time, as bytes; raise as `inspect` does."""
        url = f"{base_url(self.host)}/containers/{key}/logs"
        params: dict[str, str | list[str]] = {"follow": "1", "stdout": "1", "stderr": "1", "timestamps": "1"}
        if since:
            params["since"] = f"{since // SECOND}.{since % SECOND:09d}"
        try:
            async with client.get(url, params=params) as answer:
                await _check(answer, url)
                yield answer.content.iter_chunked(STEP)
        except (DiscoveryFailed, NotThere, DecodeError):
            raise
        except FAILURES as error:
            raise DiscoveryFailed(f"cannot read {url}: {failure(error)}") from None

    async def listen(self, client: Client, started: Callable[[str], None], retry: float) -> None:
        """Tell which containers start, until cancelled; an empty name when any may have started unseen."""
        while True:
            try:
                async with client.get(f"{base_url(self.host)}/events", params={"filters": _EVENTS}) as answer:
                    await _check(answer, "events")
                    started("")
                    self._news.set()
                    async for line in answer.content:
                        event = mapping(orjson.loads(line)) if line.strip() else {}
                        if event.get("Action", event.get("status")) == "start":
                            started(text(mapping(event.get("Actor")).get("ID") or event.get("id")))
                        self._news.set()
            except NotThere:
                _log.warning("tail.docker: %s tells no events; it is asked again and again instead", self.host)
            except FAILURES as error:
                self.complain(f"cannot listen for events: {failure(error)}")
            await asyncio.sleep(retry)

    async def news(self, most: float) -> None:
        """Return when something happened to a container, after `most` seconds at the latest."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), most)
        self._news.clear()


async def _check(answer: ClientResponse, url: str) -> None:
    if answer.status == 200:
        return
    told = brief((await answer.content.read(300)).decode(errors="replace").strip(), 300)
    if answer.status in (404, 409):
        raise NotThere
    if "does not support reading" in told:
        raise NotThere(f"cannot read {url}: {told}; want a logging driver that can be read, such as json-file or local")
    raise DiscoveryFailed(f"cannot read {url}: the answer's status is {answer.status}, {told}")
