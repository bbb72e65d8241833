"""The scope of a request: the indices it names, as they are now."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from firstlight.api.elastic.kept import Kept
from firstlight.api.elastic.others import Others
from firstlight.model.elastic.names import OTHERS
from firstlight.model.elastic.patterns import NoSuchIndex
from firstlight.query.elastic.scope import Scope


class Scopes:
    """Makes the scopes of requests."""

    def __init__(self, kept: Kept, others: Others, tenant: str, now_ms: Callable[[], int]) -> None:
        self.kept = kept
        self.tenant = tenant
        self.now_ms = now_ms
        self._others = others

    async def scope(self, expression: str, *, lenient: bool = False, may_be_none: bool = True) -> Scope:
        """Return the scope of an expression; raise `NoSuchIndex`."""
        with self.kept.reading() as state:
            names = state.chosen(expression, lenient=lenient, others=[OTHERS])
            found = [copy(state.indices[name]) for name in names if name in state.indices]
        if not names and not may_be_none:
            raise NoSuchIndex(expression)
        if OTHERS in names and not any(index.name == OTHERS for index in found):
            found.append(await self._others.index())
        return Scope(self.tenant, found, self.now_ms())
