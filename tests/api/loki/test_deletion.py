"""Lines deleted over HTTP, as Loki lets it be done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.loki.rig import NOW, SECOND, Loki, served


@pytest.fixture
async def loki(tmp_path: Any, anyio_backend: str) -> AsyncIterator[Loki]:
    """A server for one test, with two streams."""
    async with served(tmp_path / "store") as it:
        for app in ("a", "b"):
            await it.push(
                {"app": app},
                [str(NOW - 3 * SECOND), "secret one", {"user": "u"}],
                [str(NOW - 2 * SECOND), "two"],
                [str(NOW - SECOND), "secret three"],
            )
        yield it


async def lines(loki: Loki) -> list[str]:
    """Return all lines that are there, with their apps."""
    found = await loki.data("query_range", query='{app=~".+"}', direction="forward")
    return sorted(f"{one['stream']['app']} {line}" for one in found["result"] for _, line in one["values"])


ALL = [f"{app} {line}" for app in "ab" for line in ("secret one", "secret three", "two")]

DELETED = [
    ("a stream", {"query": '{app="a"}', "start": 0}, ["a secret one", "a secret three", "a two"]),
    ("lines with a word", {"query": '{app="a"} |= "secret"', "start": 0}, ["a secret one", "a secret three"]),
    ("a range of time", {"query": '{app="b"}', "start": str(NOW - 2 * SECOND), "end": str(NOW - 2 * SECOND)}, ["b two"]),
    ("what lines have beside them", {"query": '{app=~".+"} | user="u"', "start": 0}, ["a secret one", "b secret one"]),
    ("nothing", {"query": '{app="c"}', "start": 0}, []),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "gone"), [row[1:] for row in DELETED], ids=[row[0] for row in DELETED])
async def test_lines_are_gone_when_the_request_is_answered(loki: Loki, parameters: dict[str, Any], gone: list[str]) -> None:  # fmt: skip
    """Those that the query selects in its range of time, and no others."""
    answer = await loki.client.post("/loki/api/v1/delete", params=parameters)
    assert (answer.status_code, answer.text) == (204, "")
    assert await lines(loki) == sorted(set(ALL) - set(gone))


async def test_deletions_are_listed(loki: Loki) -> None:
    """As processed, so that none can be cancelled."""
    await loki.client.put("/loki/api/v1/delete", params={"query": '{app="a"}', "start": "1", "end": "2"})
    (one,) = (await loki.get("delete")).json()
    identity = one.pop("request_id")
    assert one == {
        "start_time": 1.0, "end_time": 2.0, "query": '{app="a"}', "status": "processed", "created_at": NOW / SECOND,
    }  # fmt: skip
    answer = await loki.client.delete("/loki/api/v1/delete", params={"request_id": identity})
    assert (answer.status_code, answer.text) == (
        400,
        "deletion of request which is in process or already processed is not allowed",
    )


REFUSED = [
    ("no query", {"start": 0}, "query not set"),
    ("no start", {"query": '{a="b"}'}, "start time not set"),
    ("an end in the future", {"query": '{a="b"}', "start": 0, "end": str(NOW + SECOND)}, "deletes in the future are not allowed"),
    ("the wrong way round", {"query": '{a="b"}', "start": 2, "end": 1}, "start time can't be greater than end time"),
    ("everything", {"query": "{}", "start": 0}, "parse error : queries require at least one regexp"),
    ("metrics", {"query": 'rate({a="b"}[1m])', "start": 0}, "only log selector is supported"),
    ("what needs lines to be parsed", {"query": '{app="a"} | json | n="1"', "start": 0}, "cannot delete by this query: it has a stage that needs lines to be parsed"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_what_cannot_be_deleted_is_refused(loki: Loki, parameters: dict[str, Any], words: str) -> None:
    """And nothing is gone."""
    answer = await loki.client.post("/loki/api/v1/delete", params=parameters)
    assert (answer.status_code, answer.text[: len(words)]) == (400, words)
    assert await lines(loki) == sorted(ALL)
