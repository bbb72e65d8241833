"""The SQL door: a statement of a user comes in, is judged, and runs as it is or not at all.

It is never edited and nothing is glued to it but the output format, by the client library. It runs in a session that
may only read, has the rights of one role, sees the views, and cannot change what it may take (docs/sql.md). The views
are there with and without resource and scope, which cost a join; which of them a statement's names mean is decided by
whether it mentions any of these columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import orjson

from firstlight.errors import UserError
from firstlight.query.complaints import UNKNOWN_FUNCTION, explain, pointed
from firstlight.query.engine import Engine, Place, Query, Sessions
from firstlight.query.faults import QueryFault, Reason, Refused
from firstlight.query.settings import QuerySettings
from firstlight.query.sql import parameters as parameters_of
from firstlight.query.sql.fence import CATALOGUE, STATEMENTS, Judged, judge
from firstlight.query.sql.formats import JSON, Format, JsonAnswer, Pieces, whole_lines
from firstlight.store.client import Client
from firstlight.store.faults import QueryFailed
from firstlight.store.location import Directory

READER: Final = "firstlight_reader"
"""The role of the engine inside this process that may read the views and nothing else."""

READ: Final = "SELECT parseQueryToJSON({query:String}) AS tree"
PRINT: Final = "SELECT formatQuerySingleLine({query:String}) AS text"
CANNOT_READ: Final = 36
"""What the engine answers for a statement that it knows and has no tree in JSON for."""

DESCRIPTION: Final = re.compile(r"DESCRIBE TABLE (?:(?P<database>\w+)\.)?\w+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent to whoever asked. Nothing runs before the pieces are asked for, nothing after they are closed."""

    query: Query
    form: Format
    pieces: Pieces


class SqlDoor:
    """Answers statements of users."""

    def __init__(self, client: Client, engine: Engine, settings: QuerySettings) -> None:
        self._engine = engine
        self._settings = settings
        self._databases = frozenset(client.names.values())
        self._sessions: Mapping[tuple[bool, bool], Sessions] = {
            (wants_origins, cuts): client.readers(
                settings.max_running,
                fenced(settings, cuts=cuts),
                database=client.names["sql" if wants_origins else "sql_lean"],
                role=role(client, settings),
            )
            for wants_origins in (False, True)
            for cuts in (False, True)
        }

    def ask(self, statement: str, parameters: Mapping[str, object], form: Format) -> Answer:
        """Return the answer to `statement` in a form, to be read. Reading it raises QueryError or another UserError."""
        # What ends a statement is no part of it, and the client library has no place for the format behind it.
        query = Query(statement.rstrip("; \t\r\n"), "sql")
        return Answer(query, form, self._pieces(query, parameters, form))

    async def _pieces(self, query: Query, parameters: Mapping[str, object], form: Format) -> Pieces:
        try:
            size = len(query.text.encode())
        except UnicodeEncodeError:
            whole = query.text.encode(errors="replace").decode()
            raise pointed("cannot read this: it has half of a character in it", whole) from None
        if size > self._settings.max_query_size:
            raise QueryFault(
                f"cannot take a query of more than {self._settings.max_query_size} bytes; want a shorter one",
                Reason.TOO_LARGE,
            )
        async with self._engine.place(query) as place:
            judged = await self._judge(query.text)
            bound = parameters_of.check(parameters, judged.parameters, query.text)
            sessions = self._sessions[judged.wants_origins, form.cuts and judged.is_select]
            output = form.output if judged.is_select else form.output_of_listings or form.output
            async with aclosing(self._engine.stream(sessions, query.text, bound, output)) as printed:
                async for piece in self._formed(printed, query, place, form):
                    yield piece

    def _formed(self, printed: Pieces, query: Query, place: Place, form: Format) -> Pieces:
        """Return what the engine prints, as it is sent."""
        if form is JSON:
            return JsonAnswer(self._settings.max_rows, place.seconds, lambda words: _told(words, query.text)).pieces(
                printed
            )
        return whole_lines(printed) if form.is_lines else printed

    async def _judge(self, text: str) -> Judged:
        """Return what the statement needs. Raise QueryError if it is none, or may not run."""
        try:
            tree = await self._ask_parser(READ, text)
            return judge(orjson.loads(tree), self._databases)
        except Refused as refused:
            raise pointed(str(refused), text, refused.word) from None
        except orjson.JSONDecodeError:
            raise pointed("cannot read this: it nests too deeply; want fewer brackets within brackets", text) from None
        except QueryFailed as failed:
            if failed.code == UNKNOWN_FUNCTION:
                raise QueryFault(
                    "cannot check what this statement may do: the ClickHouse server has no parseQueryToJSON;"
                    " want version 26.8 or newer",
                    Reason.FAILED,
                ) from None
            if failed.code != CANNOT_READ:
                raise
        return await self._judge_description(text)

    async def _judge_description(self, text: str) -> Judged:
        """Return what DESCRIBE needs, of which the engine has no tree. Raise QueryError if it is another statement."""
        printed = DESCRIPTION.fullmatch(await self._ask_parser(PRINT, text))
        if not printed or printed["database"] not in (None, CATALOGUE, *self._databases):
            raise pointed(f"cannot run this kind of statement; {STATEMENTS}", text)
        return Judged(frozenset(), wants_origins=True, is_select=False)

    async def _ask_parser(self, sql: str, text: str) -> str:
        rows = (await self._sessions[False, True].query(sql, {"query": text})).to_pylist()
        return str(next(iter(rows[0].values())))


def role(client: Client, settings: QuerySettings) -> str | None:
    """Return the role that reads with no more rights than it needs."""
    return READER if isinstance(client.location, Directory) else settings.sql_role


def fenced(settings: QuerySettings, *, cuts: bool) -> dict[str, str | int]:
    """Return how the engine is to run the SQL of users. The last of it says that nothing of it can be changed."""
    rows: dict[str, str | int] = (
        # One more than is shown, so that it is known whether there are more.
        {"limit": settings.max_rows + 1}
        if cuts
        else {"max_result_rows": settings.max_export_rows, "result_overflow_mode": "throw"}
    )
    return {
        **reading(settings),
        **rows,
        "max_result_bytes": settings.max_result_size,
        "max_query_size": settings.max_query_size + 1024,
        "allow_introspection_functions": 0,
        "implicit_select": 0,  # "watch logs" is a mistake, and not the column watch, called logs
        "date_time_output_format": "iso",
        "output_format_json_quote_denormals": 1,
        "output_format_json_quote_64bit_integers": 0,
        "readonly": 1,
    }


def reading(settings: QuerySettings) -> dict[str, str | int]:
    """Return how the engine is to run any query."""
    return {"max_execution_time": str(settings.max_time), "max_memory_usage": settings.max_memory}


def _told(words: str, text: str) -> UserError:
    code = re.match(r"Code: (\d+)", words)
    return explain(QueryFailed(words, code=int(code[1]) if code else 0), text)
