"""What OTLP metrics are called in PromQL: their names, and the names and values of their labels.

Rules: <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>, in the reading of
Prometheus 3, with its four translation strategies and its defaults; where the two part, a comment says whom we follow.
Attribute values come as text. An empty label value is no label, as everywhere in Prometheus. Nothing here keeps the
originals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from firstlight.errors import DecodeError, brief

TARGET_INFO: Final = "target_info"
"""The metric that has a resource's attributes as labels."""


class Kind(StrEnum):
    """The kinds of OTLP metrics."""

    GAUGE = "gauge"
    SUM = "sum"
    HISTOGRAM = "histogram"
    EXPONENTIAL_HISTOGRAM = "exponential_histogram"
    SUMMARY = "summary"


class Strategy(StrEnum):
    """How names are translated; the words are those of Prometheus' ``otlp.translation_strategy``."""

    UNDERSCORE_ESCAPING_WITH_SUFFIXES = "UnderscoreEscapingWithSuffixes"
    UNDERSCORE_ESCAPING_WITHOUT_SUFFIXES = "UnderscoreEscapingWithoutSuffixes"
    NO_UTF8_ESCAPING_WITH_SUFFIXES = "NoUTF8EscapingWithSuffixes"
    NO_TRANSLATION = "NoTranslation"

    @property
    def escapes(self) -> bool:
        """Whether names are brought down to ASCII letters, digits and underscores."""
        return self in (Strategy.UNDERSCORE_ESCAPING_WITH_SUFFIXES, Strategy.UNDERSCORE_ESCAPING_WITHOUT_SUFFIXES)

    @property
    def adds_suffixes(self) -> bool:
        """Whether unit and type become part of a metric's name."""
        return self in (Strategy.UNDERSCORE_ESCAPING_WITH_SUFFIXES, Strategy.NO_UTF8_ESCAPING_WITH_SUFFIXES)


DEFAULT: Final = Strategy.UNDERSCORE_ESCAPING_WITH_SUFFIXES


@dataclass(frozen=True, slots=True)
class Translation:
    """Which names are translated how, and what of resource and scope becomes labels of every series."""

    strategy: Strategy = DEFAULT
    promoted: frozenset[str] = frozenset()
    """The resource attributes that become labels."""
    promote_all: bool = False
    """Whether all resource attributes do, but those in `not_promoted`."""
    not_promoted: frozenset[str] = frozenset()
    scope_labels: bool = True
    """Whether series have ``otel_scope_…`` labels. Here the specification's default, which is not Prometheus': without
    them, two libraries that count under one name write into one series."""
    keep_identifying: bool = False
    """Whether `TARGET_INFO` also has the attributes that ``job`` and ``instance`` are made of."""
    external: Mapping[str, str] = field(default_factory=dict)
    """Labels for series that do not have them, their names already as they should be."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The instrumentation scope that a metric came from."""

    name: str = ""
    version: str = ""
    schema_url: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


DEFAULTS: Final = Translation()
NO_SCOPE: Final = Scope()


# --- metric names ----------------------------------------------------------------------------------------------------

# UCUM to words, as the specification has them: `tebibytes` too, which Prometheus up to 3.14 spells `tibibytes`. `KBy`
# is not UCUM, but widely sent.
_UNITS: Final[Mapping[str, str]] = {
    "d": "days", "h": "hours", "min": "minutes", "s": "seconds",
    "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds",
    "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "TiBy": "tebibytes",
    "kBy": "kilobytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
    "m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams",
    "Cel": "celsius", "Hz": "hertz", "%": "percent", "1": "",
}  # fmt: skip

# After a slash, `m` is a minute: nobody measures by the meter.
_PER_UNITS: Final[Mapping[str, str]] = {
    "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year",
}  # fmt: skip

