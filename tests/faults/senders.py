"""Clients that send records once, each under a name of its own, and remember which were acknowledged."""

from __future__ import annotations

import gzip
import http.client
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from tests.acceptance.live import Live

RECORDS = 25
"""How many records one request has."""

DAY_NS = 86_400 * 10**9

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
GZIP = {**PROTOBUF, "content-encoding": "gzip"}

Names = Sequence[str]


class Refused(Exception):
    """An answer that is none of success."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was sent, and what of it was acknowledged, by kind of record."""

    sent: dict[str, set[str]] = field(default_factory=lambda: {"log": set(), "span": set(), "point": set()})
    acknowledged: dict[str, set[str]] = field(default_factory=lambda: {"log": set(), "span": set(), "point": set()})
    refused: list[str] = field(default_factory=list)

    @property
    def refused_for_good(self) -> list[str]:
        """What senders were told that makes them give up; a connection that broke, or was not to be had, does not."""
        # A call that comes in the moment in which gRPC stops is cancelled by it, which OTLP counts among what passes.
        passing = [f"Refused: {word}" for word in ("429", "503", "StatusCode.UNAVAILABLE", "StatusCode.CANCELLED")]
        return [words for words in self.refused if "Refused: " in words and not any(one in words for one in passing)]

    def faults(self, kind: str, stored: Counter[str]) -> dict[str, list[str]]:
        """Return what is wrong with what is stored of a kind, by name: nothing, if all is well."""
        found = {
            "lost": self.acknowledged[kind] - stored.keys(),
            "twice": {name for name, count in stored.items() if count > 1},
            "never sent": stored.keys() - self.sent[kind],
        }
        return {what: sorted(names)[:10] for what, names in found.items() if names}


# --- requests --------------------------------------------------------------------------------------------------------


def time_ns(now_ns: int, number: int) -> int:
    """Return the time of a record: every fifth is of the day before, so that a request falls on two partitions."""
    return now_ns + number - DAY_NS * (number % 5 == 0)


def service(name: str) -> Resource:
    """Return a sender's resource."""
    return Resource(attributes=[KeyValue(key="service.name", value=AnyValue(string_value=name))])


def logs(names: Names, now_ns: int) -> ExportLogsServiceRequest:
    """Return log records with these bodies."""
    records = [
        LogRecord(time_unix_nano=time_ns(now_ns, number), body=AnyValue(string_value=name))
        for number, name in enumerate(names)
    ]
    return ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(resource=service("faults"), scope_logs=[ScopeLogs(log_records=records)])]
    )


def logs_json(names: Names, now_ns: int) -> bytes:
    """Return the same as OTLP/JSON."""
    records = [
        {"timeUnixNano": str(time_ns(now_ns, number)), "body": {"stringValue": name}}
        for number, name in enumerate(names)
    ]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()


def spans(names: Names, now_ns: int) -> ExportTraceServiceRequest:
    """Return spans with these names."""
    found = [
        Span(
            trace_id=number.to_bytes(15, "big") + b"\1",
            span_id=number.to_bytes(7, "big") + b"\1",
            name=name,
            start_time_unix_nano=time_ns(now_ns, number),
            end_time_unix_nano=time_ns(now_ns, number) + 1000,
        )
        for number, name in enumerate(names)
    ]
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(resource=service("faults"), scope_spans=[ScopeSpans(spans=found)])]
    )


def points(names: Names, now_ns: int) -> ExportMetricsServiceRequest:
    """Return data points with these names: that of its series, a dot, and its value."""
    series, values = names[0].rpartition(".")[0], [float(name.rpartition(".")[2]) for name in names]
    found = [
        NumberDataPoint(
            time_unix_nano=time_ns(now_ns, number * 10**6),
            as_double=value,
            attributes=[KeyValue(key="sender", value=AnyValue(string_value=series))],
        )
        for number, value in enumerate(values)
    ]
    metric = Metric(name="faults.points", gauge=Gauge(data_points=found))
    return ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(resource=service("faults"), scope_metrics=[ScopeMetrics(metrics=[metric])])]
    )


# --- clients ---------------------------------------------------------------------------------------------------------

Send = Callable[[Names, int], None]
"""Sends records of these names once; returns when they are acknowledged, raises whatever happened instead."""


