"""What clients set up before they send: templates, lifecycle policies, ingest pipelines, settings of the cluster.

All of it is kept and told again. Of templates new indices are made; the delete phase of a policy says how long its
indices are kept. Pipelines are not run, and the answers to documents that name one say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, route
from firstlight.api.elastic.faults import as_error
from firstlight.api.elastic.kept import Kept
from firstlight.model.elastic.lifecycle import seconds
from firstlight.model.elastic.patterns import matches
from firstlight.model.elastic.state import MAX_KEPT, flat
from firstlight.query.elastic.faults import SearchFault, illegal, parsing

PIPELINE_WARNING: Final = (
    '299 firstlight "ingest pipelines are kept but not run: documents are stored as they were sent"'
)


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of thing that is kept: its path, its section of the state, what it is called, how it is told."""

    path: str
    section: str
    kind: str
    told: Callable[[Mapping[str, Any]], Any]
    needs: str
    """What a body must have."""


def _listed(plural: str, single: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda found: {plural: [{"name": name, single: said} for name, said in found.items()]}


def _policies(found: Mapping[str, Any]) -> Any:
    return {
        name: {"version": 1, "modified_date": "1970-01-01T00:00:00.000Z", **said,
               "in_use_by": {"indices": [], "data_streams": [], "composable_templates": []}}
        for name, said in found.items()
    }  # fmt: skip


SECTIONS: Final = (
    Section("/_index_template", "index_templates", "index template", _listed("index_templates", "index_template"),
            "index_patterns"),
    Section("/_component_template", "component_templates", "component template",
            _listed("component_templates", "component_template"), "template"),
    Section("/_template", "templates", "index template", dict, "index_patterns"),
    Section("/_ilm/policy", "policies", "lifecycle policy", _policies, "policy"),
    Section("/_ingest/pipeline", "pipelines", "pipeline", dict, "processors"),
)  # fmt: skip


class Setup:
    """Keeps what clients set up."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        found = [route("/_cluster/settings", self.settings), route("/_cluster/settings", self.set, ("PUT",))]
        for section in SECTIONS:
            one = _Kind(self._kept, section)
            found += [
                route(section.path, one.get),
                route(f"{section.path}/{{name}}", one.get),
                route(f"{section.path}/{{name}}", one.put, ("PUT", "POST")),
                route(f"{section.path}/{{name}}", one.delete, ("DELETE",)),
            ]
        return found

    async def settings(self, asked: Asked) -> Answer:
        """Answer the settings of the cluster."""
        with self._kept.reading() as state:
            found = {name: dict(state.settings[name]) for name in ("persistent", "transient")}
        if asked.flag("include_defaults"):
            found["defaults"] = {}
        return Answer(found)

    async def set(self, asked: Asked) -> Answer:
        """Change settings of the cluster; null takes one away."""
        body = asked.object()
        with self._kept.change() as state:
            for section in ("persistent", "transient"):
                for name, value in flat(body.get(section) or {}).items():
                    if value is None:
                        state.settings[section].pop(name, None)
                    else:
                        state.settings[section][name] = value
        return Answer({"acknowledged": True, **{name: body.get(name) or {} for name in ("persistent", "transient")}})


class _Kind:
    def __init__(self, kept: Kept, section: Section) -> None:
        self._kept = kept
        self._section = section

    async def get(self, asked: Asked) -> Answer:
        """Answer what is kept of some names."""
        wanted = asked.path.get("name", "*").split(",")
        with self._kept.reading() as state:
            known = state.sections[self._section.section]
            found = {name: said for name, said in known.items() if any(matches(one, name) for one in wanted)}
        if not found and any("*" not in one for one in wanted):
            if self._section.section in ("templates", "pipelines"):
                return Answer({}, 404)
            reason = f"{self._section.kind} matching [{asked.path['name']}] not found"
            status, body = as_error(404, "resource_not_found_exception", reason)
            return Answer(body, status)
        return Answer(self._section.told(found))

    async def put(self, asked: Asked) -> Answer:
        """Keep something under a name."""
        name, body = asked.path["name"], asked.object()
        if self._section.needs not in body and not (self._section.needs == "index_patterns" and "template" in body):
            raise parsing(f"Required [{self._section.needs}]: the {self._section.kind} [{name[:100]}] has none")
        _check(self._section, name, body)
        with self._kept.change() as state:
            known = state.sections[self._section.section]
            if asked.flag("create") and name in known:
                raise illegal(f"{self._section.kind} [{name}] already exists")
            if len(known) >= MAX_KEPT and name not in known:
                raise illegal(f"cannot keep another {self._section.kind}: there are {MAX_KEPT}; delete some")
            known[name] = body
        return Answer(
            {"acknowledged": True},
            headers={"warning": PIPELINE_WARNING} if self._section.section == "pipelines" else {},
        )

    async def delete(self, asked: Asked) -> Answer:
        """Forget what is kept under some names."""
        wanted = asked.path["name"].split(",")
        with self._kept.change() as state:
            known = state.sections[self._section.section]
            names = [name for name in known if any(matches(one, name) for one in wanted)]
            for name in names:
                del known[name]
        if not names and any("*" not in one for one in wanted):
            reason = f"{self._section.kind} [{asked.path['name']}] missing"
            status, body = as_error(404, "resource_not_found_exception", reason)
            return Answer(body, status)
        return Answer({"acknowledged": True})


def _check(section: Section, name: str, body: Mapping[str, Any]) -> None:
    if section.section != "policies":
        return
    policy = body["policy"]
    phases = policy.get("phases") if isinstance(policy, Mapping) else None
    if not isinstance(phases, Mapping):
        raise parsing(f"[policy] of [{name[:100]}] needs [phases]")
    for phase, said in phases.items():
        age = said.get("min_age") if isinstance(said, Mapping) else None
        if age is not None and seconds(str(age)) is None:
            reason = f"failed to parse setting [min_age] of [{phase}] with value [{str(age)[:50]}] as a time value"
            raise SearchFault("illegal_argument_exception", f"{reason}; want one like 7d, 12h or 30m")
