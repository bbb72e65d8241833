"""The server's own instruments: every one, declared here by name, help, unit and labels, and nowhere else.

An instrument belongs to an object that is made from a registry and handed to whoever counts, so two servers can live
in one process. A room is given its own group. `docs/metrics.md` is written from these declarations (tools/pages.py).
"""

from __future__ import annotations

import gc
import math
import platform
import resource
from collections.abc import Callable
from typing import Final

import psutil

from firstlight.sdk.metrics import Readings, Registry

ROWS: Final = (1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0, 1_000_000.0)
"""Histogram bounds that suit how many rows go into one insert."""

REQUESTS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
"""Histogram bounds that suit how many requests share one insert."""


class HttpInstruments:
    """What the HTTP server counts, whatever is asked of it."""

    def __init__(self, registry: Registry) -> None:
        self.requests = registry.counter(
            "firstlight_http_requests_total",
            "Requests answered over HTTP, by the route that matched (empty if none did) and status.",
            ("route", "status"),
        )
        self.faults = registry.counter(
            "firstlight_http_faults_total",
            "Requests that ended in an error nobody expected, which is a bug and in the log.",
        )
        self.refused_connections = registry.counter(
            "firstlight_http_refused_connections_total",
            "Connections closed by the server: too many at once, or too slow.",
            ("reason",),
        )


class IngestInstruments:
    """What the path on the way in counts, for all protocols alike."""

    def __init__(self, registry: Registry) -> None:
        labels = ("protocol", "signal")
        self.requests = registry.counter(
            "firstlight_ingest_requests_total",
            "Requests to take telemetry in, by how they ended: accepted, partial, or the cause of the refusal.",
            (*labels, "outcome"),
        )
        self.items = registry.counter(
            "firstlight_ingest_items_total",
            "Log records, spans and data points that were stored and acknowledged.",
            labels,
        )
        self.rejected_items = registry.counter(
            "firstlight_ingest_rejected_items_total",
            "Log records, spans and data points that were refused while others of their request were not.",
            (*labels, "reason"),
        )
        self.altered_items = registry.counter(
            "firstlight_ingest_altered_items_total",
            "Log records that were stored otherwise than they were sent: cut, or with bytes replaced that are no text.",
            (*labels, "reason"),
        )
        self.received_bytes = registry.counter(
            "firstlight_ingest_received_bytes_total",
            "Bytes of request bodies as they were sent (of gRPC, after its decompression).",
            labels,
        )
        self.decompressed_bytes = registry.counter(
            "firstlight_ingest_decompressed_bytes_total",
            "Bytes of request bodies after decompression.",
            labels,
        )
        self.decode_seconds = registry.histogram(
            "firstlight_ingest_decode_seconds",
            "Time to decompress and decode one request, in a worker thread.",
            labels,
            unit="seconds",
        )
        self.in_flight_bytes = registry.gauge(
            "firstlight_ingest_in_flight_bytes",
            "Bytes of request bodies in memory, from admission to answer.",
            unit="bytes",
        )
        self.in_flight_requests = registry.gauge(
            "firstlight_ingest_in_flight_requests",
            "Requests between admission and answer.",
        )


class ProcessInstruments:
    """What is counted of log records between decoding and storing."""

    def __init__(self, registry: Registry) -> None:
        self.lines = registry.counter(
            "firstlight_logs_lines_total",
            "Log records by the format that was recognised: json, logfmt, plain, or the name of one.",
            ("format",),
        )
        self.left_out = registry.counter(
            "firstlight_logs_left_out_fields_total",
            "Fields found in log records that were cut or left out, as there were too many or too long ones.",
        )
        self.times = registry.counter(
            "firstlight_logs_refused_times_total",
            "Times found in log records that were not taken for theirs.",
            ("reason",),
        )
        self.redactions = registry.counter(
            "firstlight_logs_redactions_total",
            "Places in log records that were made unreadable.",
            ("detector",),
        )
        self.pipeline_lines = registry.counter(
            "firstlight_logs_pipeline_lines_total",
            "Log records that went into a pipeline, by what became of them: kept, or why they were dropped.",
            ("pipeline", "outcome"),
        )
        self.stage_faults = registry.counter(
            "firstlight_logs_stage_faults_total",
            "Log records of which a stage of a pipeline could not do its work.",
            ("pipeline", "stage"),
        )
        self.faults = registry.counter(
            "firstlight_logs_processing_faults_total",
            "Requests whose log records were stored as they came, as to process them ended in a bug.",
        )


