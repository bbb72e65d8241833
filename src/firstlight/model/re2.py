r"""Regular expressions as Go's RE2 reads them, run by Python's `re`.

What RE2 refuses is refused (look-around, backreferences, possessive operators), and what the two read differently is
rewritten: classes such as ``\d`` are ASCII, ``$`` is the end of the text, ``{,3}`` is text. An expression has to match
the whole text, and ``.`` matches a line's end too, as Prometheus wants both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from firstlight.model.re2_classes import PERL, POSIX, category, complement, in_class
from firstlight.model.re2_template import python_name

MAX_REPEAT = 1000
"""How often RE2 lets something be repeated by a number."""

MAX_LENGTH = 64 * 1024
"""How long an expression may be."""

MAX_DEPTH = 100
"""How deep groups may be nested; Python's own parser recurses."""

_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ZERO_WIDTH = {"A": r"(?:\A)", "z": r"(?:\Z)", "b": r"(?a:\b)", "B": r"(?:(?a:\B)|\A\Z)"}
_REPEAT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}", re.ASCII)
_GROUP_NAME = re.compile(r"\(\?P?<([^>]*)>")
_FLAGS = re.compile(r"\(\?([imsU]*)(-[imsU]+)?([:)])")
_POSIX_CLASS = re.compile(r"\[:(\^?)(.*?):\]", re.DOTALL)
_UNICODE_CLASS = re.compile(r"\{(\^?)([^}]*)\}|()([A-Z])")
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")


class BadRegex(ValueError):
    """An expression that RE2 refuses, with the character where it does."""

    def __init__(self, words: str, at: int) -> None:
        super().__init__(words)
        self.at = at


@lru_cache(maxsize=4096)
def anchored(text: str) -> re.Pattern[str]:
    """Return the expression, to be used with `fullmatch`; raise `BadRegex` if RE2 would refuse it."""
    if len(text) > MAX_LENGTH:
        raise BadRegex(f"it has {len(text)} characters; want no more than {MAX_LENGTH}", MAX_LENGTH)
    try:
        return re.compile(translate(text))
    except (re.error, RecursionError, OverflowError) as error:
        raise BadRegex(f"it cannot be compiled: {error}", 0) from None


def translate(text: str) -> str:
    r"""Return what Python's `re` calls the expression that RE2 calls `text`.

    >>> translate(r"a\d{,3}$")
    'a[0-9]\\{,3\\}(?:\\Z)'
    """
    return _Translator(text).whole()


@dataclass(slots=True)
class _Flags:
    fold: bool = False
    lines: bool = False
    dot_all: bool = True
    lazy: bool = False

    def changed(self, on: str, off: str) -> _Flags:
        def flag(letter: str, now: bool) -> bool:
            return letter in on or (now and letter not in off)

        return _Flags(flag("i", self.fold), flag("m", self.lines), flag("s", self.dot_all), flag("U", self.lazy))