_NOT_METRIC: Final = re.compile(r"[^a-zA-Z0-9:]+")
_NOT_METRIC_NOR_UNDERSCORE: Final = re.compile(r"[^a-zA-Z0-9:_]+")
_NOT_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")


def metric_name(name: str, unit: str, kind: Kind, *, monotonic: bool = False, strategy: Strategy = DEFAULT) -> str:
    """Return what the metric is called; raise `DecodeError` if nothing of its name is left."""
    suffix = ""
    if kind is Kind.SUM and monotonic:
        suffix = "total"
    elif kind is Kind.GAUGE and unit == "1":
        # Only for gauges: a `1` is often given as the unit of things that are counted.
        suffix = "ratio"
    translated = name
    if strategy is Strategy.UNDERSCORE_ESCAPING_WITH_SUFFIXES:
        translated = _escaped_with_suffixes(name, unit, suffix)
    elif strategy is Strategy.UNDERSCORE_ESCAPING_WITHOUT_SUFFIXES:
        translated = "_".join(filter(None, _NOT_METRIC_NOR_UNDERSCORE.split(name)))
    elif strategy is Strategy.NO_UTF8_ESCAPING_WITH_SUFFIXES and name:
        translated = _with_suffixes(name, unit, suffix)
    if not translated or (translated != name and not translated.strip("_")):
        raise DecodeError(
            f"cannot name the metric {brief(name)} as {strategy} does: nothing is left of it; want ASCII letters in it"
        )
    return f"_{translated}" if strategy.escapes and translated[0].isdigit() else translated


def unit_name(unit: str, *, strategy: Strategy = DEFAULT) -> str:
    """Return the unit in words, as the metadata of Prometheus have it: ``By/s`` is ``bytes_per_second``."""
    words = filter(None, map(_cleaned, _unit_words(unit)) if strategy.escapes else _unit_words(unit))
    return "_".join(words).removeprefix("_").removesuffix("_")


def _unit_words(unit: str) -> tuple[str, str]:
    """Return the words for what is before the slash, and for what is after it, with its ``per``."""
    main, _, per = (part.strip() for part in unit.partition("/"))
    main = "" if _annotated(main) else _UNITS.get(main, main)
    per = "" if _annotated(per) else _PER_UNITS.get(per, per)
    return main, per and f"per_{per}"


def _annotated(unit: str) -> bool:
    return "{" in unit or "}" in unit


def _cleaned(words: str) -> str:
    cleaned = re.sub("_+", "_", _NOT_METRIC.sub("_", words)).strip("_")
    return "" if cleaned == "per" and words != "per" else cleaned  # a `per` of which only that is left says nothing


def _escaped_with_suffixes(name: str, unit: str, suffix: str) -> str:
    of_name = list(filter(None, _NOT_METRIC.split(name)))
    if not of_name:
        return ""
    words = [word for word in of_name if word != suffix]
    for unit_words in map(_cleaned, _unit_words(unit)):
        if unit_words and not _has(words, unit_words):
            words.append(unit_words)
    if suffix:
        words.append(suffix)
    return "_".join(words)


def _has(words: list[str], unit_words: str) -> bool:
    """Say whether a name has its unit: one word anywhere, as in Prometheus, or several at its end.

    Prometheus does not see the several, and makes ``speed_per_second_per_second``; the specification does.
    """
    several = unit_words.split("_")
    return unit_words in words or words[-len(several) :] == several


def _with_suffixes(name: str, unit: str, suffix: str) -> str:
    # Outermost first, what the name ends with is taken off, to be put back in order; the main unit is the innermost.
    main, per = _unit_words(unit)
    outer = [words for words in (suffix, per) if words]
    for words in outer:
        if name.endswith(words) and len(name) > len(words) + 1:
            name = name[: -len(words) - 1]
    if main and not name.endswith(main):
        name = f"{name}_{main}"
    return "_".join([name, *reversed(outer)])


# --- labels ----------------------------------------------------------------------------------------------------------


