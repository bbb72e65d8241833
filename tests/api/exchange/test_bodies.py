"""Answers go out in pieces, each made when the one before it was taken, so that none is whole in memory twice."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from starlette.types import Message

from firstlight.api.exchange.bodies import PIECE, Body, listed, send_body, success, success_of_list

pytestmark = pytest.mark.anyio

SCOPE: dict[str, Any] = {"type": "http", "method": "GET", "headers": []}


class Client:
    """Takes what is sent, and remembers how much was made when each piece came."""

    def __init__(self) -> None:
        self.made = 0
        self.sent: list[Message] = []
        self.ahead = 0

    def pieces(self, count: int, size: int) -> Iterator[bytes]:
        """Yield pieces of an answer."""
        for number in range(count):
            self.made += size
            yield bytes([number % 256]) * size

    async def take(self, message: Message) -> None:
        """Take a message."""
        self.sent.append(message)
        self.ahead = max(self.ahead, self.made - len(self.body))

    async def nothing(self) -> Message:
        """Return nothing, for nothing is left of the request."""
        raise AssertionError

    @property
    def body(self) -> bytes:
        """All that came."""
        return b"".join(one.get("body", b"") for one in self.sent)

    async def ask(self, body: Body, *, packed: bool = False) -> None:
        """Let a body be sent."""
        await send_body(body, {}, SCOPE, self.nothing, self.take, packed=packed)


@pytest.mark.parametrize("large", [False, True], ids=["at once", "in a thread"])
async def test_a_huge_answer_is_made_as_it_is_taken(large: bool) -> None:
    client = Client()

    await client.ask(Body(client.pieces(1_000, 10_000), large=large))

    assert client.body == b"".join(Client().pieces(1_000, 10_000))
    assert client.ahead <= 3 * (PIECE + 10_000)
    assert b"content-length" not in dict(client.sent[0]["headers"])


async def test_a_small_answer_goes_out_whole() -> None:
    client = Client()

    await client.ask(Body(client.pieces(3, 5)))

    assert dict(client.sent[0]["headers"])[b"content-length"] == b"15"
    assert len(client.sent) == 2


@pytest.mark.parametrize(("count", "size"), [(1, 2_000), (300, 10_000)], ids=["one piece", "many pieces"])
async def test_a_packed_answer_is_the_same(count: int, size: int) -> None:
    client = Client()

    await client.ask(Body(client.pieces(count, size)), packed=True)

    assert gzip.decompress(client.body) == b"".join(Client().pieces(count, size))
    assert dict(client.sent[0]["headers"])[b"content-encoding"] == b"gzip"


async def test_an_empty_answer() -> None:
    client = Client()

    await client.ask(Body(iter([b"", b""])), packed=True)

    assert (client.body, client.sent[0]["status"]) == (b"", 200)


def read(body: Body) -> Any:
    return orjson.loads(b"".join(body.pieces))


NOTES = {
    "none": ([], None),
    "one": (["a"], ["a"]),
    "as many as are told": ([str(n) for n in range(10)], [str(n) for n in range(10)]),
    "more": ([str(n) for n in range(12)], [*(str(n) for n in range(10)), "2 more {} annotations omitted"]),
}


@pytest.mark.parametrize(("notes", "told"), NOTES.values(), ids=NOTES)
@pytest.mark.parametrize("kind", ["warning", "info"])
def test_notes_are_told(kind: str, notes: list[str], told: list[str] | None) -> None:
    answer = read(success([b"[]"], warnings=notes) if kind == "warning" else success([b"[]"], infos=notes))

    assert answer.get(f"{kind}s") == (told and [one.format(kind) for one in told])
    assert list(answer) == ["status", "data", *([f"{kind}s"] if told else [])]


def test_what_was_cut_is_told() -> None:
    cut = read(success_of_list([1, 2], str, cut=True))

    assert cut == {"status": "success", "data": ["1", "2"], "warnings": ["results truncated due to limit"]}


LISTS: dict[str, list[Any]] = {
    "nothing": [],
    "one": [1],
    "several": [1, {"a": None}, "b"],
    "as many as are written at once": list(range(500)),
    "more": list(range(1_234)),
}


@pytest.mark.parametrize("items", LISTS.values(), ids=LISTS)
def test_a_list_is_written_in_pieces(items: list[Any]) -> None:
    assert orjson.loads(b"".join(listed(iter(items)))) == items
