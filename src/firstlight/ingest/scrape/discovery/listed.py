"""Lists of targets with labels, as files and servers tell them to Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firstlight.errors import brief, unknown_word
from firstlight.ingest.scrape.discovery.group import ADDRESS, DiscoveryFailed, TargetGroup
from firstlight.ingest.scrape.relabel import is_label_name

_WANTED = 'want a list of {"targets": ["host:port"], "labels": {"name": "value"}}'


def listed_groups(found: Any, source: str, labels: Mapping[str, str]) -> list[TargetGroup]:
    """Return the groups that a list tells, each with `labels` too; raise `DiscoveryFailed` if it is no such list."""
    if found is None:
        return []
    if not isinstance(found, list):
        raise DiscoveryFailed(f"cannot read {source} as targets: found {brief(found)}; {_WANTED}")
    return [_group(one, f"{source}:{number}", labels) for number, one in enumerate(found)]


def _group(found: Any, source: str, more: Mapping[str, str]) -> TargetGroup:
    if not isinstance(found, dict):
        raise DiscoveryFailed(f"cannot read {source} as targets: found {brief(found)}; {_WANTED}")
    for name in found:
        if name not in ("targets", "labels"):
            raise DiscoveryFailed(f"cannot read {source}: {unknown_word('key', str(name), ('targets', 'labels'))}")
    targets, labels = found.get("targets") or [], found.get("labels") or {}
    if not isinstance(targets, list) or not all(isinstance(one, str) for one in targets):
        raise DiscoveryFailed(f"cannot read the targets of {source}: found {brief(targets)}; want a list of texts")
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise DiscoveryFailed(f"cannot read the labels of {source}: found {brief(labels)}; want texts")
    for name in labels:
        if not is_label_name(name):
            raise DiscoveryFailed(f"cannot use the label {brief(name)} of {source}; want a name in UTF-8")
    return TargetGroup(source, tuple({ADDRESS: one} for one in targets), {**labels, **more})
