"""How things look: on terminals wide and narrow, with colours and without, and in pipes."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from firstlight.cli.render import Column, Screen, duration, harmless, local_time, one_line
from tests.cli.answering import in_berlin

COLUMNS = [Column("id"), Column("text", may_fold=True), Column("n", is_number=True)]
ROWS = [["abcdef", "a long text that needs more room than there is", "7"], ["b", "short", "1,000"]]

WIDE = """\
id      text                                                n
abcdef  a long text that needs more room than there is      7
b       short                                           1,000
"""

FOLDED = """\
id      text                    n
abcdef  a long text that        7
        needs more room
        than there is
b       short               1,000
"""

LISTS = """\
row 1
id    abcdef
text  a long text that needs more room than there is
n     7
row 2
id    b
text  short
n     1,000
"""

TABLES = [
    # what           width   text
    ("a pipe",       None,   WIDE),
    ("wide",         120,    WIDE),
    ("narrow",       33,     FOLDED),
    ("too narrow",   20,     LISTS),
]  # fmt: skip


def screen(width: int | None, *, has_colours: bool = False) -> tuple[Screen, io.StringIO]:
    """Return a screen, and where it prints to."""
    out = io.StringIO()
    return Screen(out, width, has_colours), out


@pytest.mark.parametrize(("width", "text"), [row[1:] for row in TABLES], ids=[row[0] for row in TABLES])
def test_tables(width: int | None, text: str) -> None:
    it, out = screen(width)
    it.table(COLUMNS, ROWS)

    assert out.getvalue() == text


def test_a_table_without_rows_has_its_head() -> None:
    it, out = screen(None)
    it.table(COLUMNS, [])

    assert out.getvalue() == "id  text  n\n"


LONG = [
    # where         width   characters
    ("a pipe",      None,   5_000),
    ("a terminal",  80,     999),  # and …
]  # fmt: skip


@pytest.mark.parametrize(("width", "length"), [row[1:] for row in LONG], ids=[row[0] for row in LONG])
def test_long_cells_are_whole_in_pipes(width: int | None, length: int) -> None:
    it, out = screen(width)
    it.table([Column("body", may_fold=True)], [["x" * 5_000]])

    assert out.getvalue().count("x") == length


def test_wide_characters_take_two_cells() -> None:
    it, out = screen(20)
    it.table([Column("a", may_fold=True), Column("b")], [["日本語日本語日本語", "x"], ["é", "y"]])

    assert out.getvalue() == "a                  b\n日本語日本語日本   x\n語\né                  y\n"


class Terminal(io.StringIO):
    """What says that it is a terminal."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


COLOURS = [
    # what           stream          environment               colours
    ("a terminal",   Terminal(),     {},                       True),
    ("told not to",  Terminal(),     {"NO_COLOR": "1"},        False),
    ("a dumb one",   Terminal(),     {"TERM": "dumb"},         False),
    ("a pipe",       io.StringIO(),  {},                       False),
]  # fmt: skip


@pytest.mark.parametrize(("out", "environ", "has"), [row[1:] for row in COLOURS], ids=[row[0] for row in COLOURS])
def test_colours_are_for_terminals(out: io.StringIO, environ: Mapping[str, str], has: bool) -> None:
    it = Screen.of(out, environ)

    assert it.has_colours is has
    assert it.paint("x", "red") == ("\x1b[31mx\x1b[0m" if has else "x")
    assert it.paint("", "red") == ""


HARMLESS = [
    # what                     text                    as it is shown
    ("a colour",               "\x1b[31mred",          "\\x1b[31mred"),
    ("a title",                "\x1b]0;x\x07",         "\\x1b]0;x\\x07"),
    ("a return",               "good\rbad",            "good\\x0dbad"),
    ("one in eight bits",      "\x9b2J",               "\\x9b2J"),
    ("text run backwards",     "a\u202eb",             "a\\u202eb"),
    ("words",                  "é 日本 😀",             "é 日本 😀"),
    ("lines",                  "a\n\tb",               "a\n\tb"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "seen"), [row[1:] for row in HARMLESS], ids=[row[0] for row in HARMLESS])
def test_what_others_sent_cannot_act(text: str, seen: str) -> None:
    assert harmless(text) == seen
    assert one_line(text) == seen.replace("\n", "\\n").replace("\t", "\\t")


DURATIONS = [
    # ns                   shown
    (0,                    "0"),
    (999,                  "999 ns"),
    (1_000,                "1 µs"),
    (999_499,              "999 µs"),
    (999_999,              "1 ms"),
    (12_345_678,           "12.3 ms"),
    (59_990_000_000,       "1 m"),
    (60_000_000_000,       "1 m"),
    (3_599_000_000_000,    "59 m 59 s"),
    (90_061_000_000_000,   "1 d 1 h"),
    (-1_500_000,           "-1.5 ms"),
]  # fmt: skip


@pytest.mark.parametrize(("nanoseconds", "shown"), DURATIONS)
def test_durations(nanoseconds: int, shown: str) -> None:
    assert duration(nanoseconds) == shown


def test_times_are_local() -> None:
    with in_berlin():
        assert local_time("2024-07-02T23:30:00.123999999Z") == "2024-07-03 01:30:00.123"
        assert local_time("2024-01-02T23:30:00Z") == "2024-01-03 00:30:00.000"
