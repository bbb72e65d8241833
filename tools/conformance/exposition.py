"""Expositions of metrics: bodies that others wrote or captured, read by us, beside verdicts and other readers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from firstlight.errors import DecodeError
from firstlight.wire.prometheus.book import Book, Page
from firstlight.wire.prometheus.exposition import Exposition
from firstlight.wire.prometheus.floats import normal_label
from firstlight.wire.prometheus.protobuf import ProtobufReader
from firstlight.wire.prometheus.reader import TextReader
from firstlight.wire.prometheus.strictness import check
from tools.conformance.case import Case, expect

Sample = tuple[tuple[tuple[str, str], ...], str]
"""Labels and value, as they can be compared."""


def openmetrics_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each body with a verdict: what is right is read, whole; what is wrong is refused."""
    for path in sorted(folder.rglob("test.json")):
        yield Case(str(path.parent.relative_to(folder)), partial(_as_judged, path))


def capture_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each captured body: read whole, the second time as the first, and as others read it."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".prom":
            yield Case(path.name, partial(_as_others_read, path))
        elif path.suffix == ".bin":
            yield Case(path.name, partial(_protobuf_whole, path))


def text_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each body of text that is known to be good: read whole, and as others read it."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".prom", ".out") or path.name.startswith("e2e-output"):
            yield Case(str(path.relative_to(folder)), partial(_as_others_read, path))


def _as_judged(path: Path) -> None:
    case = json.loads(path.read_text())
    body = (path.parent / case["file"]).read_bytes()
    try:
        check(body)
    except DecodeError as error:
        expect(f"refused: {error}", "read" if case["shouldParse"] else f"refused: {error}", of="the verdict")
    else:
        expect("read", "read" if case["shouldParse"] else "refused", of="the verdict")
        TextReader(Book(), "default", openmetrics=True).read(body)


def _as_others_read(path: Path) -> None:
    body = path.read_bytes()
    reader = TextReader(Book(), "default")
    first, second = (_samples(reader.page, reader.read(body)) for _ in range(2))

    expect(second, first, of="the second reading")
    expect(first, _of_client(body.decode()), of="the samples")


def _protobuf_whole(path: Path) -> None:
    body = path.read_bytes()
    reader = ProtobufReader(Book(), "default")
    first, second = (_samples(reader.page, reader.read(body)) for _ in range(2))

    expect(bool(first), True, of="having samples")
    expect(second, first, of="the second reading")


def _samples(page: Page, found: Exposition) -> list[Sample]:
    expect(dict(page.find(found.keys).unfit), {}, of="refused")
    labels = [tuple(sorted((page.labels(key) or {}).items())) for key in found.keys]
    return sorted(zip(labels, map(_text, found.values.tolist()), strict=True))


def _of_client(body: str) -> list[Sample]:
    found = []
    for family in text_string_to_metric_families(body):
        number = {"histogram": "le", "summary": "quantile"}.get(family.type, "")
        for sample in family.samples:
            labels = {"__name__": sample.name, **sample.labels}
            if number in labels:
                labels[number] = normal_label(labels[number])
            pairs = sorted((name, value) for name, value in labels.items() if value)
            found.append((tuple(pairs), _text(sample.value)))
    return sorted(found)


def _text(value: float) -> str:
    return "NaN" if math.isnan(value) else repr(np.float64(value))
