"""OTLP/JSON: what is understood, what fails alone, what is refused whole, and that it says what protobuf says."""

from __future__ import annotations

import base64
import json
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from firstlight.errors import DecodeError
from firstlight.wire.otlp.json import MAX_NESTING, Signal, response_json, to_protobuf

REQUESTS: dict[Signal, type[Message]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
CONFORMANCE = Path(os.environ.get("CONFORMANCE", "/nonexistent")) / "wire/otlp/opentelemetry-proto"


def traces(*spans: Any) -> Any:
    return {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


def logs(*records: Any) -> Any:
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}


def metrics(*metrics: Any) -> Any:
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": list(metrics)}]}]}


def read(signal: Signal, request: Any) -> tuple[Any, dict[str, int]]:
    """Return the request as protobuf reads it, and what was rejected."""
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    converted = to_protobuf(body, signal)
    return REQUESTS[signal].FromString(converted.data), dict(converted.rejected)


def read_spans(request: Any) -> tuple[list[Span], dict[str, int]]:
    message, rejected = read("traces", request)
    return [
        span for resource in message.resource_spans for scope in resource.scope_spans for span in scope.spans
    ], rejected


def value(any_value: Any) -> Any:
    """Return a span with one attribute of this value."""
    return {"attributes": [{"key": "k", "value": any_value}]}


UNDERSTOOD: list[tuple[str, Any, dict[str, Any]]] = [
    # what                             of a span                                        as protobuf's own JSON
    ("hex in lower case",              {"traceId": "0a" * 16, "spanId": "fe" * 8},      {"traceId": "CgoKCgoKCgoKCgoKCgoKCg==", "spanId": "/v7+/v7+/v4="}),
    ("hex in upper case",              {"parentSpanId": "FE" * 8},                      {"parentSpanId": "/v7+/v7+/v4="}),
    ("the id of a link",               {"links": [{"traceId": "0A" * 16}]},             {"links": [{"traceId": "CgoKCgoKCgoKCgoKCgoKCg=="}]}),
    ("an id too short, for others to refuse", {"spanId": "ff"},                         {"spanId": "/w=="}),
    ("an empty id",                    {"parentSpanId": ""},                            {}),
    ("a time as a string",             {"startTimeUnixNano": "1544712660000000000"},    {"startTimeUnixNano": "1544712660000000000"}),
    ("a time as a number",             {"startTimeUnixNano": 1544712660000000000},      {"startTimeUnixNano": "1544712660000000000"}),
    ("a time with an exponent",        b'{"startTimeUnixNano": 1.5e18}',                {"startTimeUnixNano": "1500000000000000000"}),
    ("the largest time",               {"endTimeUnixNano": str(2**64 - 1)},             {"endTimeUnixNano": str(2**64 - 1)}),
    ("an enum as a number",            {"kind": 2},                                     {"kind": "SPAN_KIND_SERVER"}),
    ("an enum by name",                {"kind": "SPAN_KIND_SERVER"},                    {"kind": "SPAN_KIND_SERVER"}),
    ("an enum value not known yet",    {"kind": 77},                                    {"kind": 77}),
    ("a negative enum value",          {"kind": -1},                                    {"kind": -1}),
    ("the original field names",       {"trace_state": "a=b", "status": {"code": 2}, "dropped_events_count": 3}, {"traceState": "a=b", "status": {"code": 2}, "droppedEventsCount": 3}),
    ("null is absent",                 {"name": None, "attributes": None, "status": None}, {}),
    ("unknown fields",                 {"name": "n", "colour": {"of": ["many", 1]}},     {"name": "n"}),
    ("a field twice: the last",        b'{"name": "a", "name": "b"}',                   {"name": "b"}),
    ("flags as a string",              {"flags": "257"},                                {"flags": 257}),
    ("text beyond ASCII",              {"name": "žluťoučký 🐎"},                        {"name": "žluťoučký 🐎"}),
    ("text longer than one byte counts", {"name": "x" * 300},                           {"name": "x" * 300}),
    ("an empty object",                {},                                              {}),
    ("a string value",                 value({"stringValue": ""}),                      value({"stringValue": ""})),
    ("a bool value",                   value({"boolValue": False}),                     value({"boolValue": False})),
    ("an int value as a string",       value({"intValue": "-9223372036854775808"}),     value({"intValue": "-9223372036854775808"})),
    ("an int value as a number",       value({"intValue": -1}),                         value({"intValue": "-1"})),
    ("a double value",                 value({"doubleValue": 0.1}),                     value({"doubleValue": 0.1})),
    ("a double value without a point", value({"doubleValue": 3}),                       value({"doubleValue": 3})),
    ("a double value as a string",     value({"doubleValue": "-1.5e3"}),                value({"doubleValue": -1500})),
    ("not a number",                   value({"doubleValue": "NaN"}),                   value({"doubleValue": "NaN"})),
    ("infinity",                       value({"doubleValue": "-Infinity"}),             value({"doubleValue": "-Infinity"})),
    ("bytes as base64",                value({"bytesValue": "+/8="}),                   value({"bytesValue": "+/8="})),
    ("bytes as base64 for URLs",       value({"bytesValue": "-_8"}),                    value({"bytesValue": "+/8="})),
    ("a list",                         value({"arrayValue": {"values": [{"intValue": 1}, {}]}}), value({"arrayValue": {"values": [{"intValue": 1}, {}]}})),
    ("a map",                          value({"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": True}}]}}), value({"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": True}}]}})),
    ("two of a oneof: the last",       value({"stringValue": "a", "intValue": 1}),      value({"intValue": 1})),
    ("two of a oneof, the last null",  value({"stringValue": "a", "intValue": None}),   value({"stringValue": "a"})),
    ("a value without a value",        value({}),                                       value({})),
]  # fmt: skip