@dataclass(slots=True)
class _Translator:
    text: str
    at: int = 0
    flags: _Flags = field(default_factory=_Flags)
    names: set[str] = field(default_factory=set)

    def whole(self) -> str:
        made = self.alternatives(0)
        if self.at < len(self.text):
            raise BadRegex("found ) without its (", self.at)
        return made

    def alternatives(self, depth: int) -> str:
        """Read until the group ends. Flags that are set within it hold until then."""
        if depth > MAX_DEPTH:
            raise BadRegex(f"its groups are nested deeper than {MAX_DEPTH}", self.at)
        outside, branches = self.flags, [""]
        repeatable = repeated = False
        while self.at < len(self.text) and self.text[self.at] != ")":
            start, character = self.at, self.text[self.at]
            if character == "|":
                self.at += 1
                branches.append("")
                repeatable = repeated = False
            elif operator := self.operator():
                if repeated:
                    raise BadRegex(f"found the operator {operator} after another", start)
                if not repeatable:
                    raise BadRegex(f"found {operator} with nothing before it to repeat", start)
                branches[-1] += operator
                repeated = True
            else:
                atom = self.atom(depth)
                # What only sets flags is passed over: an operator after it repeats what is before it.
                if atom is not None:
                    repeatable, repeated = True, False
                    branches[-1] += atom
        self.flags = outside
        return "|".join(branches)

    def operator(self) -> str:
        """Return the operator that repeats what is before it, if one is here."""
        start, character = self.at, self.text[self.at]
        if character in "*+?":
            self.at += 1
            made = character
        elif found := _REPEAT.match(self.text, start):
            low, high = int(found[1]), int(found[3] or 0) if found[2] else int(found[1])
            if max(low, high) > MAX_REPEAT or (found[3] and low > high):
                raise BadRegex(f"cannot repeat {found[0]}; want the less first and no more than {MAX_REPEAT}", start)
            self.at = found.end()
            made = found[0]
        else:
            return ""
        lazy = self.text[self.at : self.at + 1] == "?"
        self.at += lazy
        return made + ("?" if lazy != self.flags.lazy else "")

    def atom(self, depth: int) -> str | None:
        """Return the next thing that matches; None if it only sets flags."""
        character = self.text[self.at]
        if character == "(":
            return self.group(depth)
        if character == "[":
            return self.folded(self.character_class())
        if character == "\\":
            return self.escape()
        self.at += 1
        if character == ".":
            return "(?s:.)" if self.flags.dot_all else r"[^\n]"
        if character == "^":
            return "(?m:^)" if self.flags.lines else r"(?:\A)"
        if character == "$":
            return "(?m:$)" if self.flags.lines else r"(?:\Z)"
        return self.folded(re.escape(character))

    def folded(self, made: str) -> str:
        return f"(?i:{made})" if self.flags.fold else made

    def group(self, depth: int) -> str | None:
        start = self.at
        if not self.text.startswith("(?", start):
            opened, self.at = "(", start + 1
        elif named := _GROUP_NAME.match(self.text, start):
            opened, self.at = self.named_group(named[1]), named.end()
        elif flags := _FLAGS.match(self.text, start):
            within = self.flags.changed(flags[1], flags[2] or "")
            self.at = flags.end()
            if flags[3] == ")":
                self.flags = within
                return None
            outside, self.flags = self.flags, within
            made = f"(?:{self.alternatives(depth + 1)})"
            self.flags = outside
            return self.closed(made, start)
        else:
            raise BadRegex(f"RE2 has no {self.text[start : start + 4]}", start)
        return self.closed(f"{opened}{self.alternatives(depth + 1)})", start)

    def closed(self, made: str, start: int) -> str:
        if self.at >= len(self.text):
            raise BadRegex("found ( without its )", start)
        self.at += 1
        return made

    def named_group(self, name: str) -> str:
        if not re.fullmatch(r"\w+", name):
            raise BadRegex(f"cannot call a group {name!r}; want letters, digits and _", self.at)
        if name in self.names:
            return "("  # By its name, the first is meant.
        self.names.add(name)
        return f"(?P<{python_name(name)}>"

    def escape(self) -> str:
        start, letter = self.at, self.text[self.at + 1 : self.at + 2]
        if letter == "Q":
            end = self.text.find("\\E", start)
            literal = self.text[start + 2 : end if end >= 0 else None]
            self.at = end + 2 if end >= 0 else len(self.text)
            # Of a quoted text, an operator repeats the last character only.
            return "".join(self.folded(re.escape(character)) for character in literal) or "(?:)"
        if letter in _ZERO_WIDTH and letter:
            self.at += 2
            return _ZERO_WIDTH[letter]
        if found := self.escaped_class():
            made, negated = found
            return self.folded(f"[{'^' if negated else ''}{made}]")
        return self.folded(re.escape(self.character()))

    def escaped_class(self) -> tuple[str, bool] | None:
        r"""Return the ranges of a class such as ``\d`` or ``\pL`` that is here, and whether it is negated."""
        letter = self.text[self.at + 1 : self.at + 2]
        if letter and letter.lower() in PERL:
            self.at += 2
            return PERL[letter.lower()], letter.isupper()
        if letter in ("p", "P"):
            found = _UNICODE_CLASS.match(self.text, self.at + 2)
            if not found:
                raise BadRegex(r"cannot read the Unicode class; want such as \pL or \p{Lu}", self.at)
            name = found[2] or found[4] or ""
            ranges = category(name)
            if not ranges:
                raise BadRegex(f"cannot use the Unicode class {name!r}; want a category such as L, Lu or Nd", self.at)
            self.at = found.end()
            return ranges, (letter == "P") != bool(found[1])
        return None

    def character(self) -> str:
        """Return the one character that an escape stands for."""
        start, letter = self.at, self.text[self.at + 1 : self.at + 2]
        if not letter:
            raise BadRegex("found a backslash at the end", start)
        if letter in _CONTROLS:
            self.at += 2
            return _CONTROLS[letter]
        if found := _OCTAL.match(self.text, start + 1):
            self.at = found.end()
            return chr(int(found[0], 8))
        if found := _HEX.match(self.text, start + 1):
            self.at = found.end()
            code = int(found[1] or found[2], 16)
            if code > 0x10FFFF:
                raise BadRegex(f"there is no character {found[0]}", start)
            return chr(code)
        if letter.isascii() and not letter.isalnum():
            self.at += 2
            return letter
        raise BadRegex(rf"RE2 has no \{letter}", start)

    def character_class(self) -> str:
        start = self.at
        self.at += 1
        negated = self.text.startswith("^", self.at)
        self.at += negated
        made, first = "", True
        while first or not self.text.startswith("]", self.at):
            if self.at >= len(self.text):
                raise BadRegex("found [ without its ]", start)
            made += self.class_member()
            first = False
        self.at += 1
        return f"[{'^' if negated else ''}{made}]"

    def class_member(self) -> str:
        if found := _POSIX_CLASS.match(self.text, self.at):
            if found[2] not in POSIX:
                raise BadRegex(f"there is no class {found[0]}", self.at)
            self.at = found.end()
            return complement(POSIX[found[2]]) if found[1] else POSIX[found[2]]
        if self.text[self.at] == "\\" and (escaped := self.escaped_class()):
            return complement(escaped[0]) if escaped[1] else escaped[0]
        start, low = self.at, self.class_character()
        if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
            self.at += 1
            high = self.class_character()
            if high < low:
                raise BadRegex(f"found the range {low}-{high}; want the less first", start)
            return f"{in_class(low)}-{in_class(high)}"
        return in_class(low)

    def class_character(self) -> str:
        if self.text[self.at] == "\\":
            return self.character()
        self.at += 1
        return self.text[self.at - 1]
