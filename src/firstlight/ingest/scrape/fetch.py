"""Fetching what a target exposes. What fails is told in the words that Prometheus has for it, where it has some."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

import aiohttp

from firstlight.errors import UserError
from firstlight.ingest.scrape.client import FAILURES, Client, failure
from firstlight.ingest.scrape.job import Job
from firstlight.ingest.scrape.targets import Target
from firstlight.wire.prometheus.negotiation import Protocol as Format
from firstlight.wire.prometheus.negotiation import accept_header

BODY_TOO_LARGE: Final = "body size limit exceeded"
TOO_LATE: Final = "context deadline exceeded"

MAX_BODY: Final = 1024**3
"""Bytes that no body may exceed, whatever a job allows: it is in memory while it is read."""


class ScrapeFailed(UserError):
    """A scrape that brings nothing, or nothing that can be kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target answered, as it sent it."""

    body: bytes
    content_type: str
    encoding: str = ""


class Fetch(Protocol):
    """A way to get at what a target exposes."""

    async def __call__(self, target: Target) -> Answer:
        """Return the answer of a target; raise `ScrapeFailed` if there is none within its timeout."""
        ...


@dataclass(frozen=True, slots=True)
class HttpFetch:
    """Fetches over HTTP as a job says."""

    client: Client
    headers: Mapping[str, str]
    limit: int

    @classmethod
    def of(cls, client: Client, job: Job) -> HttpFetch:
        """Return what fetches for a job; its client is open while it does."""
        protocols = [Format(name) for name in job.protocols]
        headers = {
            "Accept": accept_header(protocols, escaping=job.escaping),
            "Accept-Encoding": "gzip" if job.compression else "identity",
        }
        return cls(client, headers, job.limits.body_size or MAX_BODY)

    async def __call__(self, target: Target) -> Answer:
        """Return the answer of a target."""
        headers = {**self.headers, "X-Prometheus-Scrape-Timeout-Seconds": f"{target.timeout:g}"}
        try:
            async with asyncio.timeout(target.timeout), self.client.get(target.url, headers=headers) as answer:
                if answer.status != HTTPStatus.OK:
                    raise ScrapeFailed(f"server returned HTTP status {answer.status} {_phrase(answer)}".rstrip())
                body = await _read(answer, self.limit)
                kind, encoding = (answer.headers.get(name, "") for name in ("Content-Type", "Content-Encoding"))
                return Answer(body, kind, encoding)
        except ScrapeFailed:
            raise
        except FAILURES as error:
            raise ScrapeFailed(f'Get "{target.url}": {_words(error)}') from None


@dataclass(frozen=True, slots=True)
class LocalFetch:
    """Fetches what this process exposes about itself or its host, without HTTP."""

    produce: Callable[[], Answer]

    async def __call__(self, target: Target) -> Answer:
        """Return what is produced, in a thread: it may read files."""
        try:
            async with asyncio.timeout(target.timeout):
                return await asyncio.to_thread(self.produce)
        except TimeoutError:
            raise ScrapeFailed(TOO_LATE) from None
        except OSError as error:
            raise ScrapeFailed(str(error)) from None


async def _read(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    if (answer.content_length or 0) > limit:
        raise ScrapeFailed(BODY_TOO_LARGE)
    pieces, size = [], 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > limit:
            raise ScrapeFailed(BODY_TOO_LARGE)
        pieces.append(piece)
    return b"".join(pieces)


def _phrase(answer: aiohttp.ClientResponse) -> str:
    return answer.reason or next((known.phrase for known in HTTPStatus if known == answer.status), "")


def _words(error: BaseException) -> str:
    match error:
        case TimeoutError():
            return TOO_LATE
        case aiohttp.ClientConnectorDNSError():
            return f"dial tcp: lookup {error.host}: no such host"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return f"tls: {failure(error)}"
        case aiohttp.ClientConnectorError() if error.os_error.errno in errno.errorcode:
            words = _lower(error.os_error)
            return f"dial tcp {error.host}:{error.port}: connect: {words}"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            return "unexpected EOF"
    return failure(error)


def _lower(error: OSError) -> str:
    # aiohttp makes a sentence of its own; what the system says is in the number.
    words = {errno.ECONNREFUSED: "connection refused", errno.EHOSTUNREACH: "no route to host",
             errno.ENETUNREACH: "network is unreachable", errno.ETIMEDOUT: "connection timed out",
             errno.ECONNRESET: "connection reset by peer"}  # fmt: skip
    return words.get(error.errno or 0) or str(error.strerror or error)
