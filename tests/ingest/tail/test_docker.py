"""Containers that are followed through the socket of their engine, as `engine.FakeEngine` answers (P2, R4)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from firstlight.errors import DecodeError, StoreBusy
from firstlight.ingest.tail.docker import DockerTailer
from firstlight.ingest.tail.docker_frames import EngineSays, Frames, Lines
from firstlight.ingest.tail.docker_mark import Place, Reached
from firstlight.ingest.tail.notes import Notes
from firstlight.ingest.tail.settings import DockerLogs, TailSettings
from tests.ingest.tail.engine import SECOND, STDERR, STDOUT, Box, FakeEngine, told
from tests.ingest.tail.shelf import Shelf, running, surroundings, until

pytestmark = pytest.mark.anyio

T0 = 1_790_000_000 * SECOND


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    return FakeEngine(tmp_path / "docker.sock")


@asynccontextmanager
async def following(shelf: Shelf, engine: FakeEngine, **set_: Any) -> AsyncIterator[None]:
    settings = TailSettings(
        docker=DockerLogs(socket=str(engine.socket), **set_), poll=0.05, discover=0.2, wait=0.1, max_line=1024, max_read=64 * 1024
    )  # fmt: skip
    with surroundings(shelf) as around:
        tailer = DockerTailer(settings, engine.socket.parent / "docker.json", around, {}, retry=0.05)
        async with running(tailer.run):
            yield


def frame(text: str, stream: int = STDOUT, ts: int = T0) -> bytes:
    content = f"{told(ts)} {text}".encode()
    return struct.pack(">BxxxI", stream, len(content)) + content


FRAMES = [
    # what it shows                  the answer                                           text, stream, ns since T0, is partial
    ("a line",                       frame("one\n"),                                      [("one", 1, 0, False)]),
    ("both ways",                    frame("a\n") + frame("b\n", STDERR, T0 + 5),         [("a", 1, 0, False), ("b", 2, 5, False)]),
    ("a piece of a line",            frame("abc"),                                        [("abc", 1, 0, True)]),
    ("an empty line",                frame("\n"),                                         [("", 1, 0, False)]),
    ("a line of blanks",             frame("  x\n"),                                      [("  x", 1, 0, False)]),
    ("stdin is shown on stdout",     frame("a\n", 0),                                     [("a", 1, 0, False)]),
    ("an empty frame",               struct.pack(">BxxxI", 1, 0) + frame("a\n"),          [("a", 1, 0, False)]),
    ("without a time",               struct.pack(">BxxxI", 1, 4) + b"abc\n",              [("abc", 1, -T0, False)]),
]  # fmt: skip


@pytest.mark.parametrize("step", [1, 5, 1000])
@pytest.mark.parametrize(("data", "wanted"), [row[1:] for row in FRAMES], ids=[row[0] for row in FRAMES])
def test_frames(data: bytes, wanted: list[tuple[str, int, int, bool]], step: int) -> None:
    """They are read however they are cut."""
    reader = Frames()
    found = [piece for at in range(0, len(data), step) for piece in reader.take(data[at : at + step])]

    assert [(one.text.decode(), one.stream, one.ts - T0, one.is_partial) for one in found] == wanted


BAD_FRAMES = [
    ("no frame",              b"2026-01-01 hello",             DecodeError),
    ("too large",             struct.pack(">BxxxI", 1, 2**31), DecodeError),
    ("the engine complains",  frame("disk broken", 3),         EngineSays),
]  # fmt: skip


@pytest.mark.parametrize(("data", "error"), [row[1:] for row in BAD_FRAMES], ids=[row[0] for row in BAD_FRAMES])
def test_what_is_no_frame(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        list(Frames().take(data))


CHUNK = "x" * 16384
TERMINALS = [
    # what it shows                    what the terminal shows                                                      lines
    ("lines",                          f"{told(T0)} a\r\n{told(T0)} b\r\n",                                         ["a\r", "b\r"]),
    ("a line of two pieces",           f"{told(T0)} {CHUNK}{told(T0 + 9)} rest\r\n",                                [f"{CHUNK}rest\r"]),
    ("a line of three pieces",         f"{told(T0)} {CHUNK}{told(T0 + 9)} {CHUNK}{told(T0 + 9)} rest\n",            [f"{CHUNK}{CHUNK}rest"]),
    ("a line that tells a time itself", f"{told(T0)} {told(T0)} a\n",                                               [f"{told(T0)} a"]),
]  # fmt: skip


@pytest.mark.parametrize("step", [7, 100_000])
@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in TERMINALS], ids=[row[0] for row in TERMINALS])
def test_terminals(text: str, wanted: list[str], step: int) -> None:
    reader, data = Lines(100_000), text.encode()

    found = [piece for at in range(0, len(data), step) for piece in reader.take(data[at : at + step])]

    assert [one.text.decode() for one in found] == wanted
    assert {one.ts for one in found} == {T0}


def test_a_terminal_without_line_feeds_is_bounded() -> None:
    reader = Lines(1000)
    for _ in range(100):
        assert not list(reader.take(b"x" * 10_000))
    assert len(reader._rest) < 20_000


AGAIN = [
    # what it shows                               read up to     times that come again            which are new
    ("nothing was read",                          None,          [1, 1, 2],                       [True, True, True]),
    ("what is older",                             Place(5, 1),   [3, 4, 5, 6],                    [False, False, False, True]),
    ("lines of the same time are counted",        Place(5, 2),   [5, 5, 5, 5],                    [False, False, True, True]),
    ("the clock was set back after that",         Place(5, 1),   [4, 5, 3, 4],                    [False, False, True, True]),
    ("the line is not there any more",            Place(5, 1),   [7, 3],                          [True, True]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "times", "wanted"), [row[1:] for row in AGAIN], ids=[row[0] for row in AGAIN])
def test_what_comes_again(before: Place | None, times: list[int], wanted: list[bool]) -> None:
    reached = Reached()
    reached.begin(before)

    assert [reached.step(ts) for ts in times] == wanted


async def test_what_a_container_writes(shelf: Shelf, engine: FakeEngine) -> None:
    box = engine.add(Box("web", {"com.docker.compose.service": "shop", "com.docker.compose.project": "mall", "team": "a", "org.opencontainers.image.version": "1.2.3"}))  # fmt: skip
    box.write("one\n", T0)
    async with engine.up(), following(shelf, engine, labels={"team": "team", "com.docker.compose.project": "project"}):
        await until(lambda: shelf.bodies == ["one"])
        box.write("two\n", T0 + 5, STDERR)
        await shelf.settled(["one", "two"])
    assert shelf.labels("one") == {"service_name": "shop", "container": "web", "team": "a", "project": "mall"}
    resource = shelf.resource("two")
    assert resource | {"host.name": ""} == {
        "service.name": "shop", "service.namespace": "mall", "service.version": "1.2.3", "container.id": box.id,
        "container.name": "web", "container.runtime": "docker", "container.image.name": "shop/web",
        "container.image.tags": "1.2", "host.name": "", "container.label.com.docker.compose.service": "shop",
        "container.label.com.docker.compose.project": "mall", "container.label.team": "a",
        "container.label.org.opencontainers.image.version": "1.2.3",
    }  # fmt: skip
    assert [row["attributes"] for row in shelf.rows] == [[("log.iostream", "stdout")], [("log.iostream", "stderr")]]
    assert [row["ts"].value for row in shelf.rows] == [T0, T0 + 5]


async def test_lines_in_pieces_and_traces(shelf: Shelf, engine: FakeEngine) -> None:
    """Pieces are joined, and a trace on one way stays whole although the other way writes meanwhile."""
    box, ts = engine.add(Box("web")), count(T0, SECOND // 1000)
    box.write("x" * 500, next(ts))
    box.write("it failed\n", next(ts), STDERR)
    box.write("y\n", next(ts))
    for line in ("Traceback (most recent call last):\n", '  File "a"\n', "ValueError: no\n"):
        box.write(line, next(ts), STDERR)
        box.write(f"between {line[:3]}\n", next(ts))
    async with engine.up(), following(shelf, engine):
        await shelf.settled([
            "x" * 500 + "y", 'it failed\nTraceback (most recent call last):\n  File "a"\nValueError: no', "between Tra",
            "between   F", "between Val",
        ])  # fmt: skip


async def test_a_line_too_long(shelf: Shelf, engine: FakeEngine) -> None:
    box = engine.add(Box("web"))
    for _ in range(20):
        box.write(b"x" * 16384, T0)
    box.write("\n", T0)
    box.write("after\n", T0 + 1)
    async with engine.up(), following(shelf, engine):
        await shelf.settled(["x" * 1024, "after"])
    assert ("log.truncated", "true") in shelf.row("x" * 1024)["attributes"]


async def test_a_terminal(shelf: Shelf, engine: FakeEngine) -> None:
    box = engine.add(Box("web", tty=True))
    box.write("one\r\n", T0)
    box.write("two\r\n", T0)
    async with engine.up(), following(shelf, engine):
        await shelf.settled(["one", "two"])


async def test_restarts_of_ours(shelf: Shelf, engine: FakeEngine) -> None:
    """Many lines have the same time; what came while we were away comes once."""
    box, wanted = engine.add(Box("web")), []
    async with engine.up():
        for turn in range(4):
            for number in range(25):
                stream = STDERR if number % 3 == 0 else STDOUT
                box.write(f"{turn}.{number}\n", T0 + turn * SECOND + number // 10, stream)
                wanted.append(f"{turn}.{number}")
            async with following(shelf, engine):
                await shelf.settled(wanted)


DEATHS = [
    ("after it was stored", True),
    ("before it was stored", False),
]


@pytest.mark.parametrize("is_stored", [row[1] for row in DEATHS], ids=[row[0] for row in DEATHS])
async def test_to_die_between_storing_and_noting(shelf: Shelf, engine: FakeEngine, is_stored: bool) -> None:
    box = engine.add(Box("web"))
    box.write("one\n", T0)
    box.write("two\n", T0)
    shelf.dies, shelf.fails = is_stored, [] if is_stored else [StoreBusy("cannot store: busy")] * 1000
    notes = engine.socket.parent / "docker.json"
    async with engine.up():
        async with following(shelf, engine):
            await until(lambda: Notes.load(notes).intent is not None)
            await until(lambda: bool(shelf.rows) or not is_stored)
        shelf.dies, shelf.fails = False, []
        box.write("three\n", T0)
        async with following(shelf, engine):
            await shelf.settled(["one", "two", "three"])


async def test_the_engine_goes_away(shelf: Shelf, engine: FakeEngine) -> None:
    """Even within a line, which is then read again."""
    box = engine.add(Box("web"))
    box.write("one\n", T0)
    box.write("beg", T0 + 1)
    async with following(shelf, engine):
        async with engine.up():
            await until(lambda: shelf.bodies == ["one"])
        box.write("un\n", T0 + 1)
        box.write("two\n", T0 + 1)
        async with engine.up():
            await shelf.settled(["one", "begun", "two"])


async def test_a_container_is_restarted(shelf: Shelf, engine: FakeEngine) -> None:
    box = engine.add(Box("web"))
    box.write("one\n", T0)
    async with engine.up(), following(shelf, engine):
        await until(lambda: shelf.bodies == ["one"])
        box.write("last words", T0 + 5)
        engine.stop(box)
        await until(lambda: len(shelf.rows) == 2)
        box.write("two\n", T0 + 3 * SECOND)
        engine.start(box)
        await shelf.settled(["one", "last words", "two"])


async def test_last_words_are_not_said_again(shelf: Shelf, engine: FakeEngine) -> None:
    """The engine has no line feed between them and the next run's first line, also for us after a restart."""
    box = engine.add(Box("web"))
    box.write("last words", T0)
    box.is_running = False
    async with engine.up():
        async with following(shelf, engine):
            await shelf.settled(["last words"])
        box.write("two\n", T0 + SECOND)
        box.is_running = True
        async with following(shelf, engine):
            await shelf.settled(["last words", "two"])


