"""OTLP logs: nothing is lost or changed between the wire and the columns, and bad records fail alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from firstlight.errors import DecodeError
from firstlight.model.batch import Batch
from firstlight.model.tables import LOGS, ORIGINS
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.names import Translation
from tests.wire.otlp.requests import NOW_NS, log_requests, meaning, plain, plain_attributes, stored_attributes

DECODER = OtlpDecoder(Translation())


def decode(body: bytes) -> Batch:
    return DECODER.decode("logs", body, json=False, tenant="default", now_ns=NOW_NS)


def request(*records: LogRecord) -> bytes:
    return ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=records)])]
    ).SerializeToString()


@given(log_requests)
def test_everything_sent_is_in_the_columns(sent: ExportLogsServiceRequest) -> None:
    """Each field of each record, and its resource and scope, comes out as it was sent."""
    batch = decode(sent.SerializeToString())

    records = [
        (resource, scope, record)
        for resource in sent.resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    ]
    assert batch.items == len(records)
    if not records:
        assert not batch.tables
        return
    rows = batch.tables["logs"].to_pylist()
    assert batch.tables["logs"].schema == LOGS
    origins = {row["origin_id"]: row for row in batch.tables["origins"].to_pylist()}
    for row, (resource, scope, record) in zip(rows, records, strict=True):
        observed = record.observed_time_unix_nano or NOW_NS
        assert row["ts"].value == (record.time_unix_nano or observed)
        assert row["observed_ts"].value == observed
        assert (row["severity"], row["severity_text"]) == (record.severity_number, record.severity_text)
        assert meaning(row["body"], row["body_type"]) == plain(record.body)
        assert row["event_name"] == record.event_name
        assert (row["trace_id"], row["span_id"]) == (record.trace_id or bytes(16), record.span_id or bytes(8))
        assert (row["flags"], row["dropped_attributes"]) == (record.flags, record.dropped_attributes_count)
        assert stored_attributes(row["attributes"], row["attribute_types"]) == plain_attributes(record.attributes)
        origin = origins[row["origin_id"]]
        sender = resource.resource
        assert stored_attributes(origin["resource"], origin["resource_types"]) == plain_attributes(sender.attributes)
        found = stored_attributes(origin["scope_attributes"], origin["scope_types"])
        assert found == plain_attributes(scope.scope.attributes)
        assert (origin["resource_schema_url"], origin["scope_schema_url"]) == (resource.schema_url, scope.schema_url)
        assert (origin["scope_name"], origin["scope_version"]) == (scope.scope.name, scope.scope.version)
        assert origin["service"] == row["service"]


def framed(tag: int, content: bytes) -> bytes:
    """Return a length-delimited protobuf field."""
    size, length = b"", len(content)
    while length > 0x7F:
        size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
    return bytes([tag]) + size + bytes([length]) + content


def nested(depth: int) -> bytes:
    """Return an AnyValue of arrays in arrays, deeper than protobuf's own library would write."""
    value = AnyValue(string_value="deep").SerializeToString()
    for _ in range(depth):
        value = framed(0x2A, framed(0x0A, value))
    return value


BODY, ATTRIBUTE = 0x2A, 0x32

REFUSED = [
    # what                       record                                                             reason
    ("time past 2262",           LogRecord(time_unix_nano=2**63).SerializeToString(),                                 "time after 2262"),
    ("observed past 2262",       LogRecord(observed_time_unix_nano=2**64 - 1).SerializeToString(),                   "time after 2262"),
    ("attribute nested deep",    framed(ATTRIBUTE, b"\x0a\x01a" + framed(0x12, nested(60))),       "attribute value malformed or nested too deep"),
    ("body nested deep",         framed(BODY, nested(60)),                                        "body malformed or nested too deep"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses_one_record_and_keeps_its_neighbours(record: bytes, reason: str) -> None:
    """A record that cannot be kept is counted under its reason; those beside it are kept."""
    neighbour = LogRecord(time_unix_nano=NOW_NS, body=AnyValue(string_value="fine")).SerializeToString()
    records = b"".join(framed(0x12, one) for one in (neighbour, record, neighbour))

    batch = decode(framed(0x0A, framed(0x12, records)))

    assert batch.rejected.counts == {reason: 1}
    assert batch.tables["logs"]["body"].to_pylist() == ["fine", "fine"]


UNKNOWN: Any = 25
NEGATIVE: Any = -1

KEPT = [
    # what                       record                                      column       value
    ("trace id too short",       LogRecord(trace_id=b"1234"),                "trace_id",  bytes(16)),
    ("trace id too long",        LogRecord(trace_id=b"1" * 17),              "trace_id",  bytes(16)),
    ("span id too short",        LogRecord(span_id=b"1"),                    "span_id",   bytes(8)),
    ("severity unknown",         LogRecord(severity_number=UNKNOWN),              "severity",  0),
    ("severity negative",        LogRecord(severity_number=NEGATIVE),              "severity",  0),
    ("service unknown",          LogRecord(),                                "service",   "unknown_service"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "column", "value"), [row[1:] for row in KEPT], ids=[row[0] for row in KEPT])
def test_keeps_a_record_whose_ornament_is_bad(record: LogRecord, column: str, value: object) -> None:
    """What is wrong with an id or a level does not cost the line."""
    batch = decode(request(record))

    assert batch.tables["logs"][column].to_pylist() == [value]
    assert not batch.rejected.total


def test_replaces_what_is_not_utf8() -> None:
    """A text that is not UTF-8 is mended, and only that text."""
    body = request(LogRecord(body=AnyValue(string_value="abc")), LogRecord(body=AnyValue(string_value="fine")))

    batch = decode(body.replace(b"abc", b"a\xffc"))

    assert batch.tables["logs"]["body"].to_pylist() == ["a�c", "fine"]


def test_bounds_the_days_of_one_request() -> None:
    """Records of more than 64 different days would make as many partitions: the oldest are refused."""
    days = [LogRecord(time_unix_nano=NOW_NS + day * 86_400 * 10**9) for day in range(70)]

    batch = decode(request(*days))

    assert batch.rejected.counts == {"more than 64 days in one request": 6}
    assert batch.items == 64


MALFORMED = [
    # what                        body
    ("not protobuf",              b"\xff" * 10),
    ("cut short",                 request(LogRecord(body=AnyValue(string_value="x" * 100)))[:50]),
    ("length beyond the end",     b"\x0a\xff\xff\xff\xff\x0f"),
    ("resource malformed",        b"\x0a\x05\x0a\x01\xff\x12\x00"),
]  # fmt: skip


@pytest.mark.parametrize("body", [row[1] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_refuses_a_request_that_is_not_one(body: bytes) -> None:
    """What cannot be read at all is one clear error."""
    with pytest.raises(DecodeError) as caught:
        decode(body)

    assert str(caught.value).startswith("cannot read the ")


def test_sends_origins_until_they_are_stored() -> None:
    """Rows of origins come with every batch until the store has said that it has them."""
    decoder = OtlpDecoder(Translation())
    body = request(LogRecord(time_unix_nano=NOW_NS))

    def again() -> Batch:
        return decoder.decode("logs", body, json=False, tenant="default", now_ns=NOW_NS)

    assert again().tables["origins"].schema == ORIGINS
    stored = again().tables["origins"]
    decoder.learn("origins", stored)
    assert "origins" not in again().tables
    another = decoder.decode("logs", body, json=False, tenant="other", now_ns=NOW_NS)
    assert another.tables["origins"]["tenant"].to_pylist() == ["other"]
