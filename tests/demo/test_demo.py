"""The whole demo, as it is started by a user: what it sends while it misbehaves, and how it ends."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from firstlight.demo.cast import SERVICES
from firstlight.demo.timetable import Scenario
from tests.demo.running import demo, said, wait_for
from tests.demo.sink import Sink, listening, strings

NAMES = {service.name for service in SERVICES}


@dataclass
class Run:
    """One round of the demo that is over: what it sent, wrote, printed and answered."""

    sink: Sink
    work_dir: Path
    status: int
    exposition: str = field(repr=False)

    def spans(self, service: str, name: str) -> list[Span]:
        return [span for sender, span in self.sink.spans if sender == service and span.name.startswith(name)]

    def lines(self, service: str) -> list[dict[str, str]]:
        """The log records of a service as they arrived, with body, level and ids beside the attributes."""
        return [
            strings(record.attributes)
            | {
                "body": record.body.string_value,
                "level": record.severity_text,
                "trace_id": record.trace_id.hex(),
                "span_id": record.span_id.hex(),
            }
            for sender, record in self.sink.logs
            if sender == service
        ]

    def metrics(self, service: str, name: str) -> list[Metric]:
        return [metric for sender, metric in self.sink.metrics if sender == service and metric.name == name]

    def values(self, service: str, name: str) -> list[float]:
        return [
            point.as_double or point.as_int
            for metric in self.metrics(service, name)
            for point in (metric.gauge if metric.HasField("gauge") else metric.sum).data_points
        ]


def to(sink: Sink) -> tuple[str, ...]:
    """Return the words that have the demo send its telemetry to a sink."""
    return ("--otlp-http", sink.addresses["http"], "--otlp-grpc", sink.addresses["grpc"])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A round in which everything goes wrong once, ended by its duration."""
    work_dir = tmp_path_factory.mktemp("demo")
    with listening() as sink:
        times = ("--rate", "20", "--calm", "0.6", "--episode", "1.6", "--duration", "9.6")
        with demo(work_dir, *to(sink), *times) as process:
            storefront = said(work_dir).split(" come to ")[1].split()[0]
            wait_for(lambda: ("storefront", "http_requests") in {(sender, one.name) for sender, one in [*sink.metrics]})
            with urllib.request.urlopen(f"{storefront}/metrics") as answer:
                exposition = answer.read().decode()
            status = process.wait(60)
        yield Run(sink, work_dir, status, exposition)


def protocols(run: Run) -> bool:
    """Each service sends by its own protocol, and by no other."""
    return run.sink.protocols == {(service.name, service.protocol) for service in SERVICES}


def resources(run: Run) -> bool:
    """Each service says who it is."""
    wanted = {"service.name", "service.version", "service.instance.id", "deployment.environment.name"}
    return set(run.sink.resources) == NAMES and all(wanted <= set(one) for one in run.sink.resources.values())


def one_trace(run: Run) -> bool:
    """A trace runs through all four services, in one tree."""
    senders: dict[bytes, set[str]] = {}
    for sender, span in run.sink.spans:
        senders.setdefault(span.trace_id, set()).add(sender)
    ids = {span.span_id for _, span in run.sink.spans}
    return NAMES in senders.values() and all(
        not span.parent_span_id or span.parent_span_id in ids for _, span in run.sink.spans
    )


def correlated_logs(run: Run) -> bool:
    """Every log record stands in a span that arrived too."""
    spans = {(span.trace_id.hex(), span.span_id.hex()) for _, span in run.sink.spans}
    return all((line["trace_id"], line["span_id"]) in spans for name in NAMES for line in run.lines(name))


def named_requests(run: Run) -> bool:
    """The order, the visitor and the tenant are on the spans and lines of the last service of the chain."""
    names = {"order_id", "correlation_id", "tenant_id"}
    charges = [line for line in run.lines("payments") if "card was" in line["body"]]
    spans = run.spans("payments", "POST /charges")
    return (
        bool(charges and spans)
        and all(names <= set(line) for line in charges)
        and all(names <= set(strings(span.attributes)) for span in spans)
    )


