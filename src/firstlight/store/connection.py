"""One conversation with the engine, through clickhouse-connect: for one thread at a time, and blocking.

Inside this process and on a server it is the same but for two things. An insert into the engine inside reads a file in
memory, where a server gets a request's body. And the memory and caches of the engine inside are ours to limit.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import MappingProxyType
from typing import Any, BinaryIO, cast

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as EngineError

from firstlight.store.faults import QueryFailed, StoreUnusable, told, translate
from firstlight.store.location import Directory, Location, Server

Settings = Mapping[str, str | int]

MIB = 1024**2

WHOLE = 1 << 40
"""More rows or bytes than one insert has."""

INSERT_SETTINGS: Settings = MappingProxyType(
    {
        # One insert is one part of one partition, and so all or nothing: the engine must not cut it.
        "min_insert_block_size_rows": WHOLE,
        "min_insert_block_size_bytes": WHOLE,
        "max_insert_threads": 1,
        # The blocks are small and there are other lanes: threads cost more than they bring.
        "max_threads": 1,
        "input_format_parallel_parsing": 0,
        # A fifth of an insert's time; parts are soon merged, and get their indices then. Until then they are scanned.
        "materialize_skip_indexes_on_insert": 0,
    }
)
"""How inserts are run."""

Put = Callable[[Client, str, pa.Table], None]


@contextmanager
def query_errors() -> Iterator[None]:
    """Make QueryFailed of what the engine raises."""
    try:
        yield
    except EngineError as error:
        raise QueryFailed(told(error), code=error.code, name=error.name) from error


class Answer:
    """What a query answers, as bytes that come while it runs."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size` of them, or none at the end. Raise QueryFailed."""
        with query_errors():
            return self._stream.read(size) or b""

    def close(self) -> None:
        """End the query, if it still runs."""
        self._stream.close()


class Connection:
    """A session with the engine. Its settings are given once, and hold for everything that is asked in it."""

    def __init__(self, client: Client, put: Put, tag: str) -> None:
        self._client = client
        self._put = put
        self.tag = tag
        """What the engine shows as `log_comment` of whatever runs here: by it a query is found and stopped."""

    def insert(self, table: str, rows: pa.Table) -> None:
        """Return once all `rows` are durable; raise a StoreError if none of them are.

        The rows must be of one partition.
        """
        try:
            self._put(self._client, table, rows)
        except (EngineError, OSError) as error:
            raise translate(error) from error

    def read(self, sql: str, parameters: Mapping[str, Any], output: str) -> Answer:
        """Return what `sql` answers, in the engine's format `output`. Raise QueryFailed.

        Until the answer is closed, nothing else can be asked in this session.
        """
        with query_errors():
            stream = self._client.raw_stream(sql, parameters=dict(parameters), fmt=output)
        return Answer(cast("BinaryIO", stream))

    def command(self, sql: str, parameters: Mapping[str, Any]) -> None:
        """Run a statement that answers nothing. Raise QueryFailed."""
        with query_errors():
            self._client.command(sql, parameters=dict(parameters))

    def close(self) -> None:
        """End the session; the last one of a directory ends the engine."""
        self._client.close()


def connect(
    location: Location, *, database: str | None, memory: int, settings: Settings, role: str | None = None
) -> Connection:
    """Return a new session, in which statements are about `database`. Raise StoreUnusable if there is none to be had.

    `memory` is what the engine may use, if it is inside this process; the first session there decides it. In a session
    with a `role` nothing may be done but what that role may do.
    """
    tag = f"firstlight-{uuid.uuid4().hex}"
    # Last, what forbids to change any setting.
    ordered = dict(sorted({**settings, "log_comment": tag}.items(), key=lambda pair: pair[0] == "readonly"))
    try:
        if isinstance(location, Server):
            return Connection(
                _to_server(location, database, {"role": role, **ordered} if role else ordered), _put_on_server, tag
            )
        inside = _to_inside(location, database, ordered, memory)
        if role:
            inside.command(f"SET ROLE {role}")
        return Connection(inside, _put_inside, tag)
    except (EngineError, OSError) as error:
        raise StoreUnusable(f"cannot open {location}: {told(error)}") from error


def _to_inside(directory: Directory, database: str | None, settings: Settings, memory: int) -> Client:
    return clickhouse_connect.get_client(
        interface="chdb",
        path=str(directory.path),
        database=database,
        settings=dict(settings),
        chdb_options=engine_options(memory),
    )


def _to_server(server: Server, database: str | None, settings: Settings) -> Client:
    return clickhouse_connect.get_client(
        interface="https" if server.tls else "http",
        host=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        database=database,
        settings=dict(settings),
        client_name="firstlight",
        show_clickhouse_errors="scrub",  # without the address
        # The server lets one query at a time into a session, and an insert that it may have run is not sent twice.
        autogenerate_session_id=False,
        query_retries=0,
    )


ENGINE_CONFIG = Path(__file__).with_name("engine.xml")
"""What the engine inside this process reads that is no option of its own."""


def engine_options(memory: int) -> dict[str, int | str]:
    """Return the options of the engine inside this process, so that all of it stays within `memory` bytes.

    Its caches would by themselves grow to many gigabytes before anything is taken out of them.
    """
    return {
        "config-file": str(ENGINE_CONFIG),
        "max_server_memory_usage": memory,
        # A merge of many small parts may need 200 MiB.
        "background_pool_size": max(2, memory // (256 * MIB)),
        "background_merges_mutations_concurrency_ratio": 1,
        "mark_cache_size": memory // 16,
        "primary_index_cache_size": memory // 16,
        "index_mark_cache_size": memory // 32,
        "query_condition_cache_size": memory // 32,
        "compiled_expression_cache_size": memory // 32,
        "text_index_tokens_cache_size": memory // 32,
        "text_index_header_cache_size": memory // 32,
        "text_index_postings_cache_size": memory // 32,
        # At its start the engine would read the parts of a table with up to 64 threads.
        "max_active_parts_loading_thread_pool_size": 4,
        "max_outdated_parts_loading_thread_pool_size": 2,
    }


def _put_inside(client: Client, table: str, rows: pa.Table) -> None:
    with _file_of(rows) as path:
        client.command(f"INSERT INTO {table} ({_names(rows)}) FROM INFILE '{path}' FORMAT ArrowStream")


def _put_on_server(client: Client, table: str, rows: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    _write(rows, sink)
    client.raw_insert(table, rows.column_names, sink.getvalue().to_pybytes(), fmt="ArrowStream")


def _names(rows: pa.Table) -> str:
    return ", ".join(f"`{name}`" for name in rows.column_names)  # they are those of model.tables


@contextmanager
def _file_of(rows: pa.Table) -> Iterator[str]:
    """Yield the path of a file that holds `rows`: in memory where the system has such files, else on disk."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        file = os.memfd_create("firstlight-insert", os.MFD_CLOEXEC)
        try:
            path = f"/proc/self/fd/{file}"
            _write(rows, pa.OSFile(path, "w"))
            yield path
        finally:
            os.close(file)
    else:
        with NamedTemporaryFile(prefix="firstlight-insert-") as temporary:
            _write(rows, pa.OSFile(temporary.name, "w"))
            yield temporary.name


def _write(rows: pa.Table, sink: pa.NativeFile) -> None:
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    if isinstance(sink, pa.OSFile):
        sink.close()
