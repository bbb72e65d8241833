"""OTLP's messages, as they are read: wire-compatible with opentelemetry-proto, shaped for columns.

Three liberties, all invisible on the wire. Texts are declared as bytes, so that one text that is not UTF-8 costs one
record and not the request. The members through which `AnyValue` contains itself are bytes too, so that columns have a
fixed shape; they are rare and decoded one by one. Resource, scope and the attributes of data points are bytes because
the same ones come with every request: they are recognised whole and decoded once.

Field numbers: <https://github.com/open-telemetry/opentelemetry-proto>, version 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.message import DecodeError as ProtobufError
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from ptars import HandlerPool

from firstlight.errors import DecodeError
from firstlight.wire.otlp.soundness import check

PACKAGE = "firstlight.otlp"

MESSAGES = {
    "AnyValue": """string_value 1 bytes oneof; bool_value 2 bool oneof; int_value 3 int64 oneof;
        double_value 4 double oneof; array_value 5 bytes oneof; kvlist_value 6 bytes oneof;
        bytes_value 7 bytes oneof""",
    "KeyValue": "key 1 bytes; value 2 AnyValue",
    "Logs": "resource_logs 1 ResourceLogs*",
    "ResourceLogs": "resource 1 bytes; scopes 2 ScopeLogs*; schema_url 3 bytes",
    "ScopeLogs": "scope 1 bytes; log_records 2 LogRecord*; schema_url 3 bytes",
    "LogRecord": """time_unix_nano 1 fixed64; severity_number 2 int32; severity_text 3 bytes; body 5 AnyValue;
        attributes 6 KeyValue*; dropped_attributes_count 7 uint32; flags 8 fixed32; trace_id 9 bytes; span_id 10 bytes;
        observed_time_unix_nano 11 fixed64; event_name 12 bytes""",
    "Traces": "resource_spans 1 ResourceSpans*",
    "ResourceSpans": "resource 1 bytes; scopes 2 ScopeSpans*; schema_url 3 bytes",
    "ScopeSpans": "scope 1 bytes; spans 2 Span*; schema_url 3 bytes",
    "Span": """trace_id 1 bytes; span_id 2 bytes; trace_state 3 bytes; parent_span_id 4 bytes; name 5 bytes;
        kind 6 int32; start_time_unix_nano 7 fixed64; end_time_unix_nano 8 fixed64; attributes 9 KeyValue*;
        dropped_attributes_count 10 uint32; events 11 Event*; dropped_events_count 12 uint32; links 13 Link*;
        dropped_links_count 14 uint32; status 15 Status; flags 16 fixed32""",
    "Event": "time_unix_nano 1 fixed64; name 2 bytes; attributes 3 KeyValue*; dropped_attributes_count 4 uint32",
    "Link": """trace_id 1 bytes; span_id 2 bytes; trace_state 3 bytes; attributes 4 KeyValue*;
        dropped_attributes_count 5 uint32; flags 6 fixed32""",
    "Status": "message 2 bytes; code 3 int32",
    "Metrics": "resource_metrics 1 ResourceMetrics*",
    "ResourceMetrics": "resource 1 bytes; scopes 2 ScopeMetrics*; schema_url 3 bytes",
    "ScopeMetrics": "scope 1 bytes; metrics 2 Metric*; schema_url 3 bytes",
    "Metric": """name 1 bytes; description 2 bytes; unit 3 bytes; gauge 5 Gauge oneof; sum 7 Sum oneof;
        histogram 9 Histogram oneof; exponential_histogram 10 ExponentialHistogram oneof; summary 11 Summary oneof""",
    "Gauge": "data_points 1 NumberDataPoint*",
    "Sum": "data_points 1 NumberDataPoint*; aggregation_temporality 2 int32; is_monotonic 3 bool",
    "Histogram": "data_points 1 HistogramDataPoint*; aggregation_temporality 2 int32",
    "ExponentialHistogram": "data_points 1 ExponentialHistogramDataPoint*; aggregation_temporality 2 int32",
    "Summary": "data_points 1 SummaryDataPoint*",
    "NumberDataPoint": """attributes 7 bytes*; start_time_unix_nano 2 fixed64; time_unix_nano 3 fixed64;
        as_double 4 double oneof; as_int 6 sfixed64 oneof; exemplars 5 Exemplar*; flags 8 uint32""",
    "HistogramDataPoint": """attributes 9 bytes*; start_time_unix_nano 2 fixed64; time_unix_nano 3 fixed64;
        count 4 fixed64; sum 5 double optional; bucket_counts 6 fixed64*; explicit_bounds 7 double*;
        exemplars 8 Exemplar*; flags 10 uint32; min 11 double optional; max 12 double optional""",
    "ExponentialHistogramDataPoint": """attributes 1 bytes*; start_time_unix_nano 2 fixed64; time_unix_nano 3 fixed64;
        count 4 fixed64; sum 5 double optional; scale 6 sint32; zero_count 7 fixed64; positive 8 Buckets;
        negative 9 Buckets; flags 10 uint32; exemplars 11 Exemplar*; min 12 double optional; max 13 double optional;
        zero_threshold 14 double""",
    "Buckets": "offset 1 sint32; bucket_counts 2 uint64*",
    "SummaryDataPoint": """attributes 7 bytes*; start_time_unix_nano 2 fixed64; time_unix_nano 3 fixed64;
        count 4 fixed64; sum 5 double; quantile_values 6 ValueAtQuantile*; flags 8 uint32""",
    "ValueAtQuantile": "quantile 1 double; value 2 double",
    "Exemplar": """filtered_attributes 7 bytes*; time_unix_nano 2 fixed64; as_double 3 double oneof;
        as_int 6 sfixed64 oneof; span_id 4 bytes; trace_id 5 bytes""",
    "Outline": "resources 1 OutlineOfResource*",
    "OutlineOfResource": "scopes 2 OutlineOfScope*",
    "OutlineOfScope": "records 2 bytes*",
}  # fmt: skip
"""Each message's fields: name, number, type; `*` repeats, `oneof` and `optional` tell absent from zero.