def exemplars(run: Run) -> bool:
    """Request durations and order values point to traces."""
    points = [
        point
        for metric in (
            *run.metrics("checkout", "order_value"),
            *run.metrics("checkout", "http.server.request.duration"),
        )
        for point in metric.histogram.data_points
    ]
    traces = {span.trace_id for _, span in run.sink.spans}
    found = [exemplar for point in points for exemplar in point.exemplars]
    return bool(found) and all(exemplar.trace_id in traces for exemplar in found)


def exponential(run: Run) -> bool:
    """One service sums up its histograms exponentially."""
    return any(
        metric.exponential_histogram.data_points for metric in run.metrics("payments", "http.server.request.duration")
    )


def business(run: Run) -> bool:
    """Orders and revenue are counted."""
    return max(run.values("checkout", "orders_placed")) > 10 and max(run.values("checkout", "revenue")) > 100


def runtime(run: Run) -> bool:
    """Each process says how much memory it uses."""
    return all(run.values(name, "process.memory.usage") for name in NAMES)


def announced(run: Run) -> bool:
    """Each misbehaviour is announced in the log of its own service, when it begins and when it ends."""
    bodies = [(name, line["body"].split(":")[0]) for name in NAMES for line in run.lines(name)]
    return all(
        (service, f"{scenario} {event}") in bodies
        for event in ("begins", "ends")
        for service, scenario in (
            ("inventory", Scenario.SLOW_QUERY),
            ("checkout", Scenario.ERROR_BURST),
            ("storefront", Scenario.MEMORY_GROWTH),
            ("payments", Scenario.DEAD_DEPENDENCY),
        )
    )


def measured(run: Run) -> bool:
    """Each misbehaviour is a gauge that was 1 and 0."""
    services = ("inventory", "checkout", "storefront", "payments")
    return all({0, 1} <= set(run.values(service, "demo.misbehaviour")) for service in services)