async def test_a_container_that_ran_while_we_were_away(shelf: Shelf, engine: FakeEngine) -> None:
    box = engine.add(Box("job", is_running=False))
    box.write("done\n", T0)
    async with engine.up(), following(shelf, engine):
        await shelf.settled(["done"])


async def test_a_container_that_comes_and_goes(shelf: Shelf, engine: FakeEngine) -> None:
    async with engine.up(), following(shelf, engine):
        await until(lambda: "/events" in " ".join(engine.asked))
        box = Box("job", is_running=False)
        box.write("done\n", T0)
        engine.start(engine.add(box))
        engine.stop(box)
        await shelf.settled(["done"])


async def test_only_what_comes(shelf: Shelf, engine: FakeEngine) -> None:
    box = engine.add(Box("web"))
    box.write("old\n", 1_600_000_000 * SECOND)
    async with engine.up():
        async with following(shelf, engine, start="end"):
            await until(lambda: "/logs" in " ".join(engine.asked))
        box.write("new\n", T0)
        async with following(shelf, engine, start="end"):
            await shelf.settled(["new"])


async def test_which_containers(shelf: Shelf, engine: FakeEngine) -> None:
    for name in ("web-1", "web-2", "db"):
        engine.add(Box(name)).write(f"{name}\n", T0)
    async with engine.up(), following(shelf, engine, include=["web-*"], exclude=["*-2"]):
        await shelf.settled(["web-1"])
    assert not [path for path in engine.asked if "db0" in path]


