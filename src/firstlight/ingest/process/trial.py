"""Lines tried: what processing would make of each, without storing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from firstlight.errors import ConfigError, unknown_word
from firstlight.ingest.process.pipeline_selector import parse_selector
from firstlight.ingest.process.processor import Processor
from firstlight.ingest.process.settings import ProcessSettings
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import Sheet

TENANT = "default"
MAX_LINES = 10_000
"""How many lines are processed at once; what pipelines join is within these."""


class Trial:
    """Processes lines as if a sender without a time of its own had sent them, all in one stream."""

    def __init__(self, settings: ProcessSettings, pipeline: str | None, labels: Mapping[str, str]) -> None:
        """Raise ConfigError if there is no such pipeline, or if it is not for lines of such a stream.

        Without a pipeline's name, only recognition is tried, and no pipeline.
        """
        names = [one.name for one in settings.pipelines]
        if pipeline is not None and pipeline not in names:
            raise ConfigError(unknown_word("pipeline", pipeline, names))
        chosen = [one for one in settings.pipelines if one.name == pipeline]
        labels = {"service_name": "unknown_service"} | dict(labels)
        for one in chosen:
            if not parse_selector(one.selector).selects(labels):
                shown = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
                raise ConfigError(
                    f"cannot try the pipeline {one.name}: its selector {one.selector} does not select the stream "
                    f"{{{shown}}}; say the labels of the lines with --label name=value"
                )
        self._book = LogBook()
        resource = {"service.name": labels["service_name"]} if labels["service_name"] != "unknown_service" else {}
        self._origin = self._book.origin(resource, labels=labels)
        self._processor = Processor(settings.model_copy(update={"pipelines": tuple(chosen)}), tells=True)

    def of(self, lines: Sequence[str], now_ns: int) -> Iterator[dict[str, Any]]:
        """Yield what becomes of each line, in order; times are nanoseconds."""
        for start in range(0, len(lines), MAX_LINES):
            yield from self._of(lines[start : start + MAX_LINES], now_ns)

    def _of(self, lines: Sequence[str], now_ns: int) -> Iterator[dict[str, Any]]:
        sheet = Sheet(
            origins=[self._origin],
            origin_of=np.zeros(len(lines), np.int64),
            ts=np.zeros(len(lines), np.int64),
            body=pa.array(lines, pa.string()),
        )
        told = self._processor.told(self._book.batch(TENANT, sheet, now_ns))
        logs = told.batch.tables.get("logs")
        kept = iter(() if logs is None else zip(_records(logs), told.formats, strict=True))
        for place, line in enumerate(lines):
            if place in told.gone:
                yield {"line": line, "dropped": told.gone[place]}
                continue
            record, format_ = next(kept)
            origin = record.pop("origin_id")
            yield {
                "line": line,
                "format": format_,
                **record,
                "labels": dict(self._processor.origins.labels(TENANT, origin)),
            }


def _records(logs: pa.Table) -> Iterator[dict[str, Any]]:
    times = logs["ts"].cast(pa.int64()).to_pylist()
    observed = logs["observed_ts"].cast(pa.int64()).to_pylist()
    chosen = logs.select(
        ["body", "severity", "severity_text", "trace_id", "span_id", "service", "origin_id", "attributes", "fields"]
    ).to_pylist()
    for record, ts, came in zip(chosen, times, observed, strict=True):
        yield {
            "ts": ts,
            "has_time": ts != came,
            **record,
            "trace_id": record["trace_id"].hex().strip("0") and record["trace_id"].hex(),
            "span_id": record["span_id"].hex().strip("0") and record["span_id"].hex(),
            "attributes": dict(record["attributes"]),
            "fields": dict(record["fields"]),
        }
