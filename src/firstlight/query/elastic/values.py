"""Values of a field as SQL: one text, or several; as numbers, times, words."""

from __future__ import annotations

from collections.abc import Callable

from firstlight.model.elastic.fields import Field, Kind
from firstlight.model.elastic.names import Column
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.words import SQL_WORD

Condition = Callable[[str], str]
"""Makes a condition of the SQL of a text."""


def elements(text: str) -> str:
    """Return the values of a text that may be an array, as an array."""
    listed = f"JSONExtract({text}, 'Array(Nullable(String))')"
    none = f"if({text} = '', [], [{text}])"
    some = f"arrayMap(e -> assumeNotNull(e), arrayFilter(e -> e IS NOT NULL, {listed}))"
    return f"if(startsWith({text}, '['), {some}, {none})"


def present(scope: Scope, found: Field) -> str:
    """Return the condition that a record has the field, though it may be an empty text."""
    name = scope.binder(found.name)
    parts = []
    if found.column is Column.TIME:
        return "1"
    if found.column is not None:
        parts.append(f"{_column_text(scope, found)} != ''")
    if found.attribute or found.column is None:
        here = f"mapContains(attributes, {name})"
        if found.nulls:
            here += f" AND substring(attribute_types, indexOf(mapKeys(attributes), {name}), 1) != 'n'"
        if found.many:
            here += f" AND attributes[{name}] NOT IN ('[]', '[null]')"
        if not found.known or scope.has_others:
            here = f"({here}) OR mapContains(fields, {name})"
        if scope.has_others:
            owners = scope.origins(f"mapContains(resource, {name})")
            here = f"{here} OR origin_id IN ({owners})"
        parts.append(here)
    return " OR ".join(f"({part})" for part in parts)


def _column_text(scope: Scope, found: Field) -> str:
    return scope.text(Field(found.name, found.kind, column=found.column, attribute=False))


def any_value(scope: Scope, found: Field, condition: Condition) -> str:
    """Return the condition that one of the values of a field fulfils another; those of no value are left out."""
    text = scope.text(found)
    if found.column is Column.HOST and not found.attribute:
        name = scope.binder("host.name")
        return f"origin_id IN ({scope.origins(condition(f'resource[{name}]'))})"
    return f"arrayExists(x -> {condition('x')}, {elements(text)})" if found.many else condition(text)


def number(text: str, kind: Kind) -> str:
    """Return a text as a number, NULL if it is none."""
    return f"toInt64OrNull({text})" if kind is Kind.LONG else f"toFloat64OrNull({text})"


def time_ms(text: str, found: Field) -> str:
    """Return a text as milliseconds since 1970, NULL if it is no time."""
    if found.column is Column.TIME:
        return "toUnixTimestamp64Milli(ts)"
    parsed = f"toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull({text}, 3, 'UTC'))"
    return f"if(match({text}, '^-?[0-9]{{5,}}$'), toInt64OrNull({text}), {parsed})"


def truth(text: str) -> str:
    """Return a text as 1 or 0, NULL if it is no truth value."""
    return f"multiIf({text} = 'true', 1, {text} = 'false', 0, NULL)"


def words_of(scope: Scope, text: str) -> str:
    """Return the words of a text, as an array."""
    return f"extractAll(lowerUTF8({text}), {scope.binder(SQL_WORD)})"


def all_words(scope: Scope, found: Field) -> str:
    """Return the words of all values of a field."""
    text = scope.text(found)
    return words_of(scope, f"arrayStringConcat({elements(text)}, ' ')" if found.many else text)


def all_texts(scope: Scope) -> str:
    """Return everything that may be searched in without a field, as an array."""
    host = scope.resource("host.name")
    return f"arrayConcat([body, severity_text, service, {host}], mapValues(attributes), mapValues(fields))"
