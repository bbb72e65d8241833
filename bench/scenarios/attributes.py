"""How attributes are best stored: the same spans in tables that differ in this alone.

The engine runs by itself, in a process for each table. Merges are stopped while rows go in, so that what an insert
costs and what a merge costs are told apart; bytes and queries are of the one part that all is merged into.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from bench.alone import alone
from bench.folder import fresh_folder
from bench.report import Figure, Report
from bench.scenarios.scenario import Options, Scenario
from bench.sent.spans import SpanExport
from bench.usage import Meanwhile
from firstlight.store.connection import INSERT_SETTINGS, Connection, connect
from firstlight.store.location import Directory
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.names import Translation

MEMORY: Final = 2 * 1024**3
ROWS: Final = 1000
BLOCKS: Final = 240
"""How many blocks of a thousand rows are made. They go into one table as they are, and ten at a time into another."""

TRIES: Final = 9
KEYS = pa.string()

Columns = Callable[[pa.Table], Mapping[str, pa.Array]]


@dataclass(frozen=True, slots=True)
class Storage:
    """A way to store attributes: columns, what goes into them, and how they are asked three things."""

    name: str
    words: str
    ddl: str
    columns: Columns
    equal: str = ""
    """The spans of one route."""
    numbers: str = ""
    """A number of each, summed by a text of each."""
    rows: str = ""
    """All attributes of the newest."""


def run(options: Options) -> Iterator[Report]:
    """Measure each way."""
    for storage in STORAGES:
        meanwhile = Meanwhile()
        report = alone(_measure, storage.name, max(10, round(BLOCKS * options.scale)))
        yield replace(report, remarks=meanwhile.remarks())


def _measure(name: str, blocks: int) -> Report:
    storage = next(storage for storage in STORAGES if storage.name == name)
    small = [_table(storage, rows) for rows in _spans(blocks)]
    large = [pa.concat_tables(small[place : place + 10]).combine_chunks() for place in range(0, blocks, 10)]
    folder = fresh_folder()
    session = connect(Directory(folder), database="default", memory=MEMORY, settings=INSERT_SETTINGS)
    for table in ("small", "spans"):
        session.command(f"CREATE TABLE {table} ({_ddl(storage)}) ENGINE = MergeTree ORDER BY (service, ts)", {})
        session.command(f"SYSTEM STOP MERGES {table}", {})
    figures = [
        Figure("insert by 1,000", _insert(session, "small", small), "µs"),
        Figure("insert by 10,000", _insert(session, "spans", large), "µs"),
        Figure("merge", _merge(session, blocks * ROWS), "µs"),
        Figure("on disk", _bytes(session), "B"),
        *(Figure(words, _ask(session, query), "ms") for words, query in _queries(storage).items()),
    ]
    session.close()
    return Report(f"attributes-{name}", storage.words, figures)


def _ddl(storage: Storage) -> str:
    fixed = "service LowCardinality(String), ts DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)), span_id FixedString(8)"
    return ", ".join(part for part in (fixed, storage.ddl) if part)


def _queries(storage: Storage) -> Mapping[str, str]:
    return {"equal": storage.equal, "numbers by text": storage.numbers, "newest rows": storage.rows}


def _spans(blocks: int) -> Iterator[pa.Table]:
    exports = [SpanExport(seed, ROWS) for seed in range(24)]
    decoder = OtlpDecoder(Translation())
    for number in range(blocks):
        body = bytes(exports[number % len(exports)].body(time.time_ns()))
        yield decoder.decode("traces", body, json=False, tenant="default", now_ns=0).tables["spans"]


def _table(storage: Storage, spans: pa.Table) -> pa.Table:
    fixed = {name: spans[name].combine_chunks() for name in ("service", "ts", "span_id")}
    return pa.table({**fixed, **storage.columns(spans)})


def _insert(session: Connection, table: str, blocks: Sequence[pa.Table]) -> float:
    began = time.process_time()
    for block in blocks:
        session.insert(table, block)
    return 1e6 * (time.process_time() - began) / sum(map(len, blocks))


def _merge(session: Connection, rows: int) -> float:
    session.command("SYSTEM START MERGES spans", {})
    began = time.process_time()
    session.command("OPTIMIZE TABLE spans FINAL", {})
    return 1e6 * (time.process_time() - began) / rows


def _bytes(session: Connection) -> float:
    query = "SELECT sum(bytes_on_disk) / sum(rows) AS bytes FROM system.parts WHERE active AND table = 'spans'"
    return float(_answer(session, query)[0]["bytes"])


def _ask(session: Connection, query: str) -> float:
    if not query:
        return math.nan
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        _answer(session, query)
        took.append(time.perf_counter() - began)
    return 1000 * median(took)


def _answer(session: Connection, query: str) -> list[dict[str, Any]]:
    answer = session.read(query, {}, "JSONEachRow")
    text = answer.read().decode()
    answer.close()
    return [json.loads(line) for line in text.splitlines()]


def _as_is(spans: pa.Table) -> Mapping[str, pa.Array]:
    return {"attributes": spans["attributes"].combine_chunks(), "types": spans["attribute_types"].combine_chunks()}


def _apart(spans: pa.Table) -> Mapping[str, pa.Array]:
    maps = spans["attributes"].combine_chunks()
    names = pa.ListArray.from_arrays(maps.offsets, maps.keys)
    return {
        "names": pc.binary_join(names, SEPARATOR),
        "texts": pa.ListArray.from_arrays(maps.offsets, maps.items),
        "types": spans["attribute_types"].combine_chunks(),
    }


def _by_type(spans: pa.Table) -> Mapping[str, pa.Array]:
    kinds: Mapping[str, tuple[pa.DataType, Callable[[str], object]]] = {
        "s": (KEYS, str),
        "i": (pa.int64(), int),
        "d": (pa.float64(), float),
        "b": (pa.bool_(), "true".__eq__),
    }
    pairs = [list(zip(*row, strict=True)) for row in _typed(spans)]
    return {
        f"attributes_{kind}": pa.array(
            [[(key, read(text)) for (key, text), letter in row if letter == kind] for row in pairs], pa.map_(KEYS, of)
        )
        for kind, (of, read) in kinds.items()
    }


def _as_json(spans: pa.Table) -> Mapping[str, pa.Array]:
    # Numbers and truth values are written in JSON as they are in the map.
    written = [
        {key: text if letter == "s" else json.loads(text) for (key, text), letter in zip(*row, strict=True)}
        for row in _typed(spans)
    ]
    return {"attributes": pa.array([json.dumps(row) for row in written])}


def _typed(spans: pa.Table) -> Iterator[tuple[list[tuple[str, str]], str]]:
    return zip(spans["attributes"].to_pylist(), spans["attribute_types"].to_pylist(), strict=True)


SEPARATOR: Final = "\x1f"
ROUTE: Final = "/api/orders/{id}"
NEWEST: Final = "FROM spans ORDER BY ts DESC LIMIT 100"


def _in_list(name: str) -> str:
    return f"texts[indexOf(splitByChar('{SEPARATOR}', names), '{name}')]"


STORAGES: Final = (
    Storage("none", "the table without any attributes, for comparison", "", lambda spans: {}),
    Storage(
        "map",
        "a map of texts, names as a dictionary, types as letters beside it: what firstlight does",
        "attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)), types LowCardinality(String)",
        _as_is,
        f"SELECT count() FROM spans WHERE attributes['http.route'] = '{ROUTE}'",
        "SELECT attributes['db.collection.name'] AS name, sum(toInt64OrNull(attributes['db.response.returned_rows']))"
        " FROM spans GROUP BY name",
        f"SELECT attributes, types {NEWEST}",
    ),
    Storage(
        "plain-map",
        "the same, names as texts",
        "attributes Map(String, String) CODEC(ZSTD(1)), types LowCardinality(String)",
        _as_is,
        f"SELECT count() FROM spans WHERE attributes['http.route'] = '{ROUTE}'",
        "SELECT attributes['db.collection.name'] AS name, sum(toInt64OrNull(attributes['db.response.returned_rows']))"
        " FROM spans GROUP BY name",
        f"SELECT attributes, types {NEWEST}",
    ),
    Storage(
        "list",
        "names as one text of a dictionary, texts as a list",
        "names LowCardinality(String), texts Array(String) CODEC(ZSTD(1)), types LowCardinality(String)",
        _apart,
        f"SELECT count() FROM spans WHERE {_in_list('http.route')} = '{ROUTE}'",
        f"SELECT {_in_list('db.collection.name')} AS name,"
        f" sum(toInt64OrNull({_in_list('db.response.returned_rows')})) FROM spans GROUP BY name",
        f"SELECT names, texts, types {NEWEST}",
    ),
    Storage(
        "typed-maps",
        "a map for each type: texts, integers, doubles, truth values",
        "attributes_s Map(LowCardinality(String), String) CODEC(ZSTD(1)),"
        " attributes_i Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),"
        " attributes_d Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),"
        " attributes_b Map(LowCardinality(String), Bool) CODEC(ZSTD(1))",
        _by_type,
        f"SELECT count() FROM spans WHERE attributes_s['http.route'] = '{ROUTE}'",
        "SELECT attributes_s['db.collection.name'] AS name, sum(attributes_i['db.response.returned_rows'])"
        " FROM spans GROUP BY name",
        f"SELECT attributes_s, attributes_i, attributes_d, attributes_b {NEWEST}",
    ),
    Storage(
        "json",
        "the engine's JSON type, a column for each name; writing the JSON is not counted",
        "attributes JSON CODEC(ZSTD(1))",
        _as_json,
        f"SELECT count() FROM spans WHERE attributes.http.route.:String = '{ROUTE}'",
        "SELECT attributes.db.collection.name.:String AS name, sum(attributes.db.response.returned_rows.:Int64)"
        " FROM spans GROUP BY name",
        f"SELECT attributes {NEWEST}",
    ),
)

SCENARIO: Final = Scenario("attributes", "attributes as a map, as typed maps, as JSON", run)
