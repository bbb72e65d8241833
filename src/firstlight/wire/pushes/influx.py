"""InfluxDB's line protocol.

Law: <https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/>. A field becomes a sample of the metric
``<measurement>_<field>``, or ``<measurement>`` if the field is called ``value``, with the tags as its labels; what
names must not have in PromQL becomes ``_``. So do Telegraf and, but for ``value``, VictoriaMetrics. Booleans are 1 and
0; texts cannot be samples, and are left out. A line that is malformed fails alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from firstlight.errors import DecodeError, brief
from firstlight.model.batch import Rejections
from firstlight.wire.prometheus.labels import METRIC_NAME
from firstlight.wire.pushes.labelled import Labelled

PRECISIONS: Final[Mapping[str, float]] = {
    "": 1e-6, "n": 1e-6, "ns": 1e-6, "u": 1e-3, "us": 1e-3, "µ": 1e-3, "ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3,
}  # fmt: skip
"""How many milliseconds the units of time have."""

TEXT_FIELD: Final = "text field, which cannot be a sample"
MALFORMED: Final = "malformed line"
MAX_TOLD: Final = 5
"""How many malformed lines are told one by one."""

_MEASUREMENT: Final = re.compile(r"((?:\\[, ]|[^,\s])+)")
_TAG: Final = re.compile(r",((?:\\[,= ]|[^,=\s])+)=((?:\\[,= ]|[^,=\s])+)")
_FIELD: Final = re.compile(r'((?:\\[,= ]|[^,=\s])+)=("(?:\\.|[^"\\])*"|[^,\s"]+)', re.DOTALL)
_TIME: Final = re.compile(r" +(-?[0-9]{1,19})(?=\s|$)")
_END: Final = re.compile(r"[ \t\r]*(?:\n|$)")
_SKIPPED: Final = re.compile(r"(?:[ \t\r]*\n|[ \t\r]*#[^\n]*(?:\n|$)|[ \t\r]+$)")
_REST: Final = re.compile(r"[^\n]*(?:\n|$)")
_ESCAPED: Final = re.compile(r"\\([,= ])")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER: Final = re.compile(r"(?:[+-]?[0-9]+i|[0-9]+u)")
_NOT_METRIC: Final = re.compile(r"[^a-zA-Z0-9_:]")
_NOT_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")

_BOOLEANS: Final = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), 1.0),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), 0.0),
}


class _Malformed(Exception):
    """Says what is wanted, and where."""

    def __init__(self, at: int, wanted: str) -> None:
        super().__init__(wanted)
        self.at = at


@dataclass(slots=True)
class Lines:
    """What a body says: its samples, and what of it was refused."""

    samples: list[Labelled] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def rejected(self) -> Rejections:
        """What was refused, with reasons."""
        return Rejections(self.refused)


def read_lines(body: bytes, *, precision: str, now_ms: int) -> Lines:
    """Return what `body` says; times are in units of `precision`. Raise DecodeError if that is none."""
    if precision not in PRECISIONS:
        raise DecodeError(
            f"cannot read the times: their precision is {brief(precision)}; want one of ns, us, ms, s, m, h"
        )
    lines = Lines()
    text = body.decode("utf-8", "surrogateescape")
    at = malformed = 0
    while at < len(text):
        if skipped := _SKIPPED.match(text, at):
            at = skipped.end()
            continue
        try:
            found, at = _read_line(text, at, PRECISIONS[precision], now_ms, lines)
            lines.samples.extend(found)
        except _Malformed as fault:
            malformed += 1
            reason = MALFORMED
            if malformed <= MAX_TOLD:
                line, column = text.count("\n", 0, at) + 1, fault.at - at + 1
                reason = f"{MALFORMED}: line {line}, column {column}: {fault}"
            lines.refused[reason] = lines.refused.get(reason, 0) + 1
            rest = _REST.match(text, at)
            at = rest.end() if rest and rest.end() > at else len(text)
    return lines


def _read_line(text: str, at: int, unit: float, now_ms: int, lines: Lines) -> tuple[list[Labelled], int]:
    start = at
    measurement = _MEASUREMENT.match(text, at)
    if not measurement:
        raise _Malformed(at, "want a measurement")
    at = measurement.end()
    labels: dict[str, str] = {}
    while tag := _TAG.match(text, at):
        name, value = map(_unescaped, tag.groups())
        labels[_label(name)] = value
        at = tag.end()
    if text[at : at + 1] != " ":
        raise _Malformed(at, "want a tag, or a blank and fields")
    fields, at = _read_fields(text, _blanks(text, at))
    time = _TIME.match(text, at)
    if time:
        at = time.end()
    end = _END.match(text, at)
    if not end:
        raise _Malformed(at, "want a time, or the end of the line")
    if not all(map(_sound, (measurement[1], *labels.values(), *(name for name, _ in fields)))):
        raise _Malformed(start, "want UTF-8")
    when = now_ms
    if time:
        when = int(time[1]) * round(unit) if unit >= 1 else int(time[1]) // round(1 / unit)
    when = max(-1, min(when, 2**62))  # what is far outside stays outside, and is refused for that
    metric = _unescaped(measurement[1])
    texts = sum(value is None for _, value in fields)
    if texts:
        lines.refused[TEXT_FIELD] = lines.refused.get(TEXT_FIELD, 0) + texts
    found = [
        Labelled({**labels, METRIC_NAME: _metric(metric, name)}, when, value)
        for name, value in fields
        if value is not None
    ]
    return found, end.end()


def _read_fields(text: str, at: int) -> tuple[list[tuple[str, float | None]], int]:
    fields: list[tuple[str, float | None]] = []
    while True:
        found = _FIELD.match(text, at)
        if not found:
            raise _Malformed(at, "want a field, as name=value")
        name, value = found.groups()
        fields.append((_unescaped(name), _value(value, found.start(2))))
        at = found.end()
        if text[at : at + 1] != ",":
            return fields, at
        at += 1


def _value(text: str, at: int) -> float | None:
    """Return a field's value; None if it is a text."""
    if text[0] == '"':
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return float(text[:-1])
    if _NUMBER.fullmatch(text):
        return float(text)
    raise _Malformed(at, "want a number, a boolean or a text in quotes")


def _blanks(text: str, at: int) -> int:
    while text[at : at + 1] == " ":
        at += 1
    return at


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _sound(text: str) -> bool:
    return text.isascii() or not any("\udc80" <= one <= "\udcff" for one in text)


def _metric(measurement: str, name: str) -> str:
    found = _NOT_METRIC.sub("_", measurement if name == "value" else f"{measurement}_{name}")
    return f"_{found}" if found[0].isdigit() else found


def _label(name: str) -> str:
    found = _NOT_LABEL.sub("_", name)
    return f"_{found}" if found[0].isdigit() else found
