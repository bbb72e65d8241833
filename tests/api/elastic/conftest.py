"""Elasticsearch's API about a few documents, in the process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import orjson
import pytest

from tests.api.elastic.corpus import DOCUMENTS, INDEX
from tools.conformance.elastic_served import served


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API, the documents of the corpus sent."""
    async with served(tmp_path_factory.mktemp("store")) as it:
        lines = [one for own_id, document in DOCUMENTS.items() for one in ({"index": {"_id": own_id}}, document)]
        body = b"".join(orjson.dumps(one) + b"\n" for one in lines)
        answer = await it.post(f"/{INDEX}/_bulk", content=body, headers={"content-type": "application/x-ndjson"})
        assert answer.json().get("errors") is False, answer.text
        yield it
