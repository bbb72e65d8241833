"""The protobuf exposition format: delimited families, with native histograms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from google.protobuf.message import DecodeError as ProtobufError

from firstlight.wire.fields import framed
from firstlight.wire.otlp.series import Unfit
from firstlight.wire.prometheus import native
from firstlight.wire.prometheus.book import Book, Relabel
from firstlight.wire.prometheus.exposition import NO_TIME, NORMAL_NAN, BadExposition, Exemplar, Exposition, Family
from firstlight.wire.prometheus.floats import float_label
from firstlight.wire.prometheus.labels import METRIC_NAME
from firstlight.wire.prometheus.messages import FORM, TYPES, Labels, families

MAX_CHECKED: Final = 100_000
"""How many sets of labels are known to be sound."""

_LABEL: Final = b"\x0a"
"""The tag of a label in a message of labels."""


@dataclass(slots=True)
class _Columns:
    keys: list[bytes] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    exemplars: list[Exemplar] = field(default_factory=list)
    histogram_keys: list[bytes] = field(default_factory=list)
    histograms: list[dict[str, object]] = field(default_factory=list)
    histogram_exemplars: list[Exemplar] = field(default_factory=list)

    def add(self, key: bytes, value: float, time: int, start: int) -> None:
        self.keys.append(key)
        self.values.append(value)
        self.times.append(time)
        self.starts.append(start)


class ProtobufReader:
    """Reads bodies of one sender. `page` knows the series of `Exposition.keys` and `Exposition.histogram_keys`.

    Without `native`, native histograms are read as the classic ones they are besides; with `classic` as both.
    """

    def __init__(
        self, book: Book, tenant: str, *, native: bool = True, classic: bool = False, relabel: Relabel | None = None
    ) -> None:
        self.page = book.page(tenant, read_key, relabel=relabel)
        self._checked: set[bytes] = set()
        self._native = native
        self._classic = classic

    def read(self, body: bytes) -> Exposition:
        """Return what a body says. Raise BadExposition, with the family and the reason, if it cannot be read."""
        found, told = _Columns(), []
        for number, family in families(body):
            if family.metric:
                told.append(_family(number, family))
                self._take(found, number, family)
        values, times = np.array(found.values), np.array(found.times, np.int64)
        values[np.isnan(values)] = NORMAL_NAN
        starts = np.array(found.starts, np.int64)
        return Exposition(
            found.keys,
            values,
            None if (times == NO_TIME).all() else times,
            starts if starts.any() else None,
            tuple(told),
            tuple(found.exemplars),
            found.histogram_keys,
            native.columns(found.histograms),
            tuple(found.histogram_exemplars),
        )

    def labels(self, key: bytes) -> dict[str, str]:
        """Return the labels of a key as they are exposed, before relabelling."""
        return read_key(key)

    def histogram_key(self, name: str, key: bytes) -> bytes:
        """Return the key of the histogram `name` with the labels of `key`, but for the bound."""
        return _key(name.encode(), b"", key.split(b"\0", 2)[2])

    def _take(self, found: _Columns, number: int, family: Any) -> None:
        name, kind = family.name, TYPES[family.type]
        for metric in family.metric:
            labels = self._labels(number, family, metric)
            time = metric.timestamp_ms or NO_TIME
            match kind:
                case "gauge":
                    found.add(_key(name, b"", labels), metric.gauge.value, time, 0)
                case "unknown":
                    found.add(_key(name, b"", labels), metric.untyped.value, time, 0)
                case "counter":
                    counter = metric.counter
                    if counter.HasField("exemplar"):
                        found.exemplars.append(_exemplar(len(found.keys), counter.exemplar))
                    found.add(_key(name, b"", labels), counter.value, time, _start(counter))
                case "summary":
                    _take_summary(found, name, labels, metric.summary, time)
                case _:
                    self._take_histogram(found, name, labels, metric, kind)

    def _labels(self, number: int, family: Any, metric: Any) -> bytes:
        found = b"".join([framed(_LABEL, label) for label in metric.label])
        if found not in self._checked:
            try:
                read_key(_key(b"", b"", found))
            except (ProtobufError, UnicodeDecodeError):
                reason = "a label that is not UTF-8 or malformed"
                raise BadExposition(FORM, number, family.name, reason, "family") from None
            except Unfit as fault:
                raise BadExposition(FORM, number, family.name, str(fault), "family") from None
            if len(self._checked) > MAX_CHECKED:
                self._checked = set()
            self._checked.add(found)
        return found

    def _take_histogram(self, found: _Columns, name: bytes, labels: bytes, metric: Any, kind: str) -> None:
        histogram, time = metric.histogram, metric.timestamp_ms or NO_TIME
        if self._native and native.is_native(histogram):
            row = len(found.histogram_keys)
            examples = histogram.exemplars or [one.exemplar for one in histogram.bucket if one.HasField("exemplar")]
            found.histogram_exemplars.extend(_exemplar(row, one) for one in examples if one.HasField("timestamp"))
            found.histogram_keys.append(_key(name, b"", labels))
            found.histograms.append(native.row(histogram, time, _start(histogram), gauge=kind != "histogram"))
            if not (self._classic and histogram.bucket):
                return
        start = _start(histogram)
        count = histogram.sample_count_float or float(histogram.sample_count)
        found.add(_key(name + b"_count", b"", labels), count, time, start)
        found.add(_key(name + b"_sum", b"", labels), histogram.sample_sum, time, start)
        infinite = False
        for bucket in histogram.bucket:
            infinite = bucket.upper_bound == math.inf
            if bucket.HasField("exemplar"):
                found.exemplars.append(_exemplar(len(found.keys), bucket.exemplar))
            value = bucket.cumulative_count_float or float(bucket.cumulative_count)
            found.add(_key(name + b"_bucket", _number("le", bucket.upper_bound), labels), value, time, start)
            if infinite:
                break
        if not infinite:
            found.add(_key(name + b"_bucket", b"le=+Inf", labels), count, time, start)


def _take_summary(found: _Columns, name: bytes, labels: bytes, summary: Any, time: int) -> None:
    start = _start(summary)
    found.add(_key(name + b"_count", b"", labels), float(summary.sample_count), time, start)
    found.add(_key(name + b"_sum", b"", labels), summary.sample_sum, time, start)
    for one in summary.quantile:
        found.add(_key(name, _number("quantile", one.quantile), labels), one.value, time, start)


def _family(number: int, family: Any) -> Family:
    try:
        name, text, unit = (raw.decode() for raw in (family.name, family.help, family.unit))
    except UnicodeDecodeError:
        raise BadExposition(FORM, number, family.name, "name, help or unit not UTF-8", "family") from None
    if not name or "\0" in name:
        raise BadExposition(FORM, number, family.name, "no usable name", "family")
    if not 0 <= family.type < len(TYPES):
        raise BadExposition(FORM, number, family.name, f"unknown type {family.type}", "family")
    return Family(name, TYPES[family.type], text, unit)


def _key(name: bytes, extra: bytes, labels: bytes) -> bytes:
    return b"\0".join((name, extra, labels))


def _number(label: str, value: float) -> bytes:
    return f"{label}={float_label(value)}".encode()


def read_key(key: bytes) -> dict[str, str]:
    """Return the labels of a key that a reader made. Raise Unfit if they cannot be kept."""
    name, extra, raw = key.split(b"\0", 2)
    found = {METRIC_NAME: name.decode()}
    for label, value in _pairs(Labels.FromString(raw), extra):
        if label in found:
            raise Unfit("label given twice")
        found[label] = value
    return found


def _pairs(labels: Any, extra: bytes) -> Iterator[tuple[str, str]]:
    for pair in labels.label:
        yield pair.name.decode(), pair.value.decode()
    if extra:
        label, _, value = extra.decode().partition("=")
        yield label, value


def _exemplar(row: int, exemplar: Any) -> Exemplar:
    time = _milliseconds(exemplar.timestamp) if exemplar.HasField("timestamp") else NO_TIME
    return Exemplar(row, exemplar.value, time, [(bytes(pair.name), bytes(pair.value)) for pair in exemplar.label])


def _start(of: Any) -> int:
    return _milliseconds(of.created_timestamp) if of.HasField("created_timestamp") else 0


def _milliseconds(timestamp: Any) -> int:
    return int(timestamp.seconds * 1000 + timestamp.nanos // 1_000_000)
