"""The settings that there are, for people: a table for the documentation and an example to begin with.

Both are made from the model, so they cannot drift from what is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from firstlight.config.dump import plain
from firstlight.config.read import environment_names
from firstlight.config.shape import ENTRY, Model, Setting, dotted, settings, tags, words

SECTION = "section"
_NO_DEFAULT = object()
_TABLE = ("", "| setting | type | default | environment | what it does |", "|---|---|---|---|---|")


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting, in the words of users."""

    path: str
    type: str
    default: str
    """As it would be written; empty for a section, and where there is none."""
    environment: str
    """The variable that sets it; empty if none does."""
    description: str
    opens: bool
    """Whether rows follow that are in it, or in each of its entries."""
    always: bool
    """Whether it can be set in any case: it is not in an entry of a list, nor in a section that is absent."""


def describe(model: Model) -> list[SettingRow]:
    """Return a row for each setting of `model`, in the order in which a file would have them."""
    variables = {setting.key: name for name, setting in environment_names(model).items()}
    defaults = _defaults(model)
    return [_row(setting, defaults, variables.get(setting.key, "")) for setting in settings(model)]


def as_markdown(rows: Iterable[SettingRow]) -> str:
    """Return the rows as tables, each under the name of what its settings are in."""
    lines, in_table = [], False
    for row in rows:
        if row.opens:
            facts = [row.type, f"default {_code(row.default)}" if row.default else "", _code(row.environment)]
            told = f"({'; '.join(filter(None, facts))})" if facts != [SECTION, "", ""] else ""
            lines += ["", f"## `{row.path}`", "", f"{told} {row.description}".strip()]
        else:
            lines += [] if in_table else _TABLE
            default = _code(row.default) or "required"
            cells = (_code(row.path), row.type, default, _code(row.environment), row.description)
            lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
        in_table = not row.opens
    return "\n".join(lines).strip() + "\n"


def as_yaml_example(rows: Iterable[SettingRow]) -> str:
    """Return a file in which all is commented out: after ``##`` come words, after ``#`` settings at their defaults."""
    lines = ["## Every setting, at its default. To change one, take the # from its line and from its section's."]
    for row in rows:
        indent = "  " * (row.path.count(".") + row.path.count(ENTRY))
        name = "each entry" if row.path.endswith(ENTRY) else row.path.rpartition(".")[2]
        lines += [""] if row.opens and not indent else []
        lines += [f"## {indent}{row.description}"] if row.description else []
        if row.always and (row.opens or row.default):
            lines.append(f"# {indent}{name}: {row.default}".rstrip())
        else:
            facts = [row.type, f"default {row.default}" if row.default else "" if row.opens else "required"]
            lines.append(f"## {indent}{name}: {'; '.join(filter(None, facts))}")
    return "\n".join(lines) + "\n"


def _row(setting: Setting, defaults: dict[str, Any], variable: str) -> SettingRow:
    holder = _holder(setting, defaults)
    found = (holder or _defaults(setting.holder)).get(str(setting.key[-1]), _NO_DEFAULT)
    has_default = found is not _NO_DEFAULT and (found is None or not setting.section)
    told = setting.description
    if setting.section:
        only = " and ".join(f"{name} is {word}" for name, word in tags(setting.section).items())
        described = f"{SECTION}, where {only}" if only else SECTION
        told = told or setting.section.__doc__ or ""
    else:
        described = words(setting.shape)
    return SettingRow(
        path=dotted(setting.key),
        type=described,
        default=_flow(found) if has_default else "",
        environment=variable,
        description=" ".join(told.partition("\n\n")[0].split()),
        opens=setting.opens,
        always=holder is not None,
    )


def _holder(setting: Setting, defaults: dict[str, Any]) -> dict[str, Any] | None:
    """Return the defaults of the section that holds `setting`; None if by default there is no such section."""
    for step in setting.key[:-1]:
        inner = defaults.get(str(step), {}) if setting.fixed else None
        if inner is None:
            return None
        defaults = inner
    return defaults


def _defaults(model: Model) -> dict[str, Any]:
    return plain(model.model_construct())


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=math.inf, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
