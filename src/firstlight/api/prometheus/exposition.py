"""Latest samples as they are exposed: text, and messages of protobuf, which also have native histograms.

Formats: <https://prometheus.io/docs/instrumenting/exposition_formats/>, and for protobuf
<https://github.com/prometheus/client_model>.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from firstlight.api.prometheus.latest import Latest
from firstlight.api.prometheus.names import AS_IT_IS, escaped, is_old
from firstlight.api.prometheus.negotiation import Form
from firstlight.query.promql.go_numbers import brief_text
from firstlight.query.promql.histogram import Buckets, Hint, Histogram
from firstlight.query.promql.labels import NAME, value_of
from firstlight.query.promql.values import Labels
from firstlight.wire.fields import FIXED64, LENGTH, VARINT, framed, varint

UNTYPED, HISTOGRAM, GAUGE_HISTOGRAM = 3, 4, 5
"""The types of families, as the protocol numbers them."""

ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})

Pairs = Sequence[tuple[str, str]]


def exposition(found: Iterable[Latest], added: Pairs, form: Form) -> Iterator[bytes]:
    """Yield what is exposed, a family at a time: `found` is ordered by name. What has no name or no place is left out.

    A series has the labels `added` that it has not itself.
    """
    for (name, kind), members in groupby(found, key=lambda one: (value_of(one.labels, NAME), _kind(one))):
        if not name:
            continue
        if form.is_protobuf:
            whole = [_metric(one, _completed(one.labels, added), form.scheme) for one in members if _fits(one)]
            if whole:
                text = escaped(name, form.scheme).encode(errors="replace")
                family = _field(1, text) + _integer(3, kind) + b"".join(_field(4, one) for one in whole)
                yield varint(len(family)) + family
        elif kind == UNTYPED:
            lines = (_line(name, one, _completed(one.labels, added), form.scheme) for one in members)
            yield f"# TYPE {_named(name, form.scheme)} untyped\n{''.join(lines)}".encode(errors="replace")


def _kind(one: Latest) -> int:
    if one.histogram is None:
        return UNTYPED
    return GAUGE_HISTOGRAM if one.histogram.hint is Hint.GAUGE else HISTOGRAM


def _completed(labels: Labels, added: Pairs) -> list[tuple[str, str]]:
    own = [pair for pair in labels if pair[0] != NAME]
    names = {label for label, _ in own}
    return [*own, *(pair for pair in added if pair[0] not in names)]


# --- text -------------------------------------------------------------------------------------------------------------


def _line(name: str, one: Latest, labels: Pairs, scheme: str) -> str:
    pairs = [f'{_named(label, scheme)}="{value.translate(ESCAPES)}"' for label, value in labels]
    shown = _named(name, scheme)
    if shown.startswith('"'):
        shown, pairs = "", [shown, *pairs]
    listed = f"{{{','.join(pairs)}}}" if pairs else ""
    return f"{shown}{listed} {brief_text(one.value)} {one.ts}\n"


def _named(name: str, scheme: str) -> str:
    if scheme == AS_IT_IS:
        return name if is_old(name) else f'"{name.translate(ESCAPES)}"'
    return escaped(name, scheme)


# --- protobuf ---------------------------------------------------------------------------------------------------------


def _fits(one: Latest) -> bool:
    """Return whether there is a message for a sample: there is none for histograms with bounds of their own."""
    return one.histogram is None or not one.histogram.is_custom


def _metric(one: Latest, labels: Pairs, scheme: str) -> bytes:
    pairs = b"".join(
        _field(1, _field(1, escaped(label, scheme).encode()) + _field(2, value.encode(errors="replace")))
        for label, value in labels
    )
    if one.histogram is None:
        return pairs + _field(5, _double(1, one.value)) + _integer(6, one.ts)
    return pairs + _integer(6, one.ts) + _field(7, _histogram(one.histogram))


def _histogram(whole: Histogram) -> bytes:
    return b"".join(
        (
            _double(2, whole.sum),
            _double(4, whole.count),
            _integer(5, _zigzag(whole.schema)),
            _double(6, whole.zero_threshold),
            _double(8, whole.zero_count),
            _buckets(9, 11, whole.negative),
            _buckets(12, 14, whole.positive),
        )
    )


def _buckets(span: int, counts: int, buckets: Buckets) -> bytes:
    """Return buckets as one span. One without buckets says that this is no classic histogram."""
    count = len(buckets.counts)
    told = _field(span, _integer(1, _zigzag(buckets.offset)) + _integer(2, count))
    return told + (_field(counts, buckets.counts.astype("<f8").tobytes()) if count else b"")


def _field(number: int, value: bytes) -> bytes:
    return framed(varint(number << 3 | LENGTH), value)


def _integer(number: int, value: int) -> bytes:
    return varint(number << 3 | VARINT) + varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def _double(number: int, value: float) -> bytes:
    return varint(number << 3 | FIXED64) + struct.pack("<d", value)


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1
