"""LogQL's functions of texts."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote_plus, unquote_to_bytes

from firstlight.model.gotemplate import ANY, Fault, Function
from firstlight.model.gotemplate.quoting import quoted
from firstlight.query.logql.json_names import GO_SPACE
from firstlight.query.logql.units import Unreadable, float_bytes_of, seconds_of

LONGEST: Final = 1 << 20
"""The longest text that a function makes."""

_NO_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def repeated(count: int, text: str) -> str:
    """Return `text` so many times."""
    if count < 0:
        raise Fault("strings: negative Repeat count")
    if count * len(text) > LONGEST:
        raise Fault(f"text of {count * len(text)} characters; want at most {LONGEST}")
    return text * count


def truncated(count: int, text: str) -> str:
    """Return the first bytes of `text`, or if `count` is negative the last ones."""
    data = _bytes(text)
    if count < 0 and len(data) + count > 0:
        return _text(data[len(data) + count :])
    return _text(data[:count]) if 0 <= count < len(data) else text


def part(start: int, end: int, text: str) -> str:
    """Return the bytes from `start` up to `end`; a negative `start` is the beginning, a negative `end` the end."""
    data = _bytes(text)
    if start < 0:
        start = 0
    elif end < 0 or end > len(data):
        end = len(data)
        if start > end:
            raise Fault(f"runtime error: slice bounds out of range [{start}:{end}]")
    if end < 0 or end > len(data):
        raise Fault(
            f"runtime error: slice bounds out of range [:{end}]{f' with length {len(data)}' if end > 0 else ''}"
        )
    if start > end:
        raise Fault(f"runtime error: slice bounds out of range [{start}:{end}]")
    return _text(data[start:end])


def indented(spaces: int, text: str) -> str:
    """Return `text` with spaces before each line."""
    padding = repeated(spaces, " ")
    if spaces * (text.count("\n") + 1) > LONGEST:
        raise Fault(f"text is too long; want at most {LONGEST} characters")
    return padding + text.replace("\n", f"\n{padding}")


def _aligned(align: Callable[[str, int], str], *, from_right: bool) -> Callable[[int, str], str]:
    def aligned(count: int, text: str) -> str:
        if count < 0 or count == len(text):
            return text
        if count > LONGEST:
            raise Fault(f"text of {count} characters; want at most {LONGEST}")
        if count > len(text):
            return align(text, count)
        return text[len(text) - count :] if from_right else text[:count]

    return aligned


def _replaced(text: str, old: str, new: str, count: int) -> str:
    return text.replace(old, new, count) if count else text


def _decoded(text: str) -> str:
    try:
        if len(text) % 4 or re.search(r"[^A-Za-z0-9+/=\r\n]", text):
            raise binascii.Error
        return _text(base64.b64decode(text))
    except (binascii.Error, ValueError):
        bad = re.search(r"[^A-Za-z0-9+/\r\n]", text)
        place = bad.start() if bad else len(text) // 4 * 4
        return f"illegal base64 data at input byte {place}"


def _url_decoded(text: str) -> str:
    if bad := _NO_ESCAPE.search(text):
        raise Fault(f"invalid URL escape {quoted(bad.group())}")
    return _text(unquote_to_bytes(text.replace("+", " ")))


def _title(text: str) -> str:
    """Return `text` with a capital at the beginning of each word, the rest as it is."""
    previous, letters = " ", []
    for letter in text:
        is_inside = previous.isalnum() or previous == "_" or not (previous.isascii() or previous.isspace())
        letters.append(letter if is_inside else letter.title()[:1] or letter)
        previous = letter
    return "".join(letters)


def _empty(value: Any) -> bool:
    return value is None or (not value and isinstance(value, str | bool | int | float | dict | list))


def _measured(convert: Callable[[str], float]) -> Callable[[str], float]:
    def measure(text: str) -> float:
        try:
            return convert(text)
        except Unreadable as error:
            raise Fault(str(error)) from None

    return measure


_S: Final = "string"

FUNCTIONS: Final = {
    "ToLower": Function(str.lower, (_S,)),
    "ToUpper": Function(str.upper, (_S,)),
    "Replace": Function(_replaced, (_S, _S, _S, "int")),
    "Trim": Function(lambda text, cut: text.strip(cut) if cut else text, (_S, _S)),
    "TrimLeft": Function(lambda text, cut: text.lstrip(cut) if cut else text, (_S, _S)),
    "TrimRight": Function(lambda text, cut: text.rstrip(cut) if cut else text, (_S, _S)),
    "TrimPrefix": Function(str.removeprefix, (_S, _S)),
    "TrimSuffix": Function(str.removesuffix, (_S, _S)),
    "TrimSpace": Function(lambda text: text.strip(GO_SPACE), (_S,)),
    "lower": Function(str.lower, (_S,)),
    "upper": Function(str.upper, (_S,)),
    "title": Function(_title, (_S,)),
    "trunc": Function(truncated, ("int", _S)),
    "substr": Function(part, ("int", "int", _S)),
    "contains": Function(lambda sought, text: sought in text, (_S, _S)),
    "hasPrefix": Function(lambda sought, text: text.startswith(sought), (_S, _S)),
    "hasSuffix": Function(lambda sought, text: text.endswith(sought), (_S, _S)),
    "indent": Function(indented, ("int", _S)),
    "nindent": Function(lambda spaces, text: "\n" + indented(spaces, text), ("int", _S)),
    "replace": Function(lambda old, new, text: text.replace(old, new), (_S, _S, _S)),
    "repeat": Function(repeated, ("int", _S)),
    "trim": Function(lambda text: text.strip(GO_SPACE), (_S,)),
    "trimAll": Function(lambda cut, text: text.strip(cut) if cut else text, (_S, _S)),
    "trimSuffix": Function(lambda cut, text: text.removesuffix(cut), (_S, _S)),
    "trimPrefix": Function(lambda cut, text: text.removeprefix(cut), (_S, _S)),
    "alignLeft": Function(_aligned(str.ljust, from_right=False), ("int", _S)),
    "alignRight": Function(_aligned(str.rjust, from_right=True), ("int", _S)),
    "b64enc": Function(lambda text: base64.b64encode(_bytes(text)).decode(), (_S,)),
    "b64dec": Function(_decoded, (_S,)),
    "urlencode": Function(lambda text: quote_plus(text, safe="", errors="surrogateescape"), (_S,)),
    "urldecode": Function(_url_decoded, (_S,)),
    "bytes": Function(_measured(float_bytes_of), (_S,)),
    "duration": Function(_measured(seconds_of), (_S,)),
    "duration_seconds": Function(_measured(seconds_of), (_S,)),
    "default": Function(
        lambda otherwise, *given: otherwise if not given or _empty(given[0]) else given[0], (ANY,), ANY
    ),
}
