"""What is told of a push that is not JSON, or not of the right shape: with the place, in the form that Loki has it."""

from __future__ import annotations

import json
from typing import Final

import orjson

MALFORMED_STRING: Final = "Value is string, but can't find closing '\"' symbol"
MALFORMED_OBJECT: Final = "Value looks like object, but can't find closing '}' symbol"
MALFORMED_VALUE: Final = "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol"
"""What Loki's reader says of any value that is not of the kind it expects: its words, however odd they are."""

NEAR: Final = 10
AROUND: Final = 50


def not_json(body: bytes, error: orjson.JSONDecodeError) -> str:
    """Return what is told of a body that is no JSON."""
    start = len(body) - len(body.lstrip())
    key = len(body) - len(body[start + 1 :].lstrip())
    if body[start : start + 1] != b"{":
        found = body[start : start + 1].decode("utf-8", "replace") or "\\x00"
        return f"loghttp.PushRequest: expect {{ or n, but found {found}, {_place(body, start + 1)}"
    if body[key : key + 1] not in (b'"', b"}", b""):
        found = body[key : key + 1].decode("utf-8", "replace")
        return f'loghttp.PushRequest.readFieldHash: expect ", but found {found}, {_place(body, key + 1)}'
    # orjson counts characters of the text it was given, or bytes: the same, but in a text with others than ASCII.
    return f"loghttp.PushRequest.Streams: {error.msg}, {_place(body, error.pos)}"


def wrong_stream(body: bytes, number: int, words: str) -> str:
    """Return what is told of the stream of that number, which is not as a stream must be."""
    return (
        f"loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: {words}, "
        f"{_place(body, _end_of_stream(body, number))}"
    )


def _place(body: bytes, at: int) -> str:
    start = max(0, at - NEAR)
    near = body[start : at + NEAR].decode("utf-8", "replace")
    around = body[max(0, at - AROUND) : at + AROUND].decode("utf-8", "replace")
    return f"error found in #{at - start} byte of ...|{near}|..., bigger context ...|{around}|..."


def _end_of_stream(body: bytes, number: int) -> int:
    """Return where in the body a stream ends; the body is JSON, read once more to find that."""
    text = body.decode("utf-8", "replace")
    at = text.find("[", max(0, text.find('"streams"'))) + 1
    reader = json.JSONDecoder()
    try:
        for _ in range(number + 1):
            while text[at] in " \t\r\n,":
                at += 1
            _, at = reader.raw_decode(text, at)
    except (json.JSONDecodeError, IndexError, RecursionError):
        return len(body)
    return len(text[:at].encode())
