"""From the labels that a target exposes to those that its samples are kept with, and what they may not be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from firstlight.ingest.scrape.fetch import ScrapeFailed
from firstlight.ingest.scrape.job import Limits
from firstlight.ingest.scrape.relabel import LEGACY_NAME, Rule, relabel
from firstlight.wire.prometheus.labels import METRIC_NAME

EXPOSED: Final = "exposed_"
SHOWN: Final = 50
"""How much of a name or value an error shows."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """What a target's samples are labelled with. It is called for each new series of the target."""

    target: Mapping[str, str]
    honor_labels: bool = False
    rules: tuple[Rule, ...] = ()
    limits: Limits = field(default_factory=Limits)
    legacy: bool = False

    def __call__(self, exposed: Mapping[str, str]) -> dict[str, str] | None:
        """Return the labels of a series, None if a rule drops it; raise `ScrapeFailed` if the scrape must fail."""
        made = merged(exposed, self.target, honor=self.honor_labels)
        if self.rules:
            kept = relabel(made, self.rules)
            if kept is None:
                return None
            made = kept
        self._check(made)
        return made

    def _check(self, labels: Mapping[str, str]) -> None:
        metric = labels.get(METRIC_NAME, "")
        if not metric:
            raise ScrapeFailed("missing metric name (__name__ label)")
        if self.legacy and not is_legacy(labels):
            shown = ", ".join([f"{name}={_quoted(value)}" for name, value in sorted(labels.items())])
            raise ScrapeFailed(f"invalid metric name or label names: {{{shown}}}")
        self._check_sizes(metric, labels)

    def _check_sizes(self, metric: str, labels: Mapping[str, str]) -> None:
        limits = self.limits
        if limits.labels and len(labels) > limits.labels:
            raise ScrapeFailed(
                f"label_limit exceeded (metric: {metric[:SHOWN]}, number of labels: {len(labels)},"
                f" limit: {limits.labels})"
            )
        if not (limits.label_name_length or limits.label_value_length):
            return
        for name, value in labels.items():
            for what, text, limit in (
                ("name", name, limits.label_name_length),
                ("value", value, limits.label_value_length),
            ):
                if limit and (size := len(text.encode())) > limit:
                    found = f"value: {_quoted(value[:SHOWN])}, " if what == "value" else ""
                    raise ScrapeFailed(
                        f"label_{what}_length_limit exceeded (metric: {metric[:SHOWN]}, label name: {name[:SHOWN]},"
                        f" {found}length: {size}, limit: {limit})"
                    )


def merged(exposed: Mapping[str, str], target: Mapping[str, str], *, honor: bool) -> dict[str, str]:
    """Return both, where the target's win unless those that are exposed are honored; an empty one, too, is honored.

    >>> merged({"__name__": "a", "job": "x"}, {"job": "shop"}, honor=False)
    {'__name__': 'a', 'job': 'shop', 'exposed_job': 'x'}
    """
    made = {**target, **exposed} if honor else {**exposed, **target}
    if not honor and not exposed.keys().isdisjoint(target):
        # The shortest first: what it is renamed to may be the name of a longer one.
        for name in sorted((name for name in target if exposed.get(name)), key=len):
            renamed = EXPOSED + name
            while made.get(renamed):
                renamed = EXPOSED + renamed
            made[renamed] = exposed[name]
    return {name: value for name, value in made.items() if value} if "" in made.values() else made


def is_legacy(labels: Mapping[str, str]) -> bool:
    """Return whether all names are letters, digits and underscores, and that of the metric these or colons."""
    names = [name if name != METRIC_NAME else value.replace(":", "_") for name, value in labels.items()]
    return all(map(LEGACY_NAME.fullmatch, names))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
