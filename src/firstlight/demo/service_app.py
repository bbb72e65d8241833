"""What every service of the shop is built from: its web application, its clients, and the log of its requests."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
from fastapi import FastAPI, Request, Response
from opentelemetry.context import attach, detach
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.metrics import Counter
from opentelemetry.trace import format_trace_id, get_current_span
from prometheus_client.exposition import choose_encoder
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firstlight.demo import headers
from firstlight.demo.correlation import CORRELATION_ID, carried, carrying, introduce
from firstlight.demo.stage import Stage
from firstlight.demo.telemetry_setup import Telemetry

UNWATCHED = ("/health", "/metrics")
"""Paths that machines ask all the time: without spans and log lines."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backstage:
    """What a service is given: its telemetry, its stage, where the others listen, and a place for files."""

    telemetry: Telemetry
    stage: Stage
    urls: Mapping[str, str]
    work_dir: Path

    def client(self, service: str, timeout_s: float) -> httpx.AsyncClient:
        """Return an instrumented client of another service of the shop."""
        client = httpx.AsyncClient(base_url=self.urls[service], timeout=timeout_s, trust_env=False)
        HTTPXClientInstrumentor.instrument_client(
            client, tracer_provider=self.telemetry.traces, meter_provider=self.telemetry.metrics
        )
        return client


class Part(Protocol):
    """A service of the shop."""

    app: FastAPI

    def act(self, elapsed_s: float) -> None:
        """Do what the stage asks for besides answering requests; called ten times a second, and must not block."""
        ...

    async def close(self) -> None:
        """Let go of clients, threads and files; called once, when no request is left."""
        ...


def service_app(backstage: Backstage) -> FastAPI:
    """Return an instrumented application with /health and /metrics, to which the service adds its routes."""
    telemetry = backstage.telemetry
    app = FastAPI(openapi_url=None)  # no page of documentation: nobody outside the demo calls it
    app.add_middleware(RequestLog, requests=telemetry.meter.create_counter("http_requests", unit="{request}"))

    async def health() -> dict[str, str]:
        return {"status": "ok"}

    def metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(telemetry.registry), headers={"content-type": content_type})

    app.add_api_route("/health", health)
    app.add_api_route("/metrics", metrics, response_model=None)
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=telemetry.traces,
        meter_provider=telemetry.metrics,
        excluded_urls=",".join(f"{path}$" for path in UNWATCHED),
        exclude_spans=["receive", "send"],
    )
    return app


class RequestLog:
    """Names each request, logs it when it ends, counts it, and tells the caller its ids; within its server span."""

    def __init__(self, app: ASGIApp, requests: Counter) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in UNWATCHED:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500  # what the outer layers answer if nothing comes from within

        async def send_with_ids(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(_ids())
            await send(message)

        token = attach(carrying(introduce(Headers(scope=scope))))
        try:
            await self._app(scope, receive, send_with_ids)
        except Exception:  # the end of a request: the server span still records what passes here
            self._end(scope, status, began, failed=True)
            raise
        else:
            self._end(scope, status, began)
        finally:
            detach(token)

    def _end(self, scope: Scope, status: int, began: float, *, failed: bool = False) -> None:
        endpoint = getattr(scope.get("route"), "path", "unmatched")  # not the path itself, of which there are too many
        method = scope["method"]
        self._requests.add(1, {"method": method, "endpoint": endpoint, "status": status})
        level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.INFO
        log.log(
            level,
            "%s %s %d",
            method,
            scope["path"],
            status,
            extra={
                "method": method,
                "endpoint": endpoint,
                "status": status,
                "latency_ms": round((time.perf_counter() - began) * 1_000, 1),
            },
            exc_info=failed,
        )


def _ids() -> dict[str, str]:
    span = get_current_span().get_span_context()
    return {headers.TRACE: format_trace_id(span.trace_id), headers.CORRELATION: carried()[CORRELATION_ID]}
