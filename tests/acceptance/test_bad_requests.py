"""Requests that no server should have to see, sent to a real one: what it answers, and that nobody else suffers."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cramjam
import grpc
import pytest

from tests.acceptance.live import SECONDS, Live, ask, live
from tests.faults.senders import JSON, PROTOBUF, logs
from tests.fuzz.hostile import field, filled, within

NOW_NS = time.time_ns()
MIB = 1024 * 1024

SETTINGS = (
    "ingest.max_body=1MiB",
    "ingest.max_decompressed=4MiB",
    "ingest.max_json=512KiB",
    "http.header_timeout=1s",
    "http.body_timeout=1s",
    "http.idle_timeout=1s",
)

TIME = b"\x09" + struct.pack("<Q", NOW_NS)
"""The time of a log record, its field 1."""

BEYOND_MEMORY = b"\x0a" + b"\xff" * 9 + b"\x01"
BOMB = bytes(64 * MIB)


def record(body: str, **more: Any) -> dict[str, Any]:
    """Return a log record as OTLP/JSON."""
    return {"timeUnixNano": str(NOW_NS), "body": {"stringValue": body}, **more}


def records(*found: dict[str, Any]) -> bytes:
    """Return a request of log records as OTLP/JSON."""
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": found}]}]}).encode()


def span(**more: Any) -> bytes:
    """Return a request of one span as OTLP/JSON."""
    found = {"traceId": "1" * 32, "spanId": "2" * 16, "name": "bad", "startTimeUnixNano": str(NOW_NS), **more}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [found]}]}]}).encode()


def point(**more: Any) -> bytes:
    """Return a request of one gauge as OTLP/JSON."""
    metric = {"name": "bad", "gauge": {"dataPoints": [{"timeUnixNano": str(NOW_NS), **more}]}}
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).encode()


def encoded(name: str, kind: Mapping[str, str] = PROTOBUF) -> dict[str, str]:
    """Return headers that name a content encoding."""
    return {**kind, "content-encoding": name}


DEEP = json.loads('{"arrayValue":{"values":[' * 40 + "{}" + "]}}" * 40)
LOG = logs(["one"], NOW_NS).SerializeToString()
UNKNOWN_TYPE = {"content-type": "text/plain"}

REQUESTS: list[tuple[str, str, Mapping[str, str], bytes, int, str]] = [
    # what                                path           headers             body                                               status  words
    ("cut short",                         "/v1/logs",    PROTOBUF,           LOG[:-3],                                              400, "cannot read the body as an OTLP logs request"),
    ("text for protobuf",                 "/v1/traces",  PROTOBUF,           b"hello, world",                                       400, "cannot read the body as an OTLP traces request"),
    ("a group in a group and so on",      "/v1/metrics", PROTOBUF,           b"\x13" * MIB,                                         400, "cannot read the body as an OTLP metrics request"),
    ("a length beyond memory",            "/v1/logs",    PROTOBUF,           BEYOND_MEMORY,                                         400, "cannot read the body as an OTLP logs request"),
    ("nothing for JSON",                  "/v1/logs",    JSON,               b"",                                                   400, "cannot read the request as JSON"),
    ("a list for JSON",                   "/v1/logs",    JSON,               b"[]",                                                 400, "want an object"),
    ("JSON nested too deep",              "/v1/traces",  JSON,               b"[" * 100_000,                                        400, "nested too deep"),
    ("JSON not of this signal",           "/v1/logs",    JSON,               b'{"resourceLogs": 7}',                                400, "want an array"),
    ("gigantic",                          "/v1/logs",    PROTOBUF,           bytes(2 * MIB),                                        413, "more than 1048576 bytes"),
    ("too much JSON",                     "/v1/logs",    JSON,               b" " * MIB,                                            413, "JSON of more than 524288 bytes"),
    ("a gzip bomb",                       "/v1/logs",    encoded("gzip"),    gzip.compress(BOMB),                                   413, "more than 4194304 bytes, decompressed"),
    ("a zstd bomb",                       "/v1/traces",  encoded("zstd"),    bytes(cramjam.zstd.compress(BOMB)),                    413, "more than 4194304 bytes, decompressed"),
    ("a deflate bomb",                    "/v1/metrics", encoded("deflate"), zlib.compress(BOMB),                                   413, "more than 4194304 bytes, decompressed"),
    ("a bomb of empty records",           "/v1/logs",    encoded("gzip"),    gzip.compress(within(filled(b"\x12\x00", 3 * MIB), 1, 2)), 400, "nearly empty"),
    ("a bomb of JSON",                    "/v1/logs",    encoded("gzip", JSON), gzip.compress(b'{"resourceLogs":[' + b"[]," * (MIB // 8) + b"[]]}"), 200, "refused"),
    ("gzip cut short",                    "/v1/logs",    encoded("gzip"),    gzip.compress(LOG)[:-6],                               400, "cannot decompress the gzip body"),
    ("not gzip at all",                   "/v1/logs",    encoded("gzip"),    LOG,                                                   400, "cannot decompress the gzip body"),
    ("an unknown encoding",               "/v1/logs",    encoded("br"),      LOG,                                                   415, "cannot read the content encoding"),
    ("an unknown type",                   "/v1/logs",    UNKNOWN_TYPE,       LOG,                                                   415, "cannot read the content type"),
    ("no type",                           "/v1/logs",    {},                 LOG,                                                   415, "cannot read the content type"),
    ("an unknown path",                   "/v1/profiles", PROTOBUF,          LOG,                                                   404, "cannot find"),
    ("a bad record among good ones",      "/v1/logs",    JSON,               records(record("good 1"), record("bad", severityNumber="x"), record("good 2")), 200, "1 refused"),
    ("a time after 2262",                 "/v1/logs",    JSON,               records(record("good 3"), record("bad", timeUnixNano=str(2**63))), 200, "1 refused: 1 time after 2262"),
    ("a time that is none",               "/v1/logs",    JSON,               records(record("good 4"), record("bad", timeUnixNano="soon")), 200, "1 refused"),
    ("a value nested too deep",           "/v1/logs",    JSON,               records(record("good 5"), record("bad", attributes=[{"key": "deep", "value": DEEP}])), 200, "1 refused"),
    ("a trace id of wrong length",        "/v1/traces",  JSON,               span(traceId="1234"),                                  200, "1 refused: 1 trace_id not 16 bytes"),
    ("a trace id of zeros",               "/v1/traces",  JSON,               span(traceId="0" * 32),                                200, "1 refused: 1 trace_id not 16 bytes"),
    ("a span id of wrong length",         "/v1/traces",  JSON,               span(spanId="12"),                                     200, "1 refused: 1 span_id not 8 bytes"),
    ("an id that is not hexadecimal",     "/v1/traces",  JSON,               span(traceId="x" * 32),                                200, "1 refused"),
    ("a point without a value",           "/v1/metrics", JSON,               point(),                                               200, "1 refused: 1 no value"),
    ("a point without a time",            "/v1/metrics", JSON,               point(timeUnixNano="0", asDouble=1),                   200, "1 refused: 1 no time"),
    ("not a number",                      "/v1/metrics", JSON,               point(asDouble="NaN"),                                 200, ""),
    ("infinity",                          "/v1/metrics", JSON,               point(asDouble="-Infinity"),                           200, ""),
    ("text that is not UTF-8",            "/v1/logs",    PROTOBUF,           within(TIME + field(5, field(1, b"odd \xff\xfe")), 1, 2, 2), 200, ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("bad"), SETTINGS) as it:
        yield it


@contextmanager
def neighbour(server: Live, name: str) -> Iterator[None]:
    """Send a good request at the same time, again and again, and assert that each is accepted and stored."""
    answers: list[int] = []
    done = threading.Event()

    def send() -> None:
        while not done.is_set() or not answers:
            body = logs([f"neighbour of {name} {len(answers)}"], NOW_NS).SerializeToString()
            answers.append(ask(server.otlp_http, "POST", "/v1/logs", body, PROTOBUF).status)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(SECONDS)
    assert set(answers) == {200}
    query = "SELECT count() AS count FROM logs WHERE startsWith(body, {prefix:String})"
    assert server.sql(query, prefix=f"neighbour of {name} ") == [{"count": len(answers)}]


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "words"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS]
)
def test_answers(
    server: Live,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    status: int,
    words: str,
    request: pytest.FixtureRequest,
) -> None:
    with neighbour(server, request.node.name):
        answer = ask(server.otlp_http, "POST", path, body, headers)

    assert answer.status == status, answer
    assert words in answer.body.decode(errors="replace")
    assert "retry-after" not in answer.headers


def raw(server: Live, *pieces: bytes, half_close: bool = False, pause: float = 0.0) -> bytes:
    """Return what a socket is answered that sends these pieces, up to the end of the connection."""
    host, _, port = server.otlp_http.partition(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        found = b""
        try:
            while piece := connection.recv(65536):
                found += piece
        except ConnectionResetError:
            found += b" (reset)"
        return found


def head(*lines: str) -> bytes:
    """Return the head of a logs request."""
    return "\r\n".join(
        ["POST /v1/logs HTTP/1.1", "host: localhost", "content-type: application/x-protobuf", *lines, "", ""]
    ).encode()


WHOLE = head(f"content-length: {len(LOG)}", "connection: close") + LOG

CONNECTIONS: list[tuple[str, Callable[[Live], bytes], bytes]] = [
    # what                            how                                                                         what it is answered
    ("a head that never ends",        lambda server: raw(server, b"POST /v1/logs HTTP/1.1\r\nhost: loc"),         b"HTTP/1.1 408"),
    ("a body a byte at a time",       lambda server: raw(server, head("content-length: 100"), *[b"x"] * 15, pause=0.1), b"HTTP/1.1 408"),
    ("no HTTP",                       lambda server: raw(server, b"\x16\x03\x01\x02\x00\x01\x00"),                b"HTTP/1.1 400"),
    ("a length that is none",         lambda server: raw(server, head("content-length: many") + LOG),             b"HTTP/1.1 400"),
    ("chunks that are none",          lambda server: raw(server, head("transfer-encoding: chunked") + b"zz\r\n"), b"HTTP/1.1 400"),
    ("chunks without end, too large", lambda server: raw(server, head("transfer-encoding: chunked"), *[b"10000\r\n" + bytes(65536) + b"\r\n"] * 32, b"0\r\n\r\n"), b"HTTP/1.1 413"),
    ("a head that is too large",      lambda server: raw(server, head()[:-2] + b"x: " + b"y" * MIB),              b"HTTP/1.1 431"),
    ("half closed after the request", lambda server: raw(server, WHOLE, half_close=True),                         b""),
    ("half closed in the body",       lambda server: raw(server, head("content-length: 100"), b"x", half_close=True), b""),
]  # fmt: skip


@pytest.mark.parametrize(("send", "answer"), [row[1:] for row in CONNECTIONS], ids=[row[0] for row in CONNECTIONS])
def test_bears_connection(
    server: Live, send: Callable[[Live], bytes], answer: bytes, request: pytest.FixtureRequest
) -> None:
    """Each ends, and soon enough: a connection that hangs fails this test by its time-out.

    Who closes its sending side is gone: that is how a client is known to have left.
    """
    with neighbour(server, request.node.name):
        found = send(server)

    assert found.startswith(answer)
    assert bool(found) == bool(answer)


LOGS_SERVICE = "/opentelemetry.proto.collector.logs.v1.LogsService"

CALLS: list[tuple[str, str, bytes, grpc.StatusCode, str]] = [
    # what              method                    message             code                                 words
    ("cut short",       f"{LOGS_SERVICE}/Export", LOG[:-3],           grpc.StatusCode.INVALID_ARGUMENT,    "cannot read the body as an OTLP logs request"),
    ("gigantic",        f"{LOGS_SERVICE}/Export", bytes(5 * MIB),     grpc.StatusCode.RESOURCE_EXHAUSTED,  "larger than max"),
    ("unknown method",  f"{LOGS_SERVICE}/Import", LOG,                grpc.StatusCode.UNIMPLEMENTED,       ""),
    ("unknown service", "/a.b.c.D/Export",        LOG,                grpc.StatusCode.UNIMPLEMENTED,       ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "message", "code", "words"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS]
)
@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip], ids=["plain", "gzip"])
def test_answers_call(
    server: Live,
    method: str,
    message: bytes,
    code: grpc.StatusCode,
    words: str,
    compression: grpc.Compression,
    request: pytest.FixtureRequest,
) -> None:
    with neighbour(server, request.node.name), grpc.insecure_channel(server.otlp_grpc) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        with pytest.raises(grpc.RpcError) as caught:
            call(message, timeout=SECONDS, compression=compression)

    assert caught.value.code() == code
    assert words in (caught.value.details() or "")
    assert "grpc-status-details-bin" not in {item.key for item in caught.value.trailing_metadata()} or words


SILENCE = [
    # what                     how long it says nothing    words
    ("no message at all",      0.0,                        "the call ended without one"),
    ("a message that is late", 3.0,                        "cannot wait any longer for the message"),
]  # fmt: skip


@pytest.mark.parametrize(("seconds", "words"), [row[1:] for row in SILENCE], ids=[row[0] for row in SILENCE])
def test_answers_silence(server: Live, seconds: float, words: str, request: pytest.FixtureRequest) -> None:
    """A call that brings nothing ends."""

    def nothing() -> Iterator[bytes]:
        time.sleep(seconds)
        yield from ()

    with neighbour(server, request.node.name), grpc.insecure_channel(server.otlp_grpc) as channel:
        call: grpc.StreamUnaryMultiCallable[bytes, bytes] = channel.stream_unary(f"{LOGS_SERVICE}/Export")
        with pytest.raises(grpc.RpcError) as caught:
            call(nothing(), timeout=SECONDS)

    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert words in (caught.value.details() or "")


def test_keeps_what_was_good(server: Live) -> None:
    """Of requests with a bad record, the others are there; what is odd is kept as it can be."""
    bodies = [f"good {number}" for number in range(1, 6)]
    answer = server.sql("SELECT body FROM logs WHERE has({bodies:Array(String)}, body) ORDER BY body", bodies=bodies)

    assert [row["body"] for row in answer] == bodies
    assert server.sql("SELECT body FROM logs WHERE startsWith(body, 'odd')") == [{"body": "odd \ufffd\ufffd"}]
    assert server.sql("SELECT value FROM metrics WHERE name = 'bad' ORDER BY value") == [
        {"value": "-inf"},
        {"value": "nan"},
    ]


def test_is_none_the_worse_for_it(server: Live, tmp_path: Path) -> None:
    """It is ready, has raised nothing, and stops when it is told to."""
    assert server.ask("GET", "/readyz").status == 200
    assert "Traceback" not in server.said
    assert "panicked" not in server.said
    assert server.alarms == []
    assert server.stop() == 0
