"""Patterns: what lines have in common, bounded, and counted in proportion (issue: seeing more)."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from firstlight.ingest.patterns.miner import Miner
from firstlight.ingest.patterns.tree import Tree
from firstlight.ingest.patterns.words import words_of
from firstlight.model.tables import LOGS, PATTERNS
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import SheetBuilder

WORDS = [
    # what it shows             line                                            its words
    ("plain words stay",        "connection refused by peer",                   "connection refused by peer"),
    ("numbers are open",        "order 1234 took 56.7 ms",                      "order <_> took <_> ms"),
    ("so are units",            "took 12ms",                                    "took <_>"),
    ("names of values stay",    "user=u17 path=/a/b/3",                         "user=<_> path=<_>"),
    ("quotes and brackets stay", 'GET "/a/7" (attempt 3), done',                 'GET "<_>" (attempt <_>), done'),
    ("a trace id",              "trace 4bf92f3577b34da6a3ce929d0e0e4736 lost",  "trace <_> lost"),
    ("the first line counts",   "boom\n  at x.y(Z.java:3)",                     "boom"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "wanted"), [row[1:] for row in WORDS], ids=[row[0] for row in WORDS])
def test_words(line: str, wanted: str) -> None:
    assert " ".join(words_of(line)) == wanted


def patterns(*lines: str) -> list[str]:
    tree = Tree()
    return [pattern.text for pattern in [tree.add(words_of(line)) for line in lines]]


MERGED = [
    # what it shows                        lines                                                       the pattern of the last
    ("one word differs",                   ["user alice logged in", "user bob logged in"],             "user <_> logged in"),
    ("a value differs",                    ["job state=done ok now", "job state=failed ok now"],       "job state=<_> ok now"),
    ("little in common",                   ["cache miss for key", "cache full of stale junk"],         "cache full of stale junk"),
    ("another beginning",                  ["started worker pool", "stopped worker pool"],             "stopped worker pool"),
    ("open words in a row are one",        ["moved a b to c now", "moved d e to c now"],               "moved a b to c now"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "wanted"), [row[1:] for row in MERGED[:4]], ids=[row[0] for row in MERGED[:4]])
def test_merged(lines: list[str], wanted: str) -> None:
    assert patterns(*lines)[-1] == wanted


def test_bounded() -> None:
    tree = Tree(limit=10)
    for number in range(100):
        tree.add(tuple(chr(97 + number % 26) * (1 + number // 26) for _ in range(3)))

    assert len(tree) == 10


def committed(*lines: tuple[str, int], seconds: int = 90) -> pa.Table:
    builder = SheetBuilder()
    book = LogBook()
    for text, severity in lines:
        builder.add(book.origin({"service.name": "shop"}), seconds * 10**9, text, severity)
    return book.batch("default", builder.sheet(), seconds * 10**9).tables["logs"]


def test_counted_by_minute_and_severity() -> None:
    miner = Miner()
    miner.committed("logs", committed(("order 1 placed", 9), ("order 2 placed", 9), ("order 3 failed", 17)))

    batch = miner.mine()

    assert batch is not None
    rows = batch.tables["patterns"]
    assert rows.schema == PATTERNS
    found = {(row["pattern"], row["severity"]): (row["lines"], row["ts"].timestamp()) for row in rows.to_pylist()}
    assert found == {("order <_> placed", 9): (2, 60.0), ("order <_> failed", 17): (1, 60.0)}
    assert miner.mine() is None


def test_many_are_counted_in_proportion_and_errors_are_seen() -> None:
    miner = Miner(lines=20)
    lines = [(f"request {number} done", 9) for number in range(1_000)]
    miner.committed("logs", committed(*lines, ("disk on fire", 17)))

    batch = miner.mine()

    assert batch is not None
    rows = {row["pattern"]: row["lines"] for row in batch.tables["patterns"].to_pylist()}
    assert rows == {"request <_> done": 1_000, "disk on fire": 1}


def test_a_message_among_fields() -> None:
    rows = committed(('{"level":"info","msg":"user 7 left"}', 9))
    place = LOGS.get_field_index("fields")
    rows = rows.set_column(place, "fields", pa.array([[("msg", "user 7 left")]], LOGS.field("fields").type))
    miner = Miner()
    miner.committed("logs", rows)

    batch = miner.mine()

    assert batch is not None
    assert batch.tables["patterns"]["pattern"].to_pylist() == ["user <_> left"]


def test_without_pandas_as_in_the_server() -> None:
    program = """
from firstlight.app.memory import keep_out
keep_out("pandas")
from firstlight.ingest.patterns.miner import Miner
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import SheetBuilder
builder, book = SheetBuilder(), LogBook()
for nanoseconds in (0, 1, 1_000):
    builder.add(book.origin({"service.name": "shop"}), 90 * 10**9 + nanoseconds, f"order {nanoseconds} placed", 9)
miner = Miner()
miner.committed("logs", book.batch("default", builder.sheet(), 90 * 10**9).tables["logs"])
print([(row["pattern"], row["lines"], row["ts"].timestamp()) for row in miner.mine().tables["patterns"].to_pylist()])
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout

    assert said.strip() == "[('order <_> placed', 3, 60.0)]"
