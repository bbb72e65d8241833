"""What the engine's errors mean for the rows of the insert that failed."""

from __future__ import annotations

import errno

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from firstlight.errors import StoreBusy, StoreError, StoreFull, StoreRefused
from firstlight.store.client import Client
from firstlight.store.faults import BAD_ROWS, BUSY, FULL_DISK, Doubtful, told, translate

MEANINGS: list[tuple[str, Exception, type[StoreError]]] = [
    # what                                      error                                                                       means
    ("the engine cannot reserve space",         DatabaseError("Cannot reserve 1.00 MiB", code=243),                         StoreFull),
    ("the disk fills while it writes",          DatabaseError("errno: 28, strerror: No space left on device", code=75),     StoreFull),
    ("a quota is used up",                      DatabaseError("strerror: Disk quota exceeded", code=75),                    StoreFull),
    ("the file of the insert does not fit",     OSError(errno.ENOSPC, "No space left on device"),                           StoreFull),
    ("memory is used up",                       DatabaseError("(total) memory limit exceeded", code=241),                   StoreBusy),
    ("merges do not keep up",                   DatabaseError("Too many parts", code=252),                                  StoreBusy),
    ("it takes too long",                       DatabaseError("Timeout exceeded", code=159),                                StoreBusy),
    ("nobody answers",                          OperationalError("Error executing HTTP request"),                           StoreBusy),
    ("the session is closed",                   DatabaseError("The client has been closed"),                                StoreBusy),
    ("a table is missing",                      DatabaseError("Unknown table", code=60),                                    StoreBusy),
    ("the password was changed",                DatabaseError("Authentication failed", code=516),                           StoreBusy),
    ("a number does not fit",                   DatabaseError("out of the allowed Date range", code=321),                   StoreRefused),
    ("a constraint forbids it",                 DatabaseError("Constraint `c` is violated", code=469),                      StoreRefused),
    ("something nobody thought of",             DatabaseError("Logical error", code=49),                                    Doubtful),
]  # fmt: skip

TOLD = [
    # what                         the engine's words                                                                          ours
    ("one part of the engine",     "Code: 60. DB::Exception: Table x does not exist. (UNKNOWN_TABLE) (version 26.9.2.1)",       "Table x does not exist. (UNKNOWN_TABLE)"),
    ("from part to part",          "Code: 321. DB::Exception: Code: 321. DB::Exception: bad: (in file/uri /proc/self/fd/32): While executing File: more", "bad"),
    ("a password in a URL",        "no route to clickhouse://me:secret@db",                                                     "no route to clickhouse://me:***@db"),
    ("many lines",                 "one\ntwo",                                                                                  "one two"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "meaning"), [row[1:] for row in MEANINGS], ids=[row[0] for row in MEANINGS])
def test_means(error: Exception, meaning: type[StoreError]) -> None:
    found = translate(error)

    assert type(found) is meaning
    assert str(found).startswith("cannot store: ")


@pytest.mark.parametrize(("words", "ours"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD])
def test_is_told(words: str, ours: str) -> None:
    assert told(DatabaseError(words)) == ours


@pytest.mark.anyio
async def test_codes_are_what_the_engine_calls_them(client: Client) -> None:
    ours = {**FULL_DISK, **BAD_ROWS, **BUSY}

    names = await client.query("SELECT errorCodeToName(arrayJoin({codes:Array(Int32)})) AS name", {"codes": list(ours)})

    assert dict(zip(ours, names["name"].to_pylist(), strict=True)) == ours
    assert len(ours) == len(FULL_DISK) + len(BAD_ROWS) + len(BUSY)
