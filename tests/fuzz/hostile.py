"""Requests made to take as much memory and time as they can for their size, and what they take.

`python -m tests.fuzz.hostile` prints for each what decoding it took at its peak, in bytes for each byte of the request.
"""

from __future__ import annotations

import argparse
import json
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from firstlight.errors import DecodeError
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.json import Signal
from firstlight.wire.otlp.names import Translation
from tests.fuzz import seeds
from tests.fuzz.seeds import NOW_NS

LARGE = 1024 * 1024

TIME = b"\x19" + struct.pack("<Q", NOW_NS)
"""The time of a data point, its field 3."""

VALUE = b"\x21" + struct.pack("<d", 1.5)
"""The value of a number, its field 4."""

GAUGE, SUM, HISTOGRAM, EXPONENTIAL, SUMMARY = 5, 7, 9, 10, 11


def field(number: int, content: bytes) -> bytes:
    """Return a field that has a length."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def within(content: bytes, *numbers: int) -> bytes:
    """Return `content` as a field in a field and so on, the outermost first."""
    for number in reversed(numbers):
        content = field(number, content)
    return content


def filled(one: bytes, size: int) -> bytes:
    """Return as many of `one` as fit the size."""
    return one * (size // len(one))


def counted(one: Callable[[int], bytes], each: int, size: int) -> bytes:
    """Return as many as fit the size of what is another each time; each takes so many bytes."""
    return b"".join(map(one, range(size // each)))


def metric(kind: int, points: bytes) -> bytes:
    """Return a request with one metric."""
    return within(field(1, b"m") + field(kind, points), 1, 2, 2)


def labelled(kind: int, point: bytes, size: int) -> bytes:
    """Return a request with one metric, each point of which is a series of its own."""
    number = {GAUGE: 7, SUM: 7, HISTOGRAM: 9, EXPONENTIAL: 1, SUMMARY: 7}[kind]

    def one(n: int) -> bytes:
        return field(1, point + field(number, field(1, b"a") + field(2, field(1, b"%06x" % n))))

    return metric(kind, counted(one, 36, size))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


@dataclass(frozen=True, slots=True)
class Hostile:
    """A request by what it is full of."""

    name: str
    signal: Signal
    make: Callable[[int], bytes]
    json: bool = False


HOSTILE = (
    Hostile("empty resources", "logs", lambda size: filled(field(1, b""), size)),
    Hostile("empty scopes", "logs", lambda size: within(filled(field(2, b""), size), 1)),
    Hostile("empty log records", "logs", lambda size: within(filled(field(2, b""), size), 1, 2)),
    Hostile("empty attributes", "logs", lambda size: within(filled(field(6, b""), size), 1, 2, 2)),
    Hostile("records of one empty attribute", "logs", lambda size: within(filled(field(2, field(6, b"")), size), 1, 2)),
    Hostile("bodies of empty arrays", "logs", lambda size: within(filled(field(2, field(5, b"\x2a\x00")), size), 1, 2)),
    Hostile("one array of nothings", "logs", lambda size: within(filled(field(1, b""), size), 1, 2, 2, 5, 5)),
    Hostile("one map of nothings", "logs", lambda size: within(filled(field(1, b""), size), 1, 2, 2, 5, 6)),
    Hostile("texts not UTF-8", "logs", lambda size: within(filled(field(2, field(3, b"\xff")), size), 1, 2)),
    Hostile(
        "resources each another",
        "logs",
        lambda size: counted(lambda n: field(1, field(1, field(1, field(1, b"%06x" % n))) + field(2, field(2, b""))), 18, size),
    ),
    Hostile("empty spans", "traces", lambda size: within(filled(field(2, b""), size), 1, 2)),
    Hostile("empty events", "traces", lambda size: within(filled(field(11, b""), size), 1, 2, 2)),
    Hostile("empty links", "traces", lambda size: within(filled(field(13, b""), size), 1, 2, 2)),
    Hostile("spans with an event", "traces", lambda size: within(filled(field(2, field(11, field(3, b""))), size), 1, 2)),
    Hostile("empty metrics", "metrics", lambda size: within(filled(field(2, b""), size), 1, 2)),
    Hostile(
        "metrics each another",
        "metrics",
        lambda size: within(
            counted(lambda n: field(2, field(1, b"m%06x" % n) + field(GAUGE, field(1, TIME + VALUE))), 33, size), 1, 2
        ),
    ),
    Hostile("empty gauge points", "metrics", lambda size: metric(GAUGE, filled(field(1, b""), size))),
    Hostile("empty histogram points", "metrics", lambda size: metric(HISTOGRAM, filled(field(1, b""), size))),
    Hostile("empty exponential points", "metrics", lambda size: metric(EXPONENTIAL, filled(field(1, b""), size))),
    Hostile("empty summary points", "metrics", lambda size: metric(SUMMARY, filled(field(1, b""), size))),
    Hostile("gauge series", "metrics", lambda size: labelled(GAUGE, TIME + VALUE, size)),
    Hostile("histogram series", "metrics", lambda size: labelled(HISTOGRAM, TIME, size)),
    Hostile("exponential series", "metrics", lambda size: labelled(EXPONENTIAL, TIME, size)),
    Hostile("summary series", "metrics", lambda size: labelled(SUMMARY, TIME, size)),
    Hostile("empty quantiles", "metrics", lambda size: metric(SUMMARY, field(1, TIME + filled(field(6, b""), size)))),
    Hostile(
        "buckets",
        "metrics",
        lambda size: metric(
            HISTOGRAM,
            field(
                1,
                TIME
                + field(6, bytes(8) * (size // 16))
                + field(7, struct.pack(f"<{size // 16 - 1}d", *range(size // 16 - 1))),
            ),
        ),
    ),
    Hostile("exponential buckets", "metrics", lambda size: metric(EXPONENTIAL, field(1, TIME + field(8, field(2, bytes(size)))))),
    Hostile("empty exemplars", "metrics", lambda size: metric(GAUGE, field(1, TIME + VALUE + filled(field(5, b""), size)))),
    Hostile("groups in groups", "logs", lambda size: filled(b"\x13", size)),
    Hostile("groups in groups, in a record", "traces", lambda size: within(filled(b"\x83\x01", size), 1, 2, 2)),
    Hostile("unknown fields", "logs", lambda size: filled(b"\xf8\x01\x00", size)),
    Hostile("JSON: empty resources", "logs", lambda size: b'{"resourceLogs":[%s{}]}' % filled(b"{},", size), json=True),
    Hostile(
        "JSON: empty log records",
        "logs",
        lambda size: b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[%s{}]}]}]}' % filled(b"{},", size),
        json=True,
    ),
    Hostile("JSON: lists of lists", "logs", lambda size: b'{"resourceLogs":[%s[]]}' % filled(b"[],", size), json=True),
    Hostile("JSON: deep lists", "logs", lambda size: filled(b"[", size), json=True),
    Hostile("JSON: deep objects", "logs", lambda size: filled(b'{"a":', size), json=True),
    Hostile("JSON: numbers", "traces", lambda size: b'{"resourceSpans":[%s1]}' % filled(b"1,", size), json=True),
    Hostile("JSON: a text of wide characters", "logs", lambda size: json.dumps({"resourceLogs": "\U0001f600" * (size // 12)}).encode(), json=True),
    Hostile("JSON: a long number", "logs", lambda size: b'{"resourceLogs":%s}' % filled(b"9", size), json=True),
    Hostile("JSON: a long number with a fault", "logs", lambda size: b'{"resourceLogs":%s,"\\ud800":1}' % filled(b"9", size), json=True),
    Hostile(
        "JSON: faults each another",
        "logs",
        lambda size: b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[%s{}]}]}]}' % counted(lambda n: b'{"body":1%06d},' % n, 17, size),
        json=True,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """What decoding a request took."""

    name: str
    peak: float
    """Bytes for each byte of the request."""
    batch: float
    """The same, of what the batch holds."""
    seconds: float
    outcome: str

    def __str__(self) -> str:
        return f"{self.peak:7.1f} peak {self.batch:6.1f} batch {self.seconds:6.2f} s  {self.name}: {self.outcome[:80]}"


def measure(name: str, size: int, decoder: OtlpDecoder) -> Taken:
    """Decode the request of that name, in a process that has decoded little else."""
    (hostile,) = (one for one in HOSTILE if one.name == name)
    warm(decoder)
    body = hostile.make(size)
    Path("/proc/self/clear_refs").write_text("5")  # from here on, the peak is this request's
    before, started = _memory("VmRSS"), time.process_time()
    held = 0
    try:
        batch = decoder.decode(hostile.signal, body, json=hostile.json, tenant="default", now_ns=NOW_NS)
        held, outcome = batch.nbytes, f"{batch.items} items {batch.rejected.message}"
    except DecodeError as error:
        outcome = str(error)
    seconds, peak = time.process_time() - started, _memory("VmHWM") - before
    return Taken(hostile.name, peak / len(body), held / len(body), seconds, outcome)


def warm(decoder: OtlpDecoder) -> None:
    """Decode something small: what is loaded for it is not the next request's."""
    for signal in seeds.REQUESTS:
        decoder.decode(signal, seeds.protobuf(signal)[0], json=False, tenant="default", now_ns=NOW_NS)
        decoder.decode(signal, seeds.otlp_json(signal)[0], json=True, tenant="default", now_ns=NOW_NS)


def _memory(name: str) -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def main(argv: Sequence[str] | None = None) -> None:
    """Print what each request took."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.hostile", description="decode hostile requests")
    parser.add_argument("names", nargs="*", metavar="NAME", help="those to try (default: all)")
    parser.add_argument("--size", type=int, default=LARGE, help="bytes of each request (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each")
    options = parser.parse_args(argv)

    decoder = OtlpDecoder(Translation())
    warm(decoder)
    for name in options.names or [one.name for one in HOSTILE]:
        taken = alone(name, options.size, decoder)
        print(json.dumps(asdict(taken)) if options.json else taken, flush=True)


def alone(name: str, size: int, decoder: OtlpDecoder) -> Taken:
    """Measure in a process of its own: memory that one request has freed would be there for the next."""
    fork = get_context("fork")
    answers, answer = fork.Pipe(duplex=False)
    child = fork.Process(target=lambda: answer.send(measure(name, size, decoder)))
    child.start()
    answer.close()
    taken: Taken = answers.recv()
    child.join()
    return taken


if __name__ == "__main__":
    main()
