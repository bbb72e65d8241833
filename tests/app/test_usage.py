"""What the server remembers of queries: through PromQL over HTTP, and through a restart (C1)."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from firstlight.app.usage import FILE
from tests.app.running import Running, running, settings_for
from tests.ingest.requests import GOOD

pytestmark = pytest.mark.anyio


async def queried(client: httpx.AsyncClient, it: Running) -> dict[str, int]:
    """Return how often each metric was queried."""
    told = (await client.get(f"{it.http}/api/firstlight/v1/metrics/usage")).json()
    return {one["metric"]: one["queries"] for one in told["metrics"]}


async def test_what_is_queried_is_known_after_a_restart(tmp_path: Path) -> None:
    """What is only listed is not queried."""
    settings = settings_for(tmp_path)
    async with running(settings) as it, httpx.AsyncClient() as client:
        body = GOOD["metrics"].SerializeToString()
        await client.post(f"{it.http}/v1/metrics", content=body, headers={"content-type": "application/x-protobuf"})
        await client.get(f"{it.http}/api/v1/query", params={"query": "sum(rate(b[5m])) or nothing"})
        await client.get(f"{it.http}/api/v1/series", params={"match[]": "a"})
        before = await queried(client, it)
        await client.get(f"{it.http}/federate", params={"match[]": "a"})
        federated = await queried(client, it)
    async with running(settings) as it, httpx.AsyncClient() as client:
        after = await queried(client, it)

    assert before == {"a": 0, "b": 1}
    assert federated == after == {"a": 1, "b": 1}


async def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_for(tmp_path)
    settings.data.mkdir(parents=True)
    (settings.data / FILE).write_text("broken")
    async with running(settings):
        pass

    assert "which metrics are queried is noted anew" in caplog.text
    assert (settings.data / FILE).read_text().startswith('{"version":1')
