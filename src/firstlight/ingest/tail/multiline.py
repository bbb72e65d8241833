"""Which lines of a file belong together: stack traces of Python, Java and Go, what is indented, or what is told.

A record is a first line and those that continue it. A blank line is a record of its own, unless it is within a trace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final

from firstlight.model.regex import search

Starts = Callable[[Sequence[bytes]], list[bool]]
"""Says of lines that follow each other which of them begin a record; the first always does."""

_TRACEBACK: Final = b"Traceback (most recent call last):"
_BETWEEN: Final = (
    b"During handling of the above exception, another exception occurred:",
    b"The above exception was the direct cause of the following exception:",
)
_JAVA: Final = re.compile(
    rb"Caused by: |Suppressed: |\.\.\. \d+ (?:more|common frames omitted)"
    rb"|(?:[a-z_][\w$]*\.)+[\w$]*(?:Exception|Error|Throwable)\b"
)
_PYTHON_END: Final = re.compile(rb"[A-Za-z_][\w.]*(?:: .*|:)?\Z", re.DOTALL)
_GO_BEGIN: Final = re.compile(rb"(?:panic: |fatal error: |runtime: |SIG[A-Z]+: )")
_GO: Final = re.compile(
    rb"goroutine \d+ \[|\[signal |created by |[\w./*()\[\]-]+\(.*\)\Z|exit status \d+|panic: |\s*\Z"
)
_SUSPECTS: Final = (b"\n ", b"\n\t", b"\nTraceback ", b"\nCaused by: ", b"\npanic: ", b"\nfatal error: ", b"\nSIG")


class _Within(Enum):
    NOTHING = auto()
    PYTHON = auto()
    PYTHON_END = auto()
    """After the line that names the exception: only another trace may follow."""
    GO = auto()


def starts(multiline: str) -> Starts:
    """Return what tells records apart, as the setting `multiline` says."""
    match multiline:
        case "auto":
            return traces
        case "none":
            return each
    find = search(multiline)
    return lambda lines: [place == 0 or find(line) for place, line in enumerate(lines)]


def each(lines: Sequence[bytes]) -> list[bool]:
    """Return that each line is a record."""
    return [True] * len(lines)


def suspicious(text: bytes) -> bool:
    """Return whether there may be lines in `text` that belong to others, as `traces` sees it."""
    return any(suspect in text for suspect in _SUSPECTS) or text.startswith(tuple(one[1:] for one in _SUSPECTS))


def traces(lines: Sequence[bytes]) -> list[bool]:
    """Return which lines begin a record: those that are neither indented nor part of a stack trace."""
    found: list[bool] = []
    within, before = _Within.NOTHING, b""
    for line in lines:
        within, begins = _step(within, line, before)
        found.append(begins or not found)
        before = line
    return found


def _step(within: _Within, line: bytes, before: bytes) -> tuple[_Within, bool]:
    """Return what we are within after `line`, and whether it begins a record."""
    if line.startswith(_TRACEBACK):
        return _Within.PYTHON, within is _Within.NOTHING and not before.strip()
    if within is _Within.PYTHON:
        if line[:1] in b" \t" or not line.strip():
            return within, False
        return _Within.PYTHON_END, not _PYTHON_END.match(line)
    if within is _Within.PYTHON_END and (not line.strip() or line.startswith(_BETWEEN)):
        return within, False
    if within is _Within.GO and (line[:1] == b"\t" or _GO.match(line)):
        return within, False
    if _GO_BEGIN.match(line):
        return _Within.GO, True
    if line.strip() and (line[:1] in b" \t" or _JAVA.match(line)):
        return _Within.NOTHING, not before.strip()
    return _Within.NOTHING, True
