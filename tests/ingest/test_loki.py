"""Loki's push API and the door for lines, over a real connection."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import cramjam
import pytest

from firstlight.ingest.loki import LokiPushSettings
from tests.api.loki.rig import NOW, SECOND, Loki, served
from tests.wire.loki.pushes import in_json, in_protobuf

JSON = {"content-type": "application/json"}
PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture(scope="module")
async def loki(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Loki]:
    """A server with the limits of Loki, for all tests of the file."""
    settings = LokiPushSettings(max_age=7 * 86_400, max_ahead=600, max_line=100)
    async with served(tmp_path_factory.mktemp("loki") / "store", push=settings) as it:
        yield it


def push_of(name: str) -> bytes:
    """Return a push in JSON of a stream of that name."""
    return in_json(({"app": name}, [[str(NOW), "a line"]]))


def protobuf_of(name: str) -> bytes:
    """Return the same in protobuf."""
    return in_protobuf((f'{{app="{name}"}}', [(NOW, "a line", {})]))


def raw_deflate(body: bytes) -> bytes:
    """Return a body deflated without the header of zlib, as Go does."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def snappy(body: bytes) -> bytes:
    """Return a body in a block of snappy."""
    return bytes(cramjam.snappy.compress_raw(body))


WAYS = [
    ("JSON", "/loki/api/v1/push", push_of, JSON),
    ("JSON with a charset", "/loki/api/v1/push", push_of, {"content-type": "application/json; charset=utf-8"}),
    ("JSON that says it is a form", "/loki/api/v1/push", push_of, {"content-type": "application/x-www-form-urlencoded"}),
    ("JSON that says nothing", "/loki/api/v1/push", push_of, {}),
    ("JSON, gzip", "/loki/api/v1/push", lambda name: gzip.compress(push_of(name)), {**JSON, "content-encoding": "gzip"}),
    ("JSON, deflate", "/loki/api/v1/push", lambda name: raw_deflate(push_of(name)), {**JSON, "content-encoding": "deflate"}),
    ("JSON, snappy", "/loki/api/v1/push", lambda name: snappy(push_of(name)), {**JSON, "content-encoding": "snappy"}),
    ("protobuf, as everybody sends it", "/loki/api/v1/push", lambda name: snappy(protobuf_of(name)), PROTOBUF),
    ("protobuf that says snappy", "/loki/api/v1/push", lambda name: snappy(protobuf_of(name)), {**PROTOBUF, "content-encoding": "snappy"}),
    ("protobuf, gzip", "/loki/api/v1/push", lambda name: gzip.compress(protobuf_of(name)), {**PROTOBUF, "content-encoding": "gzip"}),
    ("the older path, protobuf", "/api/prom/push", lambda name: snappy(protobuf_of(name)), PROTOBUF),
    ("the older path, JSON", "/api/prom/push", lambda name: json.dumps({"streams": [{"labels": f'{{app="{name}"}}', "entries": [{"ts": "2026-11-20T20:30:00Z", "line": "a line"}]}]}).encode(), JSON),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "headers"), [row[1:] for row in WAYS], ids=[row[0] for row in WAYS])
async def test_pushes_are_stored(loki: Loki, request: Any, path: str, body: Any, headers: Mapping[str, str]) -> None:
    """However it is written and packed, the line can be queried when the push is answered."""
    name = request.node.callspec.id.replace(" ", "_")
    answer = await loki.client.post(path, content=body(name), headers=headers)
    assert (answer.status_code, answer.text) == (204, "")
    found = await loki.data("query_range", query=f'{{app="{name}"}}', start=NOW, end=NOW + SECOND)
    assert [one["values"] for one in found["result"]] == [[[str(NOW), "a line"]]]


def entry(time_ns: int, line: str = "x") -> bytes:
    """Return a push of one entry."""
    return in_json(({"a": "b"}, [[str(time_ns), line]]))


