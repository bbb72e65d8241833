"""Pushes in JSON: what is in them, and what is told of those that are malformed."""

from __future__ import annotations

import json

import pytest

from firstlight.errors import DecodeError
from firstlight.wire.loki.json_push import read_legacy_push, read_push
from tests.wire.loki.pushes import Entry, entries, in_json, refused, taken

A = {"app": "a"}
A_NAMED = {"app": "a", "service_name": "a"}

GOOD: list[tuple[str, bytes, list[Entry]]] = [
    ("one entry", in_json((A, [["1", "x"]])), [(A_NAMED, 1, "x", {})]),
    ("several", in_json((A, [["1", "x"], ["2", "y"]])), [(A_NAMED, 1, "x", {}), (A_NAMED, 2, "y", {})]),
    ("metadata", in_json((A, [["1", "x", {"k": "v"}]])), [(A_NAMED, 1, "x", {"k": "v"})]),
    (
        "metadata of some",
        in_json((A, [["1", "x"], ["2", "y", {"k": "v"}], ["3", "z", {}]])),
        [(A_NAMED, 1, "x", {}), (A_NAMED, 2, "y", {"k": "v"}), (A_NAMED, 3, "z", {})],
    ),
    (
        "two streams, one with metadata",
        in_json((A, [["1", "x"]]), ({"app": "b"}, [["2", "y", {"k": "v"}]])),
        [(A_NAMED, 1, "x", {}), ({"app": "b", "service_name": "b"}, 2, "y", {"k": "v"})],
    ),
    ("no streams", b'{"streams":[]}', []),
    ("streams that are null", b'{"streams":null}', []),
    ("nothing at all", b"{}", []),
    ("a stream without entries", in_json((A, [])), []),
    ("values that are null", b'{"streams":[{"stream":{"app":"a"},"values":null}]}', []),
    ("an entry that is null", b'{"streams":[{"stream":{"app":"a"},"values":[null,["1","x"]]}]}', [(A_NAMED, 1, "x", {})]),
    ("more than three in an entry", in_json((A, [["1", "x", {}, 5]])), [(A_NAMED, 1, "x", {})]),
    ("what nobody knows beside it", b'{"a":1,"streams":[{"b":2,"stream":{"app":"a"},"values":[["1","x"]]}]}', [(A_NAMED, 1, "x", {})]),
    ("no labels", in_json(({}, [["1", "x"]])), [({"service_name": "unknown_service"}, 1, "x", {})]),
    ("half a surrogate pair", b'{"streams":[{"stream":{"app":"a"},"values":[["1","x\\ud83d"]]}]}', [(A_NAMED, 1, "x\ufffd", {})]),
    ("bytes that are not UTF-8", b'{"streams":[{"stream":{"app":"a"},"values":[["1","x\xff"]]}]}', [(A_NAMED, 1, "x\ufffd", {})]),
    ("letters and signs", in_json((A, [["1", "größe 😀"]])), [(A_NAMED, 1, "größe 😀", {})]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "wanted"), [row[1:] for row in GOOD], ids=[row[0] for row in GOOD])
def test_entries_are_read(body: bytes, wanted: list[Entry]) -> None:
    """A push comes to the entries that it says, with the service of their stream."""
    batch = taken(body)
    assert (entries(batch), batch.items, refused(batch)) == (wanted, len(wanted), {})


STRING = "Value is string, but can't find closing '\"' symbol"
OBJECT = "Value looks like object, but can't find closing '}' symbol"
VALUE = "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol"
STREAMS = "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: "

