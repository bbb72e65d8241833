"""Everything that clients have set up: indices, templates, policies, pipelines, settings of the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import orjson

from firstlight.errors import DecodeError, brief
from firstlight.model.elastic.index import Index, merged
from firstlight.model.elastic.patterns import chosen, matches

SECTIONS: Final = ("index_templates", "templates", "component_templates", "policies", "pipelines")
MAX_KEPT: Final = 10_000
"""How many indices, and how many of each section, may be kept."""

AUTO_CREATE: Final = "action.auto_create_index"


@dataclass(slots=True)
class State:
    """What is kept. Changed only under the lock of whoever keeps it."""

    cluster_uuid: str = ""
    indices: dict[str, Index] = field(default_factory=dict)
    sections: dict[str, dict[str, Any]] = field(default_factory=lambda: {name: {} for name in SECTIONS})
    settings: dict[str, dict[str, Any]] = field(default_factory=lambda: {"persistent": {}, "transient": {}})

    def dump(self) -> bytes:
        """Return it as JSON."""
        indices = [
            {name: value for name, value in asdict(index).items() if not name.startswith("_")}
            for index in self.indices.values()
        ]
        return orjson.dumps(
            {
                "cluster_uuid": self.cluster_uuid,
                "indices": indices,
                "sections": self.sections,
                "settings": self.settings,
            }
        )

    @classmethod
    def load(cls, text: bytes) -> State:
        """Return what `dump` wrote; raise DecodeError."""
        try:
            found = orjson.loads(text)
            indices = {one["name"]: Index(**one) for one in found["indices"]}
            sections = {name: dict(found["sections"].get(name, {})) for name in SECTIONS}
            return cls(found["cluster_uuid"], indices, sections, found["settings"])
        except (ValueError, KeyError, TypeError) as error:
            raise DecodeError(f"cannot read what is kept of Elasticsearch's indices: {brief(str(error))}") from None

    def aliases(self) -> Iterator[tuple[str, str]]:
        """Yield the aliases, each with an index that has it."""
        for index in self.indices.values():
            for alias in index.aliases:
                yield alias, index.name

    def chosen(self, expression: str, *, lenient: bool = False, others: Sequence[str] = ()) -> list[str]:
        """Return the names of the indices that an expression means; raise `NoSuchIndex`."""
        names = [*self.indices, *(name for name in others if name not in self.indices)]
        return list(chosen(expression, names, self.aliases(), lenient=lenient))

    def written(self, name: str) -> str:
        """Return the index that documents for `name` go into: itself, or that which an alias writes to."""
        if name in self.indices:
            return name
        having = [index for alias, index in self.aliases() if alias == name]
        writing = [index for index in having if self.indices[index].aliases[name].get("is_write_index")]
        return (writing or having or [name])[0]

    def may_create(self, name: str) -> bool:
        """Say whether an index may come to be by being written to."""
        setting = self.cluster_setting(AUTO_CREATE, "true")
        if setting in ("true", "false"):
            return setting == "true"
        for part in setting.split(","):
            if matches(part.strip().lstrip("+-"), name):
                return not part.strip().startswith("-")
        return False

    def cluster_setting(self, name: str, default: str) -> str:
        """Return a setting of the cluster as text."""
        for section in ("transient", "persistent"):
            value = self.settings[section].get(name)
            if value is not None:
                return str(value).lower() if isinstance(value, bool) else str(value)
        return default

    def template_of(self, name: str) -> Mapping[str, Any]:
        """Return mappings, settings and aliases that templates give to a new index, and whether it is a data stream."""
        composed = [
            (int(one.get("priority") or 0), one)
            for one in self.sections["index_templates"].values()
            if any(matches(pattern, name) for pattern in _patterns(one))
        ]
        if composed:
            best = max(composed, key=lambda pair: pair[0])[1]
            found: dict[str, Any] = {}
            for part in best.get("composed_of") or ():
                component = self.sections["component_templates"].get(part) or {}
                found = merged(found, component.get("template") or {})
            found = merged(found, best.get("template") or {})
            return {**found, "data_stream": "data_stream" in best}
        legacy = [
            (int(one.get("order") or 0), one)
            for one in self.sections["templates"].values()
            if any(matches(pattern, name) for pattern in _patterns(one))
        ]
        found = {}
        for _, one in sorted(legacy, key=lambda pair: pair[0]):
            found = merged(found, {key: one[key] for key in ("mappings", "settings", "aliases") if key in one})
        return found


def _patterns(template: Mapping[str, Any]) -> Sequence[str]:
    found = template.get("index_patterns") or template.get("template") or ()
    return [found] if isinstance(found, str) else [one for one in found if isinstance(one, str)]


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings by dotted names.

    >>> flat({"index": {"number_of_replicas": 0}})
    {'index.number_of_replicas': 0}
    """
    found: dict[str, Any] = {}
    for name, value in settings.items():
        full = f"{prefix}{name}"
        found.update(flat(value, f"{full}.") if isinstance(value, Mapping) else {full: value})
    return found