WEEK = 7 * 86_400 * SECOND
REFUSED = [
    ("too old", entry(1), JSON, 400, "entry for stream '{a=\"b\", service_name=\"unknown_service\"}' has timestamp too old: 1970-01-01T00:00:00Z, oldest acceptable timestamp is: 2026-11-13T20:30:00Z\n"),
    ("too new", entry(NOW + WEEK), JSON, 400, "entry for stream '{a=\"b\", service_name=\"unknown_service\"}' has timestamp too new: 2026-11-27T20:30:00Z\n"),
    ("no JSON", b"{bad", JSON, 400, 'loghttp.PushRequest.readFieldHash: expect ", but found b, error found in #2 byte of ...|{bad|..., bigger context ...|{bad|...\n'),
    ("no snappy", b"hello", PROTOBUF, 400, "cannot decompress the snappy body"),
    ("no protobuf", snappy(b"\xff\xff"), PROTOBUF, 400, "cannot read the body as a push request of protobuf (logproto.PushRequest)"),
    ("an encoding nobody knows", b"x", {**JSON, "content-encoding": "br"}, 415, "cannot read the content encoding 'br'"),
    ("too large a JSON", b'{"streams":[' + b" " * 9_000_000 + b"]}", JSON, 413, "cannot take JSON of more than 8388608 bytes"),
    ("two different complaints", in_json(({"a": "b"}, [["1", "x"], ["1", "y"], [str(NOW + WEEK), "z"]])), JSON, 400, "2 errors like: entry for stream '{a=\"b\", service_name=\"unknown_service\"}' has timestamp too old"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "headers", "status", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])  # fmt: skip
async def test_what_is_refused_is_told_as_loki_tells_it(loki: Loki, body: bytes, headers: Mapping[str, str], status: int, words: str) -> None:  # fmt: skip
    """In plain text, with Loki's status."""
    answer = await loki.client.post("/loki/api/v1/push", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert answer.text.startswith(words)


async def test_what_is_good_in_a_push_is_kept(loki: Loki) -> None:
    """Though the push is answered with an error, as Loki does it."""
    body = in_json(({"app": "half"}, [["1", "old"], [str(NOW), "kept"]]))
    answer = await loki.client.post("/loki/api/v1/push", content=body, headers=JSON)
    found = await loki.data("query_range", query='{app="half"}', start=0, end=NOW + SECOND)
    assert answer.status_code == 400
    assert [one["values"] for one in found["result"]] == [[[str(NOW), "kept"]]]


async def test_refusals_are_counted_by_reason(loki: Loki) -> None:
    """Under labels that no sender can make many of."""
    await loki.client.post("/loki/api/v1/push", content=entry(1), headers=JSON)
    family = next(
        one for one in loki.telemetry.registry.collect() if one.name.startswith("firstlight_ingest_rejected_items")
    )
    assert ("loki", "logs", "timestamp too old") in [tuple(value for _, value in one.labels) for one in family.samples]


async def test_lines_that_were_cut_are_counted(loki: Loki) -> None:
    """What is too long is kept as far as it may be."""
    before = len(loki.cut)
    await loki.push({"app": "long"}, [str(NOW), "x" * 200], [str(NOW + 1), "y"])
    found = await loki.data("query_range", query='{app="long"}', start=NOW, end=NOW + SECOND)
    assert loki.cut[before:] == [1]
    assert found["result"][0]["values"][1][1] == "x" * 100 + "… [cut: the line had 200 bytes]"


async def test_lines_come_in_through_a_door_of_their_own(loki: Loki) -> None:
    """NDJSON: what is taken is counted, what is not is told with its line."""
    body = b'{"msg":"one","level":"error","time":"2026-11-20T20:29:59Z","code":7}\nplain\n{bad\n{"time":"soon","msg":"x"}\n'
    answer = await loki.client.post("/api/firstlight/v1/logs", params={"service": "door"}, content=body)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "accepted": 2,
            "rejected": [
                {"line": 3, "reason": "not JSON: unexpected character, expected a string key: line 1 column 2 (char 1)"},
                {"line": 4, "reason": "time not readable: 'soon'"},
            ],
        },
    )  # fmt: skip
    found = await loki.data("query_range", query='{service_name="door"} | detected_level="error"', start=0, end=NOW + 1)
    assert [(one["stream"]["code"], one["values"]) for one in found["result"]] == [
        ("7", [["1795206599000000000", "one"]])
    ]


async def test_nothing_but_bad_lines_is_an_error(loki: Loki) -> None:
    """So that a sender who looks at the status only hears of it."""
    answer = await loki.client.post("/api/firstlight/v1/logs", content=b"{bad")
    assert (answer.status_code, answer.json()["accepted"]) == (400, 0)
