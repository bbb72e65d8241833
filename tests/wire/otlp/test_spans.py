"""OTLP traces: nothing is lost or changed between the wire and the columns, and bad spans fail alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from firstlight.model.batch import Batch
from firstlight.model.tables import SPANS
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.names import Translation
from tests.wire.otlp.requests import NOW_NS, plain_attributes, stored_attributes, trace_requests

DECODER = OtlpDecoder(Translation())


def decode(body: bytes) -> Batch:
    return DECODER.decode("traces", body, json=False, tenant="default", now_ns=NOW_NS)


def good(**changes: Any) -> Span:
    fields: dict[str, Any] = {
        "trace_id": b"t" * 16,
        "span_id": b"s" * 8,
        "name": "GET /",
        "start_time_unix_nano": NOW_NS,
    }
    return Span(**(fields | changes))


def request(*spans: Span) -> bytes:
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])]
    ).SerializeToString()


@given(trace_requests)
def test_everything_sent_is_in_the_columns(sent: ExportTraceServiceRequest) -> None:
    """Each field of each span, event and link comes out as it was sent."""
    batch = decode(sent.SerializeToString())

    spans = [span for resource in sent.resource_spans for scope in resource.scope_spans for span in scope.spans]
    assert batch.items == len(spans)
    if not spans:
        assert not batch.tables
        return
    assert batch.tables["spans"].schema == SPANS
    for row, span in zip(batch.tables["spans"].to_pylist(), spans, strict=True):
        assert row["ts"].value == span.start_time_unix_nano
        end = span.end_time_unix_nano
        assert row["duration"] == (end - span.start_time_unix_nano if end else 0)
        assert (row["name"], row["kind"], row["trace_state"]) == (span.name, span.kind, span.trace_state)
        assert (row["trace_id"], row["span_id"]) == (span.trace_id, span.span_id)
        assert row["parent_span_id"] == (span.parent_span_id or bytes(8))
        assert (row["status"], row["status_message"]) == (span.status.code, span.status.message)
        assert stored_attributes(row["attributes"], row["attribute_types"]) == plain_attributes(span.attributes)
        assert (row["flags"], row["dropped_attributes"]) == (span.flags, span.dropped_attributes_count)
        assert (row["dropped_events"], row["dropped_links"]) == (span.dropped_events_count, span.dropped_links_count)
        assert [time.value for time in row["event_ts"]] == [event.time_unix_nano for event in span.events]
        assert row["event_name"] == [event.name for event in span.events]
        found = zip(row["event_attributes"], row["event_types"], strict=True)
        assert [stored_attributes(*one) for one in found] == [plain_attributes(one.attributes) for one in span.events]
        assert row["link_trace_id"] == [link.trace_id for link in span.links]
        assert row["link_span_id"] == [link.span_id for link in span.links]
        assert row["link_trace_state"] == [link.trace_state for link in span.links]
        assert row["link_flags"] == [link.flags for link in span.links]
        found = zip(row["link_attributes"], row["link_types"], strict=True)
        assert [stored_attributes(*one) for one in found] == [plain_attributes(one.attributes) for one in span.links]


REFUSED = [
    # what                    span                                        reason
    ("no trace id",           good(trace_id=b""),                         "trace_id not 16 bytes or all zero"),
    ("trace id of zeros",     good(trace_id=bytes(16)),                   "trace_id not 16 bytes or all zero"),
    ("trace id too long",     good(trace_id=b"t" * 32),                   "trace_id not 16 bytes or all zero"),
    ("no span id",            good(span_id=b""),                          "span_id not 8 bytes or all zero"),
    ("span id too short",     good(span_id=b"1234"),                      "span_id not 8 bytes or all zero"),
    ("parent id too short",   good(parent_span_id=b"1234"),               "parent_span_id not 8 bytes"),
    ("no start",              good(start_time_unix_nano=0),               "no start time"),
    ("start past 2262",       good(start_time_unix_nano=2**63),           "time after 2262"),
    ("end past 2262",         good(end_time_unix_nano=2**64 - 1),         "time after 2262"),
]  # fmt: skip


@pytest.mark.parametrize(("span", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses_one_span_and_keeps_its_neighbours(span: Span, reason: str) -> None:
    """A span that cannot be kept is counted under its reason; those beside it are kept."""
    batch = decode(request(good(), span, good()))

    assert batch.rejected.counts == {reason: 1}
    assert batch.tables["spans"]["name"].to_pylist() == ["GET /", "GET /"]


KEPT = [
    # what                       span                                                          column            value
    ("ends before it starts",    good(end_time_unix_nano=NOW_NS - 5),                          "duration",       -5),
    ("never ends",               good(),                                                       "duration",       0),
    ("parent id of zeros",       good(parent_span_id=bytes(8)),                                "parent_span_id", bytes(8)),
    ("kind of the future",       good(kind=17),                                                "kind",           0),
    ("event without a time",     good(events=[Span.Event(name="e")]),                          "event_name",     ["e"]),
    ("link to a bad id",         good(links=[Span.Link(trace_id=b"1", span_id=b"s" * 8)]),     "link_trace_id",  [bytes(16)]),
]  # fmt: skip


@pytest.mark.parametrize(("span", "column", "value"), [row[1:] for row in KEPT], ids=[row[0] for row in KEPT])
def test_keeps_an_odd_span(span: Span, column: str, value: object) -> None:
    """What is only odd is stored as it is."""
    batch = decode(request(span))

    assert batch.tables["spans"][column].to_pylist() == [value]
    assert not batch.rejected.total
