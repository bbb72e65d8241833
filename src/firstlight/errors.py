"""Errors written for users.

Each says, in one grammar, *cannot <do what>: <what was found>; want <what>; <what to do>*, and where: a line of a
file, a variable, a character of a query. `str(error)` is what the user reads, whole; nothing else needs to be
printed, and a traceback never. What is quoted from bad input goes through `brief`, so it is short and without the
passwords of URLs. An error that is not a `UserError` is a bug of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from reprlib import Repr

SHOWN_WORDS = 12
"""How many known words are listed when none is near the one found."""

SHOWN_LINE = 120
"""How much of the line of a query is shown above its caret."""

QUOTED = 4096
"""How much of one string of bad input is looked at, to quote less of it."""

_URL_PASSWORD = re.compile(r"(?<=://)([^/?#\s:@]*):[^/?#\s]+@")


class UserError(Exception):
    """The root of what is told to users."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One fault of the configuration: where it was written, which setting it is about, what is wrong with it."""

    place: str
    setting: str
    words: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.setting, self.words) if part)


class ConfigError(UserError):
    """A configuration that cannot be used, with every fault found in it: one a line."""

    def __init__(self, *complaints: Complaint | str) -> None:
        self.complaints = tuple(Complaint("", "", one) if isinstance(one, str) else one for one in complaints)
        super().__init__("\n".join(map(str, self.complaints)))


@dataclass(frozen=True, slots=True)
class Span:
    """The characters of a text from `start` up to, but without, `end`."""

    start: int
    end: int

    def line_and_column(self, text: str) -> tuple[int, int]:
        """Return where the span starts in `text`, both counted from 1."""
        before = text[: self.start]
        return before.count("\n") + 1, len(before) - before.rfind("\n")


class QueryError(UserError):
    """A query that cannot be parsed, checked or lowered."""

    def __init__(self, complaint: str, *, query: str, span: Span, language: str) -> None:
        super().__init__(complaint)
        self.complaint = complaint
        self.query = query
        self.span = span
        self.language = language

    def __str__(self) -> str:
        line, column = self.span.line_and_column(self.query)
        source = self.query.split("\n")[line - 1].removesuffix("\r")
        # Of a line longer than a screen is shown what is around the span.
        cut = max(0, column - 1 - SHOWN_LINE // 2) if len(source) > SHOWN_LINE else 0
        shown = source[cut : cut + SHOWN_LINE]
        before = re.sub(r"[^\t]", " ", shown[: column - 1 - cut])
        carets = "^" * max(1, min(self.span.end - self.span.start, len(shown) - len(before)))
        return f"{self.language}, line {line}, column {column}: {self.complaint}\n  {shown}\n  {before}{carets}"


class DecodeError(UserError):
    """A request body that cannot be read. The sender must not send it again."""


class AuthError(UserError):
    """A caller who is not known, or may not do what was asked."""


class StoreError(UserError):
    """Rows that were not stored. `retryable` says whether the same rows may be sent again."""

    retryable = False


class StoreBusy(StoreError):
    """The store has more to do than it may keep waiting; nothing was stored; send again after `retry_after` seconds."""

    retryable = True

    def __init__(self, words: str, *, retry_after: float = 1.0) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class StoreFull(StoreError):
    """The disk is full; nothing was stored; send again after `retry_after` seconds, when there may be room."""

    retryable = True

    def __init__(self, words: str, *, retry_after: float = 30.0) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class StoreRefused(StoreError):
    """The rows themselves cannot be stored, now or later. They must not be sent again."""


def unknown_word(kind: str, found: str, known: Collection[str]) -> str:
    """Return the complaint about a word that is not among `known`, with the nearest one that is."""
    found = found if len(found) <= SHOWN_LINE else f"{found[: SHOWN_LINE - 1]}…"
    spelled = {word.lower(): word for word in known}
    near = get_close_matches(found.lower(), spelled, n=1)
    words = sorted(known)
    more = f" and {len(words) - SHOWN_WORDS} more" if len(words) > SHOWN_WORDS else ""
    listed = f"want one of {', '.join(words[:SHOWN_WORDS])}{more}" if words else f"there is no {kind} to name here"
    hint = f'did you mean "{spelled[near[0]]}"?' if near else listed
    return f"unknown {kind} {json.dumps(found, ensure_ascii=False)}; {hint}"


def brief(value: object, limit: int = 80) -> str:
    """Return `value` as an error may show it: at most `limit` characters, on one line, no URL's password."""
    # Cut twice: a body of megabytes must not be formatted whole, and a password must not lose the "@" that betrays it.
    shorten = Repr()
    shorten.maxlevel, shorten.maxstring, shorten.maxother = 3, QUOTED, QUOTED
    text = without_password(repr(value[:QUOTED]) if isinstance(value, str | bytes) else shorten.repr(value))
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def without_password(text: str) -> str:
    """Return `text` with the passwords of the URLs in it replaced by ``***``."""
    return _URL_PASSWORD.sub(r"\1:***@", text)
