"""What is undone at a stop: the latest first, each once, whatever becomes of the others."""

from __future__ import annotations

import asyncio

import pytest

from firstlight.app.cleanups import Cleanups

pytestmark = pytest.mark.anyio


async def test_the_latest_goes_first() -> None:
    done: list[str] = []

    async def slowly() -> None:
        await asyncio.sleep(0)
        done.append("slowly")

    cleanups = Cleanups()
    cleanups.push("first", lambda: done.append("first"))
    cleanups.push("slowly", slowly)
    cleanups.push("last", lambda: done.append("last"))
    await cleanups.run()
    await cleanups.run()

    assert done == ["last", "slowly", "first"]


async def test_what_fails_does_not_keep_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError

    cleanups = Cleanups()
    cleanups.push("first", lambda: done.append("first"))
    cleanups.push("a bad one", fail)
    await cleanups.run()

    assert done == ["first"]
    assert [record.getMessage() for record in caplog.records] == ["cannot stop a bad one cleanly"]
