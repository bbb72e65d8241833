"""Attributes as OpenTelemetry writes them on the wire."""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Value = str | bool | int | float


def key_values(attributes: Mapping[str, Value]) -> list[KeyValue]:
    """Return `attributes` as the messages that an SDK sends."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def any_value(value: Value) -> AnyValue:
    """Return `value` with the type it has."""
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
    return AnyValue(string_value=value)