The outline is that of all three requests, whose numbers agree so far."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns the bytes of one request into nested Arrow columns."""

    name: str
    pool: HandlerPool
    message: Descriptor
    request: type[Message]
    outline: type[Message]

    def read(self, body: bytes) -> pa.ListArray:
        """Return the request's one repeated field: a list array of length one. Raise DecodeError if it is malformed."""
        try:
            check(body, outline=self.outline, request=self.request)
            record = self.pool.get_for_message(self.message).list_to_record_batch([body])
        except (ProtobufError, ValueError) as error:
            raise DecodeError(f"cannot read the body as an OTLP {self.name} request: {error}") from None
        return record.column(0)


def readers() -> dict[str, Reader]:
    """Return the readers of `Logs`, `Traces` and `Metrics` requests."""
    pool = descriptor_pool.DescriptorPool()
    file = pool.AddSerializedFile(_file().SerializeToString())
    handlers = HandlerPool([file])
    types = file.message_types_by_name
    outline = GetMessageClass(types["Outline"])
    return {
        name: Reader(name.lower(), handlers, types[name], GetMessageClass(types[name]), outline)
        for name in ("Logs", "Traces", "Metrics")
    }


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="firstlight/otlp.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        optional = []
        for line in fields.split(";"):
            field, marks = _field(*line.split())
            if "oneof" in marks:
                field.oneof_index = 0
                if not message.oneof_decl:
                    message.oneof_decl.add(name="one")
            if "optional" in marks:
                field.proto3_optional = True
                optional.append(field)
            message.field.append(field)
        # A proto3 optional is a oneof of one member; these come after the real ones.
        for field in optional:
            number = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{field.name}")
            next(found for found in message.field if found.name == field.name).oneof_index = number
    return file


def _field(name: str, number: str, kind: str, *marks: str) -> tuple[Field, tuple[str, ...]]:
    label = Field.LABEL_REPEATED if kind.endswith("*") else Field.LABEL_OPTIONAL
    kind = kind.removesuffix("*")
    if kind in MESSAGES:
        field = Field(
            name=name, number=int(number), label=label, type=Field.TYPE_MESSAGE, type_name=f".{PACKAGE}.{kind}"
        )
    else:
        field = Field(name=name, number=int(number), label=label, type=Field.Type.Value(f"TYPE_{kind.upper()}"))
    return field, marks