@pytest.mark.parametrize(("span", "want"), [row[1:] for row in UNDERSTOOD], ids=[row[0] for row in UNDERSTOOD])
def test_understands(span: Any, want: dict[str, Any]) -> None:
    """A span says in protobuf what it said in JSON, and nothing is rejected."""
    request = (
        json.dumps(traces("SPAN"))
        .encode()
        .replace(b'"SPAN"', span if type(span) is bytes else json.dumps(span).encode())
    )

    spans, rejected = read_spans(request)

    assert [json_format.MessageToDict(one) for one in spans] == [
        json_format.MessageToDict(json_format.ParseDict(want, Span()))
    ]
    assert not rejected


REPAIRED = [
    # what                            a name in JSON             what is kept
    ("the first half of a pair",      rb'"a\ud83d"',             "a\ufffd"),
    ("the second half of a pair",     rb'"\udc00b"',             "\ufffdb"),
    ("halves the wrong way round",    rb'"\udc00\ud83d"',        "\ufffd\ufffd"),
    ("both halves, and one more",     rb'"\ud83d\udc0e\ud83d"',  "🐎\ufffd"),
    ("a backslash and a u",           rb'"\\ud83d \ud83d"',      "\\ud83d \ufffd"),
    ("bytes that are not UTF-8",      b'"a\xff"',                "a\ufffd"),
    ("a half written as UTF-8",       b'"\xed\xa0\xbd"',         "\ufffd\ufffd\ufffd"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "want"), [row[1:] for row in REPAIRED], ids=[row[0] for row in REPAIRED])
def test_repairs_what_is_not_unicode(name: bytes, want: str) -> None:
    """What no text can hold becomes U+FFFD, and the rest of the request is as if nothing had been."""
    body = json.dumps(traces({"name": "NAME"}, {"name": "neighbour 🐎", "startTimeUnixNano": str(2**64 - 1)}))

    spans, rejected = read_spans(body.encode().replace(b'"NAME"', name))

    assert [(span.name, span.start_time_unix_nano) for span in spans] == [(want, 0), ("neighbour 🐎", 2**64 - 1)]
    assert not rejected


def test_byte_order_mark() -> None:
    """A body may begin with the mark that some editors and .NET put before UTF-8."""
    assert to_protobuf(b"\xef\xbb\xbf{}", "logs").data == b""


