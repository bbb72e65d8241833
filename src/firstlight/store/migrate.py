"""The schema, brought up to date when the store is opened.

Migrations are the files `schema/NNNN_name.sql`, applied in order, each recorded when all of it is done. A process may
die between two statements: the next one then runs the whole file again. So each statement must be one that may be run
twice, such as `CREATE TABLE IF NOT EXISTS`; tests/store holds the files to that. There is no way back: data that a
newer firstlight has written are refused, and so is a file that changed after it was applied.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from firstlight.store.client import Client
from firstlight.store.faults import QueryFailed, StoreUnusable

FILE_NAME = re.compile(r"(?P<version>[0-9]{4})_(?P<name>[a-z0-9_]+)\.sql")

RECORD = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version UInt32,
    name String,
    sha256 String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY version
"""

# What a statement is cut by: the end of it, and whatever may hide one.
TOKEN = re.compile(
    r"""
      (?P<end>;)
    | (?P<comment> --[^\n]* | /\*.*?\*/ )
    | '(?:[^'\\]|\\.|'')*'
    | "(?:[^"\\]|\\.|"")*"
    | `(?:[^`\\]|\\.|``)*`
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """What tells whether its statements have changed; comments may."""
        return hashlib.sha256(";\n".join(statements(self.sql)).encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.version:04}_{self.name}.sql"


def shipped() -> tuple[Migration, ...]:
    """Return the migrations that this firstlight brings, in order."""
    return read(resources.files("firstlight.store.schema"))


def read(folder: Traversable) -> tuple[Migration, ...]:
    """Return the migrations in a folder, in order."""
    found = ((FILE_NAME.fullmatch(file.name), file) for file in folder.iterdir())
    steps = [Migration(int(name["version"]), name["name"], file.read_text("utf-8")) for name, file in found if name]
    return tuple(sorted(steps, key=lambda step: step.version))


def statements(sql: str) -> Iterator[str]:
    r"""Yield the statements of `sql`, which end in ``;``, without comments.

    >>> list(statements("SELECT ';' -- not; here\n; SELECT 2"))
    ["SELECT ';'", 'SELECT 2']
    """
    statement, start = "", 0
    for token in TOKEN.finditer(sql):
        statement += sql[start : token.start()]
        start = token.end()
        match token.lastgroup:
            case "end":
                yield from filter(None, [statement.strip()])
                statement = ""
            case "comment":
                statement += " "
            case _:
                statement += token[0]
    yield from filter(None, [(statement + sql[start:]).strip()])


async def migrate(client: Client, migrations: Sequence[Migration]) -> None:
    """Apply those of `migrations` that the store has not had. Raise StoreUnusable if it has had others."""
    await client.command(RECORD)
    answer = await client.query("SELECT version, name, sha256 FROM schema_migrations")
    applied = {row["version"]: row for row in answer.to_pylist()}
    _check_history(client, migrations, {version: row["sha256"] for version, row in applied.items()})
    for step in migrations:
        if step.version not in applied:
            await _apply(client, step)


def _check_history(client: Client, migrations: Sequence[Migration], applied: dict[int, str]) -> None:
    newest = max((step.version for step in migrations), default=0)
    if applied and max(applied) > newest:
        raise StoreUnusable(
            f"cannot open {client.location}: its schema is version {max(applied)}, and this firstlight knows up to"
            f" {newest}; upgrade firstlight, or use the one that wrote these data"
        )
    for step in migrations:
        if applied.get(step.version, step.sha256) != step.sha256:
            raise StoreUnusable(
                f"cannot open {client.location}: {step} is not what was applied to it; use a released firstlight"
            )


def _named(statement: str, names: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in names.items() if f"{{{name}:Identifier}}" in statement}


async def _apply(client: Client, step: Migration) -> None:
    for statement in statements(step.sql):
        try:
            await client.command(statement, _named(statement, client.names))
        except QueryFailed as error:
            first = " ".join(statement.split()[:6])
            raise StoreUnusable(f"cannot bring {client.location} up to date: {step}: {first} …: {error}") from error
    await client.command(
        "INSERT INTO schema_migrations (version, name, sha256) SELECT {version:UInt32}, {name:String}, {sha256:String}",
        {"version": step.version, "name": step.name, "sha256": step.sha256},
    )
