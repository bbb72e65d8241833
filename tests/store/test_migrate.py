"""Migrations: each is applied once, a crash half way needs no repair, and what cannot be right is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from firstlight.store.client import Client
from firstlight.store.faults import StoreUnusable
from firstlight.store.migrate import Migration, migrate, read, shipped, statements

STATEMENTS = [
    # what                         SQL                                          statements
    ("nothing",                    "",                                          []),
    ("only a comment",             "-- nothing; yet\n",                         []),
    ("one without an end",         "SELECT 1",                                  ["SELECT 1"]),
    ("two",                        "SELECT 1;\nSELECT 2;\n",                    ["SELECT 1", "SELECT 2"]),
    ("an end too many",            "SELECT 1;;",                                ["SELECT 1"]),
    ("an end in a string",         "SELECT ';'; SELECT 2",                      ["SELECT ';'", "SELECT 2"]),
    ("an end after a quote",       r"SELECT '\';'; SELECT ''';'",               [r"SELECT '\';'", "SELECT ''';'"]),
    ("an end in a name",           'SELECT ";" AS `;`',                         ['SELECT ";" AS `;`']),
    ("an end in a comment",        "SELECT -- one; two\n1",                     ["SELECT  \n1"]),
    ("an end in a long comment",   "SELECT /* one;\ntwo */ 1",                  ["SELECT   1"]),
    ("a comment in a string",      "SELECT '-- ;' /* ' */;",                    ["SELECT '-- ;'"]),
]  # fmt: skip

ONE = Migration(1, "one", "CREATE TABLE IF NOT EXISTS a (x Int8) ENGINE = MergeTree ORDER BY x;")
TWO = Migration(
    2, "two", "ALTER TABLE a ADD COLUMN IF NOT EXISTS y Int8; ALTER TABLE a ADD COLUMN IF NOT EXISTS z Int8"
)
OTHER = Migration(1, "one", "CREATE TABLE IF NOT EXISTS b (x Int8) ENGINE = MergeTree ORDER BY x;")
COMMENTED = Migration(1, "one", f"-- said better\n{ONE.sql}")
BROKEN = Migration(2, "two", "ALTER TABLE nowhere ADD COLUMN x Int8")

REFUSED: list[tuple[str, Sequence[Migration], Sequence[Migration], str]] = [
    # what              applied       then          complaint
    ("newer data",      [ONE, TWO],   [ONE],        "its schema is version 2, and this firstlight knows up to 1; upgrade firstlight"),
    ("another history", [ONE],        [OTHER, TWO], "0001_one.sql is not what was applied to it"),
    ("what cannot be",  [ONE],        [ONE, BROKEN], "0002_two.sql: ALTER TABLE nowhere ADD COLUMN x …: "),
]  # fmt: skip

RERUNNABLE = re.compile(
    r"CREATE (DATABASE|TABLE|VIEW|MATERIALIZED VIEW) IF NOT EXISTS "
    r"|CREATE OR REPLACE VIEW "
    r"|DROP (TABLE|VIEW) IF EXISTS "
    r"|ALTER TABLE \w+ (ADD (COLUMN|INDEX) IF NOT EXISTS|DROP (COLUMN|INDEX) IF EXISTS|MODIFY (COLUMN IF EXISTS|SETTING)) "
)


class CrashError(Exception):
    """Stands for the end of the process."""


class Crashing(Client):
    """An engine that is gone after some statements."""

    left = 0

    async def command(self, sql: str, parameters: object = None) -> None:
        if not self.left:
            raise CrashError
        self.left -= 1
        await super().command(sql, parameters)  # type: ignore[arg-type]


async def applied(client: Client) -> list[int]:
    versions: list[int] = (await client.query("SELECT version FROM schema_migrations ORDER BY version"))[
        "version"
    ].to_pylist()
    return versions


@pytest.mark.parametrize(("sql", "found"), [row[1:] for row in STATEMENTS], ids=[row[0] for row in STATEMENTS])
def test_cuts_statements(sql: str, found: list[str]) -> None:
    assert list(statements(sql)) == found


def test_every_shipped_statement_may_be_run_twice() -> None:
    """A crash between two statements is mended by running the file again."""
    for step in shipped():
        for statement in statements(step.sql):
            assert RERUNNABLE.match(" ".join(statement.split())), f"{step}: {statement[:80]}"


def test_shipped_migrations_count_from_1() -> None:
    assert [step.version for step in shipped()] == list(range(1, len(shipped()) + 1))


def test_reads_migrations_in_order_and_nothing_else(tmp_path: Path) -> None:
    for name in ("0010_ten.sql", "0002_two.sql", "__init__.py", "notes.txt"):
        (tmp_path / name).write_text(f"-- {name}")

    assert [str(step) for step in read(tmp_path)] == ["0002_two.sql", "0010_ten.sql"]


@pytest.mark.anyio
async def test_each_is_applied_once(client: Client) -> None:
    await migrate(client, [ONE])
    await migrate(client, [ONE, TWO])
    await migrate(client, [COMMENTED, TWO])

    assert await applied(client) == [1, 2]
    assert (await client.query("SELECT * FROM a")).column_names == ["x", "y", "z"]


@pytest.mark.anyio
@pytest.mark.parametrize(("first", "then", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_refuses(client: Client, first: list[Migration], then: list[Migration], complaint: str) -> None:
    await migrate(client, first)

    with pytest.raises(StoreUnusable) as caught:
        await migrate(client, then)

    assert complaint in str(caught.value)
    assert str(client.location) in str(caught.value)


@pytest.mark.anyio
async def test_a_crash_at_any_statement_needs_no_repair(client: Client) -> None:
    """Whatever had been run when the process died, the next one ends with the same schema, recorded once."""
    client.__class__ = Crashing
    assert isinstance(client, Crashing)
    for survived in range(6):
        client.left = survived
        with pytest.raises(CrashError):
            await migrate(client, [ONE, TWO])
        client.left = 100

        await migrate(client, [ONE, TWO])

        assert await applied(client) == [1, 2]
        assert (await client.query("SELECT * FROM a")).column_names == ["x", "y", "z"]
        for name in ("a", "schema_migrations"):
            await client.command(f"DROP TABLE {name}")
