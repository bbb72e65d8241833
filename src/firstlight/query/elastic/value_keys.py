"""Keys of buckets that are values of a field, or steps between numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firstlight.model.elastic.fields import Field, Kind
from firstlight.query.elastic.aggs_read import Aggregation
from firstlight.query.elastic.faults import illegal
from firstlight.query.elastic.keys import Keys, Shown, number_of
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.sort import comparable
from firstlight.query.elastic.times import shown, when, zone
from firstlight.query.elastic.values import all_words, elements


def terms_keys(scope: Scope, aggregation: Aggregation) -> Keys:
    """Return the values of a field as keys."""
    found = scope.field(aggregation.field)
    text = scope.text(found)
    make, kind = comparable(found)
    missing = aggregation.said.get("missing")
    show = _shown_term(found, str(aggregation.said.get("format") or ""))
    if found.kind is Kind.TEXT and found.fielddata:
        return Keys(f"arrayDistinct({all_words(scope, found)})", kind, show, many=True)
    if not found.many:
        sql = make(text)
        if missing is not None:
            sql = f"ifNull({sql}, {scope.binder(_typed(missing, kind, found, scope), kind)})"
        return Keys(sql, kind, show)
    sql = f"arrayFilter(y -> y IS NOT NULL, arrayDistinct(arrayMap(x -> {make('x')}, {elements(text)})))"
    if missing is not None:
        sql = f"if(empty({sql}), [{scope.binder(_typed(missing, kind, found, scope), kind)}], {sql})"
    return Keys(sql, kind, show, many=True)


def _typed(value: Any, kind: str, found: Field, scope: Scope) -> Any:
    if kind == "String":
        return str(value)
    return when(value, scope.now_ms) if found.kind.dated else int(value) if kind == "Int64" else float(value)


def _shown_term(found: Field, form: str) -> Shown:
    if found.kind.dated:
        return lambda key: {"key": key, "key_as_string": shown(key, form, zone(""))}
    if found.kind is Kind.BOOLEAN:
        return lambda key: {"key": key, "key_as_string": "true" if key else "false"}
    return lambda key: {"key": key}


def number_keys(scope: Scope, aggregation: Aggregation) -> Keys:
    """Return the buckets of a histogram of numbers."""
    said = aggregation.said
    interval, offset = number_of(said.get("interval"), "interval"), float(said.get("offset") or 0)
    if interval <= 0:
        raise illegal("[interval] must be >0 for histogram aggregation")
    found = scope.field(aggregation.field)
    width, shift = scope.binder(interval, "Float64"), scope.binder(offset, "Float64")

    def bucket(value: str) -> str:
        return f"floor((toFloat64({value}) - {shift}) / {width}) * {width} + {shift}"

    sql, many = _over_numbers(scope, found, bucket, said.get("missing"))
    return Keys(sql, "Float64", lambda key: {"key": key}, many=many)


def _over_numbers(scope: Scope, found: Field, bucket: Callable[[str], str], missing: Any) -> tuple[str, bool]:
    make, kind = comparable(found)
    if kind == "String":
        make = lambda text: f"toFloat64OrNull({text})"  # noqa: E731 - a field whose kind is not known to be a number
    text = scope.text(found)
    if found.many:
        values = f"arrayFilter(y -> y IS NOT NULL, arrayMap(x -> {make('x')}, {elements(text)}))"
        return f"arrayDistinct(arrayMap(y -> {bucket('y')}, {values}))", True
    value = make(text)
    if missing is not None:
        value = f"ifNull({value}, {scope.binder(float(missing), 'Float64')})"
    return bucket(value), False