BAD = [
    ("no JSON", b"{bad", 'loghttp.PushRequest.readFieldHash: expect ", but found b, error found in #2 byte of ...|{bad|'),
    ("no object", b"[1]", 'cannot read the body as a push: want an object with "streams", a list'),
    ("a text", b"hello", "loghttp.PushRequest: expect { or n, but found h, error found in #1 byte of ...|hello|"),
    ("nothing", b"", "loghttp.PushRequest: expect { or n"),
    ("JSON that ends early", b'{"streams":[{"stream":{', "loghttp.PushRequest.Streams: unexpected end of data"),
    ("streams that are none", b'{"streams":"x"}', "want an object"),
    ("a stream that is none", b'{"streams":[1]}', STREAMS + OBJECT),
    ("a time that is a number", in_json((A, [[1, "x"]])), STREAMS + VALUE),
    ("a time that is no number", in_json((A, [["x", "x"]])), STREAMS + VALUE),
    ("a line that is a number", in_json((A, [["1", 5]])), STREAMS + STRING),
    ("metadata that are a text", in_json((A, [["1", "x", "y"]])), STREAMS + OBJECT),
    ("a value in metadata that is a number", in_json((A, [["1", "x", {"k": 5}]])), STREAMS + STRING),
    ("a label that is a number", b'{"streams":[{"stream":{"a":1},"values":[["1","x"]]}]}', STREAMS + STRING),
    ("an entry that is a number", in_json((A, [5])), STREAMS + VALUE),
    ("values that are a text", b'{"streams":[{"stream":{"a":"b"},"values":"x"}]}', STREAMS + VALUE),
    ("nesting without end", b"[" * 100_000, "loghttp.PushRequest: expect { or n, but found ["),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_malformed_pushes_are_refused_in_lokis_words(body: bytes, words: str) -> None:
    """What is no push is refused whole, in words that clients of Loki know."""
    with pytest.raises(DecodeError) as told:
        read_push(body)
    assert str(told.value).startswith(words) or words in str(told.value)
    assert len(str(told.value)) < 400


def test_the_place_is_that_of_the_stream() -> None:
    """The complaint shows where the bad stream ends, not the first."""
    body = in_json((A, [["1", "x"]]), ({"app": "b"}, [[2, "y"]]))
    with pytest.raises(DecodeError) as told:
        read_push(body)
    assert 'error found in #10 byte of ...|[2, "y"]]}]}|...' in str(told.value)


LEGACY: list[tuple[str, str, str, list[Entry]]] = [
    ("UTC", '{app="a"}', "1970-01-01T00:00:01Z", [(A_NAMED, 10**9, "x", {})]),
    ("nanoseconds", '{app="a"}', "1970-01-01T00:00:01.123456789Z", [(A_NAMED, 1_123_456_789, "x", {})]),
    ("another zone", '{app="a"}', "1970-01-01T02:00:01.5+02:00", [(A_NAMED, 1_500_000_000, "x", {})]),
]


@pytest.mark.parametrize(("labels", "time", "wanted"), [row[1:] for row in LEGACY], ids=[row[0] for row in LEGACY])
def test_the_older_form_is_read(labels: str, time: str, wanted: list[Entry]) -> None:
    """Of the API before version 1: labels as text, times as RFC 3339."""
    body = json.dumps({"streams": [{"labels": labels, "entries": [{"ts": time, "line": "x"}]}]}).encode()
    assert entries(taken(read_legacy_push(body))) == wanted


@pytest.mark.parametrize("time", ["soon", "1970-01-01T00:00:01", 5, None], ids=str)
def test_the_older_form_wants_rfc_3339(time: object) -> None:
    """A time that is none is told."""
    body = json.dumps({"streams": [{"labels": "{}", "entries": [{"ts": time, "line": "x"}]}]}).encode()
    with pytest.raises(DecodeError):
        read_legacy_push(body)


Stream = tuple[dict[str, str], list[list[object]]]

FIRST_WRONG: list[tuple[str, Stream, Stream, str, int]] = [
    ("a time, then a line", (A, [["x", "a"]]), (A, [["1", 2]]), VALUE, 0),
    ("a line, then a time", (A, [["1", 2]]), (A, [["x", "a"]]), STRING, 0),
    ("nothing, then a time", (A, [["1", "a"]]), (A, [["2", "b"], ["x", "c"]]), VALUE, 1),
    ("both in one stream", (A, [["1", "a"]]), (A, [["x", "b"], ["2", 3]]), VALUE, 1),
]


@pytest.mark.parametrize(
    ("one", "other", "words", "number"), [row[1:] for row in FIRST_WRONG], ids=[row[0] for row in FIRST_WRONG]
)
def test_the_first_wrong_stream_is_told(one: Stream, other: Stream, words: str, number: int) -> None:
    """Times are read for all streams at once, and yet what is told is of the first stream that is wrong."""
    with pytest.raises(DecodeError) as both:
        read_push(in_json(one, other))
    with pytest.raises(DecodeError) as alone:
        read_push(in_json(*((A, [["1", "a"]]),) * number, (one, other)[number]))
    assert words in str(both.value)
    assert words in str(alone.value)