class ScrapeInstruments:
    """What scraping counts, by job."""

    def __init__(self, registry: Registry) -> None:
        self.scrapes = registry.counter(
            "firstlight_scrape_scrapes_total",
            "Scrapes of targets, by how they ended: scraped or failed.",
            ("job", "outcome"),
        )
        self.seconds = registry.histogram(
            "firstlight_scrape_seconds",
            "Time of scrapes, from the request until the answer is read.",
            ("job",),
            unit="seconds",
        )
        self.received_bytes = registry.counter(
            "firstlight_scrape_received_bytes_total",
            "Bytes that targets answered with, as they were sent.",
            ("job",),
        )
        self.samples = registry.counter(
            "firstlight_scrape_samples_total",
            "Samples of scrapes that were stored, those about the scrapes among them.",
            ("job",),
        )
        self.rejected_samples = registry.counter(
            "firstlight_scrape_rejected_samples_total",
            "Samples that were left out of scrapes whose other samples were not.",
            ("job", "reason"),
        )
        self.lost_samples = registry.counter(
            "firstlight_scrape_lost_samples_total",
            "Samples that were scraped and not stored, as the store was busy, full or failed until the next scrape.",
            ("job", "reason"),
        )
        self.missed = registry.counter(
            "firstlight_scrape_missed_total",
            "Scrapes that were not made, as the one before took too long.",
            ("job",),
        )
        self.targets = registry.gauge(
            "firstlight_scrape_targets",
            "Targets that are scraped.",
            ("job",),
        )


class StoreInstruments:
    """What the store counts about its inserts and its retention."""

    def __init__(self, registry: Registry) -> None:
        self.inserted_rows = registry.counter(
            "firstlight_store_inserted_rows_total",
            "Rows that are durable, by kind of table.",
            ("kind",),
        )
        self.refused_rows = registry.counter(
            "firstlight_store_refused_rows_total",
            "Rows that the engine would not take, found alone and left out.",
            ("kind",),
        )
        self.insert_seconds = registry.histogram(
            "firstlight_store_insert_seconds",
            "Time of one insert, from handing the rows over until they are durable.",
            ("kind",),
            unit="seconds",
        )
        self.commit_requests = registry.histogram(
            "firstlight_store_commit_requests",
            "How many requests shared one group commit.",
            ("lane",),
            bounds=REQUESTS,
        )
        self.commit_rows = registry.histogram(
            "firstlight_store_commit_rows",
            "How many rows went into one group commit.",
            ("lane",),
            bounds=ROWS,
        )
        self.queued_bytes = registry.gauge(
            "firstlight_store_queued_bytes",
            "Bytes of rows that wait for their insert or are in it.",
            ("lane",),
            unit="bytes",
        )
        self.refusals = registry.counter(
            "firstlight_store_refusals_total",
            "Requests whose rows were not stored: busy (too much waits already), full (the disk is), failed.",
            ("lane", "reason"),
        )
        self.dropped_partitions = registry.counter(
            "firstlight_retention_dropped_partitions_total",
            "Days of a table dropped by retention: for their age, or to keep within the disk.",
            ("table", "reason"),
        )
        self.dropped_bytes = registry.counter(
            "firstlight_retention_dropped_bytes_total",
            "Bytes on disk freed by retention.",
            ("table", "reason"),
        )


