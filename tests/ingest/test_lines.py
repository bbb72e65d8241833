"""Text of several kinds, posted: Prometheus' formats, and InfluxDB's lines."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence

import httpx
import pyarrow as pa
import pytest
from starlette.routing import Route

from firstlight.ingest import import_text, influx
from firstlight.ingest.http import HttpDoor
from firstlight.store.fake import FakeStore
from firstlight.wire.prometheus.book import Book
from tests.ingest.pushing import serving

pytestmark = pytest.mark.anyio

TIME = 1_780_000_000


def routes(door: HttpDoor) -> Sequence[Route]:
    book = Book()
    lines = influx.Influx(book)
    return [
        door.route(import_text.PATH, import_text.ImportText(book)),
        door.route(influx.PATH_1, lines),
        door.route(influx.PATH_2, lines),
    ]


def stored(store: FakeStore) -> dict[str, tuple[int, float]]:
    """Return time and value by the text of the series."""
    names = {
        row["series_id"]: row["metric"] + "".join(f" {key}={value}" for key, value in row["labels"])
        for row in store.rows("series")
    }
    found = {}
    for batch in store.batches:
        table = batch.tables["samples"]
        for one, time, value in zip(
            table["series_id"].to_pylist(),
            table["ts"].cast(pa.int64()).to_pylist(),
            table["value"].to_pylist(),
            strict=True,
        ):
            found[names[one]] = (time, value)
    return found


async def post(store: FakeStore, path: str, body: bytes, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with serving(store.append, routes) as rig, httpx.AsyncClient() as client:
        return await client.post(f"{rig.url}{path}", content=body, headers=sent)


# --- expositions -----------------------------------------------------------------------------------------------------

EXPOSITIONS = [
    # what                    type                               body
    ("text",                  "text/plain; version=0.0.4",       b"# TYPE a gauge\na{x=\"y\"} 1 1780000000000\n"),
    ("text without a type",   "",                                b"a{x=\"y\"} 1 1780000000000"),
    ("OpenMetrics",           "application/openmetrics-text; version=1.0.0", b"# TYPE a gauge\na{x=\"y\"} 1 1780000000.0\n# EOF\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content_type", "body"), [row[1:] for row in EXPOSITIONS], ids=[row[0] for row in EXPOSITIONS]
)
async def test_imports_expositions(content_type: str, body: bytes) -> None:
    store = FakeStore()
    got = await post(store, import_text.PATH, gzip.compress(body), content_type=content_type, content_encoding="gzip")

    assert (got.status_code, got.content) == (204, b"")
    assert stored(store) == {"a x=y": (TIME * 1000, 1.0)}


async def test_imports_nothing_of_what_is_no_exposition() -> None:
    store = FakeStore()
    got = await post(store, import_text.PATH, b"a 1\nb c d\n", content_type="text/plain")

    assert got.status_code == 400
    assert got.text.startswith("cannot read the metrics as Prometheus text: line 2")
    assert store.batches == []


# --- InfluxDB --------------------------------------------------------------------------------------------------------

LINES = [
    # what                      query             line                                                   series and value
    ("a value",                 "?precision=s",   f"cpu value=1 {TIME}",                                 {"cpu": 1.0}),
    ("a field",                 "?precision=s",   f"cpu idle=1.5 {TIME}",                                {"cpu_idle": 1.5}),
    ("fields and tags",         "?precision=s",   f"cpu,host=a,zone=b idle=1,busy=-2.5e1 {TIME}",        {"cpu_idle host=a zone=b": 1.0, "cpu_busy host=a zone=b": -25.0}),
    ("integers",                "?precision=s",   f"m a=-7i,b=8u {TIME}",                                {"m_a": -7.0, "m_b": 8.0}),
    ("booleans",                "?precision=s",   f"m a=t,b=False {TIME}",                               {"m_a": 1.0, "m_b": 0.0}),
    ("a text besides",          "?precision=s",   f'm a="x, y=1 \\" z",b=2 {TIME}',                      {"m_b": 2.0}),
    ("a text of two lines",     "?precision=s",   f'm a="x\ny",b=2 {TIME}',                              {"m_b": 2.0}),
    ("escapes",                 "?precision=s",   f"a\\ b\\,c,t\\=1=v\\ w\\,x f\\ g=1 {TIME}",           {"a_b_c_f_g t_1=v w,x": 1.0}),
    ("a backslash",             "?precision=s",   f"m,path=C:\\dir a=1 {TIME}",                          {"m_a path=C:\\dir": 1.0}),
    ("nanoseconds",             "",               f"m a=1 {TIME}000000123",                              {"m_a": 1.0}),
    ("nanoseconds, by name",    "?precision=ns",  f"m a=1 {TIME}000000123",                              {"m_a": 1.0}),
    ("microseconds",            "?precision=u",   f"m a=1 {TIME}000123",                                 {"m_a": 1.0}),
    ("milliseconds",            "?precision=ms",  f"m a=1 {TIME}000",                                    {"m_a": 1.0}),
    ("comments and blanks",     "?precision=s",   f"# hello\n\n  \nm a=1 {TIME}\r\n#end",                {"m_a": 1.0}),
    ("a name for PromQL",       "?precision=s",   f"0sys.load-avg,host.name=a 1m=2 {TIME}",              {"_0sys_load_avg_1m host_name=a": 2.0}),
    ("other letters",           "?precision=s",   f"m,stadt=Köln a=1 {TIME}",                            {"m_a stadt=Köln": 1.0}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "line", "wanted"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
@pytest.mark.parametrize("path", [influx.PATH_1, influx.PATH_2])
async def test_takes_lines(path: str, query: str, line: str, wanted: dict[str, float]) -> None:
    store = FakeStore()
    got = await post(store, path + query, line.encode())

    assert (got.status_code, got.content) == (204, b"")
    assert stored(store) == {series: (TIME * 1000, value) for series, value in wanted.items()}


async def test_gives_lines_without_a_time_that_of_now() -> None:
    store = FakeStore()
    await post(store, influx.PATH_2, b"m a=1")

    assert stored(store)["m_a"][0] > 1_700_000_000_000


BAD_LINES = [
    # what                   line                        why
    ("no fields",            b"m",                       "line 2, column 2: want a tag, or a blank and fields"),
    ("no value",             b"m a=",                    "line 2, column 3: want a field, as name=value"),
    ("no field name",        b"m =1",                    "line 2, column 3: want a field, as name=value"),
    ("a tag without value",  b"m,t= a=1",                "line 2, column 2: want a tag, or a blank and fields"),
    ("no measurement",       b",t=1 a=1",                "line 2, column 1: want a measurement"),
    ("a word",               b"m a=hello",               "line 2, column 5: want a number, a boolean or a text in quotes"),
    ("NaN",                  b"m a=NaN",                 "line 2, column 5: want a number, a boolean or a text in quotes"),
    ("a text without end",   b'm a="x',                  "line 2, column 3: want a field, as name=value"),
    ("a time that is none",  b"m a=1 yesterday",         "line 2, column 6: want a time, or the end of the line"),
    ("not UTF-8",            b"m,t=\xff a=1",            "line 2, column 1: want UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "why"), [row[1:] for row in BAD_LINES], ids=[row[0] for row in BAD_LINES])
async def test_refuses_lines_alone(line: bytes, why: str) -> None:
    store = FakeStore()
    body = b"good a=1 1780000000\n" + line + b"\nalso a=2 1780000000\n"
    got = await post(store, influx.PATH_2 + "?precision=s", body)
    old = await post(FakeStore(), influx.PATH_1 + "?precision=s", body)

    told = f"partial write: 1 refused: 1 malformed line: {why}"
    assert (got.status_code, json.loads(got.content)) == (400, {"code": "invalid", "message": told})
    assert (old.status_code, json.loads(old.content)) == (400, {"error": told})
    assert stored(store).keys() == {"good_a", "also_a"}


async def test_refuses_times_and_precisions_that_are_none() -> None:
    store = FakeStore()
    late = await post(store, influx.PATH_2, b"m a=1 -5\nm a=2 9223372036854775807\nm b=3 1")
    unit = await post(store, influx.PATH_2 + "?precision=days", b"m a=1 1")

    assert late.status_code == 400
    assert "1 time before 1970 or after 2262" in late.text
    assert unit.status_code == 400
    assert json.loads(unit.content)["message"].startswith("cannot read the times: their precision is 'days'")
