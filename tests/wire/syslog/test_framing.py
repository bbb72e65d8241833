"""Messages out of a stream: counted and not, mixed, cut anywhere, endless."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.wire.shippers.lines import Line
from firstlight.wire.syslog.dialogue import SyslogDialogue
from firstlight.wire.syslog.framing import SyslogFramer
from tests.wire.shippers.gathered import converse, cut

FRAMES = [
    # what                         stream                                  messages
    ("line feeds",                 b"<1>a\n<2>b\n",                        [b"<1>a", b"<2>b"]),
    ("a last line without an end", b"<1>a\n<2>b",                          [b"<1>a", b"<2>b"]),
    ("NULs",                       b"<1>a\0<2>b\0",                        [b"<1>a", b"<2>b"]),
    ("carriage returns",           b"<1>a\r\n<2>b\r\n",                    [b"<1>a\r", b"<2>b\r"]),
    ("counted",                    b"4 <1>a5 <2>bc",                       [b"<1>a", b"<2>bc"]),
    ("counted, line feed within",  b"7 <1>a\nb\n4 <2>c",                   [b"<1>a\nb\n", b"<2>c"]),
    ("counted, line feed between", b"4 <1>a\n4 <2>b\n",                    [b"<1>a", b"<2>b"]),
    ("mixed",                      b"4 <1>a<2>b\n4 <3>c\0<4>d\0",          [b"<1>a", b"<2>b", b"<3>c", b"<4>d"]),
    ("a line that is a number",    b"12345\n<1>a\n",                       [b"12345", b"<1>a"]),
    ("a line with a number",       b"2026-09-11 x\n<1>a\n",                [b"2026-09-11 x", b"<1>a"]),
    ("a line in the line",         b"<1>4 <2>b\n",                         [b"<1>4 <2>b"]),
    ("no zero before",             b"04 <1>a\n",                           [b"04 <1>a"]),
    ("empty lines",                b"\n\n<1>a\n\n",                        [b"<1>a"]),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(("stream", "wanted"), [row[1:] for row in FRAMES], ids=[row[0] for row in FRAMES])
def test_finds_messages(stream: bytes, wanted: list[bytes], size: int) -> None:
    framer = SyslogFramer()
    found = [line for part in cut(stream, size) for line in framer.take(part)] + framer.end()

    assert found == [Line(one) for one in wanted]


WITHIN = [
    # what                         parts                                          messages
    ("at once",                    [b"<1>a\n\nb\0<2>c\nd\0"],                    [b"<1>a\n\nb", b"<2>c\nd"]),
    ("in parts, after a NUL",      [b"<1>a\0<2>b\n", b"c", b"\0"],                [b"<1>a", b"<2>b\nc"]),
    ("back to line feeds",         [b"<1>a\0<2>b\n<3>c\n", b"<4>d\n"],           [b"<1>a", b"<2>b", b"<3>c", b"<4>d"]),
    ("a NUL in a counted one",     [b"<1>a\n5 <2>\0b<3>c\n", b"<4>d\n"],          [b"<1>a", b"<2>\0b", b"<3>c", b"<4>d"]),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "wanted"), [row[1:] for row in WITHIN], ids=[row[0] for row in WITHIN])
def test_keeps_line_feeds_in_messages_that_end_in_a_nul(parts: list[bytes], wanted: list[bytes]) -> None:
    framer = SyslogFramer()
    found = [line for part in parts for line in framer.take(part)] + framer.end()

    assert [line.raw for line in found] == wanted


def test_a_counted_message_that_is_cut_short_is_kept_and_marked() -> None:
    framer = SyslogFramer()
    assert list(framer.take(b"99 <1>abc")) == []
    assert framer.end() == [Line(b"<1>abc", truncated=True)]


@pytest.mark.parametrize(("begin", "end"), [(b"<1>", b"\n"), (b"1003 <1>", b"")], ids=["a line", "counted"])
def test_truncates_what_is_too_long_and_goes_on(begin: bytes, end: bytes) -> None:
    framer = SyslogFramer(limit=100)
    stream = begin + b"x" * 1000 + end + b"<2>b\n"
    held = 0
    found: list[Line] = []
    for part in cut(stream, 7):
        found += framer.take(part)
        held = max(held, framer.held)

    assert found == [Line(b"<1>" + b"x" * 97, truncated=True), Line(b"<2>b")]
    assert held <= 100


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.booleans()), max_size=8), st.integers(1, 20))
def test_finds_whatever_was_framed(bodies: list[tuple[bytes, bool]], size: int) -> None:
    messages = [b"<1>" + (body if counted else body.translate(None, b"\n\0")) for body, counted in bodies]
    stream = b"".join(
        b"%d %s" % (len(message), message) if counted else message + b"\n"
        for message, (_, counted) in zip(messages, bodies, strict=True)
    )
    framer = SyslogFramer()
    found = [line.raw for part in cut(stream, size) for line in framer.take(part)]

    assert found == messages


def test_the_dialogue_gathers_messages_and_answers_nothing() -> None:
    told = converse(SyslogDialogue(UTC), b"<11>1 - h a - - - one\n21 <11>1 - h a - - - ", b"two<11>thr", b"ee")

    assert told.column("body") == ["one", "two", "three"]
    assert told.answers == b""
