"""Regular expressions as Prometheus means them: RE2, over the whole value, a dot matching line ends too.

RE2 itself does the work, by way of Arrow, so that no expression takes more than linear time. What is a text or a
choice of texts is compared without it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.errors import UserError
from firstlight.query.promql.gotext import quote

_PLAIN: Final = r"[\w\- /:@%~,;=&!#<>\"'`]"
_QUOTED: Final = r"\\[.\-/+*?()|\[\]{}^$\\]"
_CHOICES: Final = re.compile(rf"(?:{_PLAIN}|{_QUOTED}|\|)*\Z")
_PIECES: Final = re.compile(r"\\(.)|(\|)|([^\\|]+)", re.DOTALL)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_GROUP: Final = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\((?:\?P?<(?P<name>\w+)>|(?!\?))", re.DOTALL
)
_UNSUPPORTED: Final = re.compile(r"\\Q.*?(?:\\E|\Z)|\\(?P<byte>C)|\\.", re.DOTALL)
_FLAGS_ONLY: Final = re.compile(r"\(\?[imsU-]*\Z")
_VARIABLE: Final = re.compile(r"\$(?:(?P<dollar>\$)|(?P<name>\w+)|\{(?P<braced>\w+)\})")

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

    def __init__(self, text: str) -> None:
        """Raise BadRegex if `text` is none."""
        check(text)
        self.text = text
        self.choices = choices(text)
        """The only values that it matches, if they can be told."""
        self._pattern = f"^(?s:{text})$"
        self._capturing = ""
        self._names: dict[str, str] = {}

    def matches(self, value: str) -> bool:
        """Return whether it matches all of `value`."""
        if self.choices is not None:
            return value in self.choices
        return bool(self.mask((value,))[0])

    def mask(self, values: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return which of `values` it matches."""
        if self.choices is not None:
            return np.fromiter((value in self.choices for value in values), dtype=np.bool_, count=len(values))
        if not len(values):
            return np.zeros(0, dtype=np.bool_)
        found = pc.match_substring_regex(pa.array(values, pa.string()), self._pattern)
        mask: npt.NDArray[np.bool_] = found.to_numpy(zero_copy_only=False)
        return mask

    def expand(self, values: Sequence[str], template: str) -> list[str | None]:
        """Return `template` for each of `values`, with what the groups caught in it; None where nothing matches.

        As in Go, `$1`, `$name` and `${name}` name a group, the longest name possible is meant, a group that is not
        there is empty, and `$$` is a dollar.
        """
        self._name_groups()
        caught = pc.extract_regex(pa.array(values, pa.string()), self._capturing)
        columns: dict[str, list[str | None]] = {
            name: caught.field(field).to_pylist() for name, field in self._names.items()
        }
        parts = _template(_SURROGATE.sub("\ufffd", template))
        return [
            "".join(
                part if literal else (columns[part][row] or "") if part in columns else "" for literal, part in parts
            )
            if valid
            else None
            for row, valid in enumerate(caught.is_valid().to_pylist())
        ]

    def _name_groups(self) -> None:
        """Give each group a name, as Arrow wants it; the numbers and the own names lead to these."""
        if self._capturing:
            return
        names: dict[str, str] = {"0": "g0"}
        count = 0

        def renamed(found: re.Match[str]) -> str:
            nonlocal count
            if not found.group().startswith("("):
                return found.group()
            count += 1
            names[str(count)] = f"g{count}"
            if found["name"]:
                names.setdefault(found["name"], f"g{count}")
            return f"(?P<g{count}>"

        named = _GROUP.sub(renamed, self.text)
        self._capturing, self._names = f"^(?s:(?P<g0>{named}))$", names


@lru_cache(maxsize=1024)
def compiled(text: str) -> Regex:
    """Return the regular expression `text`; raise BadRegex if it is none."""
    return Regex(text)


@lru_cache(maxsize=4096)
def check(text: str) -> None:
    """Raise BadRegex if RE2 does not know `text`, or if Go does not know what RE2 knows."""
    if not is_utf8(text):
        raise BadRegex(f"error parsing regexp: invalid UTF-8: {quote(text, '`')}")
    if choices(text) is not None:
        return
    for found in _UNSUPPORTED.finditer(text):
        if found["byte"]:
            raise BadRegex(r"error parsing regexp: invalid escape sequence: `\C`")
    _run(text)


def is_utf8(text: str) -> bool:
    """Return whether `text`, a string of a query, has no bytes that are no UTF-8."""
    return text.isascii() or not _SURROGATE.search(text)


def _run(text: str) -> None:
    empty: Any = pa.array([""], pa.string())
    try:
        pc.match_substring_regex(empty, text)
    except pa.ArrowInvalid as error:
        raise BadRegex(f"error parsing regexp: {_in_go_words(str(error), text)}") from None


def _in_go_words(words: str, text: str) -> str:
    """Return what RE2 said of `text`, as Go says it.

    >>> _in_go_words("Invalid regular expression: missing ): (", "(")
    'missing closing ): `(`'
    """
    words = words.removeprefix("Invalid regular expression: ")
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


def _template(template: str) -> list[tuple[bool, str]]:
    """Return the parts of a template: each a text (True) or the name of a group (False)."""
    parts: list[tuple[bool, str]] = []
    place = 0
    for found in _VARIABLE.finditer(template):
        parts.append((True, template[place : found.start()]))
        name = found["name"] or found["braced"]
        parts.append((False, name) if name else (True, "$"))
        place = found.end()
    parts.append((True, template[place:]))
    return parts
