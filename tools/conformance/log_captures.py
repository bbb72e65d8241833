"""Logs that real shippers sent: all is taken, and what is in it is stored.

A capture is a file of bytes beside a JSON file that tells how they came. What they hold is found here without our
decoders: the texts in a document, the messages in a stream of syslog.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import msgpack

from firstlight.ingest.logstash_http import LogstashHttp
from firstlight.ingest.receiver import Context
from firstlight.model.batch import Batch
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import Telemetry
from firstlight.wire.beats.dialogue import BeatsDialogue
from firstlight.wire.fluent.dialogue import FluentDialogue
from firstlight.wire.gelf.dialogue import GelfDatagrams, GelfDialogue
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logstash.dialogue import LogstashDialogue
from firstlight.wire.shippers.dialogue import Dialogue
from firstlight.wire.shippers.gathering import Gathering
from firstlight.wire.syslog.dialogue import SyslogDatagrams, SyslogDialogue
from tools.conformance.case import Case, expect

LIMIT = 64 * 1024 * 1024
NOW_NS = 1_795_300_000_000_000_000

ELSEWHERE = frozenset({"@timestamp", "timestamp", "version", "level"})
"""Fields that become columns of another form, or say nothing of the record."""

MESSAGE = re.compile(rb"<\d{1,3}>[^\n\0]*")


def lumberjack_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each conversation: every event of it is stored, and all are acknowledged."""
    for path in sorted(folder.glob("*.bin")):
        yield Case(path.name, partial(_windows, path))


def logstash_http_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each request: every event of it is stored."""
    for path in sorted(folder.glob("*.bin")):
        yield Case(path.name, partial(_posted, path))


def logstash_tcp_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each stream: every line of it is stored. What Fluentd's logger sent there is read as that."""
    for path in sorted(folder.glob("*.bin")):
        yield Case(path.name, partial(_lines, path))


def syslog_tcp_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each stream: every message of it is stored."""
    for path in sorted(folder.glob("*.bin")):
        yield Case(path.name, partial(_syslog, path, partial(_spoken, SyslogDialogue(UTC))))


def syslog_udp_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each datagram: its message is stored."""
    for path in sorted(folder.glob("*.bin")):
        yield Case(path.name, partial(_syslog, path, _datagram))


def gelf_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each stream or datagram: every message of it is stored."""
    for path in sorted(folder.glob("*.bin")):
        yield Case(path.name, partial(_gelf, path))


def log_line_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each file of lines in JSON, sent over TCP: every line of it is stored."""
    for path in sorted(folder.glob("*.jsonl")):
        yield Case(path.name, partial(_lines, path))


def _windows(path: Path) -> None:
    data = path.read_bytes()
    batch, answers = _spoken(BeatsDialogue(LIMIT), data)
    events: list[tuple[int, bytes]] = []
    place = 0
    while place < len(data):
        kind, size = data[place + 1 : place + 2], int.from_bytes(data[place + 2 : place + 6])
        inner = zlib.decompress(data[place + 6 : place + 6 + size]) if kind == b"C" else b""
        events += _json_events(inner)
        place += 6 + (size if kind == b"C" else 0)
    _hold(batch, [json.loads(raw) for _, raw in events])
    expect(answers[-6:], b"2A" + events[-1][0].to_bytes(4), of="the last acknowledgement")


