"""Lines and metrics as our own API shows them."""

from __future__ import annotations

from typing import Any, Final

import orjson

from firstlight.api.loki.render import rendered, result_type
from firstlight.api.native.asked import level_of
from firstlight.api.native.tail import iso
from firstlight.query.logql.lines import LineLabels
from firstlight.query.logql.result import Answered
from firstlight.query.logql.sql_fields import INTRINSIC, LEVEL
from firstlight.query.logs.lines import FoundLine

OWN: Final = frozenset({*INTRINSIC, LEVEL})
"""Metadata that a row has a place of its own for."""


def row_of(line: FoundLine) -> dict[str, Any]:
    """Return a line that was found, with what is stored of its record, as a row."""
    return {
        "ts": iso(line.ts),
        "service": line.service,
        "level": level_of(line.severity),
        "body": line.text,
        "trace_id": line.trace_id,
        "span_id": line.span_id,
        **_labels(line.labels),
    }


def row_lines(lines: list[dict[str, Any]]) -> bytes:
    """Return rows as NDJSON."""
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


def metrics_json(answered: Answered) -> bytes:
    """Return what a metric query answers as JSON: `result_type` and `result` as Prometheus and Loki have them."""
    result = b"".join(rendered(answered.result))
    return b'{"result_type":"' + result_type(answered.result).encode() + b'","result":' + result + b"}\n"


def _labels(labels: LineLabels) -> dict[str, dict[str, str]]:
    """Return the labels by where they came from."""
    return {
        "labels": dict(labels.stream),
        "metadata": {name: value for name, value in labels.metadata.items() if name not in OWN},
        "parsed": dict(labels.parsed),
    }
