"""Loki's API about a store with a few streams in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api.loki.rig import NOW, SECOND, Loki, served

MINUTE = 60 * SECOND
API = {"app": "api", "env": "prod", "pod": "1"}
WEB = {"app": "web", "env": "dev"}
LINES = 30


def at(second: int) -> str:
    """Return a time so many seconds before now."""
    return str(NOW - second * SECOND)


@pytest.fixture(scope="module")
async def loki(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Loki]:
    """A server with two streams of a minute: JSON with metadata, and logfmt."""
    async with served(tmp_path_factory.mktemp("loki") / "store") as it:
        api = [
            [
                at(60 - 2 * number),
                f'{{"msg":"m{number}","took":"{number}ms","n":{number}}}',
                {"user.id": f"u{number % 3}"},
            ]
            for number in range(LINES)
        ]
        await it.push(API, *api)
        await it.push(WEB, *([at(59 - 2 * number), f"status={200 + number} ok=true"] for number in range(LINES)))
        yield it
