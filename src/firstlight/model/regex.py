"""Regular expressions as Prometheus means them: RE2, over the whole value, a dot matching line ends too.

RE2 itself does the work, so that no expression takes more than linear time. What is a text or a choice of texts is
looked up without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import re2

from firstlight.errors import UserError

_PLAIN: Final = r"[\w\- /:@%~,;=&!#<>\"'`]"
_QUOTED: Final = r"\\[.\-/+*?()|\[\]{}^$\\]"
_CHOICES: Final = re.compile(rf"(?:{_PLAIN}|{_QUOTED}|\|)*\Z")
_PIECES: Final = re.compile(r"\\(.)|(\|)|([^\\|]+)", re.DOTALL)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_UNSUPPORTED: Final = re.compile(r"\\Q.*?(?:\\E|\Z)|\\(?P<byte>C)|\\.", re.DOTALL)
_FLAGS_ONLY: Final = re.compile(r"\(\?[imsU-]*\Z")
_VARIABLE: Final = re.compile(r"\$(?:(?P<dollar>\$)|(?P<name>\w+)|\{(?P<braced>\w+)\})")
_ALL: Final = frozenset((".*", "(.*)"))

# RE2's words for what is wrong, and Go's for the same. https://pkg.go.dev/regexp/syntax#ErrorCode
_GO_WORDS: Final = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid named capture group": "invalid named capture",
    "trailing \\": "trailing backslash at end of expression",
}


class BadRegex(UserError):
    """A regular expression that RE2 does not know, in Go's words."""


class Regex:
    """A regular expression that matches whole values."""

    __slots__ = ("_capturing", "_groups", "_matching", "choices", "text")

    def __init__(self, text: str) -> None:
        """Raise BadRegex if `text` is none."""
        check(text)
        self.text = text
        self.choices = choices(text)
        """The only values that it matches, if they can be told."""
        self._matching: Any = None if self.choices is not None else _machine(text, captures=False)
        self._capturing: Any = None
        self._groups: dict[str, int] = {}

    def matches(self, value: str) -> bool:
        """Return whether it matches all of `value`."""
        if self.choices is not None:
            return value in self.choices
        return self.text in _ALL or self._matching.fullmatch(_bytes(value)) is not None

    def expand(self, value: str, template: str) -> str | None:
        """Return `template` with what the groups caught of `value` in it; None if nothing matches.

        As in Go, `$1`, `$name` and `${name}` name a group, the longest name possible is meant, a group that is not
        there is empty, and `$$` is a dollar.
        """
        if "$" not in template:
            return template if self.matches(value) else None
        parts = _template(template)
        if self.text in _ALL:
            caught = {"0", "1"} if self.text == "(.*)" else {"0"}
            return "".join([part if literal else value if part in caught else "" for literal, part in parts])
        if self._capturing is None:
            self._capture()
        found = self._capturing.fullmatch(_bytes(value))
        if found is None:
            return None
        groups = self._groups
        return "".join(
            [
                part if literal else (found.group(groups[part]) or b"").decode() if part in groups else ""
                for literal, part in parts
            ]
        )

    def _capture(self) -> None:
        machine = _machine(self.text, captures=True)
        self._groups = {str(number): number for number in range(machine.groups + 1)}
        for name, number in machine.groupindex.items():
            self._groups.setdefault(name.decode(), number)
        self._capturing = machine


@lru_cache(maxsize=1024)
def compiled(text: str) -> Regex:
    """Return the regular expression `text`; raise BadRegex if it is none."""
    return Regex(text)


@lru_cache(maxsize=4096)
def check(text: str) -> None:
    """Raise BadRegex if RE2 does not know `text`, or if Go does not know what RE2 knows."""
    if not is_utf8(text):
        shown = _SURROGATE.sub(lambda found: f"\\x{ord(found.group()) & 0xFF:02x}", text)
        raise BadRegex(f"error parsing regexp: invalid UTF-8: `{shown}`")
    if choices(text) is not None:
        return
    for found in _UNSUPPORTED.finditer(text):
        if found["byte"]:
            raise BadRegex(r"error parsing regexp: invalid escape sequence: `\C`")
    try:
        _machine(text, captures=False)
    except re2.error as error:
        words = error.args[0].decode(errors="replace")
        raise BadRegex(f"error parsing regexp: {_in_go_words(words, text)}") from None


def is_utf8(text: str) -> bool:
    """Return whether `text`, which somebody wrote, has no bytes that are no UTF-8."""
    return text.isascii() or not _SURROGATE.search(text)


def choices(text: str) -> frozenset[str] | None:
    r"""Return the texts that the expression stands for, if it is made of plain texts and bars only.

    >>> sorted(choices(r"a|b\.c") or ())
    ['a', 'b.c']
    """
    if not _CHOICES.match(text):
        return None
    parts = [""]
    for quoted, bar, plain in _PIECES.findall(text):
        if bar:
            parts.append("")
        else:
            parts[-1] += quoted or plain
    return frozenset(parts)


def _machine(text: str, *, captures: bool) -> Any:
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    options.never_capture = not captures
    # Bytes, since for texts the module counts characters in Python.
    return re2.compile(text.encode(), options)


def _bytes(value: str) -> bytes:
    return value.encode() if is_utf8(value) else _SURROGATE.sub("\ufffd", value).encode()


def _in_go_words(words: str, text: str) -> str:
    """Return what RE2 said of `text`, as Go says it.

    >>> _in_go_words("missing ): (", "(")
    'missing closing ): `(`'
    """
    code = next((code for code in _GO_WORDS if words.startswith(code)), "")
    if not code:
        code, _, rest = words.partition(": ")
        return f"{code}: `{rest}`" if rest else code
    rest = words[len(code) :].removeprefix(": ").strip()
    if code == "invalid perl operator":
        if text.endswith(rest) and _FLAGS_ONLY.match(rest):
            return f"missing closing ): `{rest}`"
        if rest.startswith("(?<"):
            capture, closed, _ = text[text.find(rest) :].partition(">")
            return f"invalid named capture: `{capture}{closed}`"
    return f"{_GO_WORDS[code]}: `{rest}`" if rest else _GO_WORDS[code]


@lru_cache(maxsize=1024)
def _template(template: str) -> tuple[tuple[bool, str], ...]:
    """Return the parts of a template: each a text (True) or the name of a group (False)."""
    template = _SURROGATE.sub("\ufffd", template)
    parts: list[tuple[bool, str]] = []
    place = 0
    for found in _VARIABLE.finditer(template):
        parts.append((True, template[place : found.start()]))
        name = found["name"] or found["braced"]
        parts.append((False, name) if name else (True, "$"))
        place = found.end()
    return (*parts, (True, template[place:]))


def search(text: str) -> Callable[[bytes], bool]:
    """Return what says whether the regular expression `text` matches anywhere in some bytes. Raise BadRegex."""
    check(text)
    machine = _machine(text, captures=False)
    return lambda value: machine.search(value) is not None
