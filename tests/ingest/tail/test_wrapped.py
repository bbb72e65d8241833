"""Log files as container runtimes write them: CRI's lines and Docker's JSON, joined to records (P2, R4)."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.ingest.tail.attributes import STREAMS
from firstlight.ingest.tail.multiline import starts
from firstlight.ingest.tail.runtime_times import nanoseconds
from firstlight.ingest.tail.wrapped import wrapped_records

DAY = "2026-11-21T06:50:"


def cri(second: float, text: str, stream: str = "stdout", tag: str = "F") -> str:
    return f"{DAY}{second:09.6f}Z {stream} {tag} {text}\n"


def docker(second: float, text: str, stream: str = "stdout") -> str:
    return json.dumps({"log": text, "stream": stream, "time": f"{DAY}{second:09.6f}Z"}) + "\n"


def ns(second: float) -> int:
    return nanoseconds(f"{DAY}{second:09.6f}Z".encode())


TIMES = [
    ("nine decimals",     "2026-11-21T06:50:46.123456789Z",      1_795_243_846_123_456_789),
    ("fewer",             "2026-11-21T06:50:46.5Z",              1_795_243_846_500_000_000),
    ("none",              "2026-11-21T06:50:46Z",                1_795_243_846_000_000_000),
    ("a zone",            "2026-11-21T08:50:46.5+02:00",         1_795_243_846_500_000_000),
    ("no such day",       "2026-13-21T06:50:46Z",                -1),
    ("before 1970",       "1969-12-31T23:59:59Z",                -1),
    ("no time",           "hello",                               -1),
    ("nothing",           "",                                    -1),
    ("a point too many",  "2026-11-21T06:50:46.Z",               -1),
    ("words after it",    "2026-11-21T06:50:46.12xZ",            -1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_times(text: str, wanted: int) -> None:
    assert nanoseconds(text.encode()) == wanted


RECORDS = [
    # what it shows                   the file                                                                                    records: text, way, second
    ("CRI",                           cri(1, "a b") + cri(2, "c", "stderr"),                                                      [("a b", "stdout", 1), ("c", "stderr", 2)]),
    ("CRI, pieces",                   cri(1, "a", tag="P") + cri(1.5, "b", tag="P") + cri(2, "c"),                                [("abc", "stdout", 1)]),
    ("CRI, pieces of both ways",      cri(1, "a", tag="P") + cri(2, "x", "stderr", "P") + cri(3, "b") + cri(4, "y", "stderr"),     [("ab", "stdout", 1), ("xy", "stderr", 2)]),
    ("CRI, more tags",                cri(1, "a", tag="P:z") + cri(1, "b", tag="F:z"),                                            [("ab", "stdout", 1)]),
    ("CRI, an empty line",            cri(1, "") + cri(2, "b"),                                                                   [("", "stdout", 1), ("b", "stdout", 2)]),
    ("CRI, blanks are kept",          cri(1, "a  b "),                                                                            [("a  b ", "stdout", 1)]),
    ("Docker",                        docker(1, "a b\n") + docker(2, "c\n", "stderr"),                                            [("a b", "stdout", 1), ("c", "stderr", 2)]),
    ("Docker, pieces",                docker(1, "a") + docker(1, "b") + docker(2, "c\n"),                                         [("abc", "stdout", 1)]),
    ("Docker, of a terminal",         docker(1, "a\r\n"),                                                                         [("a", "stdout", 1)]),
    ("Docker, no text",               docker(1, "käse\n"),                                                                        [("käse", "stdout", 1)]),
    ("what is not wrapped",           "hello\n" + cri(1, "a"),                                                                    [("hello", "", None), ("a", "stdout", 1)]),
    ("JSON that is no wrapper",       '{"log": 7}\n{"log":\n',                                                                    [('{"log": 7}', "", None), ('{"log":', "", None)]),
    ("a trace, the other way between", cri(1, "E", "stderr") + cri(1, "Traceback (most recent call last):", "stderr") + cri(2, "i") + cri(2, "  File", "stderr") + cri(3, "j") + cri(3, "KeyError: k", "stderr"),
     [("E\nTraceback (most recent call last):\n  File\nKeyError: k", "stderr", 1), ("i", "stdout", 2), ("j", "stdout", 3)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in RECORDS], ids=[row[0] for row in RECORDS])
def test_records(text: str, wanted: list[tuple[str, str, float | None]]) -> None:
    found = wrapped_records(text.encode(), starts("auto"), longest=1000, wait=1, quiet=1)

    assert found.ts is not None
    assert found.streams is not None
    assert list(zip(found.body.to_pylist(), [STREAMS[one] for one in found.streams], found.ts.tolist(), strict=True)) == [
        (body, stream, 0 if second is None else ns(second)) for body, stream, second in wanted
    ]  # fmt: skip
    assert found.consumed == len(text.encode())


WAITING = [
    # what it shows                         the file                                                                quiet  records, and how many lines they are
    ("the last line waits for more",        cri(1, "a") + cri(1, "b"),                                              0,     (["a"], 1)),
    ("not after a while",                   cri(1, "a") + cri(1, "b"),                                              1,     (["a", "b"], 2)),
    ("nor if the other way goes on",        cri(1, "a") + cri(3, "b", "stderr"),                                    0,     (["a"], 1)),
    ("a piece waits longer",                cri(1, "a", tag="P"),                                                   2,     ([], 0)),
    ("but not for ever",                    cri(1, "a", tag="P"),                                                   10,    (["a"], 1)),
    ("what comes after it waits, too",      cri(1, "a", tag="P") + cri(2, "b", "stderr") + cri(4, "c", "stderr"),   2,     ([], 0)),
    ("what came before does not",           cri(1, "a") + cri(2, "b", tag="P") + cri(3, "c", "stderr"),             2,     (["a"], 1)),
    ("no record spans the place",           cri(1, "a") + cri(2, "x", "stderr", "P") + cri(3, "b", tag="P") + cri(4, "y", "stderr"), 2, (["a"], 1)),
    ("a line that is being written",        cri(1, "a") + "2026-11-21T06:50:02Z std",                               0,     ([], 0)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "quiet", "wanted"), [row[1:] for row in WAITING], ids=[row[0] for row in WAITING])
def test_what_waits(text: str, quiet: float, wanted: tuple[list[str], int]) -> None:
    found = wrapped_records(text.encode(), starts("auto"), longest=1000, wait=1, quiet=quiet)

    lines = text.splitlines(keepends=True)
    assert (found.body.to_pylist(), found.consumed) == (wanted[0], sum(map(len, lines[: wanted[1]])))


def test_a_line_that_is_too_long_for_what_is_read() -> None:
    """It is cut, and the rest of it is left out when that comes; the other way is not touched."""
    piece = cri(1, "x" * 100, tag="P")
    first = wrapped_records((piece * 30).encode(), starts("auto"), longest=500, wait=1, quiet=0, force=True)

    assert (first.body.to_pylist(), first.cut.tolist(), first.skipping) == (["x" * 500], [0], frozenset({1}))
    rest = piece * 5 + cri(2, "other", "stderr") + cri(3, "end") + cri(4, "next") + cri(9, "last")
    second = wrapped_records(rest.encode(), starts("auto"), longest=500, wait=1, quiet=0, skipping=first.skipping)
    assert (second.body.to_pylist(), second.skipping) == (["other", "next"], frozenset())


@given(st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.integers(1, 3), st.text("ab \t", max_size=5)), max_size=30), st.randoms(use_true_random=False))  # fmt: skip
def test_nothing_is_lost_however_it_grows(lines: list[tuple[str, int, str]], chance: random.Random) -> None:
    """Read in pieces as it grows, the lines of each way are those that were written, in their order."""
    content, second = "", 0.0
    for stream, pieces, text in lines:
        for number in range(pieces):
            second += 0.01
            content += cri(second, text, stream, "F" if number == pieces - 1 else "P")
    raw, at, end = content.encode(), 0, 0
    found: dict[str, list[str]] = {"stdout": [], "stderr": []}
    quiet = 0.0
    while at < len(raw):
        end = min(len(raw), end + chance.randint(1, 200))
        quiet = 100.0 if end == len(raw) else 0.0
        part = wrapped_records(raw[at:end], starts("auto"), longest=10_000, wait=1, quiet=quiet)
        at += part.consumed
        for body, stream in zip(part.body.to_pylist(), [] if part.streams is None else part.streams, strict=True):
            found[STREAMS[stream]] += body.split("\n")
    assert found == {way: [text * pieces for stream, pieces, text in lines if stream == way] for way in found}
