"""Lines out of a stream, JSON as it is really written, and compression within bounds."""

from __future__ import annotations

import gzip
import zlib

import pytest

from firstlight.errors import DecodeError
from firstlight.wire.logs.book import LogBook
from firstlight.wire.shippers.flat import TOO_DEEP, flatten
from firstlight.wire.shippers.gathering import Gathering
from firstlight.wire.shippers.inflate import inflated
from firstlight.wire.shippers.json_text import value_of
from firstlight.wire.shippers.lines import Line, LineSplitter
from tests.wire.shippers.gathered import NOW, cut


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_splits_lines_however_they_are_cut(size: int) -> None:
    splitter = LineSplitter()
    found = [line for part in cut(b"one\n\ntwo\nthree", size) for line in splitter.take(part)]

    assert found == [Line(b"one"), Line(b""), Line(b"two")]
    assert splitter.held == 5
    assert splitter.end() == [Line(b"three")]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_endless_line_is_held_up_to_its_limit(size: int) -> None:
    splitter, held = LineSplitter(limit=10), 0
    found = []
    for part in cut(b"x" * 500 + b"\nnext\n", size):
        found += splitter.take(part)
        held = max(held, splitter.held)

    assert found == [Line(b"x" * 10, truncated=True), Line(b"next")]
    assert held <= 10


JSON = [
    # what                        text                              value               altered
    ("an object",                 b'{"a": 1}',                      {"a": 1},           0),
    ("not UTF-8",                 b'{"a": "\xff"}',                 {"a": "\ufffd"},    1),
    ("half a pair",               rb'{"a": "\ud800x"}',             {"a": "\ufffdx"},   0),
    ("the other half",            rb'{"a": "\udc00"}',              {"a": "\ufffd"},    0),
    ("a pair",                    rb'{"a": "\ud83d\ude00"}',        {"a": "😀"},         0),
    ("a backslash before a u",    rb'{"a": "\\ud800"}',             {"a": r"\ud800"},   0),
    ("Infinity",                  b'{"a": Infinity}',               {"a": float("inf")}, 0),
    ("a control character",       b'{"a": "x\ty"}',                 {"a": "x\ty"},      0),
    ("a huge number",             b'{"a": NaN0, }',                 None,               0),
    ("cut short",                 b'{"a": ',                        None,               0),
    ("nested without end",        b"[" * 200_000,                   None,               0),
    ("nothing",                   b"",                              None,               0),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "wanted", "altered"), [row[1:] for row in JSON], ids=[row[0] for row in JSON])
def test_reads_json_as_it_is_written(raw: bytes, wanted: object, altered: int) -> None:
    gathering = Gathering(LogBook())

    assert value_of(raw, gathering) == wanted
    assert sum(gathering.drain("default", NOW).altered.values()) == altered


def test_flattens_as_deep_as_it_may() -> None:
    document: dict[str, object] = {"leaf": 1}
    for _ in range(300):
        document = {"n": document}
    [(name, value)] = flatten(document).items()

    assert name == ".".join(["n"] * 17)
    assert value == TOO_DEEP


COMPRESSED = [
    # what              data                                            holds
    ("zlib",            zlib.compress(b"abc"),                          b"abc"),
    ("gzip",            gzip.compress(b"abc"),                          b"abc"),
    ("members",         gzip.compress(b"abc") + gzip.compress(b"def"),  b"abcdef"),
    ("much",            zlib.compress(b"x" * 3_000_000),                b"x" * 3_000_000),
    ("nothing within",  zlib.compress(b""),                             b""),
]  # fmt: skip


@pytest.mark.parametrize(("data", "holds"), [row[1:] for row in COMPRESSED], ids=[row[0] for row in COMPRESSED])
def test_decompresses(data: bytes, holds: bytes) -> None:
    assert b"".join(inflated(data, 10_000_000)) == holds


BROKEN = [
    # what              data                                       complaint
    ("cut short",       zlib.compress(b"x" * 1000)[:-3],           "cut short"),
    ("no such format",  b"hello",                                  "want zlib or gzip"),
    ("nothing",         b"",                                       "cut short"),
    ("a bomb",          zlib.compress(b"\0" * 2_000_000),          "more than 1000000 bytes"),
    ("many members",    gzip.compress(b"") * 10_001,               "more than 10000 members"),
    ("garbage after",   zlib.compress(b"abc") + b"hello",          "want zlib or gzip"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "complaint"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_says_what_cannot_be_decompressed(data: bytes, complaint: str) -> None:
    with pytest.raises(DecodeError, match=complaint):
        list(inflated(data, 1_000_000))
