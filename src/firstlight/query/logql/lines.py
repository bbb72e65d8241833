"""What a LogQL pipeline works on and what it gives: columns of lines, the lines that were kept, samples.

The pipeline itself is `firstlight.query.logql.pipeline`:

    pipeline = compile_stages(stages, now_ns=now)      # of a log query; BadStage says which stage is wrong
    processed = pipeline.run(lines)

    pipeline = compile_stages(stages, unwrap=unwrap, grouping=grouping, now_ns=now)  # of a range aggregation
    samples = pipeline.samples(lines)                                        # or lines, measure="bytes"

`grouping` is the range aggregation's own, or if it has none and may have it, that of the `sum` around it; None keeps
all labels. With `by` the parsers take from a line only what the query needs; if that is nothing, they do not look.

A pipeline is pure but for what it remembers of label sets, and may be used for one block of lines after the other (by
one thread at a time): `labels` of later results continue those of earlier ones, so that places in them stay the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.query.promql.values import Floats

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Sorted by name. In LogQL a label may be there and be empty: `json x="missing"` makes such."""

Places: TypeAlias = npt.NDArray[np.int32]
"""Indices of rows, or of things that rows refer to."""

Times: TypeAlias = npt.NDArray[np.int64]
"""Nanoseconds since 1970."""

ERROR = "__error__"
"""The label that says that a stage could not do its work; a metric query fails if it is on a sample."""

ERROR_DETAILS = "__error_details__"
PRESERVE_ERROR = "__preserve_error__"


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Log lines as columns, in the order of the query. That they are in its range of time is the caller's affair."""

    ts: Times
    line: pa.StringArray
    """Without nulls. Bytes that are no UTF-8 have become U+FFFD."""
    stream: Places
    """Of each line the place of its stream in `streams`."""
    streams: Sequence[Mapping[str, str]]
    metadata: pa.MapArray | None = None
    """Structured metadata, map<string, string>, names with `_` for what no label may have. None: no line has any."""

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True)
class LineLabels:
    """The labels of a line by where they came from, as Loki answers them with `X-Loki-Response-Encoding-Flags`.

    No name is in two of them. `__error__` and `__error_details__` are in `parsed`.
    """

    stream: Mapping[str, str]
    metadata: Mapping[str, str] = field(default_factory=dict)
    parsed: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def all(self) -> Mapping[str, str]:
        """All of them, sorted by name: the labels of the line's stream in an answer."""
        return dict(sorted({**self.stream, **self.metadata, **self.parsed}.items()))


@dataclass(frozen=True, slots=True, eq=False)
class Processed:
    """The lines that a pipeline kept, in the order they came."""

    rows: Places
    """Of each its place in the `Lines` that were given."""
    line: pa.StringArray
    """What it says now, which `line_format`, `unpack` and `decolorize` change."""
    labels_of: Places
    """Of each the place of its labels in `labels`."""
    labels: Sequence[LineLabels]
    """Every set of labels once, among them those that lines of earlier blocks had and no line of this one."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The samples of the lines that a pipeline kept, in the order they came."""

    rows: Places
    """Of each the place of its line in the `Lines` that were given."""
    values: Floats
    """1 for a count, the bytes of the line for `bytes_…`, what was unwrapped if anything was."""
    labels_of: Places
    """Of each the place of its labels in `labels`."""
    labels: Sequence[Labels]
    """Every set of labels once (sorted pairs), grouped as asked for; may hold sets that no line of this block has."""
    failed: frozenset[int]
    """The places in `labels` of those with `__error__`, which are not grouped. Samples with them fail the query, in
    Loki's words: *pipeline error: '<__error__>' for series: '<labels>'* …
    """
