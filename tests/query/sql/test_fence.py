"""What SQL of users may not do: each statement here is refused before it runs, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstlight.errors import QueryError
from firstlight.query.sql.door import SqlDoor
from firstlight.store.faults import QueryFailed
from firstlight.store.open import Store
from tests.query.sql.asking import rows_of
from tests.query.world import TRACES

pytestmark = pytest.mark.anyio

REFUSED = [
    # what                                     statement                                                        complaint
    # The engine lets every query read any file with this function, whatever the role and the settings.
    ("a file, read",                           "SELECT file('/etc/passwd')",                                    "cannot use file"),
    ("a file, in other letters",               "SELECT FILE('/etc/passwd')",                                    "cannot use FILE"),
    ("a file, quoted",                         "SELECT `file`('/etc/passwd')",                                  "cannot use file"),
    ("a file, between comments",               "SELECT /* x */ file -- y\n ('/etc/passwd')",                    "cannot use file"),
    ("a file, applied to columns",             "SELECT * APPLY(file) FROM (SELECT '/etc/passwd')",              "cannot use file"),
    ("a file, applied without brackets",       "SELECT * APPLY file FROM (SELECT '/etc/passwd')",               "cannot use file"),
    ("a file, applied as a lambda",            "SELECT COLUMNS('x') APPLY(x -> file(x)) FROM (SELECT '/' AS x)", "cannot use file"),
    ("a file, by the function's name",         "SELECT arrayMap(file, ['/etc/passwd'])",                        "cannot use file"),
    ("a file, by a lambda with a name",        "WITH x -> file(x) AS f SELECT f('/etc/passwd')",                "cannot use file"),
    ("a file, after a null character",         "SELECT 1\0, file('/etc/passwd')",                               "cannot read this"),
    ("a file, after a comment of C",           "SELECT 1 // x\n, file('/etc/passwd')",                          "cannot use file"),
    ("a file, after comments in comments",     "SELECT 1 /* /* */ */, file('/etc/passwd')",                     "cannot use file"),
    ("a file, after a string with a trick",    "SELECT 'a\\'', file('/etc/passwd')",                           "cannot use file"),
    ("a file, between curly quotes",           "SELECT ‘x’, file('/etc/passwd')",                               "cannot use file"),
    ("a file, after a heredoc",                "SELECT $a$ $a$, file('/etc/passwd') -- $a$",                    "cannot use file"),
    ("a file, below",                          "SELECT 1 WHERE 1 IN (SELECT length(file('/etc/passwd')))",      "cannot use file"),
    ("a file, after IN",                       "SELECT 1 WHERE 1 IN file('/etc/passwd')",                       "cannot use file"),
    ("a file, explained",                      "EXPLAIN SELECT file('/etc/passwd')",                            "cannot use file"),
    ("a file, in a view of its own",           "SELECT * FROM view(SELECT file('/etc/passwd'))",                "cannot use file"),
    ("a file, as a name to sort by",           "SELECT 'x' AS file ORDER BY file",                              "choose another"),
    ("a file, as a table",                     "SELECT * FROM file('/etc/passwd', 'LineAsString')",             "cannot read from file()"),
    ("a file, described",                      "DESCRIBE file('/etc/passwd')",                                  "this kind of statement"),
    ("a file, described below",                "DESCRIBE (SELECT file('/etc/passwd'))",                         "this kind of statement"),
    ("a file, written",                        "SELECT 1 INTO OUTFILE '{tmp}/x'",                               "cannot write a file"),
    ("a file, written in a format",            "SELECT 1 INTO OUTFILE '{tmp}/x' TRUNCATE FORMAT CSV",           "cannot write a file"),
    ("a file, written by an explanation",      "EXPLAIN SELECT 1 INTO OUTFILE '{tmp}/x'",                       "cannot write a file"),
    ("a file, inserted into",                  "INSERT INTO FUNCTION file('{tmp}/x') SELECT 1",                 "this kind of statement"),
    ("a directory",                            "SELECT * FROM filesystem('/etc')",                              "cannot read from filesystem()"),
    ("the disk",                               "SELECT filesystemAvailable()",                                  "cannot use filesystemAvailable"),
    ("a database of SQLite",                   "SELECT * FROM sqlite('/etc/passwd', 'x')",                      "cannot read from sqlite()"),
    ("a lake on disk",                         "SELECT * FROM icebergLocal('/tmp')",                            "cannot read from icebergLocal()"),
    ("a program",                              "SELECT * FROM executable('/bin/id', 'TSV', 'x String')",        "cannot read from executable()"),
    ("an object of this process",              "SELECT * FROM python(secret)",                                  "cannot read from python()"),
    ("an object, in other letters",            "SELECT * FROM PYTHON(secret)",                                  "cannot read from PYTHON()"),
    ("a stream of this process",               "SELECT * FROM arrowstream('x')",                                "cannot read from arrowstream()"),
    ("a page",                                 "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'x String')",   "cannot read from url()"),
    ("a bucket",                               "SELECT * FROM s3('http://127.0.0.1:1/b/k', 'CSV', 'x String')", "cannot read from s3()"),
    ("another server",                         "SELECT * FROM remote('127.0.0.1', 'system', 'one')",            "cannot read from remote()"),
    ("another server, after IN",               "SELECT 1 IN remote('127.0.0.1', 'system', 'one')",              "cannot read from remote()"),
    ("a cluster",                              "SELECT * FROM clusterAllReplicas('default', system.one)",       "cannot read from clusterAllReplicas()"),
    ("MySQL",                                  "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",        "cannot read from mysql()"),
    ("PostgreSQL",                             "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",   "cannot read from postgresql()"),
    ("a language model",                       "SELECT aiGenerate('x', map())",                                 "cannot use aiGenerate"),
    ("a dictionary",                           "SELECT dictGet('x', 'y', 1)",                                   "cannot use dictGet"),
    ("a dictionary, by type",                  "SELECT dictGetUInt64OrDefault('x', 'y', 1, 2)",                 "cannot use dictGetUInt64OrDefault"),
    ("a dictionary as a table",                "SELECT * FROM dictionary('x')",                                 "cannot read from dictionary()"),
    ("a table to join with",                   "SELECT joinGet('x', 'y', 1)",                                   "cannot use joinGet"),
    ("SQL in a string",                        "SELECT * FROM eval('SELECT 1')",                                "cannot read from eval()"),
    ("rows without end",                       "SELECT * FROM loop(logs) LIMIT 3",                              "cannot read from loop()"),
    ("the tables, merged",                     "SELECT * FROM merge('firstlight', '.*')",                       "cannot read from merge()"),
    ("the tables, merged, after IN",           "SELECT 1 IN merge('firstlight', '.*')",                         "cannot read from merge()"),
    ("the index of a table",                   "SELECT * FROM mergeTreeIndex(firstlight, log_records)",         "cannot read from mergeTreeIndex()"),
    ("a table",                                "SELECT * FROM firstlight.log_records",                          "cannot read firstlight.log_records"),
    ("a table, quoted",                        "SELECT * FROM `firstlight`.\"log_records\"",                    "cannot read firstlight.log_records"),
    ("a table, joined",                        "SELECT 1 FROM logs, firstlight.origins",                        "cannot read firstlight.origins"),
    ("a table, described",                     "DESCRIBE firstlight.log_records",                               "this kind of statement"),
    ("a table, by parameters",                 "SELECT * FROM {a:Identifier}.{b:Identifier}",                   "as a parameter"),
    ("a function, by a parameter",             "SELECT arrayMap({f:Identifier}, ['/etc/passwd'])",              "cannot take f as a parameter"),
    ("what others ask",                        "SELECT query FROM system.processes",                            "cannot read system.processes"),
    ("what others ask, after IN",              "SELECT 1 IN system.processes",                                  "cannot read system.processes"),
    ("what others ask, by its own words",      "SHOW PROCESSLIST",                                              "this kind of statement"),
    ("users",                                  "SELECT * FROM system.users",                                    "cannot read system.users"),
    ("users, by their own words",              "SHOW USERS",                                                    "this kind of statement"),
    ("stacks",                                 "SELECT * FROM system.stack_trace",                              "cannot read system.stack_trace"),
    ("paths on disk",                          "SELECT path FROM system.parts",                                 "cannot read system.parts"),
    ("settings of the server",                 "SELECT getServerSetting('path')",                               "cannot use getServerSetting"),
    ("the machine's code",                     "SELECT addressToSymbol(1::UInt64)",                             "cannot use addressToSymbol"),
    ("the server's log",                       "SELECT logTrace('x')",                                          "cannot use logTrace"),
    ("headers of the request",                 "SELECT getClientHTTPHeader('Authorization')",                   "cannot use getClientHTTPHeader"),
    ("another limit",                          "SELECT 1 SETTINGS max_execution_time = 0",                      "cannot change settings"),
    ("another limit, below",                   "SELECT * FROM (SELECT 1 SETTINGS readonly = 0)",                "cannot change settings"),
    ("another limit, in a union",              "SELECT 1 UNION ALL SELECT 2 SETTINGS max_memory_usage = 0",     "cannot change settings"),
    ("another limit, for good",                "SET max_execution_time = 0",                                    "this kind of statement"),
    ("another format",                         "SELECT 1 FORMAT CSV",                                           "cannot take the format"),
    ("another role",                           "SET ROLE firstlight_owner",                                     "this kind of statement"),
    ("another database",                       "USE firstlight",                                                "this kind of statement"),
    ("another user",                           "EXECUTE AS default SELECT 1",                                   "this kind of statement"),
    ("two statements",                         "SELECT 1; SELECT 2",                                            "more than one statement"),
    ("a statement and its crime",              "SELECT 1; DROP TABLE logs",                                     "more than one statement"),
    ("a statement beside another",             "SELECT 1 FROM logs PARALLEL WITH DROP TABLE logs",              "this kind of statement"),
    ("a query of others, killed",              "KILL QUERY WHERE 1",                                            "this kind of statement"),
    ("rows, inserted",                         "INSERT INTO logs SELECT * FROM logs",                           "this kind of statement"),
    ("rows, written out",                      "INSERT INTO logs VALUES (1)",                                   "this kind of statement"),
    ("rows, deleted",                          "DELETE FROM logs WHERE 1",                                      "this kind of statement"),
    ("rows, altered",                          "ALTER TABLE logs DELETE WHERE 1",                               "this kind of statement"),
    ("a view, dropped",                        "DROP VIEW logs",                                                "this kind of statement"),
    ("everything, dropped",                    "DROP DATABASE firstlight",                                      "this kind of statement"),
    ("a view, emptied",                        "TRUNCATE TABLE logs",                                           "this kind of statement"),
    ("a view, renamed",                        "RENAME TABLE logs TO l",                                        "this kind of statement"),
    ("a table, made",                          "CREATE TABLE x (a Int8) ENGINE = Memory",                       "this kind of statement"),
    ("a temporary table, made",                "CREATE TEMPORARY TABLE x (a Int8)",                             "this kind of statement"),
    ("a function, made",                       "CREATE FUNCTION f AS x -> x",                                   "this kind of statement"),
    ("a user, made",                           "CREATE USER u",                                                 "this kind of statement"),
    ("a right, given",                         "GRANT ALL ON *.* TO default",                                   "this kind of statement"),
    ("a backup",                               "BACKUP TABLE logs TO File('{tmp}/x')",                          "this kind of statement"),
    ("the engine, stopped",                    "SYSTEM SHUTDOWN",                                               "this kind of statement"),
    ("another statement, explained",           "EXPLAIN SYNTAX INSERT INTO logs SELECT 1",                      "this kind of statement"),
    ("another statement, taken apart",         "EXPLAIN AST DROP TABLE logs",                                   "this kind of statement"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_refuses(door: SqlDoor, tmp_path: Path, statement: str, complaint: str) -> None:
    with pytest.raises(QueryError) as caught:
        await rows_of(door, statement.replace("{tmp}", str(tmp_path)), a="firstlight", b="log_records", f="file")

    assert complaint in str(caught.value)
    assert not list(tmp_path.iterdir())  # noqa: ASYNC240 - nobody waits for it


@pytest.mark.parametrize(
    "odd", ["\0", "\t", "\n", "\r", "\x1a", "\x1b", "\\", "'", "\x85", "\u2028", "\ufeff", "\U0001f600"]
)
async def test_judges_the_very_text_that_would_run(door: SqlDoor, odd: str) -> None:
    """What the parser is given as a value arrives as it is, whatever is in it."""
    text = f"a{odd}b\\{odd}'{odd}"

    assert await rows_of(door, "SELECT {value:String}", value=text) == [[text]]


async def test_nothing_was_changed_by_all_this(door: SqlDoor) -> None:
    assert await rows_of(door, "SELECT count() FROM logs") == [[3 * TRACES + 1]]
    assert await rows_of(door, "SELECT currentRoles(), getSetting('readonly')") == [[["firstlight_reader"], 1]]


# What is refused is refused a second time by the engine itself, but for what a query may do to files.
HELD_BY_THE_ENGINE = [
    # what                statement                                                        the engine's code
    ("a table",           "SELECT * FROM firstlight.log_records",                          497),
    ("a file",            "SELECT * FROM file('/etc/passwd', 'LineAsString')",             497),
    ("a file, described", "DESCRIBE file('/etc/passwd')",                                  497),
    ("a page",            "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'x String')",   497),
    ("another server",    "SELECT * FROM remote('127.0.0.1', 'system', 'one')",            497),
    ("a program",         "SELECT * FROM executable('/bin/id', 'TSV', 'x String')",        497),
    ("users",             "SELECT * FROM system.users",                                    497),
    ("a setting",         "SELECT 1 SETTINGS max_execution_time = 1000",                   164),
    ("rows, inserted",    "INSERT INTO logs SELECT * FROM logs",                           497),
    ("a view, dropped",   "DROP VIEW logs",                                                497),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "code"), [row[1:] for row in HELD_BY_THE_ENGINE], ids=[row[0] for row in HELD_BY_THE_ENGINE]
)
async def test_the_engine_refuses_too(door: SqlDoor, statement: str, code: int) -> None:
    """Even what came past the fence finds a session that may only read the views."""
    with pytest.raises(QueryFailed) as caught:
        await door._sessions[False, True].query(statement)

    assert caught.value.code == code


ALLOWED = [
    # what                       statement
    ("a semicolon at the end",   "SELECT 1;"),
    ("a comment at the end",     "SELECT 1 -- ; DROP TABLE logs"),
    ("a comment after the end",  "SELECT 1; -- done"),
    ("a string that looks bad",  "SELECT 'file(''/etc/passwd'')', $$; DROP TABLE logs$$"),
    ("an alias that looks bad",  "SELECT attributes['code.file'] AS file FROM logs"),
    ("common table expressions", "WITH bad AS (SELECT trace_id FROM spans WHERE status = 'error') SELECT body FROM logs WHERE trace_id IN bad"),
    ("a recursive one",          "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT sum(n) FROM r"),
    ("a union",                  "SELECT body FROM logs UNION ALL SELECT name FROM spans"),
    ("an intersection",          "SELECT service FROM logs INTERSECT SELECT service FROM spans"),
    ("windows",                  "SELECT ts, avg(value) OVER (PARTITION BY series_id ORDER BY ts ROWS 3 PRECEDING) AS a FROM metrics QUALIFY a > 1"),
    ("grouping sets",            "SELECT service, level, count() FROM logs GROUP BY GROUPING SETS ((service), (level))"),
    ("gaps filled",              "SELECT toStartOfMinute(ts) AS t, count() FROM logs GROUP BY t ORDER BY t WITH FILL STEP 60"),
    ("lambdas",                  "SELECT arrayFilter(e -> e.name = 'exception', events) FROM spans"),
    ("columns by pattern",       "SELECT COLUMNS('^trace') APPLY(length) FROM spans LIMIT 1"),
    ("a join",                   "SELECT l.body, s.name FROM logs AS l JOIN spans AS s USING (trace_id, span_id)"),
    ("rows made up",             "SELECT * FROM numbers(3) AS a, values('x String', 'a') AS b, generateSeries(1, 2) AS c"),
    ("what there is",            "SELECT name FROM system.tables"),
    ("what there is, the standard way", "SELECT table_name FROM information_schema.tables"),
    ("a view, in full",          "SELECT count() FROM firstlight_sql.logs"),
    ("the views",                "SHOW TABLES"),
    ("columns",                  "SHOW COLUMNS FROM logs"),
    ("columns, described",       "DESCRIBE logs"),
    ("a plan",                   "EXPLAIN indexes = 1 SELECT count() FROM logs WHERE trace_id = 'x'"),
]  # fmt: skip


@pytest.mark.parametrize("statement", [row[1] for row in ALLOWED], ids=[row[0] for row in ALLOWED])
async def test_allows(door: SqlDoor, statement: str) -> None:
    assert await rows_of(door, statement)


VIEWS = {
    "logs",
    "patterns",
    "spans",
    "span_events",
    "metrics",
    "histograms",
    "exemplars",
    "series",
    "metadata",
    "origins",
}


async def test_only_views_are_listed(store: Store, door: SqlDoor) -> None:
    assert {name for (name,) in await rows_of(door, "SHOW TABLES")} == VIEWS
    databases = {
        name
        for (name,) in await rows_of(door, "SELECT DISTINCT database FROM system.tables WHERE database != 'system'")
    }
    assert databases == {*store.client.names.values()}
