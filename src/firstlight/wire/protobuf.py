"""Protobuf messages declared in a few lines, for the fields that are read.

A message is one string: ``"value 1 double; timestamp 2 int64"``. A field is its name, its number, its type (`*`
repeats, the name of another message nests), and marks: `oneof`, of which a message may have several by name as
`oneof:count`.
"""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto


def declare(package: str, messages: Mapping[str, str]) -> FileDescriptor:
    """Return the descriptors of `messages`, in a pool of their own."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for line in fields.split(";"):
            _add(message, package, messages, *line.split())
    return descriptor_pool.DescriptorPool().AddSerializedFile(file.SerializeToString())


def _add(
    message: DescriptorProto, package: str, messages: Mapping[str, str], name: str, number: str, kind: str, *marks: str
) -> None:
    repeated = kind.endswith("*")
    kind = kind.removesuffix("*")
    field = message.field.add(name=name, number=int(number))
    field.label = FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
    if kind in messages:
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{package}.{kind}"
    else:
        field.type = FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")
    for mark in marks:
        one = mark.partition(":")[2] or "one"
        known = [oneof.name for oneof in message.oneof_decl]
        if one not in known:
            message.oneof_decl.add(name=one)
            known.append(one)
        field.oneof_index = known.index(one)