def _json_events(frames: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(frames):
        size = int.from_bytes(frames[place + 6 : place + 10])
        yield int.from_bytes(frames[place + 2 : place + 6]), frames[place + 10 : place + 10 + size]
        place += 10 + size


def _posted(path: Path) -> None:
    told = json.loads(path.with_suffix(".json").read_text())
    receiver = LogstashHttp(LogBook(), Telemetry(Registry()).ingest)
    context = Context("default", NOW_NS, told["headers"].get("content-type", ""), {}, told["method"], told["path"])
    batch = receiver.decode(path.read_bytes(), context)
    expect(receiver.reply(batch, context).status, 200, of="the status")
    found = json.loads(path.read_bytes())
    _hold(batch, found if isinstance(found, list) else [found])


def _lines(path: Path) -> None:
    data = path.read_bytes()
    if data[:1] >= b"\x80":
        tag, _, record = msgpack.unpackb(data)
        _hold(_spoken(FluentDialogue(LIMIT), data)[0], [{"tag": tag, **record}])
        return
    _hold(_spoken(LogstashDialogue(), data)[0], [json.loads(line) for line in data.splitlines() if line])


def _gelf(path: Path) -> None:
    data = path.read_bytes()
    if data.endswith(b"\0"):
        documents = [json.loads(part) for part in data.split(b"\0") if part]
        _hold(_spoken(GelfDialogue(), data)[0], documents)
        return
    gathering = Gathering(LogBook())
    GelfDatagrams().take(data, "", NOW_NS, gathering)
    plain = data if data.startswith(b"{") else zlib.decompress(data, zlib.MAX_WBITS | 32)
    _hold(gathering.drain("default", NOW_NS).batch, [json.loads(plain)])


def _syslog(path: Path, take: Callable[[bytes], tuple[Batch, bytes]]) -> None:
    data = path.read_bytes()
    messages = [found.decode(errors="replace") for found in MESSAGE.findall(data)]
    rows = _rows(take(data)[0])
    expect(len(rows), len(messages), of="how many messages there are")
    for row, message in zip(rows, messages, strict=True):
        expect(message.rstrip().endswith(row["body"].rstrip()), True, of=f"that {message!r} ends in {row['body']!r}")
        expect(row["severity"] > 0, True, of="that the severity is known")
        if re.search(r"\d:\d\d:\d\d", message):
            expect(row["ts"] != row["observed_ts"], True, of="that the time is that of the message")
        for word in message.rpartition(row["body"])[0].split()[2:4]:
            expect(word.strip(":") in str(row), True, of=f"that {word!r} is stored")


def _datagram(data: bytes) -> tuple[Batch, bytes]:
    gathering = Gathering(LogBook())
    SyslogDatagrams(UTC).take(data, "", NOW_NS, gathering)
    return gathering.drain("default", NOW_NS).batch, b""


def _spoken(dialogue: Dialogue, data: bytes) -> tuple[Batch, bytes]:
    gathering = Gathering(LogBook())
    answers = b"".join(dialogue.take(data, NOW_NS, gathering))
    dialogue.end(NOW_NS, gathering)
    expect(dialogue.fault, "", of="what is wrong with the conversation")
    return gathering.drain("default", NOW_NS).batch, answers


def _hold(batch: Batch, documents: list[Mapping[str, Any]]) -> None:
    """Raise unless there is a record for each document, with every text and number in it."""
    expect(batch.rejected.message, "", of="what was refused")
    rows = _rows(batch)
    expect(len(rows), len(documents), of="how many records there are")
    for row, document in zip(rows, documents, strict=True):
        held = "\n".join(_texts(row))
        for name, value in _leaves(document):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            expect(text in held or json.dumps(text)[1:-1] in held, True, of=f"that {name} = {text!r} is stored")


def _rows(batch: Batch) -> list[dict[str, Any]]:
    origins = {row["origin_id"]: row for row in batch.tables["origins"].to_pylist()} if batch.tables else {}
    logs = batch.tables["logs"].to_pylist() if batch.tables else []
    return [{**row, "resource": origins[row["origin_id"]]["resource"]} for row in logs]


def _texts(row: Mapping[str, Any]) -> Iterator[str]:
    yield row["body"]
    yield row["severity_text"]
    yield row["trace_id"].hex()
    yield row["span_id"].hex()
    for _, value in [*row["attributes"], *row["resource"]]:
        yield value


def _leaves(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if name in ELSEWHERE and not isinstance(value, dict):
            continue
        if isinstance(value, dict):
            yield from _leaves(value)
        elif isinstance(value, list):
            yield from ((name, one) for one in value if not isinstance(one, dict | list))
        elif value is not None:
            yield name, value
