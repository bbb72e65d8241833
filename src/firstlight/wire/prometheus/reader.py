"""Reads the bodies of metrics that one sender exposes, one after the other, quickly because they hardly change.

A line is its series part and a value. When all series parts are known and the lines about families are those of the
last body, a body is a split, a look-up and a number for each line. Whatever else is found is read by the exact rules
(`entries`), a line where that is enough, else the whole body: what is quick is only a shorter way to the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from firstlight.wire.otlp.series import Unfit
from firstlight.wire.prometheus.book import Book, Relabel
from firstlight.wire.prometheus.created import created_rows
from firstlight.wire.prometheus.entries import (
    Entry,
    Sample,
    Told,
    entries,
    grammar_of,
    openmetrics_entry,
    read_exemplar,
    read_time,
    text_entry,
)
from firstlight.wire.prometheus.exposition import (
    NO_TIME,
    NORMAL_NAN,
    Exemplar,
    Exposition,
    Family,
    Floats,
    Indices,
)
from firstlight.wire.prometheus.floats import normal_label, read_floats
from firstlight.wire.prometheus.labels import METRIC_NAME
from firstlight.wire.prometheus.layout import Layout
from firstlight.wire.prometheus.series_text import Fault, escaped, labels_of

NUMBERED = {"histogram": "le", "summary": "quantile"}
"""Of which types which label is a number, and written as one is, however the sender wrote it."""

_NOT_OWN = (METRIC_NAME, "le")
_HASH = ord("#")


@dataclass(slots=True)
class _Columns:
    """The samples of a body as they are gathered."""

    keys: list[bytes] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    exemplars: list[Exemplar] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        if sample.exemplar:
            value, time, labels = sample.exemplar
            self.exemplars.append(Exemplar(len(self.keys), value, time, labels))
        self.keys.append(sample.series)
        self.values.append(sample.value)
        self.times.append(sample.time)


class TextReader:
    """Reads bodies of the text format, or with `openmetrics` of OpenMetrics, of one sender.

    `page` knows the series of `Exposition.keys`. `types` are of the families of the last body.
    """

    def __init__(self, book: Book, tenant: str, *, openmetrics: bool = False, relabel: Relabel | None = None) -> None:
        self.page = book.page(tenant, self.labels, relabel=relabel)
        self._entry = openmetrics_entry if openmetrics else text_entry
        self._strict = openmetrics
        self._form = "OpenMetrics" if openmetrics else "Prometheus text"
        self._grammar = grammar_of(self._entry)
        self._told: list[bytes] = []
        self._types: list[Told] = []
        self._families: tuple[Family, ...] = ()
        self._numbered: set[int] = set()
        self._layout: Layout | None = None
        self._created_of: list[bytes] = []
        self._created: Indices | None = None

    def read(self, body: bytes) -> Exposition:
        """Return what a body says. Raise BadExposition, with the line and the reason, if it cannot be read."""
        if not self._strict and not body.endswith(b"\n"):
            body += b"\n"
        lines = body.split(b"\n")
        if self._layout and (tokens := self._layout.values_of(lines)) is not None:
            try:
                return self._read_values(self._layout.keys, tokens)
            except (Fault, ValueError):
                pass  # A line with something else than a value; which it is, and where, is told below.
        told = [line for line in lines if line[:1] == b"#"]
        if told != self._told or (self._strict and not _well_ended(lines)):
            return self._read_whole(body, told)
        samples = [line for line in lines if line and line[0] != _HASH]
        found = self._read_known(samples, lines) if samples else Exposition([], np.zeros(0), families=self._families)
        return self._read_whole(body, told) if found is None else found

    def histogram_key(self, name: str, key: bytes) -> bytes:
        """Return the key of the histogram `name` with the labels of `key`, but for the bound."""
        found = self.labels(key)
        pairs = [f'"{escaped(label)}"="{escaped(text)}"' for label, text in found.items() if label not in _NOT_OWN]
        return ",".join([f'{{"{escaped(name)}"', *pairs]).encode() + b"} "

    def _read_values(self, keys: list[bytes], rests: list[bytes]) -> Exposition:
        """Return the samples of `keys` from what follows these on their lines. Raise if that is not as usual."""
        try:
            return self._exposition(keys, read_floats(rests), None, ())
        except ValueError:
            longer = [row for row, rest in enumerate(rests) if b" " in rest]
        times, exemplars = np.full(len(keys), NO_TIME), []
        for row in longer:
            rests[row], _, tail = rests[row].partition(b" ")
            if tail[:1] != b"#":
                time, more, tail = tail.partition(b" ")
                times[row] = self._time(time)
                if more and not tail:
                    raise Fault("a blank at the end")
            if tail:
                if not self._strict or not tail.startswith(b"# {"):
                    raise Fault("something else than an exemplar")
                (value, time_of, labels), end = read_exemplar(b" " + tail + b"\n", 0)
                if end != len(tail) + 1:
                    raise Fault("more after an exemplar")
                exemplars.append(Exemplar(row, value, time_of, labels))
        values = read_floats(rests)
        return self._exposition(keys, values, None if (times == NO_TIME).all() else times, exemplars)

    def _read_known(self, samples: Sequence[bytes], lines: Sequence[bytes]) -> Exposition | None:
        """Return what lines say whose series are known, and new ones between them; None if that is not enough."""
        cuts = [line.rfind(b" ") + 1 for line in samples]
        keys = [line[:cut] for line, cut in zip(samples, cuts, strict=True)]
        tokens = [line[cut:] for line, cut in zip(samples, cuts, strict=True)]
        known = self.page.known(keys)
        times, exemplars = None, []
        if None in known:
            times = np.full(len(keys), NO_TIME)
            unknown = [row for row, place in enumerate(known) if place is None]
            try:
                exemplars = self._read_longer(unknown, samples, keys, tokens, times, lines)
            except (Fault, ValueError):
                return None
        try:
            values = read_floats(tokens)
        except ValueError:
            return None
        if times is not None and (times == NO_TIME).all():
            times = None
        self._layout = Layout.of(lines, keys)
        return self._exposition(keys, values, times, exemplars)

    def _read_longer(
        self,
        rows: Sequence[int],
        samples: Sequence[bytes],
        keys: list[bytes],
        tokens: list[bytes],
        times: Indices,
        lines: Sequence[bytes],
    ) -> list[Exemplar]:
        """Read lines with timestamps and exemplars, and those of new series, into the columns; return the exemplars."""
        exemplars: list[Exemplar] = []
        shorter = [_cut(keys[row][:-1]) for row in rows]
        places = self.page.known([series for series, _ in shorter])
        new: dict[bytes, int] = {}
        for row, (series, value), place in zip(rows, shorter, places, strict=True):
            if place is not None:
                times[row] = self._time(tokens[row])
                keys[row], tokens[row] = series, value
            elif not (self._strict and self._read_with_exemplar(row, samples[row], keys, tokens, times, exemplars)):
                new[samples[row]] = row
        if new:
            kind = ""
            for line in lines:
                if line[:1] == b"#":
                    entry = self._entry(line + b"\n", 0)
                    kind = entry.text if isinstance(entry, Told) and entry.what == "TYPE" else kind
                elif line in new:
                    self._read_new(new[line], self._entry(line + b"\n", 0), kind, keys, tokens, times, exemplars)
        return exemplars

    def _read_with_exemplar(
        self,
        row: int,
        line: bytes,
        keys: list[bytes],
        tokens: list[bytes],
        times: Indices,
        exemplars: list[Exemplar],
    ) -> bool:
        cut = line.find(b" # {")
        if cut < 0:
            return False
        series, value = _cut(line[:cut])
        if self.page.known([series])[0] is None:
            earlier, value_before = _cut(series[:-1])
            if self.page.known([earlier])[0] is None:
                return False
            times[row] = self._time(value)
            series, value = earlier, value_before
        (number, time, labels), end = read_exemplar(line + b"\n", cut)
        if end != len(line):
            raise Fault("more after an exemplar")
        exemplars.append(Exemplar(row, number, time, labels))
        keys[row], tokens[row] = series, value
        return True

    def _read_new(
        self,
        row: int,
        entry: Entry,
        kind: str,
        keys: list[bytes],
        tokens: list[bytes],
        times: Indices,
        exemplars: list[Exemplar],
    ) -> None:
        if not isinstance(entry, Sample):
            raise Fault("a line that is not a sample")
        self._note_number(entry, kind)
        keys[row], times[row], tokens[row] = entry.series, entry.time, repr(entry.value).encode()
        if entry.exemplar:
            value, time, labels = entry.exemplar
            exemplars.append(Exemplar(row, value, time, labels))

    def _time(self, token: bytes) -> int:
        if not self._strict:
            if not token.isdigit() or len(token) > 18:
                raise Fault("not a timestamp in milliseconds")
            return int(token)
        return read_time(token)

    def _read_whole(self, body: bytes, told: list[bytes]) -> Exposition:
        """Read a body by the exact rules, and remember what it tells of families."""
        self._layout, self._created_of = None, []
        columns, lines, kind = _Columns(), [], ""
        contexts: list[str] = []
        for entry in entries(body, self._entry, self._form):
            if isinstance(entry, Told):
                lines.append(entry)
                kind = entry.text if entry.what == "TYPE" else kind
            else:
                columns.add(entry)
                contexts.append(kind)
                self._note_context(entry, kind)
        types = [line for line in lines if line.what == "TYPE"]
        if [line[:3] for line in types] != [line[:3] for line in self._types]:
            self.page.trim(0)
        self._types, self._told, self._families = types, told, _families(lines)
        values = np.array(columns.values)
        values[np.isnan(values)] = NORMAL_NAN
        times = np.array(columns.times, np.int64)
        return self._exposition(columns.keys, values, None if (times == NO_TIME).all() else times, columns.exemplars)

    def _note_context(self, sample: Sample, kind: str) -> None:
        self._numbered.discard(hash(sample.series))
        self._note_number(sample, kind)

    def _note_number(self, sample: Sample, kind: str) -> None:
        label = NUMBERED.get(kind)
        if label in sample.labels and normal_label(sample.labels[label]) != sample.labels[label]:
            self._numbered.add(hash(sample.series))

    def _exposition(
        self, keys: list[bytes], values: Floats, times: Indices | None, exemplars: Iterable[Exemplar]
    ) -> Exposition:
        starts = None
        if self._strict:
            if keys is not self._created_of and keys != self._created_of:
                self._created_of, self._created = keys, created_rows(keys, self.labels, self._types)
            if self._created is not None:
                seconds = np.where(self._created >= 0, values[self._created], 0)
                usable = np.isfinite(seconds) & (seconds > 0) & (seconds < 2**53 / 1000)
                starts = (np.where(usable, seconds, 0) * 1000).astype(np.int64)
        return Exposition(
            keys, values, times, starts, self._families, tuple(sorted(exemplars, key=lambda one: one.row))
        )

    def labels(self, key: bytes) -> dict[str, str]:
        """Return the labels of a key as they are exposed, before relabelling."""
        try:
            found = labels_of(self._grammar.series(key))
        except Fault as fault:
            raise Unfit(str(fault)) from None
        if hash(key) in self._numbered:
            found |= {name: normal_label(found[name]) for name in NUMBERED.values() if name in found}
        return found


def _cut(line: bytes) -> tuple[bytes, bytes]:
    """Return what ends with the last space, and what comes after it."""
    at = line.rfind(b" ") + 1
    return line[:at], line[at:]


def _well_ended(lines: Sequence[bytes]) -> bool:
    ended = lines[:-1] if lines and not lines[-1] else lines
    return bool(ended) and ended[-1] == b"# EOF" and b"" not in ended and ended.count(b"# EOF") == 1


def _families(lines: Iterable[Told]) -> tuple[Family, ...]:
    found: dict[str, Family] = {}
    for what, name, text, _ in lines:
        found[name] = found.get(name, Family(name))._replace(**{what.lower(): text})
    return tuple(found.values())
