"""Requests that the reader of `messages` must not see, because they would end the process.

It follows a group in a group to any depth, until its thread has no stack left, and adds the length of a field to its
place without looking whether the sum fits. OTLP has no groups and no such lengths. What could hold either is read by
the official protobuf library first, which minds both; that takes a third of the time of reading it into columns, so
what cannot is spared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from google.protobuf.message import Message

HARMLESS = 10_000
"""How many bytes cannot nest groups deep enough, at 80 bytes of a stack of one megabyte for each."""

LENGTH_BEYOND_MEMORY = 2**32 - 1
"""Four bytes in a row of which only a length of nearly 2^64 has eight."""


def check(body: bytes, *, outline: type[Message], request: type[Message]) -> None:
    """Raise protobuf's DecodeError if `body` is malformed in one of these ways, or, at times, in another.

    `outline` is the request down to its records, which it has as bytes.
    """
    if _may_have_length_beyond_memory(body) or (len(body) > HARMLESS and _has_long_record(outline.FromString(body))):
        request.FromString(body)


def _may_have_length_beyond_memory(body: bytes) -> bool:
    words = np.frombuffer(body, np.uint32, len(body) // 4)
    return bool((words == LENGTH_BEYOND_MEMORY).any())


def _has_long_record(outline: Any) -> bool:
    return any(
        max(map(len, scope.records), default=0) > HARMLESS
        for resource in outline.resources
        for scope in resource.scopes
    )
