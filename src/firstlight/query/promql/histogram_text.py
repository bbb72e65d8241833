"""Native histograms as text: in the notation of Prometheus' tests, and as the value of a label."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from firstlight.errors import DecodeError, brief, unknown_word
from firstlight.model.tables import CUSTOM_BOUNDS
from firstlight.query.promql.go_numbers import brief_text
from firstlight.query.promql.histogram import MAX_SCHEMA, MIN_SCHEMA, Buckets, Hint, Histogram
from firstlight.query.promql.histogram_ops.layout import populated, stripped
from firstlight.query.promql.values import Floats

_ENTRY: Final = re.compile(r"\s*(\w+):(\[[^\]]*\]|[^\s\[\]]+)(?=\s|$)")
_NUMBER: Final = re.compile(r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|inf|nan)", re.ASCII | re.IGNORECASE)
_LISTS: Final = frozenset({"buckets", "n_buckets", "custom_values"})
_WHOLE: Final = frozenset({"schema", "offset", "n_offset"})
_KEYS: Final = _LISTS | _WHOLE | {"sum", "count", "z_bucket", "z_bucket_w", "counter_reset_hint"}


def parse_histogram(text: str) -> Histogram:
    """Return the histogram that `{{schema:0 sum:5 count:4 buckets:[1 2 1]}}` describes; what is left out is 0."""
    inside = text.strip()
    if not (inside.startswith("{{") and inside.endswith("}}")):
        raise _fault(text, "no braces around it", "write {{…}}")
    entries = _entries(text, inside[2:-2].rstrip())
    numbers = {key: _number(text, value) for key, value in entries.items() if _is_plain(key)}
    lists = {key: _numbers(text, entries.get(key, "[]")) for key in _LISTS}
    schema = int(numbers.get("schema", 0))
    if schema != CUSTOM_BOUNDS and not MIN_SCHEMA <= schema <= MAX_SCHEMA:
        wanted = f"want {CUSTOM_BOUNDS}, or from {MIN_SCHEMA} to {MAX_SCHEMA}"
        raise _fault(text, f"schema {schema}", wanted)
    return Histogram(
        schema=schema,
        count=numbers.get("count", 0.0),
        sum=numbers.get("sum", 0.0),
        zero_threshold=numbers.get("z_bucket_w", 0.0),
        zero_count=numbers.get("z_bucket", 0.0),
        positive=Buckets(int(numbers.get("offset", 0)), lists["buckets"]),
        negative=Buckets(int(numbers.get("n_offset", 0)), lists["n_buckets"]),
        custom_bounds=tuple(lists["custom_values"].tolist()),
        hint=_hint(text, entries.get("counter_reset_hint", "unknown")),
    )


def _is_plain(key: str) -> bool:
    return key not in _LISTS and key != "counter_reset_hint"


def _fault(text: str, found: str, wanted: str) -> DecodeError:
    return DecodeError(f"cannot read the histogram {brief(text)}: {found}; {wanted}")


def _entries(text: str, inside: str) -> Mapping[str, str]:
    entries: dict[str, str] = {}
    end = 0
    while end < len(inside):
        match = _ENTRY.match(inside, end)
        if match is None:
            raise _fault(text, f"{brief(inside[end:].strip())} is no key with a value", "write key:1 or key:[1 2]")
        key, value = match.groups()
        if key not in _KEYS:
            raise _fault(text, unknown_word("key", key, _KEYS), "take that key out")
        if key in entries:
            raise _fault(text, f"{key} stands twice", "give each key once")
        if value.startswith("[") != (key in _LISTS):
            raise _fault(text, f"{key} has the value {brief(value)}", "write lists in [], and numbers without")
        if key in _WHOLE and not re.fullmatch(r"[-+]?\d+", value, re.ASCII):
            raise _fault(text, f"{key} has the value {brief(value)}", "want a whole number")
        entries[key] = value
        end = match.end()
    return entries


def _number(text: str, value: str) -> float:
    if not _NUMBER.fullmatch(value):
        raise _fault(text, f"{brief(value)} is no number", "write 1.5, 2e3, Inf or NaN")
    return float(value)


def _numbers(text: str, value: str) -> Floats:
    return np.array([_number(text, one) for one in value[1:-1].split()], dtype=np.float64)


def _hint(text: str, value: str) -> Hint:
    if value.upper() not in Hint.__members__ or not value.islower():
        raise _fault(text, unknown_word("hint", value, [hint.name.lower() for hint in Hint]), "use that")
    return Hint[value.upper()]


def notation(h: Histogram) -> str:
    """Return `h` in the notation that `parse_histogram` reads; what is 0 is left out."""
    parts = [f"schema:{h.schema}"] if h.schema else []
    named = {"count": h.count, "sum": h.sum, "z_bucket": h.zero_count, "z_bucket_w": h.zero_threshold}
    parts += [f"{name}:{brief_text(value)}" for name, value in named.items() if value != 0]
    if h.is_custom:
        parts.append(f"custom_values:{_listed(np.array(h.custom_bounds))}")
    if h.hint != Hint.UNKNOWN:
        parts.append(f"counter_reset_hint:{h.hint.name.lower()}")
    for prefix, side in (("", stripped(h.positive)), ("n_", stripped(h.negative))):
        if side.offset:
            parts.append(f"{prefix}offset:{side.offset}")
        if len(side.counts):
            parts.append(f"{prefix}buckets:{_listed(side.counts)}")
    return f"{{{{{' '.join(parts)}}}}}"


def _listed(values: Floats) -> str:
    return f"[{' '.join(map(brief_text, values.tolist()))}]"


def label_text(h: Histogram) -> str:
    """Return `h` as `count_values` makes it a label's value: `{count:4, sum:5, (0.5,1]:1, (1,2]:3}`."""
    parts = [f"count:{brief_text(h.count)}", f"sum:{brief_text(h.sum)}"]
    seen = populated(h, clipped=False)
    rows = zip(seen.lower.tolist(), seen.upper.tolist(), seen.counts.tolist(), seen.zero.tolist(), strict=True)
    for lower, upper, count, is_zero in rows:
        with_lower, with_upper = inclusive(h, lower, is_zero=is_zero)
        opening, closing = "[" if with_lower else "(", "]" if with_upper else ")"
        parts.append(f"{opening}{brief_text(lower)},{brief_text(upper)}{closing}:{brief_text(count)}")
    return f"{{{', '.join(parts)}}}"


def inclusive(h: Histogram, lower: float, *, is_zero: bool) -> tuple[bool, bool]:
    """Return whether a bucket of `h` that begins at `lower` includes its lower and its upper bound."""
    if h.is_custom:
        return lower == -np.inf, True
    return is_zero or lower < 0, is_zero or lower >= 0
