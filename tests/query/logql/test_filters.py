"""Which lines line filters keep, as Loki does (L1)."""

from __future__ import annotations

import pytest

from tests.query.logql.stage_runs import after

ROWS: list[tuple[str, str, str, dict[str, str] | None]] = [
    ("|= \"GET\" of 'GET /x'", '|= "GET"', "GET /x", {}),
    ("|= \"GET\" of 'get /x'", '|= "GET"', "get /x", None),
    ("!= \"GET\" of 'GET /x'", '!= "GET"', "GET /x", None),
    ("|= \"\" of 'x'", '|= ""', "x", {}),
    ("!= \"\" of 'x'", '!= ""', "x", None),
    ("|= \"a.c\" of 'abc'", '|= "a.c"', "abc", None),
    ("|= \"a.c([\" of 'xa.c([y'", '|= "a.c(["', "xa.c([y", {}),
    ('|= "x" or "G" of \'GET\'', '|= "x" or "G"', "GET", {}),
    ('|= "x" or "" of \'GET\'', '|= "x" or ""', "GET", None),
    ('!= "x" or "G" of \'GET\'', '!= "x" or "G"', "GET", None),
    ('!= "x" or "y" of \'GET\'', '!= "x" or "y"', "GET", {}),
    ("|~ \"G.T\" of 'GET'", '|~ "G.T"', "GET", {}),
    ("|~ \"(?i)get\" of 'GET'", '|~ "(?i)get"', "GET", {}),
    ("|~ \"^ET\" of 'GET'", '|~ "^ET"', "GET", None),
    ("!~ \"G.T\" of 'GET'", '!~ "G.T"', "GET", None),
    ("|~ \"a.b\" of 'a\\nb'", '|~ "a.b"', "a\nb", None),
    ("|> \"GET <_>\" of 'GET /x'", '|> "GET <_>"', "GET /x", {}),
    ("|> \"GET <_>\" of 'GET '", '|> "GET <_>"', "GET ", None),
    ("|> \"<_> /x\" of 'GET /x'", '|> "<_> /x"', "GET /x", {}),
    ("|> \"<_> /x\" of 'GET /xy'", '|> "<_> /x"', "GET /xy", None),
    ("|> \"T <_>\" of 'GET /x'", '|> "T <_>"', "GET /x", {}),
    ("!> \"GET <_>\" of 'GET /x'", '!> "GET <_>"', "GET /x", None),
    ("|> \"\" of 'x'", '|> ""', "x", None),
    ("|> \"<_>\" of 'x'", '|> "<_>"', "x", {}),
    ("|> \"a<_>b\" of 'abb'", '|> "a<_>b"', "abb", None),
    ("|= ip(\"1.2.3.0/24\") of 'from 1.2.3.4 to'", '|= ip("1.2.3.0/24")', "from 1.2.3.4 to", {}),
    ("|= ip(\"1.2.3.0/24\") of 'from 1.2.4.4 to'", '|= ip("1.2.3.0/24")', "from 1.2.4.4 to", None),
    ("!= ip(\"1.2.3.4\") of '1.2.3.4'", '!= ip("1.2.3.4")', "1.2.3.4", None),
    ("|= ip(\"1.2.3.4\") of 'x1.2.3.4y'", '|= ip("1.2.3.4")', "x1.2.3.4y", {}),
    ("|= ip(\"1.2.3.4\") of '1.2.3.4.5'", '|= ip("1.2.3.4")', "1.2.3.4.5", None),
    ("|= ip(\"10.0.0.1-10.0.0.9\") of 'at 10.0.0.5,'", '|= ip("10.0.0.1-10.0.0.9")', "at 10.0.0.5,", {}),
    ("|= ip(\"2001:db8::/32\") of 'at 2001:db8::1 '", '|= ip("2001:db8::/32")', "at 2001:db8::1 ", {}),
    ("|= ip(\"1.2.3.4\") of '12:30:45 1.2.3.4'", '|= ip("1.2.3.4")', "12:30:45 1.2.3.4", {}),
    ("|= ip(\"1.2.3.4\") of '1.2'", '|= ip("1.2.3.4")', "1.2", None),
]


@pytest.mark.parametrize(("stages", "line", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_line(stages: str, line: str, expected: dict[str, str] | None) -> None:
    """A line says and is labelled what Loki makes of it, or is dropped."""
    assert after(stages, line) == expected