class QueryInstruments:
    """What the doors on the way out count."""

    def __init__(self, registry: Registry) -> None:
        self.queries = registry.counter(
            "firstlight_queries_total",
            "Queries, by their language (sql, promql, logql, or none for what our own API asks for) and how they "
            "ended: done, refused, cancelled, timed_out, out_of_memory, too_large, busy, stopped, failed.",
            ("language", "outcome"),
        )
        self.query_seconds = registry.histogram(
            "firstlight_query_seconds",
            "Time of queries, until the last row was sent.",
            ("language",),
            unit="seconds",
        )
        self.promql_remembered = registry.counter(
            "firstlight_promql_remembered_total",
            "Queries of PromQL by how much of the answer was remembered from earlier: whole, part, nothing, or unused, "
            "where it was not looked for.",
            ("outcome",),
        )
        self.log_metrics = registry.counter(
            "firstlight_log_metrics_evaluations_total",
            "Evaluations of metrics that are made of logs, by how they ended: recorded, failed or missed.",
            ("metric", "outcome"),
        )
        self.tail_subscribers = registry.gauge(
            "firstlight_tail_subscribers",
            "Clients that follow new log records.",
        )
        self.tail_dropped_records = registry.counter(
            "firstlight_tail_dropped_records_total",
            "Log records not shown to a client that follows more slowly than they come; they are stored all the same.",
        )


class Telemetry:
    """Every instrument of one server, by the room that uses it."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.http = HttpInstruments(registry)
        self.ingest = IngestInstruments(registry)
        self.process = ProcessInstruments(registry)
        self.scrape = ScrapeInstruments(registry)
        self.store = StoreInstruments(registry)
        self.query = QueryInstruments(registry)


def observe_process(registry: Registry, *, version: str) -> None:
    """Add what the operating system and Python know of this process, under the names that Prometheus clients use."""
    process = psutil.Process()

    def one(read: Callable[[], float]) -> Callable[[], Readings]:
        return lambda: {(): float(read())}

    def cpu_seconds() -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    def max_fds() -> float:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return math.inf if limit == resource.RLIM_INFINITY else limit

    def generations(key: str) -> Callable[[], Readings]:
        return lambda: {(str(number),): row[key] for number, row in enumerate(gc.get_stats())}

    build = registry.gauge(
        "firstlight_build_info", "Always 1; the labels say which version of what runs.", ("version", "python")
    )
    build.set(1, version, platform.python_version())
    registry.observable_counter(
        "process_cpu_seconds_total", "CPU time of this process, user and system.", unit="seconds", read=one(cpu_seconds)
    )
    registry.observable_gauge(
        "process_resident_memory_bytes",
        "Memory of this process that is in RAM.",
        unit="bytes",
        read=one(lambda: process.memory_info().rss),
    )
    registry.observable_gauge(
        "process_virtual_memory_bytes",
        "Address space of this process.",
        unit="bytes",
        read=one(lambda: process.memory_info().vms),
    )
    registry.observable_gauge("process_open_fds", "Open file descriptors.", read=one(process.num_fds))
    registry.observable_gauge(
        "process_max_fds",
        "How many file descriptors may be open.",
        read=one(max_fds),
    )
    registry.observable_gauge("process_threads", "Threads of this process.", read=one(process.num_threads))
    registry.observable_gauge(
        "process_start_time_seconds",
        "When this process started, in seconds since 1970.",
        unit="seconds",
        read=one(process.create_time),
    )
    registry.observable_counter(
        "python_gc_collections_total",
        "How often each generation was collected.",
        ("generation",),
        read=generations("collections"),
    )
    registry.observable_counter(
        "python_gc_objects_collected_total",
        "Objects that the garbage collector freed.",
        ("generation",),
        read=generations("collected"),
    )
    registry.observable_counter(
        "python_gc_objects_uncollectable_total",
        "Objects that the garbage collector found and could not free.",
        ("generation",),
        read=generations("uncollectable"),
    )