def label_name(name: str, strategy: Strategy = DEFAULT) -> str:
    """Return the label that an attribute becomes; raise `DecodeError` if it has no name.

    Underscores in a row are kept and a leading one gets ``key`` before it, which are Prometheus' defaults. Prometheus
    refuses names of which only underscores are left; here they get ``key_`` too.
    """
    if not name:
        raise DecodeError("cannot make a label of an attribute: its name is empty; want a name")
    if not strategy.escapes:
        return name
    escaped = name.replace(".", "_")  # which is all that most names need, and a fifth of the price
    if not (escaped.isascii() and escaped.isidentifier()):
        escaped = _NOT_LABEL.sub("_", name)
    if escaped[0].isdigit() or not escaped.strip("_"):
        return f"key_{escaped}"
    if escaped[0] == "_" and escaped[1] != "_":
        return f"key{escaped}"
    return escaped


def labels(attributes: Mapping[str, str], *, strategy: Strategy = DEFAULT, prefix: str = "") -> dict[str, str]:
    """Return `attributes` as labels; the values of those that become one label are joined, in order of their names."""
    joined: dict[str, str] = {}
    for name in sorted(attributes):
        value = attributes[name]
        label = label_name(prefix + name, strategy)
        # The metric's name is nobody else's to give.
        if value and label != "__name__":
            joined[label] = f"{joined[label]};{value}" if label in joined else value
    return joined


def series_labels(
    attributes: Mapping[str, str],
    *,
    resource: Mapping[str, str],
    scope: Scope = NO_SCOPE,
    translation: Translation = DEFAULTS,
) -> dict[str, str]:
    """Return the labels of a point, without ``__name__``.

    They are its attributes; then, for names not yet there, the promoted attributes of the resource; then, whatever is
    there, ``job`` and ``instance``; external labels for names not yet there; then those of the scope.
    """
    own = labels(attributes, strategy=translation.strategy)
    promoted = labels(_promoted(resource, translation), strategy=translation.strategy)
    series = {**translation.external, **promoted, **own, **_identity(resource)}
    if translation.scope_labels:
        series |= scope_labels(scope, strategy=translation.strategy)
    return series


def scope_labels(scope: Scope, *, strategy: Strategy = DEFAULT) -> dict[str, str]:
    """Return the labels that tell a scope's series from those of others."""
    fixed = {
        "otel_scope_name": scope.name,
        "otel_scope_version": scope.version,
        "otel_scope_schema_url": scope.schema_url,
    }
    attributes = labels(scope.attributes, strategy=strategy, prefix="otel_scope_")
    return {name: value for name, value in {**attributes, **fixed}.items() if value}


def target_info_labels(resource: Mapping[str, str], *, translation: Translation = DEFAULTS) -> dict[str, str]:
    """Return the labels of the resource's `TARGET_INFO`; none if there is nothing to tell, or nobody to tell it of."""
    others = {name: value for name, value in resource.items() if name not in _IDENTIFYING}
    if not others:
        return {}
    told = labels(resource if translation.keep_identifying else others, strategy=translation.strategy)
    target = {**translation.external, **told, **_identity(resource)}
    return target if "job" in target or "instance" in target else {}


_IDENTIFYING: Final = frozenset(["service.namespace", "service.name", "service.instance.id"])


def _identity(resource: Mapping[str, str]) -> dict[str, str]:
    service, namespace = resource.get("service.name", ""), resource.get("service.namespace", "")
    job = f"{namespace}/{service}" if namespace and service else service
    identity = {"job": job, "instance": resource.get("service.instance.id", "")}
    return {name: value for name, value in identity.items() if value}


def _promoted(resource: Mapping[str, str], translation: Translation) -> dict[str, str]:
    if translation.promote_all:
        return {name: value for name, value in resource.items() if name not in translation.not_promoted}
    return {name: resource[name] for name in translation.promoted if name in resource}