def over_http(
    address: str, path: str, encode: Callable[[Names, int], bytes], headers: dict[str, str]
) -> Iterator[Send]:
    """Yield what sends over one connection that is kept."""
    connection = http.client.HTTPConnection(address, timeout=60)

    def send(names: Names, now_ns: int) -> None:
        connection.request("POST", path, encode(names, now_ns), headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise Refused(f"{answer.status} {answer.headers.get('retry-after')}")
        assert said in (b"", b"{}"), f"partial success: {said!r}"

    try:
        yield send
    finally:
        connection.close()


def over_grpc(address: str, service: str, encode: Callable[[Names, int], bytes]) -> Iterator[Send]:
    """Yield what sends over one channel, which sends nothing again by itself."""
    with grpc.insecure_channel(address, options=[("grpc.enable_retries", 0)]) as channel:
        method = f"/opentelemetry.proto.collector.{service}/Export"
        export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)

        def send(names: Names, now_ns: int) -> None:
            try:
                said = export(encode(names, now_ns), timeout=60)
            except grpc.RpcError as error:
                raise Refused(f"{error.code()} {error.trailing_metadata()}") from None
            # All three answers say in their first field what was refused.
            assert not ExportLogsServiceResponse.FromString(said).HasField("partial_success")

        yield send


CLIENTS: dict[str, tuple[str, Callable[[Live], Iterator[Send]]]] = {
    "logs-http": ("log", lambda live: over_http(live.otlp_http, "/v1/logs", lambda *it: logs(*it).SerializeToString(), PROTOBUF)),
    "logs-json": ("log", lambda live: over_http(live.http, "/v1/logs", logs_json, JSON)),
    "logs-grpc": ("log", lambda live: over_grpc(live.otlp_grpc, "logs.v1.LogsService", lambda *it: logs(*it).SerializeToString())),
    "spans-grpc": ("span", lambda live: over_grpc(live.otlp_grpc, "trace.v1.TraceService", lambda *it: spans(*it).SerializeToString())),
    "spans-gzip": ("span", lambda live: over_http(live.otlp_http, "/v1/traces", lambda *it: gzip.compress(spans(*it).SerializeToString(), 1), GZIP)),
    "points-http": ("point", lambda live: over_http(live.otlp_http, "/v1/metrics", lambda *it: points(*it).SerializeToString(), PROTOBUF)),
    "points-grpc": ("point", lambda live: over_grpc(live.otlp_grpc, "metrics.v1.MetricsService", lambda *it: points(*it).SerializeToString())),
}  # fmt: skip
"""Each client's kind of record, and how it sends."""


@dataclass(slots=True)
class Senders:
    """Clients that send at once, until they are told to stop or cannot go on."""

    ledger: Ledger
    acknowledgements: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released once for each request that was acknowledged."""
    stopping: threading.Event = field(default_factory=threading.Event)

    def send(self, name: str, live: Live, label: str, now_ns: int, *, again_after: float | None = None) -> None:
        """Send, as the client of that name, request after request. Each record is sent once, whatever becomes of it.

        A refusal ends it, or else is followed, so many seconds later, by the next request.
        """
        kind, connect = CLIENTS[name]
        with contextmanager(connect)(live) as send:
            for number in itertools.count():
                if self.stopping.is_set():
                    return
                names = [f"{label}.{name}.{number * RECORDS + place}" for place in range(RECORDS)]
                self.ledger.sent[kind].update(names)
                try:
                    send(names, now_ns)
                except (OSError, http.client.HTTPException, Refused) as error:
                    self.ledger.refused.append(f"{name}: {type(error).__name__}: {error}")
                    if again_after is None or not isinstance(error, Refused):
                        return
                    self.stopping.wait(again_after)
                else:
                    self.ledger.acknowledged[kind].update(names)
                    self.acknowledgements.release()


@contextmanager
def sending(
    live: Live, ledger: Ledger, label: str, now_ns: int, *, again_after: float | None = None
) -> Iterator[Senders]:
    """Have all clients send for the length of the block; they have ended when it has."""
    senders = Senders(ledger)
    threads = [
        threading.Thread(
            target=senders.send, args=(name, live, label, now_ns), kwargs={"again_after": again_after}, name=name
        )
        for name in CLIENTS
    ]
    for thread in threads:
        thread.start()
    try:
        yield senders
    finally:
        senders.stopping.set()
        for thread in threads:
            thread.join()
