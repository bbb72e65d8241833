"""The messages of the protobuf exposition format: ``io.prometheus.client.MetricFamily``, each after its length.

Texts are bytes, so that what is not UTF-8 is told with its place; the labels of a metric are bytes whole, since they
are the same each time. Law: <https://github.com/prometheus/client_model>, version 0.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.message import DecodeError as ProtobufError
from google.protobuf.message_factory import GetMessageClass

from firstlight.wire.fields import Malformed, read_varint
from firstlight.wire.prometheus.exposition import BadExposition
from firstlight.wire.protobuf import declare

FORM: Final = "protobuf"

MESSAGES: Final = {
    "MetricFamily": "name 1 bytes; help 2 bytes; type 3 int32; metric 4 Metric*; unit 5 bytes",
    "Metric": """label 1 bytes*; gauge 2 Number oneof:has_gauge; counter 3 Counter oneof:has_counter;
        summary 4 Summary oneof:has_summary; untyped 5 Number oneof:has_untyped; timestamp_ms 6 int64;
        histogram 7 Histogram oneof:has_histogram""",
    "Number": "value 1 double",
    "Counter": """value 1 double; exemplar 2 Exemplar oneof:has_exemplar;
        created_timestamp 3 Timestamp oneof:has_created""",
    "Quantile": "quantile 1 double; value 2 double",
    "Summary": """sample_count 1 uint64; sample_sum 2 double; quantile 3 Quantile*;
        created_timestamp 4 Timestamp oneof:has_created""",
    "Histogram": """sample_count 1 uint64; sample_sum 2 double; bucket 3 Bucket*; sample_count_float 4 double;
        schema 5 sint32; zero_threshold 6 double; zero_count 7 uint64; zero_count_float 8 double;
        negative_span 9 BucketSpan*; negative_delta 10 sint64*; negative_count 11 double*;
        positive_span 12 BucketSpan*; positive_delta 13 sint64*; positive_count 14 double*;
        created_timestamp 15 Timestamp oneof:has_created; exemplars 16 Exemplar*""",
    "Bucket": """cumulative_count 1 uint64; upper_bound 2 double; exemplar 3 Exemplar oneof:has_exemplar;
        cumulative_count_float 4 double""",
    "BucketSpan": "offset 1 sint32; length 2 uint32",
    "Exemplar": "label 1 Pair*; value 2 double; timestamp 3 Timestamp oneof:has_timestamp",
    "Pair": "name 1 bytes; value 2 bytes",
    "Timestamp": "seconds 1 int64; nanos 2 int32",
    "Labels": "label 1 Pair*",
}

_TYPES: Final = declare("firstlight.prometheus", MESSAGES).message_types_by_name
MetricFamily: Final = GetMessageClass(_TYPES["MetricFamily"])
Labels: Final = GetMessageClass(_TYPES["Labels"])

TYPES: Final = ("counter", "gauge", "summary", "unknown", "histogram", "gaugehistogram")
"""The types of families by their numbers."""


def families(body: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the families of a body, counted from 1. Raise BadExposition at the first that cannot be read."""
    at, number = 0, 0
    while at < len(body):
        number += 1
        try:
            length, start = read_varint(body, at)
        except Malformed:
            raise BadExposition(FORM, number, body[at : at + 80], "no length before the family", "family") from None
        if start + length > len(body):
            raise BadExposition(
                FORM,
                number,
                body[at : at + 80],
                f"family cut off after {len(body) - start} of {length} bytes",
                "family",
            )
        try:
            yield number, MetricFamily.FromString(body[start : start + length])
        except ProtobufError as error:
            raise BadExposition(FORM, number, body[at : at + 80], f"not a MetricFamily: {error}", "family") from None
        at = start + length
