"""Events of Logstash: over TCP, a line each; over HTTP, as a body has them."""

from __future__ import annotations

import pytest

from firstlight.wire.logstash.dialogue import LogstashDialogue
from firstlight.wire.logstash.event import read_body
from tests.wire.shippers.gathered import converse, cut, told

LINES = [
    # what                     stream                                             lines
    ("events",                 b'{"message": "a"}\n{"message": "b"}\n',           ["a", "b"]),
    ("a last one, no end",     b'{"message": "a"}\n{"message": "b"}',             ["a", "b"]),
    ("carriage returns",       b'{"message": "a"}\r\nplain\r\n',                  ["a", "plain"]),
    ("plain lines",            b"one\n  two\n\n",                                 ["one", "  two"]),
    ("no JSON after all",      b'{"message": \n',                                 ['{"message": ']),
    ("no line in it",          b'{"a": 1}\n',                                     ['{"a": 1}']),
    ("a list",                 b"[1, 2]\n",                                       ["[1, 2]"]),
    ("not UTF-8",              b'{"message": "\xff"}\n\xfe\n',                    ["\ufffd", "\ufffd"]),
    ("MessagePack",            b"\x93\xaaapp.follow\xcek\x00\xab\xc0\x81\xa4from\xa5userA", ["\ufffd\ufffdapp.follow\ufffdk\x00\ufffd\ufffd\ufffd\ufffdfrom\ufffduserA"]),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(("stream", "wanted"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_reads_lines(stream: bytes, wanted: list[str], size: int) -> None:
    found = converse(LogstashDialogue(), *cut(stream, size))

    assert (found.column("body"), found.refused, found.answers) == (wanted, {}, b"")


def test_reads_an_event_of_python_logstash_async() -> None:
    event = (
        b'{"@timestamp": "2026-11-20T20:21:15.967Z", "@version": "1", "host": "vm", "level": "INFO", "logsource": "vm",'
        b' "message": "via tcp", "pid": 8008, "program": "run/logs.py", "type": "python-logstash",'
        b' "extra": {"k": {"a": 1}, "line": 17, "logger_name": "ls"}}\n'
    )
    [row] = converse(LogstashDialogue(), event).rows

    assert (row["body"], row["ts"], row["severity"], row["word"]) == ("via tcp", 1_795_206_075_967_000_000, 9, "INFO")
    assert row["resource"] == {"host.name": "vm", "service.name": "logs.py"}
    assert row["attributes"] == {
        "@version": "1", "pid": "8008", "program": "run/logs.py", "type": "python-logstash", "extra.k.a": "1",
        "extra.line": "17", "extra.logger_name": "ls",
    }  # fmt: skip


BODIES = [
    # what                 body                                           plain   lines               refused
    ("an event",           b'{"message": "a"}',                           False,  ["a"],              0),
    ("over lines",         b'{\n"message":\n"a"\n}\n',                    False,  ["a"],              0),
    ("a list",             b'[{"message": "a"}, {"b": 1}, "c", 4]',       False,  ["a", '{"b":1}', "c"], 1),
    ("one a line",         b'{"message": "a"}\n{"message": "b"}\n',       False,  ["a", "b"],         0),
    ("plain",              b"a\nb\n",                                     False,  ["a", "b"],         0),
    ("plain by its type",  b"[a list?]\n{no}",                            True,   ["[a list?]", "{no}"], 0),
    ("no list after all",  b"[oops",                                      False,  ["[oops"],          0),
    ("nothing",            b"",                                           False,  [],                 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "plain", "wanted", "refused"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES]
)
def test_reads_bodies(body: bytes, plain: bool, wanted: list[str], refused: int) -> None:
    found = told(lambda gathering: read_body(body, plain=plain, gathering=gathering))

    assert (found.column("body"), sum(found.refused.values())) == (wanted, refused)
