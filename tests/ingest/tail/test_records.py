"""Bytes of files to records: lines, what belongs together, encodings, what is too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.ingest.tail.multiline import starts
from firstlight.ingest.tail.records import records

MULTILINE = [
    # what it shows                   text                                                                                   records
    ("lines",                         "a\nb\n",                                                                              ["a", "b"]),
    ("a blank line is a record",      "a\n\nb\n",                                                                            ["a", "", "b"]),
    ("what is indented continues",    "a\n  b\n\tc\nd\n",                                                                    ["a\n  b\n\tc", "d"]),
    ("what is indented at first",     "  a\n  b\nc\n",                                                                       ["  a\n  b", "c"]),
    ("Python, after its message",     "ERROR x\nTraceback (most recent call last):\n  File \"a\"\n    f()\nValueError: bad\nnext\n",
     ["ERROR x\nTraceback (most recent call last):\n  File \"a\"\n    f()\nValueError: bad", "next"]),
    ("Python, by itself",             "Traceback (most recent call last):\n  File \"a\"\nKeyError\nnext line\n",
     ["Traceback (most recent call last):\n  File \"a\"\nKeyError", "next line"]),
    ("Python, an exception of another",
     "E\nTraceback (most recent call last):\n  File \"a\"\na.B: x\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"c\"\nd.E: y\nnext line\n",
     ["E\nTraceback (most recent call last):\n  File \"a\"\na.B: x\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"c\"\nd.E: y", "next line"]),
    ("Java, after its message",      "2026 ERROR x\njava.lang.BadError: y\n\tat a.b(C.java:1)\n\t... 3 more\nCaused by: z: w\n\tat d.e(F.java:2)\n2026 INFO\n",
     ["2026 ERROR x\njava.lang.BadError: y\n\tat a.b(C.java:1)\n\t... 3 more\nCaused by: z: w\n\tat d.e(F.java:2)", "2026 INFO"]),
    ("Go",                            "panic: oh\n\ngoroutine 1 [running]:\nmain.f(...)\n\t/a/b.go:3 +0x1\nmain.main()\n\t/a/b.go:9 +0x2\nexit status 2\nnext line\n",
     ["panic: oh\n\ngoroutine 1 [running]:\nmain.f(...)\n\t/a/b.go:3 +0x1\nmain.main()\n\t/a/b.go:9 +0x2\nexit status 2", "next line"]),
    ("ends of line of Windows",       "a\r\n b\r\nc\r\n",                                                                    ["a\r\n b", "c"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in MULTILINE], ids=[row[0] for row in MULTILINE])
def test_what_belongs_together(text: str, wanted: list[str]) -> None:
    found = records(text.encode(), starts("auto"), "utf-8", longest=1000, whole=True)

    assert found.body.to_pylist() == wanted
    assert found.consumed == len(text)


def test_the_last_record_waits_for_more() -> None:
    first = records(b"a\nb\n  c\n", starts("auto"), "utf-8", longest=100, whole=False)

    assert (first.body.to_pylist(), first.consumed) == (["a"], 2)
    assert records(b"b\n  c\n", starts("auto"), "utf-8", longest=100, whole=False).consumed == 0


def test_a_line_without_its_end_waits() -> None:
    found = records(b"a\nb", starts("none"), "utf-8", longest=100, whole=False)

    assert (found.body.to_pylist(), found.consumed) == (["a"], 2)


def test_an_expression_of_the_users() -> None:
    found = records(b"[1] a\nb\nc\n[2] d\n", starts(r"^\[\d+\]"), "utf-8", longest=100, whole=True)

    assert found.body.to_pylist() == ["[1] a\nb\nc", "[2] d"]


ENCODINGS = ["utf-8", "iso8859-1", "utf-16-le", "utf-16-be", "utf-32-le", "cp1252", "shift_jis"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings(encoding: str) -> None:
    text = "käse\nzwei\n" if encoding != "shift_jis" else "ソーセージ\n二\n"
    raw = text.encode(encoding)

    found = records(raw + "rest".encode(encoding), starts("none"), encoding, longest=100, whole=False)

    assert found.body.to_pylist() == text.splitlines()
    assert found.consumed == len(raw)


def test_what_is_too_long_is_cut() -> None:
    found = records(b"short\n" + b"x" * 50 + b"\nend\n", starts("none"), "utf-8", longest=10, whole=False)

    assert found.body.to_pylist() == ["short", "x" * 10, "end"]
    assert found.cut.tolist() == [1]
    assert found.consumed == 6 + 51 + 4


def test_bytes_that_are_no_text() -> None:
    found = records(b"good\n\xff\xfe bad\n", starts("none"), "utf-8", longest=100, whole=False)

    assert found.body.to_pylist() == ["good", "\ufffd\ufffd bad"]
    assert found.garbled == 1


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=30), max_size=30),
    st.integers(1, 40),
)
def test_nothing_is_lost_whatever_the_pieces(lines: list[str], piece: int) -> None:
    """Read in pieces, with what is left over read again, the lines are those that were written."""
    raw = "".join(f"{line}\n" for line in lines).encode()
    for multiline in ("none", "auto"):
        found: list[str] = []
        at, size = 0, piece
        while at < len(raw):
            end = at + size >= len(raw)
            part = records(raw[at : at + size], starts(multiline), "utf-8", longest=10_000, whole=end)
            size = piece if len(part) else size * 2
            found += [line for body in part.body.to_pylist() for line in body.split("\n")]
            at += part.consumed
        assert found == lines
        assert at == len(raw)
