"""What changes the store: deleting series, snapshots. Off unless it is switched on, as there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, success_of
from firstlight.api.prometheus.asked import BadParameter
from firstlight.api.prometheus.catalogue import EARLIEST, LATEST
from firstlight.api.prometheus.endpoint import POST_OR_PUT, Common, Endpoint, Handler, Question, route
from firstlight.api.prometheus.faults import ApiFault, ErrorType, NoSelector
from firstlight.api.prometheus.selectors import MATCH, BadSelector, selector
from firstlight.query.promql.ast import Matcher

DISABLED: Final = "admin APIs disabled"


class Admin(Protocol):
    """Changes what is stored of metrics. What goes wrong is a StoreError."""

    async def delete_series(self, tenant: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> None:
        """Delete what matching series have from `start_ms` to `end_ms`; queries do not find it from then on."""
        ...

    async def clean_tombstones(self) -> None:
        """Return when what was deleted takes no more room."""
        ...

    async def snapshot(self, *, skip_head: bool) -> str:
        """Keep a copy of everything, and return its name."""
        ...


def admin_routes(common: Common, admin: Admin | None, prefix: str, tenant: str) -> Sequence[Route]:
    """Return the routes of all of it; without an `admin` they say that they are off."""

    def switched_on() -> Admin:
        if admin is None:
            raise ApiFault(ErrorType.UNAVAILABLE, DISABLED)
        return admin

    async def delete_series(question: Question) -> None:
        store, asked = switched_on(), question.asked
        texts = asked.texts(MATCH)
        if not texts:
            raise NoSelector
        start, end = asked.span(earliest=EARLIEST, latest=LATEST)
        try:
            wanted = [selector(text) for text in texts]
        except BadSelector as error:
            raise BadParameter(MATCH, error) from None
        for matchers in wanted:
            await store.delete_series(tenant, matchers, start, end)

    async def clean_tombstones(question: Question) -> None:
        await switched_on().clean_tombstones()

    async def snapshot(question: Question) -> Body:
        store = switched_on()
        try:
            skip_head = question.asked.boolean("skip_head") or False
        except ValueError as error:
            raise BadParameter("skip_head", f"unable to parse boolean: {error}") from None
        return success_of({"name": await store.snapshot(skip_head=skip_head)})

    handlers: dict[str, Handler] = {
        "delete_series": delete_series,
        "clean_tombstones": clean_tombstones,
        "snapshot": snapshot,
    }
    return [
        route(f"{prefix}/admin/tsdb/{name}", Endpoint(common, handler, POST_OR_PUT))
        for name, handler in handlers.items()
    ]
