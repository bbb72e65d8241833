"""Aliases of indices: given, taken and told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, route, under
from firstlight.api.elastic.kept import Kept
from firstlight.model.elastic.patterns import matches
from firstlight.query.elastic.faults import illegal

_OF_ACTIONS: Final = frozenset({"index", "indices", "alias", "aliases", "must_exist"})


class Aliases:
    """Answers about aliases."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            route("/_aliases", self.change_aliases, ("POST",)),
            *(route(path, self.aliases) for path in under("_alias", "name")),
            *(
                route(path, self.put_alias, ("PUT", "POST"))
                for path in ("/{index}/_alias/{name}", "/{index}/_aliases/{name}")
            ),
            route("/{index}/_alias/{name}", self.delete_alias, ("DELETE",)),
        ]

    async def aliases(self, asked: Asked) -> Answer:
        """Answer which index has which aliases; a HEAD asks whether one is there."""
        wanted = asked.path.get("name", "*").split(",")
        found: dict[str, Any] = {}
        with self._kept.reading() as state:
            names = state.chosen(asked.index, lenient=asked.flag("ignore_unavailable"))
            for name in names:
                index = state.indices[name]
                aliases = {
                    alias: said for alias, said in index.aliases.items() if any(matches(one, alias) for one in wanted)
                }
                if aliases or ("name" not in asked.path):
                    found[name] = {"aliases": aliases}
        missing = [one for one in wanted if "*" not in one and not any(one in it["aliases"] for it in found.values())]
        if "name" in asked.path and missing:
            reason = f"alias [{','.join(missing)}] missing"
            return Answer({"error": reason, "status": 404, **found}, 404)
        return Answer(found)

    async def put_alias(self, asked: Asked) -> Answer:
        """Give indices an alias."""
        body = asked.object()
        with self._kept.change() as state:
            for name in state.chosen(asked.index):
                state.indices[name].aliases[asked.path["name"]] = body
        return Answer({"acknowledged": True})

    async def delete_alias(self, asked: Asked) -> Answer:
        """Take an alias from indices."""
        with self._kept.change() as state:
            for name in state.chosen(asked.index):
                state.indices[name].aliases.pop(asked.path["name"], None)
        return Answer({"acknowledged": True})

    async def change_aliases(self, asked: Asked) -> Answer:
        """Give and take several aliases."""
        actions = asked.object().get("actions")
        if not isinstance(actions, list):
            raise illegal("[aliases] needs [actions]")
        with self._kept.change() as state:
            for action in actions:
                ((kind, said),) = action.items()
                listed = said.get("indices") or [said.get("index")]
                names = [name for one in listed for name in state.chosen(str(one))]
                aliases = said.get("aliases") or [said.get("alias")]
                for name in names:
                    own = state.indices[name].aliases
                    for alias in [aliases] if isinstance(aliases, str) else aliases:
                        if kind == "add":
                            own[str(alias)] = {key: said[key] for key in said if key not in _OF_ACTIONS}
                        elif kind == "remove":
                            own.pop(str(alias), None)
                        else:
                            raise illegal(f"cannot do [{kind}] with aliases; want add or remove")
        return Answer({"acknowledged": True})
