"""What the engine complains of, as errors of ours, which say whether it is the disk, the engine or the rows.

Only rows that the engine finds fault with may be refused for good. An error that nobody listed here may be either's
fault, `Doubtful`: the writer finds out by trying the rows apart from each other.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from types import MappingProxyType

from clickhouse_connect.driver.exceptions import Error as EngineError
from clickhouse_connect.driver.exceptions import OperationalError

from firstlight.errors import StoreBusy, StoreError, StoreFull, StoreRefused, UserError, without_password

# Codes and names: https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp

TOLD = 300
"""How much of the engine's words is handed on."""

FULL_DISK: Mapping[int, str] = MappingProxyType({243: "NOT_ENOUGH_SPACE"})
FULL_DISK_ERRNO = frozenset({errno.ENOSPC, errno.EDQUOT})
FULL_DISK_WORDS = re.compile(r"no space left on device|disk quota exceeded|errno: ?(28|122)\b", re.IGNORECASE)

BAD_ROWS: Mapping[int, str] = MappingProxyType(
    {
        6: "CANNOT_PARSE_TEXT",
        19: "SIZE_OF_FIXED_STRING_DOESNT_MATCH",
        26: "CANNOT_PARSE_QUOTED_STRING",
        27: "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
        38: "CANNOT_PARSE_DATE",
        41: "CANNOT_PARSE_DATETIME",
        53: "TYPE_MISMATCH",
        69: "ARGUMENT_OUT_OF_BOUND",
        70: "CANNOT_CONVERT_TYPE",
        72: "CANNOT_PARSE_NUMBER",
        117: "INCORRECT_DATA",
        128: "TOO_LARGE_ARRAY_SIZE",
        131: "TOO_LARGE_STRING_SIZE",
        190: "SIZES_OF_ARRAYS_DONT_MATCH",
        321: "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
        349: "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN",
        407: "DECIMAL_OVERFLOW",
        469: "VIOLATED_CONSTRAINT",
    }
)
"""The rows cannot be read, or do not fit their columns."""

BUSY: Mapping[int, str] = MappingProxyType(
    {
        16: "NO_SUCH_COLUMN_IN_TABLE",
        60: "UNKNOWN_TABLE",
        81: "UNKNOWN_DATABASE",
        159: "TIMEOUT_EXCEEDED",
        164: "READONLY",
        173: "CANNOT_ALLOCATE_MEMORY",
        192: "UNKNOWN_USER",
        201: "QUOTA_EXCEEDED",
        202: "TOO_MANY_SIMULTANEOUS_QUERIES",
        209: "SOCKET_TIMEOUT",
        210: "NETWORK_ERROR",
        225: "NO_ZOOKEEPER",
        236: "ABORTED",
        241: "MEMORY_LIMIT_EXCEEDED",
        242: "TABLE_IS_READ_ONLY",
        252: "TOO_MANY_PARTS",
        279: "ALL_CONNECTION_TRIES_FAILED",
        285: "TOO_FEW_LIVE_REPLICAS",
        286: "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE",
        319: "UNKNOWN_STATUS_OF_INSERT",
        394: "QUERY_WAS_CANCELLED",
        439: "CANNOT_SCHEDULE_TASK",
        497: "ACCESS_DENIED",
        516: "AUTHENTICATION_FAILED",
        999: "KEEPER_EXCEPTION",
    }
)
"""The engine cannot now; it says nothing about the rows. What is set up wrongly is here too: rows outlive that."""


class StoreUnusable(UserError):
    """A store that cannot be opened: somebody else has it, or its data are not ours to read."""


class QueryFailed(UserError):
    """A statement that the engine did not run, or not to its end. `code` and `name` are the engine's for why."""

    def __init__(self, words: str, *, code: int | None = None, name: str | None = None) -> None:
        super().__init__(words)
        self.code = code
        self.name = name


class Doubtful(StoreBusy):
    """An error that may be the rows' fault or the engine's."""


def translate(error: Exception) -> StoreError:
    """Return what an insert that failed with `error` means for the rows in it, none of which are stored."""
    words = f"cannot store: {told(error)}"
    code = error.code if isinstance(error, EngineError) else None
    number = error.errno if isinstance(error, OSError) else None
    if code in FULL_DISK or number in FULL_DISK_ERRNO or FULL_DISK_WORDS.search(str(error)):
        return StoreFull(
            f"cannot store: the disk is full; free some space, or keep less; the engine said: {told(error)}"
        )
    if code in BAD_ROWS:
        return StoreRefused(words)
    if code in BUSY or code is None:  # without a code it came from the connection
        return StoreBusy(f"{words}; send again")
    return Doubtful(f"{words}; send again")


def told(error: BaseException) -> str:
    """Return the engine's own words on one line: without code, version and where in the engine it happened."""
    text = " ".join(str(error).split())
    # Repeated from one part of the engine to another, and by clickhouse-connect.
    text = re.sub(
        r"^(?:Received ClickHouse exception, code: \d+, server response: |Code: \d+\. |DB::Exception: )+", "", text
    )
    text = re.sub(r"\s*\((?:version|in file/uri) [^()]*\)|: While executing .*", "", text).rstrip(": ")
    if isinstance(error, OperationalError):  # of the connection, whose first cause says more than all that follow
        text = f"{text}: {_first_cause(error)}"
    text = without_password(text)
    return text if len(text) <= TOLD else f"{text[: TOLD - 1]}…"


def _first_cause(error: BaseException) -> BaseException:
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error