def slow_query(run: Run) -> bool:
    """During a recount, a statement waits a good part of the time for which the table is locked."""
    waits = [(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9 for span in run.spans("inventory", "UPDATE")]
    return bool(run.spans("inventory", "recount stock")) and max(waits) > 0.3


def error_burst(run: Run) -> bool:
    """A broken coupon is an error of the server span, with the exception and its stack on span and log line."""
    failed = [span for span in run.spans("checkout", "POST /orders") if _exception(span) == "TypeError"]
    lines = [line for line in run.lines("checkout") if line.get("exception.type") == "TypeError"]
    return (
        bool(failed and lines)
        and all(span.status.code == Status.STATUS_CODE_ERROR for span in failed)
        and all(line["level"] == "ERROR" and "in _discounted" in line["exception.stacktrace"] for line in lines)
        and {line["trace_id"] for line in lines} == {span.trace_id.hex() for span in failed}
    )


def memory_growth(run: Run) -> bool:
    """The storefront grows by most of its limit, and gives it back."""
    mib = 1024 * 1024
    cache, memory = run.values("storefront", "cart_cache_size"), run.values("storefront", "process.memory.usage")
    return max(cache) >= 60 * mib and cache[-1] == 0 and memory[-1] < max(memory) - 50 * mib


def dead_dependency(run: Run) -> bool:
    """The checkout is refused three times, gives up with an exception, and the goods go back."""
    refused = [span for span in run.spans("checkout", "POST") if _exception(span) == "ConnectError"]
    given_up = [span for span in run.spans("checkout", "charge card") if _exception(span) == "PaymentsUnavailable"]
    lines = [line for line in run.lines("checkout") if line.get("exception.type") == "PaymentsUnavailable"]
    attempts = {line.get("attempt") for line in run.lines("checkout")}
    released = {span.trace_id for span in run.spans("inventory", "DELETE /reservations")}
    return (
        bool(refused and given_up and lines)
        and {"1", "2", "3"} <= attempts
        and all(span.status.code == Status.STATUS_CODE_ERROR for span in given_up)
        and {span.trace_id for span in given_up} <= released
    )


def recovers(run: Run) -> bool:
    """Cards are charged again once the payments are back, and no order is left in flight."""
    back = max(span.end_time_unix_nano for span in run.spans("payments", "dead-dependency ends"))
    charged = any(span.start_time_unix_nano > back for span in run.spans("payments", "POST /charges"))
    return charged and run.values("checkout", "orders_in_flight")[-1] == 0


def json_lines(run: Run) -> bool:
    """Each service's log file holds its lines as JSON, with their ids."""
    return all(
        {"timestamp", "level", "message", "service", "trace_id", "span_id"} <= set(json.loads(line))
        for name in NAMES
        for line in (run.work_dir / f"{name}.log").read_text().splitlines()
    )


def exposition(run: Run) -> bool:
    """The same metrics can be scraped."""
    return "http_requests_total{" in run.exposition and "process_memory_usage_bytes" in run.exposition


def printed(run: Run) -> bool:
    """The terminal tells each episode, and the ids of a request that failed."""
    text = said(run.work_dir)
    shown = text.split("see it with")[1].split()[2]
    return (
        all(f"{scenario} begins" in text for scenario in Scenario)
        and shown in {span.trace_id.hex() for _, span in run.sink.spans}
        and "cannot" not in text
    )


def whole(run: Run) -> bool:
    """The last metrics account for every request that the visitors made: the end lost nothing."""
    made = int(said(run.work_dir).split("The visitors made ")[1].split()[0])
    last = run.metrics("storefront", "http_requests")[-1]
    return run.status == 0 and sum(point.as_int for point in last.sum.data_points) == made


EVIDENCE = [
    protocols,
    resources,
    one_trace,
    correlated_logs,
    named_requests,
    exemplars,
    exponential,
    business,
    runtime,
    announced,
    measured,
    slow_query,
    error_burst,
    memory_growth,
    dead_dependency,
    recovers,
    json_lines,
    exposition,
    printed,
    whole,
]


@pytest.mark.parametrize("shows", EVIDENCE, ids=lambda shows: shows.__name__)
def test_a_round_shows(run: Run, shows: Callable[[Run], bool]) -> None:
    assert shows(run), shows.__doc__


@pytest.mark.parametrize(
    ("ending", "status"), [(signal.SIGTERM, 0), pytest.param(signal.SIGKILL, -9, marks=pytest.mark.slow)]
)
def test_leaves_nobody_behind(tmp_path: Path, ending: signal.Signals, status: int) -> None:
    """However the parent ends, its processes end; that no server was there is told in one line."""
    with demo(tmp_path, "--otlp-http", "http://127.0.0.1:9", "--otlp-grpc", "127.0.0.1:9") as process:
        children = psutil.Process(process.pid).children()
        process.send_signal(ending)

        assert process.wait(60) == status
        assert psutil.wait_procs(children, timeout=30)[1] == []
    assert len(children) == len(SERVICES) + 1
    assert said(tmp_path).count("cannot send telemetry: nobody listens on") == 1
    assert "export" not in said(tmp_path)  # the SDK says so too, each signal of each service for itself


@pytest.mark.slow
def test_a_service_that_dies_ends_the_demo(tmp_path: Path) -> None:
    """Nothing is restarted silently: the parent names who died, stops the others and fails."""
    with listening() as sink, demo(tmp_path, *to(sink)) as process:
        children = psutil.Process(process.pid).children()
        children[1].kill()

        assert process.wait(60) == 1
        assert psutil.wait_procs(children, timeout=30)[1] == []
    assert "the demo stops: the checkout was ended by signal 9" in said(tmp_path)


def _exception(span: Span) -> str:
    """Return the type of the first exception on a span, without its module."""
    events = [strings(event.attributes) for event in span.events if event.name == "exception"]
    return events[0]["exception.type"].rpartition(".")[2] if events else ""
