"""`/loki/api/v1/delete`: lines that a query selects, deleted by the engine, and what was asked for so far."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body
from firstlight.api.loki.asked import Asked
from firstlight.api.loki.endpoint import Clock, Endpoint, Question, route, told
from firstlight.api.loki.shelf import Finder, Span
from firstlight.http.errors import RequestError
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.parser import parse
from firstlight.query.logql.pushdown import push
from firstlight.query.logql.source import Taken
from firstlight.query.logql.sql_rows import of_rows, of_slice
from firstlight.query.logql.sql_terms import Bindings, both

METHODS: Final = ("GET", "POST", "PUT", "DELETE")
MOST_REMEMBERED: Final = 1_000
SECOND: Final = 10**9


class Client(Protocol):
    """What runs statements, one after the other: `store.client.Client`."""

    async def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that answers nothing. Raise QueryFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion that has been carried out."""

    id: str
    query: str
    span: Span
    created_ns: int

    def as_json(self) -> dict[str, Any]:
        """Return it as Loki shows it."""
        return {
            "request_id": self.id,
            "start_time": self.span.start / SECOND,
            "end_time": self.span.end / SECOND,
            "query": self.query,
            "status": "processed",
            "created_at": self.created_ns / SECOND,
        }


class Deletions:
    """Deletes lines. Rows are hidden at once, and removed when parts are merged."""

    def __init__(self, client: Client, finder: Finder, tenant: str, *, level: bool = True) -> None:
        self._client = client
        self._finder = finder
        self._tenant = tenant
        self._level = level
        self._done: OrderedDict[str, Deletion] = OrderedDict()

    @property
    def done(self) -> Sequence[Deletion]:
        """What was deleted since the server was started, the latest last."""
        return list(self._done.values())

    async def delete(self, text: str, span: Span, now_ns: int) -> Deletion:
        """Delete the lines of a query. Raise QueryError, RequestError or QueryFailed."""
        query = parse(text)
        if not isinstance(query, LogQuery):
            raise RequestError("only log selector is supported")
        found = await self._finder.find(self._tenant, query.selector.matchers, span.slice, Taken())
        bound = Bindings()
        pushed = push(query.stages, found, bound, level=self._level)
        if pushed.left:
            raise RequestError(
                "cannot delete by this query: it has a stage that needs lines to be parsed or changed;"
                " want line filters, and filters of labels and structured metadata"
            )
        if len(pushed.found):
            where = both([of_rows(self._tenant, pushed.found, bound), of_slice(span.slice, bound), pushed.condition])
            await self._client.command(f"DELETE FROM log_records WHERE {where}", bound.parameters)
        deletion = Deletion(secrets.token_hex(4), text, span, now_ns)
        self._done[deletion.id] = deletion
        while len(self._done) > MOST_REMEMBERED:
            self._done.popitem(last=False)
        return deletion

    def forget(self, request_id: str) -> None:
        """Forget a deletion. Raise RequestError: it has been carried out, so there is nothing to be cancelled."""
        if request_id not in self._done:
            raise RequestError("could not find delete request with given id")
        raise RequestError("deletion of request which is in process or already processed is not allowed")


def deletion_route(now_ns: Clock, deletions: Deletions, prefix: str) -> Route:
    """Return the route of deletions."""

    async def answer(question: Question) -> Body | None:
        asked = question.asked
        if question.method == "GET":
            return told([one.as_json() for one in deletions.done])
        if question.method == "DELETE":
            deletions.forget(asked.text("request_id"))
            return None
        await deletions.delete(_query(asked), _span(asked), asked.now_ns)
        return None

    return route(f"{prefix}/delete", Endpoint(now_ns, answer, METHODS))


def _query(asked: Asked) -> str:
    if not asked.text("query"):
        raise RequestError("query not set")
    return asked.query()


def _span(asked: Asked) -> Span:
    if not asked.text("start"):
        raise RequestError("start time not set")
    start, end = asked.bounds()
    if end > asked.now_ns:
        raise RequestError("deletes in the future are not allowed")
    if start > end:
        raise RequestError("start time can't be greater than end time")
    return Span(start, end)
