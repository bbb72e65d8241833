"""Exemplars: single measurements, with the trace they were made in where their labels say so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.model.tables import EXEMPLARS, AttributeType
from firstlight.wire.otlp.columns import Indices, constant
from firstlight.wire.remote.spans import Floats
from firstlight.wire.remote.times import milliseconds

_IDS: Final = {"trace_id": re.compile("[0-9a-f]{32}"), "span_id": re.compile("[0-9a-f]{16}")}
_NONE: Final = {"trace_id": "0" * 32, "span_id": "0" * 16}


def exemplar_rows(
    tenant: str,
    found: npt.NDArray[np.uint64],
    time: Indices,
    value: Floats,
    pairs: Sequence[Sequence[tuple[bytes, bytes]]],
) -> pa.Table:
    """Return rows of exemplars; labels that are ids of a trace or span as the store has them go to their columns."""
    ids: dict[str, list[bytes]] = {name: [] for name in _IDS}
    labels: list[list[tuple[str, str]]] = []
    for one in pairs:
        texts = {name.decode("utf-8", "replace"): text.decode("utf-8", "replace") for name, text in one}
        for name, shape in _IDS.items():
            fits = shape.fullmatch(texts.get(name, "")) and texts[name] != _NONE[name]
            ids[name].append(bytes.fromhex(texts.pop(name) if fits else _NONE[name]))
        labels.append(list(texts.items()))
    columns = [
        constant(tenant, len(labels)).cast(pa.string()),
        pa.array(found),
        milliseconds(time),
        pa.array(value),
        pa.array(ids["trace_id"], EXEMPLARS.field("trace_id").type),
        pa.array(ids["span_id"], EXEMPLARS.field("span_id").type),
        pa.array(labels, EXEMPLARS.field("attributes").type),
        pa.array([AttributeType.STRING * len(one) for one in labels], pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=EXEMPLARS)
