"""Relabelling: rules that change, add and drop labels, or drop what carries them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from types import MappingProxyType

from firstlight.model.regex import Regex, compiled, is_utf8

LEGACY_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
"""The names of labels that Prometheus knew before it knew UTF-8."""


def is_label_name(name: str, *, legacy: bool = False) -> bool:
    """Return whether a label can be called `name`."""
    if legacy:
        return LEGACY_NAME.fullmatch(name) is not None
    return name != "" and is_utf8(name)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to be applied. It is made of settings that were checked."""

    action: str = "replace"
    source_labels: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = "(.*)"
    modulus: int = 0
    target_label: str = ""
    replacement: str = "$1"
    legacy: bool = False
    """Whether only names that are letters, digits and underscores can be made."""
    pattern: Regex = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", compiled(self.regex))


def relabel(labels: Mapping[str, str], rules: Iterable[Rule]) -> dict[str, str] | None:
    """Return the labels after all rules; None if a rule drops what carries them. An empty label is no label."""
    made = {name: value for name, value in labels.items() if value}
    for rule in rules:
        if not _ACTIONS[rule.action](rule, made):
            return None
    return made


def _value(rule: Rule, labels: Mapping[str, str]) -> str:
    if len(rule.source_labels) == 1:
        return labels.get(rule.source_labels[0], "")
    return rule.separator.join([labels.get(name, "") for name in rule.source_labels])


def _set(labels: dict[str, str], name: str, value: str) -> bool:
    if value:
        labels[name] = value
    else:
        labels.pop(name, None)
    return True


def _replace(rule: Rule, labels: dict[str, str]) -> bool:
    value, target = _value(rule, labels), rule.target_label
    made = rule.pattern.expand(value, rule.replacement)
    if made is not None:
        if "$" in target:
            target = rule.pattern.expand(value, target) or ""
        if is_label_name(target, legacy=rule.legacy):
            _set(labels, target, made)
    return True


def _keep(rule: Rule, labels: dict[str, str]) -> bool:
    return rule.pattern.matches(_value(rule, labels))


def _drop(rule: Rule, labels: dict[str, str]) -> bool:
    return not _keep(rule, labels)


def _keep_equal(rule: Rule, labels: dict[str, str]) -> bool:
    return labels.get(rule.target_label, "") == _value(rule, labels)


def _drop_equal(rule: Rule, labels: dict[str, str]) -> bool:
    return not _keep_equal(rule, labels)


def _lowercase(rule: Rule, labels: dict[str, str]) -> bool:
    # Letter by letter, as Go does: the one that becomes two is İ, whose small letter is its first.
    lower = "".join([letter.lower()[0] for letter in _value(rule, labels)])
    return _set(labels, rule.target_label, lower)


def _uppercase(rule: Rule, labels: dict[str, str]) -> bool:
    upper = "".join([big if len(big := letter.upper()) == 1 else letter for letter in _value(rule, labels)])
    return _set(labels, rule.target_label, upper)


def _hashmod(rule: Rule, labels: dict[str, str]) -> bool:
    digest = md5(_value(rule, labels).encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()
    return _set(labels, rule.target_label, str(int.from_bytes(digest[8:], "big") % rule.modulus))


def _labelmap(rule: Rule, labels: dict[str, str]) -> bool:
    for name, value in sorted(labels.items()):
        if target := rule.pattern.expand(name, rule.replacement):
            labels[target] = value
    return True


def _labeldrop(rule: Rule, labels: dict[str, str]) -> bool:
    for name in [name for name in labels if rule.pattern.matches(name)]:
        del labels[name]
    return True


def _labelkeep(rule: Rule, labels: dict[str, str]) -> bool:
    for name in [name for name in labels if not rule.pattern.matches(name)]:
        del labels[name]
    return True


_ACTIONS: Mapping[str, Callable[[Rule, dict[str, str]], bool]] = MappingProxyType({
    "replace": _replace,
    "keep": _keep,
    "drop": _drop,
    "keepequal": _keep_equal,
    "dropequal": _drop_equal,
    "hashmod": _hashmod,
    "labelmap": _labelmap,
    "labeldrop": _labeldrop,
    "labelkeep": _labelkeep,
    "lowercase": _lowercase,
    "uppercase": _uppercase,
})  # fmt: skip

ACTIONS = tuple(_ACTIONS)
"""The actions that there are."""
