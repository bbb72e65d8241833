"""Expressions as RE2 reads them: what they match, what they refuse, and how templates are expanded."""

from __future__ import annotations

import pytest

from firstlight.model.re2 import MAX_DEPTH, BadRegex, anchored
from firstlight.model.re2_template import Template

MATCHES = (
    # what it shows                            expression               text             matches
    ("the whole text is meant", "foo", "foobar", False),
    ("a branch is not cut off by the anchors", "a|ab", "ab", True),
    ("nothing matches nothing", "", "", True),
    ("a dot matches a line's end", "a.b", "a\nb", True),
    ("a dot matches no line's end if told", "a(?-s:.)b", "a\nb", False),
    ("a digit is ASCII", r"\d", "٣", False),
    ("a word is ASCII", r"\w+", "é", False),
    ("a space has no vertical tab", r"\s", "\v", False),
    ("no digit is anything else", r"\D", "٣", True),
    ("the end is the end, not before a newline", r"a$", "a\n", False),
    ("lines are told apart if wanted", r"(?m)a$\nb", "a\nb", True),
    ("braces without a lower number are text", r"a{,3}", "a{,3}", True),
    ("braces with numbers repeat", r"a{2,3}", "aa", True),
    ("flags hold to the end of the group", r"a(?i)b|C", "c", True),
    ("flags do not hold before", r"a(?i)b", "AB", False),
    ("flags end with their group", r"(?i:a)b", "AB", False),
    ("a quoted text", r"\Qa.b\E+", "a.bb", True),
    ("a POSIX class", r"[[:alpha:]_]+", "a_b", True),
    ("a negated POSIX class", r"[[:^digit:]]", "1", False),
    ("a class within a class", r"[^\D]", "7", True),
    ("a bracket first in a class is text", r"[]a]+", "]a", True),
    ("a dash last in a class is text", r"[a-]+", "a-", True),
    ("set operators of Python's are text", r"[a&&b]+", "&", True),
    ("a category", r"\p{Lu}\pL", "Éa", True),
    ("not a category", r"\PL", "a", False),
    ("an octal escape", r"\101", "A", True),
    ("a hexadecimal escape", r"\x{1F600}", "😀", True),
    ("a named group, old and new", r"(?P<a>x)(?<b>y)", "xy", True),
    ("lazy is greedy when ungreedy", r"(?U)a+?", "aaa", True),
    ("what Python alone calls a comment", r"a#b c", "a#b c", True),
)


@pytest.mark.parametrize(
    ("expression", "text", "matches"), [row[1:] for row in MATCHES], ids=[row[0] for row in MATCHES]
)
def test_matches(expression: str, text: str, matches: bool) -> None:
    """An expression matches what it matches in Go."""
    assert (anchored(expression).fullmatch(text) is not None) is matches


REFUSED = (
    # what it shows            expression    character
    ("looking ahead", "a(?=b)", 1),
    ("looking behind", "(?<=a)b", 0),
    ("a backreference", r"(a)\1", 3),
    ("a named backreference", r"(?P<a>x)(?P=a)", 8),
    ("a possessive operator", "a*+", 2),
    ("an operator on an operator", "a**", 2),
    ("nothing to repeat", "*a", 0),
    ("nothing to repeat in a branch", "a|+", 2),
    ("repeated too often", "a{1001}", 1),
    ("less than nothing", "a{3,2}", 1),
    ("an open group", "(a", 0),
    ("a group's end", "a)", 1),
    ("an open class", "[a", 0),
    ("a range backwards", "[z-a]", 1),
    ("an unknown class", "[[:word2:]]", 1),
    ("an atomic group", "(?>a)", 0),
    ("a conditional", "(a)?(?(1)b)", 4),
    ("the other end of the text", r"a\Z", 1),
    ("a script, which Python does not know", r"\p{Greek}", 0),
    ("a backslash at the end", "a\\", 1),
    ("a name that is none", "(?P<a.>x)", 0),
    ("nested too deep", "(" * (MAX_DEPTH + 2), MAX_DEPTH + 1),
)


@pytest.mark.parametrize(("expression", "at"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(expression: str, at: int) -> None:
    """What RE2 does not have is refused, with the place."""
    with pytest.raises(BadRegex) as caught:
        anchored(expression)

    assert caught.value.at == at


EXPANDED = (
    # what it shows                     template       expands to
    ("a group by number", "x$1", "xA"),
    ("a group in braces", "${1}x", "Ax"),
    ("a name is as long as it can be", "$1x", ""),
    ("a group by name", "${name}-$name", "A-A"),
    ("all of it", "$0", "AB"),
    ("a name that two groups have", "${twice}", "B"),
    ("a dollar", "$$1", "$1"),
    ("a lone dollar is itself", "a$ b$", "a$ b$"),
    ("a group that there is not", "<$7>", "<>"),
    ("a group that matched nothing", "<$3>", "<>"),
    ("braces around nothing", "${}", "${}"),
)


@pytest.mark.parametrize(("template", "expanded"), [row[1:] for row in EXPANDED], ids=[row[0] for row in EXPANDED])
def test_expanded(template: str, expanded: str) -> None:
    """A template is expanded as Go does it."""
    match = anchored("(?P<name>A)(?P<twice>B)(?P<twice>C)?").fullmatch("AB")

    assert match
    assert Template.parse(template).expand(match) == expanded
