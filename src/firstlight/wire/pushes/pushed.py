"""What a push to a group carries: its families, with the labels of their samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from firstlight.errors import DecodeError, brief
from firstlight.wire.otlp.series import Unfit
from firstlight.wire.prometheus.book import Book
from firstlight.wire.prometheus.exposition import Family as Told
from firstlight.wire.prometheus.labels import METRIC_NAME
from firstlight.wire.pushes.expositions import read_exposition
from firstlight.wire.pushes.groups import FAILED, PUSHED, Family
from firstlight.wire.pushes.labelled import key_of

SUFFIXES: Final = ("_bucket", "_sum", "_count", "_total", "_created", "_info", "_gsum", "_gcount")


def read_push(
    body: bytes, content_type: str, parameters: Mapping[str, str], *, tenant: str, grouping: Mapping[str, str]
) -> dict[str, Family]:
    """Return the families of a body by name. Raise DecodeError if it cannot be read, or may not be pushed."""
    page, told = read_exposition(Book(), tenant, body, content_type, parameters, native=False)
    if told.times is not None:
        raise DecodeError(
            "cannot take the push: it has timestamps; want none, as what is pushed is valid until replaced"
        )
    families = {one.name: one for one in told.families}
    samples: dict[str, list[tuple[Mapping[str, str], float]]] = {name: [] for name in families}
    seen: set[bytes] = set()
    for key, value in zip(told.keys, told.values.tolist(), strict=True):
        try:
            labels = page.labels(key) or {}
        except Unfit as reason:
            raise DecodeError(f"cannot take the push: {reason}: {brief(key.decode('utf-8', 'replace'))}") from None
        name = _family(labels[METRIC_NAME], families)
        if name in (PUSHED, FAILED):
            raise DecodeError(f"cannot take the push: it has a metric {name}, which tells of pushes; want another name")
        # The labels of the group win; an instance that nobody named is none, and not that of this server.
        kept = {label: text for label, text in labels.items() if label not in grouping}
        whole = key_of({**kept, **grouping})
        if whole in seen:
            raise DecodeError(
                f"cannot take the push: {brief(labels[METRIC_NAME])} is there twice with the same labels, "
                "those of the group counted"
            )
        seen.add(whole)
        samples.setdefault(name, []).append((kept, value))
    return {name: _made(families.get(name), found) for name, found in samples.items() if found}


def _made(told: Told | None, samples: list[tuple[Mapping[str, str], float]]) -> Family:
    return Family(told.type if told else "", told.help if told else "", tuple(samples))


def _family(metric: str, families: Mapping[str, Told]) -> str:
    names = [metric, *(metric.removesuffix(suffix) for suffix in SUFFIXES if metric.endswith(suffix))]
    return next((name for name in names if name in families), metric)
