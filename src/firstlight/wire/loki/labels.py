"""The labels of a stream: their text ``{a="b"}`` read and written, and the service that Loki finds among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from firstlight.errors import brief
from firstlight.wire.origins import UNKNOWN_SERVICE

SERVICE: Final = "service_name"

SERVICE_LABELS: Final = (
    "service",
    "app",
    "application",
    "app_name",
    "name",
    "app_kubernetes_io_name",
    "container",
    "container_name",
    "k8s_container_name",
    "component",
    "workload",
    "job",
    "k8s_job_name",
)
"""Where Loki looks, in this order, for the name of a stream's service, unless it is told otherwise."""

MAX_TEXT: Final = 64 * 1024
"""How many bytes the text of one stream's labels may have."""

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_STRING: Final = re.compile(r'"((?:[^"\\\n]|\\.)*)"|\'((?:[^\'\\\n]|\\.)*)\'|`([^`]*)`')
_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\\"'])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)
_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SPECIAL: Final = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


class BadLabels(ValueError):
    """A text that is not that of labels; its words say what is wrong, and where."""


def read_labels(text: str) -> dict[str, str]:
    """Return the labels that a text tells. Raise BadLabels.

    >>> read_labels('{app="api", env=`prod`}')
    {'app': 'api', 'env': 'prod'}
    """
    if len(text) > MAX_TEXT:
        raise BadLabels(f"it has {len(text)} characters; want at most {MAX_TEXT}")
    found: dict[str, str] = {}
    for name, value in _pairs(text):
        if name in found:
            raise BadLabels(f"the label {brief(name)} is given twice")
        found[name] = value
    return found


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    at = _expect(text, _skip(text, 0), "{")
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == "}":
            break
        name = _NAME.match(text, at)
        if name is None:
            raise _wrong(text, at, "a label's name or }")
        at = _expect(text, _skip(text, name.end()), "=")
        value = _STRING.match(text, at := _skip(text, at))
        if value is None:
            raise _wrong(text, at, "a label's value in quotes")
        raw = value.group(3)
        yield name.group(), _unescaped(value.group(1) or value.group(2) or "") if raw is None else raw
        at = _skip(text, value.end())
        if text[at : at + 1] == "}":
            break
        at = _expect(text, at, ",")
    if _skip(text, at + 1) != len(text):
        raise _wrong(text, at + 1, "nothing more")


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return at if space is None else space.end()


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise _wrong(text, at, mark)
    return at + 1


def _wrong(text: str, at: int, wanted: str) -> BadLabels:
    found = brief(text[at : at + 20]) if at < len(text) else "the end"
    return BadLabels(f"parse error at line 1, col {at + 1}: unexpected {found}, expecting {wanted}")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    simple, byte, octal, short, long, other = found.groups()
    if simple is not None:
        return _SIMPLE.get(simple, simple)
    if other is not None:
        raise BadLabels(f"unknown escape sequence {brief(found.group())}")
    code = int(octal, 8) if octal is not None else int(byte or short or long, 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise BadLabels(f"escape sequence {brief(found.group())} is no character")
    return chr(code)


def labels_text(labels: Mapping[str, str]) -> str:
    r"""Return labels as Loki prints them, sorted by name.

    >>> print(labels_text({"b": 'say "hi"', "a": "1"}))
    {a="1", b="say \"hi\""}
    """
    return "{" + ", ".join(f"{name}={_quoted(labels[name])}" for name in sorted(labels)) + "}"


def _quoted(value: str) -> str:
    if value.isalnum():
        return f'"{value}"'
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else _escape(one) for one in escaped) + '"'


def _escape(one: str) -> str:
    if one in _SPECIAL:
        return _SPECIAL[one]
    code = ord(one)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def with_service(labels: Mapping[str, str]) -> Mapping[str, str]:
    """Return labels with `service_name` among them, found as Loki finds it."""
    if SERVICE in labels:
        return labels
    found = next((value for name in SERVICE_LABELS if (value := labels.get(name))), UNKNOWN_SERVICE)
    return {**labels, SERVICE: found}
