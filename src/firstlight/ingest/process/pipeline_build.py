"""From the settings of stages to stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

import re2

from firstlight.ingest.process.go_times import go_time
from firstlight.ingest.process.grok import grok
from firstlight.ingest.process.pattern_text import pattern_regex
from firstlight.ingest.process.pipeline_changing import (
    ChangeLabels,
    Decolorize,
    Fill,
    Mask,
    Replace,
    SetAttributes,
    SetLabels,
    SetLine,
    SetTime,
)
from firstlight.ingest.process.pipeline_choosing import Drop, Join, Limit, Match, Sample
from firstlight.ingest.process.pipeline_entry import Stage
from firstlight.ingest.process.pipeline_extracting import ReadGroups, ReadJson, ReadLogfmt, json_path
from firstlight.ingest.process.pipeline_selector import parse_selector, searcher
from firstlight.ingest.process.pipeline_settings import StageSettings
from firstlight.ingest.process.pipeline_template import parse_template
from firstlight.ingest.process.redaction_detectors import DETECTORS


def build(stages: Sequence[StageSettings]) -> tuple[Stage, ...]:
    """Return the stages that the settings describe, those that do nothing left out."""
    return tuple(stage for one in stages if (stage := _BUILDERS[one.kind](_settings(one))) is not None)


def _settings(one: StageSettings) -> Any:
    name = one.kind
    return one.json_ if name == "json" else getattr(one, name)


def _sources(told: Mapping[str, str | None]) -> dict[str, str]:
    return {name: source or name for name, source in told.items()}


def _json(told: Any) -> Stage:
    paths = {name: json_path(path) for name, path in _sources(told.expressions).items()}
    return ReadJson(paths, told.source, told.drop_malformed)


def _logfmt(told: Any) -> Stage:
    return ReadLogfmt(_sources(told.mapping), told.source)


def _regex(told: Any) -> Stage:
    return ReadGroups(searcher(told.expression), None, told.source, "regex")


def _pattern(told: Any) -> Stage:
    return ReadGroups(searcher(pattern_regex(told.expression)), None, told.source, "pattern")


def _grok(told: Any) -> Stage:
    found = grok(told.expression, told.definitions)
    return ReadGroups(searcher(found.expression), found.fields, told.source, "grok")


def _timestamp(told: Any) -> Stage:
    location = ZoneInfo(told.location)
    readers = tuple(go_time(layout, location) for layout in (told.format, *told.fallback_formats))
    return SetTime(told.source, readers, told.action_on_failure == "fudge")


def _labeldrop(told: Sequence[str]) -> Stage:
    gone = frozenset(told)
    return ChangeLabels(lambda labels: {name: value for name, value in labels.items() if name not in gone})


def _labelallow(told: Sequence[str]) -> Stage:
    kept = frozenset(told)
    return ChangeLabels(lambda labels: {name: value for name, value in labels.items() if name in kept})


def _static_labels(told: Mapping[str, str]) -> Stage:
    fixed = dict(told)
    return ChangeLabels(lambda labels: {**labels, **fixed})


def _drop(told: Any) -> Stage:
    return Drop(
        told.source,
        None if told.expression is None else searcher(told.expression),
        told.value,
        told.longer_than,
        None if told.older_than is None else int(told.older_than * 1e9),
        told.drop_counter_reason,
    )


def _match(told: Any) -> Stage:
    return Match(parse_selector(told.selector), build(told.stages), told.action == "drop", told.drop_counter_reason)


def _replace(told: Any) -> Stage:
    options = re2.Options()
    options.log_errors = False
    render = parse_template(told.replace) if "{{" in told.replace else None
    return Replace(re2.compile(told.expression, options), render, told.replace, told.source)


def _limit(told: Any) -> Stage:
    return Limit(told.rate, told.burst, told.by_label_name, told.max_distinct_labels, told.drop_counter_reason)


def _nothing(told: Any) -> None:
    return None


_BUILDERS: Final[Mapping[str, Callable[[Any], Stage | None]]] = MappingProxyType(
    {
        "json": _json,
        "logfmt": _logfmt,
        "regex": _regex,
        "pattern": _pattern,
        "grok": _grok,
        "timestamp": _timestamp,
        "labels": lambda told: SetLabels(_sources(told)),
        "static_labels": _static_labels,
        "labeldrop": _labeldrop,
        "labelallow": _labelallow,
        "structured_metadata": lambda told: SetAttributes(_sources(told)),
        "drop": _drop,
        "sampling": lambda told: Sample(told.rate, told.drop_counter_reason),
        "limit": _limit,
        "multiline": lambda told: Join(searcher(told.firstline), told.max_lines),
        "template": lambda told: Fill(told.source, parse_template(told.template)),
        "replace": _replace,
        "mask": lambda told: Mask(tuple(DETECTORS[name] for name in told.detectors), told.source),
        "output": lambda told: SetLine(told.source),
        "match": _match,
        "decolorize": lambda told: Decolorize(),
        "cri": _nothing,
        "docker": _nothing,
    }
)