async def test_what_cannot_be_read(shelf: Shelf, engine: FakeEngine, caplog: pytest.LogCaptureFixture) -> None:
    engine.add(Box("web", driver="fluentd")).write("one\n", T0)
    engine.add(Box("db")).write("two\n", T0)
    async with engine.up(), following(shelf, engine):
        await shelf.settled(["two"])
    assert caplog.text.count("does not support reading") == 1


async def test_more_than_fits(shelf: Shelf, engine: FakeEngine) -> None:
    """What is not stored is bounded, and nothing is lost by that."""
    wanted = []
    for number in range(5):
        box = engine.add(Box(f"web{number}"))
        for line in range(300):
            box.write(f"{number}.{line} {'x' * 500}\n", T0 + line)
            wanted.append(f"{number}.{line} {'x' * 500}")
    engine.piece = 10_000
    busy = StoreBusy("cannot store: busy")
    busy.retry_after = 0.3
    shelf.fails = [busy]
    async with engine.up(), following(shelf, engine):
        await shelf.settled(wanted)


async def test_no_engine(shelf: Shelf, engine: FakeEngine, caplog: pytest.LogCaptureFixture) -> None:
    async with following(shelf, engine):
        await until(lambda: "docker.sock" in caplog.text)
        await asyncio.sleep(0.3)
    assert caplog.text.count("cannot ask") == 1
