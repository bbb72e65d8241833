"""What the engine says of a query it did not answer, in words for whoever asked, with the place if there is one.

The engine names what it did not understand, and sometimes where; it also tells of its insides. What is left here is
whether the query is wrong, and then where, or whether it was too much; and of the engine's own words the first ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from firstlight.errors import QueryError, Span, UserError
from firstlight.query.faults import QueryFault, Reason
from firstlight.store.faults import QueryFailed

LANGUAGE = "SQL"

UNKNOWN_FUNCTION = 46
UNKNOWN_IDENTIFIER = 47
UNKNOWN_TABLE = 60
SYNTAX_ERROR = 62
READONLY = 164
ACCESS_DENIED = 497

# What the engine ran out of, and what helps. https://github.com/ClickHouse/ClickHouse: ErrorCodes.cpp
TOO_MUCH: Mapping[int, tuple[Reason, str]] = MappingProxyType(
    {
        159: (Reason.TIMEOUT, "it took longer than a query may; want a shorter range of ts, or fewer services"),
        160: (Reason.TIMEOUT, "it would take longer than a query may; want a shorter range of ts, or fewer services"),
        202: (Reason.BUSY, "too many queries run already; try again in a moment"),
        241: (Reason.MEMORY, "it needs more memory than a query may use; want a shorter range of ts, or fewer groups"),
        307: (Reason.TOO_LARGE, "it reads more than a query may; want a shorter range of ts"),
        394: (Reason.STOPPED, "it was stopped"),
        396: (Reason.TOO_LARGE, "its answer is larger than one may be; add a LIMIT, or ask for fewer columns"),
        439: (Reason.BUSY, "the engine has no thread left; try again in a moment"),
    }
)

# A connection that failed has no code; these are the engine's codes for the same.
NO_ANSWER = frozenset({209, 210, 279, 516})

SYNTAX_PLACE = re.compile(
    r"failed at position (?P<position>\d+) \((?P<found>.*?)(?:\)(?: \(line \d+, col \d+\))?:|$)", re.DOTALL
)
OPEN_QUOTE = re.compile(r"(?P<what>Single quoted string|Multiline comment|.{0,40}) is not closed")
OPEN_BRACKET = re.compile(r"Unmatched parentheses: '(?P<bracket>.)'(?: at position (?P<position>\d+))?")
WANTED = re.compile(r"Expected one of: (?P<words>.*?)(?:: In scope|$)", re.DOTALL)
# What a user may have forgotten, of all that the grammar would allow.
CLAUSES = "SELECT, FROM, WHERE, BY, GROUP BY, HAVING, ORDER BY, LIMIT, AND, OR, AS, ON, THEN, END".split(", ")

MEANT = re.compile(r"Maybe you meant:? (?:\['(?P<word>[^']+)'|(?P<table>[\w.]+))")
QUOTED_WORD = re.compile(r"[`'](?P<word>[^`']+)[`']")
UNKNOWN: Mapping[int, str] = MappingProxyType(
    {UNKNOWN_FUNCTION: "function", UNKNOWN_IDENTIFIER: "column", UNKNOWN_TABLE: "view"}
)

# What follows is where in the engine it was found, not what it is.
INSIDES = re.compile(
    r": while (?:executing|converting|read)|: While executing |:? In (?:scope|query) "
    r"|\. Note: |\(version |\([A-Z_]+\): Code: "
)
OUR_DATABASES = re.compile(r"\b\w+_sql(?:_lean)?\.(?=\w)")
ERROR_NAME = re.compile(r"[.\s]*\([A-Z_]+\)\s*$")


def explain(failed: QueryFailed, text: str) -> UserError:
    """Return what to tell whoever asked the query `text`."""
    words, code = str(failed), failed.code
    if code is None or code in NO_ANSWER:
        return QueryFault(f"cannot reach the engine: {first_words(words)}", Reason.BUSY, retry_after=5.0)
    if code in TOO_MUCH:
        reason, help_ = TOO_MUCH[code]
        if code == 160 and "sleep" in words:
            return QueryFault(f"cannot answer: {first_words(words)}", Reason.FAILED)
        return QueryFault(f"cannot answer: {help_}", reason, retry_after=1.0 if reason is Reason.BUSY else None)
    if code == SYNTAX_ERROR:
        return _syntax(words, text)
    if code in UNKNOWN:
        return _unknown(UNKNOWN[code], words, text)
    if code in (READONLY, ACCESS_DENIED):
        return pointed(f"cannot do this: {_denied(words)}; want a query of the views (SHOW TABLES lists them)", text)
    return QueryFault(f"cannot answer: {first_words(words)}", Reason.FAILED)


def pointed(complaint: str, text: str, word: str = "") -> QueryError:
    """Return a complaint about `word` of the query `text`, where it first stands by itself; of all of it if nowhere."""
    found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", text, re.IGNORECASE) if word else None
    start = found.start() if found else len(text) - len(text.lstrip())
    length = len(word) if found else max(len(text.strip().split("\n")[0]), 1)
    return QueryError(complaint, query=text, span=Span(start, start + length), language=LANGUAGE)


def first_words(words: str) -> str:
    """Return what the engine says is wrong, without where in itself it found out.

    >>> first_words("Cannot parse string 'a' as Int32: In scope SELECT toInt32('a'). (CANNOT_PARSE_TEXT)")
    "Cannot parse string 'a' as Int32"
    """
    return OUR_DATABASES.sub("", ERROR_NAME.sub("", INSIDES.split(words, maxsplit=1)[0])).rstrip(" .:…")


def _syntax(words: str, text: str) -> UserError:
    place = SYNTAX_PLACE.search(words)
    if not place:
        return pointed(f"cannot read this: {first_words(words)}", text)
    complaint, position, found = _syntax_complaint(words, place)
    start = _characters(text, position - 1)
    # What is a whole rest of the text is shown as its first line.
    length = len(found.split("\n")[0]) if text.startswith(found, start) else 1
    return QueryError(complaint, query=text, span=Span(start, start + max(length, 1)), language=LANGUAGE)


def _syntax_complaint(words: str, place: re.Match[str]) -> tuple[str, int, str]:
    """Return what is wrong, at which byte counted from 1, and what stands there."""
    position, found = int(place["position"]), place["found"]
    if "Multi-statements" in words:
        return "cannot run more than one statement; want one, without what follows the semicolon", position, ";"
    if quote := OPEN_QUOTE.search(words[: place.start()]):
        what = {"Single quoted string": "string", "Multiline comment": "comment"}.get(quote["what"], quote["what"])
        return f"cannot read this: the {what} that begins here does not end", position, found
    if bracket := OPEN_BRACKET.search(words):
        where = int(bracket["position"] or position)
        return f"cannot read this: {bracket['bracket']} has no partner", where, bracket["bracket"]
    what = "the statement ends here" if found == "end of query" else f"{found} is not expected here"
    return f"cannot read this: {what}{_wanted(words)}", position, found


def _wanted(words: str) -> str:
    """Return which clauses or connections could follow."""
    listed = WANTED.search(words)
    allowed = set(listed["words"].rstrip("….").split(", ")) if listed else set()
    known = [word for word in CLAUSES if word in allowed]
    return f"; want {', '.join(known)} or the like" if known else ""


def _unknown(kind: str, words: str, text: str) -> UserError:
    named = QUOTED_WORD.search(words)
    if not named:
        return QueryFault(f"cannot answer: {first_words(words)}", Reason.FAILED)
    meant = MEANT.search(words)
    near = (meant["word"] or (meant["table"] or "").rpartition(".")[2]) if meant else ""
    help_ = f"did you mean {near}?" if near and near != named["word"] else _where_they_are_listed(kind)
    return pointed(f"there is no {kind} {named['word']}; {help_}", text, named["word"])


def _where_they_are_listed(kind: str) -> str:
    return {"column": "DESCRIBE lists those of a view", "view": "SHOW TABLES lists them"}.get(
        kind, "want one of ClickHouse's functions"
    )


def _denied(words: str) -> str:
    grant = re.search(r"the grant (?P<grant>.*?)(?:\. \(|\.?$)", words)
    return f"it asks for {grant['grant']}" if grant else first_words(words).removeprefix("default: ")


def _characters(text: str, count: int) -> int:
    """Return how many characters the first `count` bytes of `text` are."""
    return len(text.encode()[:count].decode(errors="ignore"))
