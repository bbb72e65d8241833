"""The live tail: over a real WebSocket, filtered, and bounded for who reads too slowly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pyarrow as pa
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from firstlight.api.loki.followers import Follower, News
from firstlight.api.loki.following import Following
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.parser import parse
from firstlight.query.logql.streams import Found, Origin
from tests.api.loki.rig import NOW, SECOND, Loki, served


@pytest.fixture
async def loki(tmp_path: Any, anyio_backend: str) -> AsyncIterator[Loki]:
    """A server for one test, which two may follow."""
    async with served(tmp_path / "store", followers={"most": 2, "room": 10}) as it:
        yield it


def tail(loki: Loki, query: str, **parameters: Any) -> Any:
    """Follow."""
    headers = parameters.pop("headers", {})
    url = loki.url.replace("http", "ws")
    asked = urlencode({"query": query, **parameters})
    return connect(f"{url}/loki/api/v1/tail?{asked}", additional_headers=headers, proxy=None)


async def frame(socket: ClientConnection) -> Any:
    """Return the next frame."""
    async with asyncio.timeout(10):
        return json.loads(await socket.recv())


def told(answer: Any) -> list[tuple[str, list[str]]]:
    """Return the app and the lines of each stream in a frame."""
    return [(one["stream"]["app"], [line for _, line, *_ in one["values"]]) for one in answer["streams"]]


async def test_lines_come_as_they_become_durable(loki: Loki) -> None:
    """Those that the query selects, and out of the stages, as a query would show them."""
    async with tail(loki, '{app="a"} |= "error" | logfmt') as socket:
        await loki.push({"app": "b"}, [str(NOW), "error code=1"])
        await loki.push({"app": "a"}, [str(NOW), "error code=2", {"user.id": "u"}], [str(NOW + 1), "fine code=3"])
        answer = await frame(socket)
    assert answer == {
        "streams": [
            {
                "stream": {
                    "app": "a", "code": "2", "detected_level": "unknown", "service_name": "a", "user_id": "u",
                },
                "values": [[str(NOW), "error code=2"]],
            }
        ],
        "dropped_entries": [],
    }  # fmt: skip


async def test_what_was_there_before_comes_first(loki: Loki) -> None:
    """The newest of the last hour, the oldest first; each line once."""
    await loki.push({"app": "a"}, *([str(NOW - 10 * SECOND + number), f"old {number}"] for number in range(5)))
    async with tail(loki, '{app="a"}', limit=3) as socket:
        first = await frame(socket)
        await loki.push({"app": "a"}, [str(NOW), "new"])
        second = await frame(socket)
    assert (told(first), told(second)) == ([("a", ["old 2", "old 3", "old 4"])], [("a", ["new"])])


async def test_streams_that_begin_later_are_found(loki: Loki) -> None:
    """A selector is asked of what comes, not of what was there."""
    async with tail(loki, '{app=~".+"}') as socket:
        await loki.push({"app": "new"}, [str(NOW), "x"])
        assert told(await frame(socket)) == [("new", ["x"])]


async def test_a_field_that_is_no_label_selects(loki: Loki) -> None:
    """As in queries."""
    await loki.push({"app": "a"}, [str(NOW - 7200 * SECOND), "x"])
    async with tail(loki, '{user="u1"}') as socket:
        await loki.push({"app": "a"}, [str(NOW), "x", {"user": "u1"}], [str(NOW + 1), "y", {"user": "u2"}])
        assert told(await frame(socket)) == [("a", ["x"])]


async def test_labels_may_be_told_by_where_they_are_from(loki: Loki) -> None:
    """As for queries, with a header."""
    headers = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}
    async with tail(loki, '{app="a"}', headers=headers) as socket:
        await loki.push({"app": "a"}, [str(NOW), "x", {"k": "v"}])
        answer = await frame(socket)
    assert answer["encodingFlags"] == ["categorize-labels"]
    assert answer["streams"][0]["stream"] == {"app": "a", "service_name": "a"}
    assert answer["streams"][0]["values"][0][2]["structuredMetadata"] == {"detected_level": "unknown", "k": "v"}


def rows(first: int, count: int) -> pa.Table:
    """Return records of one origin, a nanosecond apart."""
    times = pa.array(range(first, first + count), pa.int64()).cast(pa.timestamp("ns"))
    return pa.table({"ts": times, "origin_id": pa.array([7] * count, pa.uint64())})


@pytest.mark.anyio
async def test_what_waits_is_bounded() -> None:
    """The oldest go, and the first of them are remembered."""
    follower = Follower(10)
    dropped = [follower.offer(rows(first, 4), 0.0) for first in (0, 4, 8)]
    follower.offer(rows(12, 300), 0.0)
    found: list[News] = []
    async for news in follower.news():
        found.append(news)
        follower.end()
    assert dropped == [0, 0, 2]
    assert [news.rows["ts"].cast("int64").to_pylist() for news in found] == [list(range(302, 312))]
    assert list(found[0].dropped) == [(7, time) for time in range(100)]


def test_what_went_is_told() -> None:
    """Of the streams that are followed, with their labels and times."""
    query = parse('{app="a"}')
    assert isinstance(query, LogQuery)
    following = Following(query, level=True)
    found = Found(np.array([7], np.uint64), [Origin("a", {"app": "a"}, {})])
    nothing = rows(0, 0)
    (answer,) = following.frames(News(nothing, 0.0, [(7, 5), (8, 6)]), found)
    assert json.loads(answer) == {
        "streams": [],
        "dropped_entries": [{"labels": {"app": "a"}, "timestamp": "5"}],
    }


async def test_a_stop_of_the_server_ends_it(loki: Loki) -> None:
    """With a word why."""
    async with tail(loki, '{app="a"}') as socket:
        await loki.push({"app": "a"}, [str(NOW), "x"])
        await frame(socket)
        loki.followers.close()
        with pytest.raises(ConnectionClosed, match="the server stops"):
            await frame(socket)


async def test_who_leaves_gives_back_his_place(loki: Loki) -> None:
    """So many may follow at once, and one more is asked to come again."""
    async with tail(loki, '{app="a"}'), tail(loki, '{app="b"}'):
        with pytest.raises(InvalidStatus) as refused:
            async with tail(loki, '{app="c"}'):
                pass
        assert (refused.value.response.status_code, refused.value.response.headers["retry-after"]) == (429, "10")
    async with asyncio.timeout(10):
        while True:
            try:
                async with tail(loki, '{app="c"}'):
                    return
            except InvalidStatus:
                await asyncio.sleep(0.01)


REFUSED = [
    ("no LogQL", "{a", {}, 400, "parse error at line 1, col 3"),
    ("metrics", 'rate({a="b"}[1m])', {}, 400, "only log selector is supported"),
    ("a template that is none", '{a="b"} | line_format "{{ .x "', {}, 400, "invalid line template: template: line:1: unclosed action"),
    ("too long a delay", '{a="b"}', {"delay_for": 6}, 400, "delay_for can't be greater than 5"),
    ("a limit that is none", '{a="b"}', {"limit": "x"}, 400, 'strconv.Atoi: parsing "x": invalid syntax'),
    ("a page of another origin", '{a="b"}', {"headers": {"origin": "http://evil.example"}}, 403, "cannot answer a page"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "parameters", "status", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])  # fmt: skip
async def test_what_cannot_be_followed_is_refused(loki: Loki, query: str, parameters: dict[str, Any], status: int, words: str) -> None:  # fmt: skip
    """With an answer in plain HTTP."""
    with pytest.raises(InvalidStatus) as refused:
        async with tail(loki, query, **parameters):
            pass
    assert refused.value.response.status_code == status
    assert words in refused.value.response.body.decode()


async def test_other_paths_are_no_sockets(loki: Loki) -> None:
    """And are told so."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(loki.url.replace("http", "ws") + "/loki/api/v1/nothing", proxy=None):
            pass
    assert refused.value.response.status_code == 403
