"""Questions to the APIs of others, whose answers are JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from firstlight.errors import brief
from firstlight.ingest.scrape.client import FAILURES, Client, failure
from firstlight.ingest.scrape.discovery.group import DiscoveryFailed

TIMEOUT = 30.0
MAX_ANSWER = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    data: Any
    headers: Mapping[str, str]


async def ask(
    client: Client,
    url: str,
    *,
    params: Mapping[str, str | list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = TIMEOUT,
) -> Answer:
    """Return the answer to a GET; raise `DiscoveryFailed` if there is none, or if it is not 200 and JSON."""
    try:
        asked = {"Accept": "application/json", **(headers or {})}
        async with client.get(url, params=params, headers=asked, seconds=seconds) as answer:
            body = bytearray()
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > MAX_ANSWER:
                    raise DiscoveryFailed(f"cannot use the answer of {brief(url)}: it is over {MAX_ANSWER} bytes")
            if answer.status != 200:
                told = brief(bytes(body[:200]).decode(errors="replace"))
                raise DiscoveryFailed(f"cannot use the answer of {brief(url)}: its status is {answer.status}, {told}")
            told_headers = answer.headers.copy()
    except DiscoveryFailed:
        raise
    except FAILURES as error:
        raise DiscoveryFailed(f"cannot ask {brief(url)}: {failure(error)}") from None
    try:
        return Answer(orjson.loads(body), told_headers)
    except orjson.JSONDecodeError as error:
        raise DiscoveryFailed(f"cannot read the answer of {brief(url)}: it is not JSON: {error}") from None


def mapping(value: Any) -> Mapping[str, Any]:
    """Return `value` if it is a mapping; an empty one if not, as for what an API leaves out or calls null."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """Return `value` if it is a list; an empty one if not."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return what a label says of a value: nothing if there is none, ``true`` and not Python's ``True``."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
