"""A server of ours that answers as Docker's API documents (v1.43), since no Docker can run here.

It has the containers it is told, answers their list, their inspection, their events and their logs with the parameters
that are used here, and can go away and come back. It is no Docker: what an engine does beyond its documentation is not
shown by tests with it.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from tests.ingest.scrape.serving import serving

SECOND = 10**9
STDOUT, STDERR = 1, 2


def told(ts: int) -> str:
    """Return a time as the engine writes it before a line."""
    return f"{datetime.fromtimestamp(ts // SECOND, UTC):%Y-%m-%dT%H:%M:%S}.{ts % SECOND:09d}Z"


@dataclass(slots=True)
class Box:
    """A container."""

    name: str
    labels: dict[str, str] = field(default_factory=dict)
    image: str = "shop/web:1.2"
    tty: bool = False
    driver: str = "json-file"
    is_running: bool = True
    messages: list[tuple[int, int, bytes]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Its id."""
        return f"id-{self.name}".ljust(64, "0")

    def write(self, text: str | bytes, ts: int, stream: int = STDOUT) -> None:
        """Write a message; without a line feed it goes on in the next."""
        self.messages.append((ts, stream, text.encode() if isinstance(text, str) else text))


@dataclass(slots=True)
class FakeEngine:
    """The engine."""

    socket: Path
    boxes: dict[str, Box] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    piece: int = 7
    """How many bytes of an answer are sent at a time."""
    _listeners: list[asyncio.Queue[bytes]] = field(default_factory=list)

    def add(self, box: Box) -> Box:
        """Make a container."""
        self.boxes[box.id] = box
        return box

    def start(self, box: Box) -> None:
        """Start a container, and tell that."""
        box.is_running = True
        self._tell(box, "start")

    def stop(self, box: Box) -> None:
        """Stop a container, and tell that."""
        box.is_running = False
        self._tell(box, "die")

    def _tell(self, box: Box, action: str) -> None:
        event = {"Type": "container", "Action": action, "Actor": {"ID": box.id, "Attributes": {"name": box.name}}}
        for listener in self._listeners:
            listener.put_nowait(orjson.dumps(event) + b"\n")

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        """Serve, until the block ends and all connections with it."""
        async with serving(self._answer, socket=str(self.socket)):
            yield
        self.socket.unlink(missing_ok=True)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        match request.path.strip("/").split("/"):
            case ["containers", "json"]:
                everything = request.query.get("all") == "1"
                return web.json_response(
                    [self._listed(box) for box in self.boxes.values() if everything or box.is_running]
                )
            case ["containers", key, "json"] if key in self.boxes:
                return web.json_response(self._inspected(self.boxes[key]))
            case ["containers", key, "logs"] if key in self.boxes:
                return await self._logs(request, self.boxes[key])
            case ["events"]:
                return await self._events(request)
        return web.json_response({"message": "No such container"}, status=404)

    def _listed(self, box: Box) -> dict[str, Any]:
        state = "running" if box.is_running else "exited"
        return {"Id": box.id, "Names": [f"/{box.name}"], "Image": box.image, "Labels": box.labels, "State": state}

    def _inspected(self, box: Box) -> dict[str, Any]:
        return {
            "Id": box.id,
            "Name": f"/{box.name}",
            "Image": "sha256:abc",
            "Config": {"Image": box.image, "Labels": box.labels, "Tty": box.tty},
            "State": {"Running": box.is_running, "Status": "running" if box.is_running else "exited"},
            "HostConfig": {"LogConfig": {"Type": box.driver}},
        }

    async def _logs(self, request: web.Request, box: Box) -> web.StreamResponse:
        if box.driver not in ("json-file", "local", "journald"):
            return web.json_response({"message": "configured logging driver does not support reading"}, status=501)
        query = request.query
        assert (query["stdout"], query["stderr"], query["timestamps"]) == ("1", "1", "1")
        since = int(Decimal(query.get("since", "0")) * SECOND)
        kind = "raw" if box.tty else "multiplexed"
        answer = web.StreamResponse(headers={"Content-Type": f"application/vnd.docker.{kind}-stream"})
        await answer.prepare(request)
        at = 0
        while True:
            while at < len(box.messages):
                ts, stream, text = box.messages[at]
                at += 1
                if ts >= since:
                    await self._send(answer, box, stream, f"{told(ts)} ".encode() + text)
            if not box.is_running or query.get("follow") != "1":
                break
            await asyncio.sleep(0.01)
        await answer.write_eof()
        return answer

    async def _send(self, answer: web.StreamResponse, box: Box, stream: int, content: bytes) -> None:
        data = content if box.tty else struct.pack(">BxxxI", stream, len(content)) + content
        step = self.piece if len(data) < 1000 else 10_000
        for place in range(0, len(data), step):
            await answer.write(data[place : place + step])

    async def _events(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            while True:
                await answer.write(await queue.get())
        finally:
            self._listeners.remove(queue)