INT64 = "want an integer from -9223372036854775808 to 9223372036854775807"
MISTYPED = [
    # what                             of a span, or one                                the complaint, after "cannot read resourceSpans[0].scopeSpans[0].spans[1]"
    ("a number for a name",            {"name": 5},                                     ".name: found 5; want a string"),
    ("a list for an object",           {"status": []},                                  ".status: found []; want an object"),
    ("an object for a list",           {"events": {}},                                  ".events: found {}; want an array"),
    ("null in a list",                 {"events": [{}, None]},                          ".events[1]: found None; want an object"),
    ("a span that is a number",        7,                                               ": found 7; want an object"),
    ("a span that is null",            None,                                            ": found None; want an object"),
    ("an id that is not hex",          {"traceId": "W47/+XOA"},                         ".traceId: found 'W47/+XOA'; want pairs of hexadecimal digits"),
    ("an id with spaces",              {"spanId": "aa bb"},                             ".spanId: found 'aa bb'; want pairs of hexadecimal digits"),
    ("an id of odd length",            {"parentSpanId": "abc"},                         ".parentSpanId: found 'abc'; want pairs of hexadecimal digits"),
    ("an id that is a number",         {"spanId": 12},                                  ".spanId: found 12; want pairs of hexadecimal digits"),
    ("an id in other digits",          {"spanId": "٠١"},                                ".spanId: found '٠١'; want pairs of hexadecimal digits"),
    ("the id of a link",               {"links": [{}, {"traceId": "x"}]},               ".links[1].traceId: found 'x'; want pairs of hexadecimal digits"),
    ("a time that is a word",          {"startTimeUnixNano": "now"},                    ".startTimeUnixNano: found 'now'; want an integer from 0 to 18446744073709551615"),
    ("a time before 1970",             {"startTimeUnixNano": -1},                       ".startTimeUnixNano: found -1; want an integer from 0 to 18446744073709551615"),
    ("a time past 64 bits",            {"startTimeUnixNano": str(2**64)},               ".startTimeUnixNano: found '18446744073709551616'; want an integer"),
    ("a time of a thousand digits",    {"startTimeUnixNano": "9" * 1000},               ".startTimeUnixNano: found '9999"),
    ("a number of a thousand digits",  {"startTimeUnixNano": int("9" * 1000)},          ".startTimeUnixNano: found inf; want an integer"),
    ("a time with a fraction",         {"startTimeUnixNano": 1.5},                      ".startTimeUnixNano: found 1.5; want an integer"),
    ("a time with a space",            {"startTimeUnixNano": " 1"},                     ".startTimeUnixNano: found ' 1'; want an integer"),
    ("a time with an underscore",      {"startTimeUnixNano": "1_0"},                    ".startTimeUnixNano: found '1_0'; want an integer"),
    ("an empty time",                  {"startTimeUnixNano": ""},                       ".startTimeUnixNano: found ''; want an integer"),
    ("a bool for a number",            {"flags": True},                                 ".flags: found True; want an integer from 0 to 4294967295"),
    ("a count past 32 bits",           {"droppedLinksCount": 2**32},                    ".droppedLinksCount: found 4294967296; want an integer from 0 to 4294967295"),
    ("an enum by an unknown name",     {"kind": "SERVER"},                              ".kind: found 'SERVER'; want the number of a SpanKind"),
    ("an enum past 32 bits",           {"status": {"code": 2**31}},                     ".status.code: found 2147483648; want the number of a StatusCode"),
    ("a number for a bool",            value({"boolValue": 1}),                         ".attributes[0].value.boolValue: found 1; want true or false"),
    ("an int past 64 bits",            value({"intValue": 2**63}),                      f".attributes[0].value.intValue: found 9223372036854775808; {INT64}"),
    ("an int far below 64 bits",       value({"intValue": -(2**64)}),                   f".attributes[0].value.intValue: found -1.8446744073709552e+19; {INT64}"),
    ("a double that is a word",        value({"doubleValue": "nan"}),                   ".attributes[0].value.doubleValue: found 'nan'; want a number, \"NaN\""),
    ("a double that is true",          value({"doubleValue": True}),                    ".attributes[0].value.doubleValue: found True; want a number"),
    ("a double too large",             value({"doubleValue": "1e999"}),                 ".attributes[0].value.doubleValue: found '1e999'; want a number"),
    ("bytes that are not base64",      value({"bytesValue": "a b"}),                    ".attributes[0].value.bytesValue: found 'a b'; want base64"),
    ("bytes that are numbers",         value({"bytesValue": [1, 2]}),                   ".attributes[0].value.bytesValue: found [1, 2]; want base64"),
    ("a value without its type",       value("GET"),                                    ".attributes[0].value: found 'GET'; want an object"),
    ("attributes as a map",            {"attributes": {"k": "v"}},                      ".attributes: found {'k': 'v'}; want an array"),
    ("original names in the path",     {"dropped_events_count": "x"},                   ".dropped_events_count: found 'x'; want an integer"),
]  # fmt: skip


