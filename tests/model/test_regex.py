"""Regular expressions are RE2's: what matches, what is refused, and what a template makes of it."""

from __future__ import annotations

import re

import pytest

from firstlight.model.regex import BadRegex, Regex, check, choices, compiled

MATCHES = [
    # what                            expression          value           matches
    ("all of it",                     "a.c",              "abc",          True),
    ("not a part",                    "b",                "abc",          False),
    ("line ends are characters",      "a.*c",             "a\n\nc",       True),
    ("a choice binds weakest",        "a|bc",             "ac",           False),
    ("no case",                       "(?i)aB",           "Ab",           True),
    ("no case in a part",             "a(?i:b)c",         "aBC",          False),
    ("nothing",                       "",                 "",             True),
    ("nothing but",                   "",                 "a",            False),
    ("digits are ASCII",              r"\d",              "٣",            False),
    ("words are ASCII",               r"\w",              "ü",            False),
    ("scripts",                       r"\p{Greek}+",      "αβγ",          True),
    ("quoted",                        r"\Qa.b\E",         "a.b",          True),
    ("a dollar is the end",           "a$",               "a\n",          False),
    ("a plain text",                  r"a\.b",            "a.b",          True),
    ("a plain text with a dot",       r"a\.b",            "axb",          False),
    ("one of texts",                  "a|b-1|c",          "b-1",          True),
    ("a wide letter",                 "ü.*",              "üx",           True),
    ("a branch is not cut off",       "a|ab",             "ab",           True),
    ("no line ends if told",          "a(?-s:.)b",        "a\nb",         False),
    ("a space is no vertical tab",    r"\s",              "\v",           False),
    ("lines are told apart if wanted", r"(?m)a$\nb",      "a\nb",         True),
    ("braces without a lower number", r"a{,3}",           "a{,3}",        True),
    ("flags hold to the end",         r"a(?i)b|C",        "c",            True),
    ("flags do not hold before",      r"a(?i)b",          "AB",           False),
    ("a POSIX class",                 r"[[:alpha:]_]+",   "a_b",          True),
    ("a bracket first in a class",    r"[]a]+",           "]a",           True),
    ("no set operators",              r"[a&&b]+",         "&",            True),
    ("a category",                    r"\p{Lu}\pL",       "Éa",           True),
    ("an octal escape",               r"\101+",           "A",            True),
    ("a hexadecimal escape",          r"\x{1F600}",       "😀",           True),
    ("named groups, old and new",     r"(?P<a>x)(?<b>y)", "xy",           True),
    ("everything",                    ".*",               "a\nb",         True),
    ("everything, caught",            "(.*)",             "",             True),
    ("bytes that are no text",        "a.+",              "a\udcff",      True),
]  # fmt: skip

REFUSED = [
    # what                            expression          Go's words
    ("a look ahead",                  "(?=a)",            "invalid or unsupported Perl syntax: `(?=`"),
    ("a look behind",                 "(?<=a)b",          "invalid named capture: `(?<=a)b`"),
    ("a back reference",              r"(a)\1",           r"invalid escape sequence: `\1`"),
    ("a possessive",                  "a++",              "invalid nested repetition operator: `++`"),
    ("a byte",                        r"\C",              r"invalid escape sequence: `\C`"),
    ("too often",                     "a{1001}",          "invalid repeat count: `{1001}`"),
    ("an open class",                 "[a",               "missing closing ]: `[a`"),
    ("an open group",                 "(a",               "missing closing ): `(a`"),
    ("a closed group",                "a)|(b",            "unexpected ): `a)|(b`"),
    ("open flags",                    "(?i",              "missing closing ): `(?i`"),
    ("nothing to repeat",             "*a",               "missing argument to repetition operator: `*`"),
    ("an unknown class",              "[[:word2:]]",      "invalid character class range: `[:word2:]`"),
    ("less than nothing",             "a{3,2}",           "invalid repeat count: `{3,2}`"),
    ("a range from the end",          "[z-a]",            "invalid character class range: `z-a`"),
    ("a backslash",                   "\\",               "trailing backslash at end of expression"),
    ("bytes that are no text",        "\udcff",           r"invalid UTF-8: `\xff`"),
]  # fmt: skip

TEMPLATES = [
    # what                            expression                template            value       becomes
    ("by number",                     r"(.*)-(.*)",             "$2/${1}",          "a-b",      "b/a"),
    ("all of it",                     r"a(.)",                  "<$0>",             "ab",       "<ab>"),
    ("by name",                       r"(?P<x>.)(?<y>.)",       "$y$x",             "ab",       "ba"),
    ("the longest name",              r"(.)(.)",                "$1x",              "ab",       ""),
    ("braces end a name",             r"(.)(.)",                "${1}x",            "ab",       "ax"),
    ("a dollar",                      r"(.)",                   "$$1",              "a",        "$1"),
    ("a dollar alone",                r"(.)",                   "$ $-",             "a",        "$ $-"),
    ("a group that is not there",     r"(.)",                   "[$7]",             "a",        "[]"),
    ("a group that caught nothing",   r"(a)|(b)",               "[$1$2]",           "b",        "[b]"),
    ("no match",                      r"(a)",                   "$1",               "ab",       None),
    ("groups in groups",              r"((a)(?:b))(c)",         "$1 $2 $3",         "abc",      "ab a c"),
    ("no groups in classes",          r"[(](.)\((.)\Q(\E(.)",   "$1$2$3",           "(a(b(c",   "abc"),
    ("a plain text",                  r"a",                     "b",                "a",        "b"),
    ("all of everything",             r".*",                    "$0 $1",            "a",        "a "),
    ("everything, caught",            r"(.*)",                  "$0 $1 ${2}",       "a",        "a a "),
    ("one of texts",                  r"a|b",                   "<$0>",             "b",        "<b>"),
    ("braces around nothing",         r"(.)",                   "${}",              "a",        "${}"),
    ("wide letters",                  r"(ü+)(.)",               "$2$1",             "üüé",      "éüü"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "value", "matches"), MATCHES, ids=[row[0] for row in MATCHES])
def test_match(what: str, text: str, value: str, matches: bool) -> None:
    assert compiled(text).matches(value) is matches


@pytest.mark.parametrize(("what", "text", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refusal(what: str, text: str, words: str) -> None:
    with pytest.raises(BadRegex, match=re.escape(f"error parsing regexp: {words}")):
        check(text)
    with pytest.raises(BadRegex):
        Regex(text)


@pytest.mark.parametrize(("what", "text", "template", "value", "becomes"), TEMPLATES, ids=[row[0] for row in TEMPLATES])
def test_template(what: str, text: str, template: str, value: str, becomes: str | None) -> None:
    assert compiled(text).expand(value, template) == becomes


def test_choices() -> None:
    assert choices(r"a|b\|c|") == frozenset(("a", "b|c", ""))
    assert choices("a.c") is None


def test_no_expression_takes_more_than_linear_time() -> None:
    """What backtracking would never end with is answered at once, or the test would never end."""
    assert not compiled("(a+)+$").matches("a" * 100_000 + "b")
