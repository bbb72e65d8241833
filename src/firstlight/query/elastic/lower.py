"""Queries to conditions of SQL over log records."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Final, assert_never

from firstlight.model.elastic.fields import Field, Kind
from firstlight.model.elastic.names import ID_ATTRIBUTE, INDEX_ATTRIBUTE, OTHERS, Column
from firstlight.model.elastic.patterns import matches
from firstlight.query.elastic.ast import (
    Bool,
    Everything,
    Exists,
    Ids,
    Match,
    Nothing,
    Pattern,
    Phrase,
    Query,
    Range,
    Terms,
)
from firstlight.query.elastic.faults import SearchFault, illegal
from firstlight.query.elastic.lower_range import range_condition, term_time
from firstlight.query.elastic.lower_words import match_words, pattern_condition, phrase
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.values import any_value, number, present, words_of
from firstlight.query.elastic.words import words

TRUE: Final = "1"
FALSE: Final = "0"
MAX_DEPTH: Final = 30


def condition(scope: Scope, query: Query, depth: int = 0) -> str:
    """Return the condition that a query is. Raise SearchFault."""
    if depth > MAX_DEPTH:
        raise illegal(f"cannot answer: queries are nested deeper than {MAX_DEPTH}")
    match query:
        case Everything():
            return TRUE
        case Nothing():
            return FALSE
        case Bool():
            return _bool(scope, query, depth)
        case Terms():
            return _terms(scope, query)
        case Match():
            return _match(scope, query)
        case Phrase():
            return _phrase(scope, query)
        case Range():
            return range_condition(scope, query)
        case Exists():
            return _exists(scope, query.field)
        case Pattern():
            return _pattern(scope, query)
        case Ids():
            return ids(scope, query.values)
        case _:
            assert_never(query)


def _bool(scope: Scope, query: Bool, depth: int) -> str:
    parts = [f"({condition(scope, one, depth + 1)})" for one in query.must]
    parts += [f"NOT ({condition(scope, one, depth + 1)})" for one in query.must_not]
    wanted = _minimum(query.minimum, len(query.should), default=0 if query.must else 1)
    if query.should and wanted > 0:
        should = [f"({condition(scope, one, depth + 1)})" for one in query.should]
        if wanted > len(should):
            parts.append(FALSE)
        elif wanted == 1:
            parts.append(f"({' OR '.join(should)})")
        elif wanted == len(should):
            parts += should
        else:
            parts.append(f"({' + '.join(f'toUInt8({one})' for one in should)}) >= {wanted}")
    elif wanted > 0 and query.minimum:
        parts.append(FALSE)
    return " AND ".join(parts) or TRUE


def _minimum(text: str, count: int, *, default: int) -> int:
    """Return how many of `count` must hold, as `minimum_should_match` says."""
    if not text:
        return default if count else 0
    last = ""
    for part in text.split():
        bound, separator, rule = part.partition("<")
        if separator:
            if count > int(bound):
                last = rule
        else:
            last = part
    if not last:
        return count
    found = re.fullmatch(r"(-?\d+)(%?)", last)
    if not found:
        raise illegal(f"failed to parse [minimum_should_match]: [{text[:50]}]")
    value = int(found[1])
    if found[2]:
        value = math.trunc(count * value / 100)
    return max(0, count + value if value < 0 or last.startswith("-") else value)


def _terms(scope: Scope, query: Terms) -> str:
    values = [value for value in query.values if value is not None]
    if query.field == "_index":
        return _indices(scope, [str(value) for value in values])
    if query.field == "_id":
        return ids(scope, [str(value) for value in values])
    found = scope.field(query.field)
    parts = []
    texts = [_as_text(value, found) for value in values]
    if found.kind.dated:
        parts = [one for value in values if (one := _time(scope, found, value, lenient=query.lenient))]
    elif found.kind.numeric:
        numbers = [_as_number(value, lenient=query.lenient) for value in values]
        numbers = [one for one in numbers if one is not None]
        kind = "Int64" if found.kind is Kind.LONG and all(isinstance(one, int) for one in numbers) else "Float64"
        column = Kind.LONG if kind == "Int64" else Kind.DOUBLE
        if numbers:
            listed = scope.binder(numbers, f"Array({kind})")
            parts = [any_value(scope, found, lambda text: f"ifNull({number(text, column)} IN {listed}, 0)")]
    elif found.kind is Kind.TEXT:
        parts = [_word(scope, found, text, ignore_case=query.ignore_case) for text in texts]
    elif query.ignore_case or found.lowercase:
        listed = scope.binder([text.lower() for text in texts], "Array(String)")
        parts = [any_value(scope, found, lambda text: f"lowerUTF8({text}) IN {listed}")]
    elif texts:
        parts = [_equal(scope, found, texts)]
    return " OR ".join(f"({part})" for part in parts) or FALSE


def _time(scope: Scope, found: Field, value: Any, *, lenient: bool) -> str:
    try:
        return term_time(scope, found, value)
    except SearchFault:
        if lenient:
            return ""
        raise


def _equal(scope: Scope, found: Field, texts: Sequence[str]) -> str:
    if found.column in (Column.TRACE, Column.SPAN) and not found.attribute:
        length = 16 if found.column is Column.TRACE else 8
        raw = [text for text in texts if re.fullmatch(f"[0-9a-f]{{{2 * length}}}", text)]
        name = "trace_id" if found.column is Column.TRACE else "span_id"
        if not raw:
            return FALSE
        listed = scope.binder(raw, "Array(String)")
        if found.column is Column.TRACE:  # as the index on it has it
            return f"if(empty({name}), '', lower(hex({name}))) IN {listed}"
        return f"lower(hex({name})) IN {listed}"
    if found.column is Column.SERVICE and not found.attribute:
        return f"service IN {scope.binder(list(texts), 'Array(String)')} AND service != 'unknown_service'"
    listed = scope.binder(list(texts), "Array(String)")
    holds = any_value(scope, found, lambda text: f"{text} IN {listed}")
    return f"({holds}) AND ({present(scope, found)})" if "" in texts else holds


def _word(scope: Scope, found: Field, text: str, *, ignore_case: bool) -> str:
    if ignore_case:
        text = text.lower()
    if text != text.lower() or not text:
        return FALSE  # words are in lower case, and the value of a term is taken as it is
    return match_words(scope, found, [text], whole=True)


def _match(scope: Scope, query: Match) -> str:
    if query.field in ("_index", "_id"):
        return _terms(scope, Terms(query.field, (query.text,)))
    if query.field == "*":
        return match_words(scope, None, words(query.text), all_of=query.all) if words(query.text) else FALSE
    found = scope.field(query.field)
    if found.kind is not Kind.TEXT:
        if query.fuzzy and found.kind is Kind.KEYWORD:
            bound, edits = scope.binder(query.text), scope.binder(_edits(query.text, query.fuzzy), "UInt8")
            return any_value(scope, found, lambda text: f"editDistanceUTF8({text}, {bound}) <= {edits}")
        if query.prefix and found.kind is Kind.KEYWORD:
            return pattern_condition(scope, found, "prefix", query.text, ignore_case=False)
        return _terms(scope, Terms(query.field, (query.text,), lenient=query.lenient))
    found_words = words(query.text)
    if not found_words:
        return TRUE if query.empty_matches else FALSE
    wanted = len(found_words) if query.all else _minimum(query.minimum, len(found_words), default=1)
    if query.fuzzy:
        parts = [_fuzzy(scope, found, word, query.fuzzy) for word in found_words]
        return f"({' + '.join(f'toUInt8({one})' for one in parts)}) >= {max(1, min(wanted, len(parts)))}"
    return match_words(scope, found, found_words, wanted=max(1, wanted), prefix=query.prefix)


def _edits(word: str, fuzzy: int) -> int:
    return fuzzy if fuzzy >= 0 else 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def _fuzzy(scope: Scope, found: Field, word: str, fuzzy: int) -> str:
    bound, edits = scope.binder(word), scope.binder(_edits(word, fuzzy), "UInt8")

    def near(text: str) -> str:
        return f"arrayExists(w -> editDistanceUTF8(w, {bound}) <= {edits}, {words_of(scope, text)})"

    return any_value(scope, found, near)


def _phrase(scope: Scope, query: Phrase) -> str:
    if query.field == "*":
        return phrase(scope, None, words(query.text), query)
    found = scope.field(query.field)
    if found.kind is not Kind.TEXT:
        if query.prefix and found.kind is Kind.KEYWORD:
            return pattern_condition(scope, found, "prefix", query.text, ignore_case=False)
        return _terms(scope, Terms(query.field, (query.text,)))
    return phrase(scope, found, words(query.text), query)


def _exists(scope: Scope, name: str) -> str:
    if name in ("_index", "_id", "_source"):
        return TRUE
    if name == "*":
        return TRUE
    found = scope.field(name)
    holds = present(scope, found)
    if found.kind is Kind.OBJECT or scope.has_children(name):
        start = scope.binder(f"{name}.")
        empty = f"attributes[{scope.binder(found.name)}] IN ('{{}}', '')"
        holds = f"(({holds}) AND NOT {empty}) OR arrayExists(k -> startsWith(k, {start}), mapKeys(attributes))"
    return holds


def _pattern(scope: Scope, query: Pattern) -> str:
    if query.field == "_index":
        names = [index.name for index in scope.indices]
        pattern = query.pattern + ("*" if query.kind == "prefix" else "")
        return _indices(scope, [name for name in names if matches(pattern, name)])
    if query.field == "*":
        return pattern_condition(scope, None, query.kind, query.pattern, ignore_case=query.ignore_case)
    found = scope.field(query.field)
    if found.kind.numeric or found.kind.dated or found.kind is Kind.BOOLEAN:
        raise illegal(
            f"Can only use {query.kind} queries on keyword, text and wildcard fields - not on [{query.field}] which is"
            f" of type [{found.kind}]"
        )
    return pattern_condition(scope, found, query.kind, query.pattern, ignore_case=query.ignore_case or found.lowercase)


def _indices(scope: Scope, values: Sequence[str]) -> str:
    names = [index.name for index in scope.indices if any(matches(value, index.name) for value in values)]
    attribute = scope.binder(INDEX_ATTRIBUTE)
    parts = [f"resource[{attribute}] IN {scope.binder([one for one in names if one != OTHERS], 'Array(String)')}"]
    if OTHERS in names:
        parts.append(f"NOT mapContains(resource, {attribute})")
    return f"origin_id IN ({scope.origins(' OR '.join(parts))})" if names else FALSE


def ids(scope: Scope, values: Sequence[str]) -> str:
    """Return the condition that a record has one of some ids."""
    listed = scope.binder(list(values), "Array(String)")
    own = f"attributes[{scope.binder(ID_ATTRIBUTE)}] IN {listed}"
    moments = scope.binder([moment for value in values if (moment := _moment(value)) is not None], "Array(Int64)")
    made = (
        f"toUnixTimestamp64Nano(observed_ts) IN {moments} AND NOT mapContains(attributes, {scope.binder(ID_ATTRIBUTE)})"
    )
    return f"({own}) OR ({made})"


def _moment(text: str) -> int | None:
    """Return the moment that an id was made of, as `wire.elastic.book` makes them."""
    return int(text, 16) if re.fullmatch("[0-7][0-9a-f]{15}", text) else None


def _as_text(value: Any, found: Field) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if found.kind is Kind.BOOLEAN and value == "":
        return "false"
    return value if isinstance(value, str) else str(value)


def _as_number(value: Any, *, lenient: bool) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    try:
        return int(value) if re.fullmatch(r"-?\d+", str(value)) else float(value)
    except ValueError:
        if lenient:
            return None
        raise illegal(f'failed to create query: For input string: "{str(value)[:100]}"') from None