@pytest.mark.parametrize(("span", "complaint"), [row[1:] for row in MISTYPED], ids=[row[0] for row in MISTYPED])
def test_mistyped_span_fails_alone(span: Any, complaint: str) -> None:
    """A span with a mistyped value is left out and counted, with its place, and its neighbours stay."""
    spans, rejected = read_spans(traces({"name": "before"}, span, {"name": "after"}))

    [(reason, count)] = rejected.items()
    assert [one.name for one in spans] == ["before", "after"]
    assert count == 1
    assert reason.startswith(f"cannot read resourceSpans[0].scopeSpans[0].spans[1]{complaint}")


def test_number_beyond_a_double_fails_alone() -> None:
    """A number that JSON allows and no double holds costs its own span only, although orjson refuses the whole body."""
    body = json.dumps(traces(value({"doubleValue": "X"}), {"name": "neighbour"})).encode().replace(b'"X"', b"1e400")

    spans, rejected = read_spans(body)

    assert [span.name for span in spans] == ["neighbour"]
    assert sum(rejected.values()) == 1


def points(*points: Any) -> Any:
    return {"dataPoints": list(points)}


BAD = {"timeUnixNano": "x"}
COUNTED: list[tuple[str, Signal, Any, int, int]] = [
    # what                                   signal     request                                                                        kept rejected
    ("a log record",                         "logs",    logs({}, {"body": 5}, {}),                                                      2, 1),
    ("a body that is text",                  "logs",    logs({"body": "hello"}),                                                        0, 1),
    ("a gauge's point",                      "metrics", metrics({"gauge": points({}, BAD, {})}),                                        2, 1),
    ("a sum's point",                        "metrics", metrics({"sum": points(BAD, {})}),                                              1, 1),
    ("a histogram's point",                  "metrics", metrics({"histogram": points({"bucketCounts": ["1", "x"]}, {})}),               1, 1),
    ("an exponential histogram's point",     "metrics", metrics({"exponentialHistogram": points({"positive": {"offset": "x"}}, {})}),   1, 1),
    ("a summary's point",                    "metrics", metrics({"summary": points({"quantileValues": [5]}, {})}),                      1, 1),
    ("the id of an exemplar",                "metrics", metrics({"gauge": points({"exemplars": [{"traceId": "x"}]}, {})}),              1, 1),
    ("a metric's name, with its points",     "metrics", metrics({"name": 5, "gauge": points({}, {}, {})}, {"gauge": points({})}),       1, 3),
    ("a metric's name, after bad points",    "metrics", metrics({"gauge": points({}, BAD, {}), "name": 5}),                             0, 3),
    ("a metric that is nothing",             "metrics", metrics(5, {"gauge": points({})}),                                              1, 1),
    ("a metric of another type",             "metrics", metrics({"gauge": points({}), "sum": points({}, {})}),                          2, 0),
    ("a scope's name, with its spans",       "traces",  {"resourceSpans": [{"scopeSpans": [{"spans": [{}, {}], "scope": {"name": 1}}, {"spans": [{}]}]}]}, 1, 2),
    ("a scope that is nothing",              "traces",  {"resourceSpans": [{"scopeSpans": [None, {"spans": [{}]}]}]},                   1, 1),
    ("a resource, with its spans",           "traces",  {"resourceSpans": [{"resource": 1, "scopeSpans": [{"spans": [{}, {}]}, {"spans": [{}]}]}, {"scope_spans": [{"spans": [{}]}]}]}, 1, 3),
    ("a resource with nothing in it",        "traces",  {"resourceSpans": [{"schemaUrl": 5}, {"scopeSpans": [{"spans": [{}]}]}]},       1, 1),
    ("a list of spans that is none",         "traces",  {"resourceSpans": [{"scopeSpans": [{"spans": {}}, {"spans": [{}]}]}]},          1, 1),
    ("a resource's spans by other names",    "traces",  {"resource_spans": [{"resource": 1, "scope_spans": [{"spans": [{}, {}]}]}]},    0, 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("signal", "request_", "kept", "lost"), [row[1:] for row in COUNTED], ids=[row[0] for row in COUNTED]
)
def test_counts_what_fails(signal: Signal, request_: Any, kept: int, lost: int) -> None:
    """What is mistyped takes with it the records inside it, each counted once, and no others."""
    message, rejected = read(signal, request_)

    assert records_in(json_format.MessageToDict(message)) == kept
    assert sum(rejected.values()) == lost


def test_alike_faults_share_a_reason() -> None:
    """However many records fail in one way, there is one reason, with the place of the first."""
    _, rejected = read_spans(traces(*[{"name": number} for number in range(50)], {"kind": "x"}))

    assert rejected == {
        "cannot read resourceSpans[0].scopeSpans[0].spans[0].name: found 0; want a string": 50,
        "cannot read resourceSpans[0].scopeSpans[0].spans[50].kind: found 'x'; want the number of a SpanKind": 1,
    }


REFUSED: list[tuple[str, bytes, str]] = [
    # what                         body                          complaint
    ("nothing",                    b"",                          "cannot read the request as JSON: Expecting value: line 1 column 1 (char 0)"),
    ("not JSON",                   b"{",                         "cannot read the request as JSON: Expecting property name"),
    ("protobuf",                   b"\x0a\x03abc",               "cannot read the request as JSON: Expecting value"),
    ("more after the end",         b"{}{}",                      "cannot read the request as JSON: Extra data: line 1 column 3 (char 2)"),
    ("NaN without quotes",         b'{"a": NaN}',                "cannot read the request as JSON: found NaN without quotes"),
    ("nested too deep",            b"[" * 100_000,               "cannot read the request as JSON: it is nested too deep"),
    ("nested too deep, and whole", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "cannot read the request as JSON: it is nested too deep"),
    ("a list",                     b"[]",                        "cannot read the request: found []; want an object"),
    ("a number",                   b"1",                         "cannot read the request: found 1; want an object"),
    ("null",                       b"null",                      "cannot read the request: found None; want an object"),
    ("an object for the list",     b'{"resourceSpans": {}}',     "cannot read resourceSpans: found {}; want an array"),
    ("a long text for the list",   b'{"resourceSpans": "%s"}' % (b"x" * 9999), "cannot read resourceSpans: found 'xxxx"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses(body: bytes, complaint: str) -> None:
    """What is no request at all is refused whole, in few words."""
    with pytest.raises(DecodeError) as caught:
        to_protobuf(body, "traces")

    assert complaint in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("signal", get_args(Signal))
def test_empty_request(signal: Signal) -> None:
    """A request of nothing is a request, as is one of another signal, whose fields are unknown ones."""
    other = json.dumps({"resourceProfiles": [{"scopeProfiles": [5]}]}).encode()

    assert to_protobuf(b"{}", signal).data == to_protobuf(other, signal).data == b""


def nested(levels: int, kind: str) -> Any:
    found: Any = {"intValue": 1}
    for _ in range(levels):
        items = [found] if kind == "arrayValue" else [{"key": "k", "value": found}]
        found = {kind: {"values": items}}
    return found


@pytest.mark.parametrize("kind", ["arrayValue", "kvlistValue"])
@pytest.mark.parametrize(("levels", "kept"), [(MAX_NESTING, 2), (MAX_NESTING + 1, 1), (200, 1)])
def test_nesting(kind: str, levels: int, kept: int) -> None:
    """Values nested as deep as protobuf's own parser goes are kept; deeper ones fail alone."""
    spans, rejected = read_spans(traces({"events": [value(nested(levels, kind))]}, value(nested(2, kind))))

    assert len(spans) == kept
    assert sum(rejected.values()) == 2 - kept


def test_nesting_where_nobody_looks() -> None:
    """Unknown fields may be nested as deep as they like, up to where no JSON parser follows."""
    spans, _ = read_spans(traces({"name": "n", "unknown": nested(300, "arrayValue")}))

    assert [span.name for span in spans] == ["n"]


# --- against protobuf's own JSON ---------------------------------------------------------------------------------------

TEXT = st.text(max_size=8)
SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_STRING: TEXT,
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=20),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_DOUBLE: st.floats(allow_nan=False) | st.just(math.nan),  # one NaN: JSON has no others
    FieldDescriptor.TYPE_FIXED32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED64: st.integers(0, 2**64 - 1),
    FieldDescriptor.TYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_SINT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_ENUM: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SFIXED64: st.integers(-(2**63), 2**63 - 1),
}  # fmt: skip


@st.composite
def fields_of(draw: st.DrawFn, descriptor: Any, depth: int = 0) -> dict[str, Any]:
    """Draw the fields of a message, one of each oneof at most, as its constructor takes them."""
    fields = [field for field in descriptor.fields if depth < 9 or field.message_type is None]
    names = [field.name for field in fields]
    above = depth < 3  # the records: there, all fields are drawn, that there be some records
    chosen = names if above or not names else draw(st.lists(st.sampled_from(names), max_size=4, unique=True))
    oneofs: set[str] = set()
    drawn: dict[str, Any] = {}
    for field in fields:
        oneof = field.containing_oneof.name if field.containing_oneof else field.name
        if field.name not in chosen or oneof in oneofs:
            continue
        oneofs.add(oneof)
        one = fields_of(field.message_type, depth + 1) if field.message_type else SCALARS[field.type]
        many = st.lists(one, min_size=int(above), max_size=1 if depth < 2 else 2)
        drawn[field.name] = draw(many if field.is_repeated else one)
    return drawn


@st.composite
def requests(draw: st.DrawFn, signal: Signal) -> Message:
    return REQUESTS[signal](**draw(fields_of(REQUESTS[signal].DESCRIPTOR)))


def with_hex_ids(found: Any) -> Any:
    """Return protobuf's JSON with ids as OTLP writes them."""
    if isinstance(found, dict):
        return {key: as_hex(item) if key in IDS else with_hex_ids(item) for key, item in found.items()}
    return [with_hex_ids(item) for item in found] if isinstance(found, list) else found


def as_hex(id_: str) -> str:
    return base64.b64decode(id_).hex()


IDS = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")


def printed(request: Message, *, original_names: bool = False) -> Any:
    """Return the request in OTLP/JSON."""
    found = json_format.MessageToDict(request, use_integers_for_enums=True, preserving_proto_field_name=original_names)
    return with_hex_ids(found)


@pytest.mark.parametrize("signal", get_args(Signal))
@given(data=st.data())
def test_says_what_protobuf_says(signal: Signal, data: st.DataObject) -> None:
    """Any request that protobuf can write as JSON comes back the same."""
    request = data.draw(requests(signal))

    again, rejected = read(signal, printed(request, original_names=data.draw(st.booleans())))

    assert again.SerializeToString(deterministic=True) == request.SerializeToString(deterministic=True)
    assert not rejected


# --- anything at all ---------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
RECORDS = ("spans", "logRecords", "dataPoints")


def records_in(found: Any) -> int:
    """Return the number of records in a request in OTLP/JSON."""
    if isinstance(found, dict):
        return sum(len(item) if key in RECORDS else records_in(item) for key, item in found.items())
    return sum(map(records_in, found)) if isinstance(found, list) else 0


def places(found: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place inside `found`: what holds it, and under what."""
    for key in list(found) if isinstance(found, dict) else range(len(found)) if isinstance(found, list) else ():
        yield found, key
        yield from places(found[key])


@pytest.mark.parametrize("signal", get_args(Signal))
@given(data=st.data())
def test_no_record_is_lost_unseen(signal: Signal, data: st.DataObject) -> None:
    """With anything put anywhere inside a record, each record is either kept or counted as rejected."""
    request = printed(data.draw(requests(signal)))
    inside = [
        place for holder, key in places(request) if key in RECORDS for item in holder[key] for place in places(item)
    ]
    for holder, key in data.draw(st.lists(st.sampled_from(inside), max_size=3)) if inside else ():
        holder[key] = data.draw(JSON)
    written = records_in(request)

    message, rejected = read(signal, request)

    assert records_in(json_format.MessageToDict(message)) + sum(rejected.values()) == written


@pytest.mark.parametrize("signal", get_args(Signal))
@given(data=st.data())
def test_never_anything_but_a_decode_error(signal: Signal, data: st.DataObject) -> None:
    """With anything put anywhere, the answer is protobuf or a `DecodeError`."""
    request = printed(data.draw(requests(signal)))
    found = list(places(request))
    for holder, key in data.draw(st.lists(st.sampled_from(found), max_size=5)) if found else ():
        holder[key] = data.draw(JSON)
    with suppress(DecodeError):
        read(signal, request)


@given(st.binary() | JSON.map(lambda found: json.dumps(found).encode()))
def test_any_bytes(body: bytes) -> None:
    """Any bytes are a request or a `DecodeError`."""
    with suppress(DecodeError):
        to_protobuf(body, "logs")


# --- examples and answers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "signal", "records"),
    [("trace.json", "traces", 1), ("metrics.json", "metrics", 4), ("logs.json", "logs", 1)],
)
def test_published_examples(file: str, signal: Signal, records: int) -> None:
    """The examples of opentelemetry-proto are understood whole."""
    if not (CONFORMANCE / file).exists():
        pytest.skip("$CONFORMANCE does not name a folder with the examples of opentelemetry-proto")
    message, rejected = read(signal, (CONFORMANCE / file).read_bytes())

    assert records_in(json_format.MessageToDict(message)) == records
    assert not rejected


def throttled() -> Status:
    status = Status(code=14, message="busy")
    retry = RetryInfo()
    retry.retry_delay.seconds = 3
    status.details.add().Pack(retry)
    return status


ANSWERS: list[tuple[str, Message, Any]] = [
    ("all accepted", ExportTraceServiceResponse(), {}),
    (
        "some spans rejected",
        ExportTraceServiceResponse(partial_success=ExportTracePartialSuccess(rejected_spans=3, error_message="no")),
        {"partialSuccess": {"rejectedSpans": "3", "errorMessage": "no"}},
    ),
    (
        "some points rejected",
        ExportMetricsServiceResponse(partial_success=ExportMetricsPartialSuccess(rejected_data_points=2**40)),
        {"partialSuccess": {"rejectedDataPoints": "1099511627776"}},
    ),
    (
        "a warning about records",
        ExportLogsServiceResponse(partial_success=ExportLogsPartialSuccess(error_message="hm")),
        {"partialSuccess": {"errorMessage": "hm"}},
    ),
    ("a failure", Status(code=3, message="cannot read"), {"code": 3, "message": "cannot read"}),
    (
        "a failure to come back from",
        throttled(),
        {
            "code": 14,
            "message": "busy",
            "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}],
        },
    ),
]


@pytest.mark.parametrize(("message", "want"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_answers(message: Message, want: Any) -> None:
    """Answers are written as OTLP/JSON: lowerCamelCase names, 64-bit numbers in quotes."""
    assert orjson.loads(response_json(message)) == want
