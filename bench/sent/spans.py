"""Spans: traces of ten, as instrumented web services make them, nine attributes each.

A request to a server, and below it calls of other services and queries of a database, one within the other in time.
Of a hundred requests some fail, with the exception as an event; a few link to the message that caused them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
import numpy.typing as npt
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from bench.sent.attributes import Value, key_values
from bench.sent.fleet import PROCESSES_PER_REQUEST, SERVICES, Process, scope, senders
from bench.sent.template import Slot, Slots, Template
from bench.sent.words import decimal_digits, random_ids, times

MILLISECOND: Final = 1_000_000
WINDOW: Final = 5_000 * MILLISECOND  # how long a batch processor gathers

ROUTES: Final = tuple(
    (method, f"/api/{noun}s/{{id}}{rest}", f"/api/{noun}s/")
    for method, rest in (("GET", ""), ("POST", "/items"), ("PUT", ""))
    for noun in ("order", "product", "basket", "customer", "invoice", "parcel", "review", "voucher")
)
TABLES: Final = tuple("orders products baskets customers invoices parcels reviews stock".split())
AGENTS: Final = tuple(
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
    for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64")
    for version in (138, 139, 140, 141)
)
STACK: Final = "Traceback (most recent call last):\n" + "".join(
    f'  File "/srv/app/{name}.py", line {line}, in {name}\n    return await {name}(request)\n'
    for name, line in (("endpoint", 88), ("service", 214), ("repository", 61), ("transaction", 132))
)
FAILING: Final = 0.03
LINKED: Final = 0.01


@dataclass(frozen=True, slots=True)
class Shape:
    """A span of a trace: which of the others is around it, and what it is about."""

    parent: int | None
    kind: Span.SpanKind.ValueType
    library: str


TRACE: Final = (
    Shape(None, Span.SPAN_KIND_SERVER, "fastapi"),
    Shape(0, Span.SPAN_KIND_CLIENT, "sqlalchemy"),
    Shape(0, Span.SPAN_KIND_CLIENT, "sqlalchemy"),
    Shape(0, Span.SPAN_KIND_CLIENT, "httpx"),
    Shape(0, Span.SPAN_KIND_INTERNAL, "fastapi"),
    Shape(4, Span.SPAN_KIND_CLIENT, "sqlalchemy"),
    Shape(4, Span.SPAN_KIND_CLIENT, "httpx"),
    Shape(4, Span.SPAN_KIND_INTERNAL, "fastapi"),
    Shape(7, Span.SPAN_KIND_CLIENT, "sqlalchemy"),
    Shape(7, Span.SPAN_KIND_CLIENT, "sqlalchemy"),
)
"""The spans of a trace, each after the one around it."""

LIBRARIES: Final = tuple(dict.fromkeys(shape.library for shape in TRACE))


class SpanExport:
    """The spans of a few processes."""

    def __init__(self, seed: int, items: int) -> None:
        builder = _Builder(Random(seed))
        request = builder.request(items // len(TRACE))
        self.items = items // len(TRACE) * len(TRACE)
        self._random = np.random.default_rng(seed)
        self._template = Template.of(request.SerializeToString(), builder.slots)
        self._offsets = np.array(builder.offsets, np.int64)

    def body(self, now_ns: int) -> bytearray:
        """Return spans that have just ended."""
        return fill(self._template, self._random, now_ns, self._offsets)


def fill(template: Template, random: np.random.Generator, now_ns: int, offsets: npt.NDArray[np.int64]) -> bytearray:
    """Return a request with new ids and digits, and times that are `offsets` from now."""
    count = template.groups.get
    return template.fill(
        {
            "trace": random_ids(random, count("trace", 0)),
            "span": random_ids(random, count("span", 0)),
            "digits": decimal_digits(random, count("digits", 0)),
            "time": times(now_ns, offsets),
        }
    )


class _Builder:
    def __init__(self, random: Random) -> None:
        self.slots = Slots()
        self.offsets: list[int] = []
        self._random = random

    def request(self, traces: int) -> ExportTraceServiceRequest:
        chosen = senders(self._random)
        shares = [len(range(place, traces, PROCESSES_PER_REQUEST)) for place in range(PROCESSES_PER_REQUEST)]
        return ExportTraceServiceRequest(
            resource_spans=[self._process(process, share) for process, share in zip(chosen, shares, strict=True)]
        )

    def _process(self, process: Process, traces: int) -> ResourceSpans:
        by_library: dict[str, list[Span]] = {library: [] for library in LIBRARIES}
        for _ in range(traces):
            for shape, span in zip(TRACE, self._trace(process), strict=True):
                by_library[shape.library].append(span)
        scopes = [ScopeSpans(scope=scope(library), spans=spans) for library, spans in by_library.items()]
        return ResourceSpans(resource=process.resource(), scope_spans=scopes)

    def _trace(self, process: Process) -> Iterator[Span]:
        trace_id = self.slots.take("trace").raw + self.slots.take("trace").raw
        ids = [self.slots.take("span") for _ in TRACE]
        failing = self._random.random() < FAILING
        duration = int(self._random.lognormvariate(3.5, 0.8) * MILLISECOND)
        inside = [(-self._random.randrange(WINDOW) - duration, duration)]
        for shape in TRACE[1:]:
            start, length = inside[shape.parent or 0]
            inside.append((start + self._random.randrange(length // 3), self._random.randrange(length // 2) + 1000))
        for shape, span_id, (start, length) in zip(TRACE, ids, inside, strict=True):
            name, attributes = self._about(shape, process, failing)
            yield Span(
                trace_id=trace_id,
                span_id=span_id.raw,
                parent_span_id=b"" if shape.parent is None else ids[shape.parent].raw,
                name=name,
                kind=shape.kind,
                start_time_unix_nano=self._time(start).fixed64,
                end_time_unix_nano=self._time(start + length).fixed64,
                attributes=key_values(attributes),
                events=[self._exception(start + length)] if failing and shape.parent is None else [],
                links=[self._link()] if shape.parent is None and self._random.random() < LINKED else [],
                status=Status(code=Status.STATUS_CODE_ERROR) if failing and shape.parent is None else None,
                flags=0x101,
            )

    def _time(self, offset: int) -> Slot:
        self.offsets.append(offset)
        return self.slots.take("time")

    def _exception(self, when: int) -> Span.Event:
        attributes: dict[str, Value] = {
            "exception.type": "shop.errors.OutOfStock",
            "exception.message": f"product {self.slots.take('digits').text} is out of stock",
            "exception.stacktrace": STACK,
        }
        return Span.Event(time_unix_nano=self._time(when).fixed64, name="exception", attributes=key_values(attributes))

    def _link(self) -> Span.Link:
        trace_id = self.slots.take("trace").raw + self.slots.take("trace").raw
        return Span.Link(trace_id=trace_id, span_id=self.slots.take("span").raw, flags=0x101)

    def _about(self, shape: Shape, process: Process, failing: bool) -> tuple[str, Mapping[str, Value]]:
        match shape.library, shape.kind:
            case "fastapi", Span.SPAN_KIND_SERVER:
                return self._server(process, failing)
            case "httpx", _:
                return self._client()
            case "sqlalchemy", _:
                return self._query()
        return self._function(process)

    def _server(self, process: Process, failing: bool) -> tuple[str, Mapping[str, Value]]:
        method, route, start = self._random.choice(ROUTES)
        return f"{method} {route}", {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": 503 if failing else 200,
            "url.path": f"{start}{self.slots.take('digits').text}",
            "url.scheme": "https",
            "server.address": f"{process.service}.shop.example",
            "client.address": ".".join(str(self._random.randrange(1, 255)) for _ in range(4)),
            "network.protocol.version": "1.1",
            "user_agent.original": self._random.choice(AGENTS),
        }

    def _client(self) -> tuple[str, Mapping[str, Value]]:
        method, _, start = self._random.choice(ROUTES)
        service = self._random.choice(SERVICES)
        return method, {
            "http.request.method": method,
            "http.response.status_code": 200,
            "url.full": f"http://{service}.shop.internal:8080{start}{self.slots.take('digits').text}?expand=lines",
            "server.address": f"{service}.shop.internal",
            "server.port": 8080,
            "network.peer.address": f"10.0.{SERVICES.index(service)}.{20 + self._random.randrange(4)}",
            "network.peer.port": 8080,
            "network.protocol.version": "1.1",
            "http.request.resend_count": self._random.choice((0, 0, 0, 1)),
        }

    def _query(self) -> tuple[str, Mapping[str, Value]]:
        table = self._random.choice(TABLES)
        return f"SELECT shop.{table}", {
            "db.system.name": "postgresql",
            "db.namespace": "shop",
            "db.operation.name": "SELECT",
            "db.collection.name": table,
            "db.query.text": f"SELECT * FROM {table} WHERE id = $1 AND deleted_at IS NULL ORDER BY created_at LIMIT 50",
            "db.response.returned_rows": self._random.randrange(50),
            "server.address": "db-1.shop.internal",
            "server.port": 5432,
            "shop.db.pool_wait_ms": round(self._random.expovariate(2.0), 3),
        }

    def _function(self, process: Process) -> tuple[str, Mapping[str, Value]]:
        name = self._random.choice(("price", "reserve", "authorise", "render", "enrich", "validate"))
        return f"{process.service}.{name}", {
            "code.function.name": f"shop.{process.service}.{name}",
            "code.file.path": f"/srv/app/shop/{process.service}.py",
            "code.line.number": self._random.randrange(20, 900),
            "thread.id": 140_000_000_000_000 + self._random.randrange(16),
            "thread.name": f"AnyIO worker thread {self._random.randrange(16)}",
            "shop.customer.tier": self._random.choice(("free", "plus", "business")),
            "shop.basket.items": self._random.randrange(1, 40),
            "shop.cache.hit": self._random.random() < 0.8,
            "shop.customer.id": self.slots.take("digits").text,
        }
